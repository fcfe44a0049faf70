"""What a worker has to say about its connections, added up between two writes."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ingest.ports import Numbered
from ingest.sequences import Heard, Sequences

MOST_SIGHTINGS = 500
"""Sightings kept per connection between two writes: a flood of unknown devices stays small."""


@dataclass
class Note:
    """News of one connection since the last note.

    contact_at: when it was last heard; error: what is wrong, in words
    missed, last_gap: messages known to be lost; numbers: device -> numbers of useless messages
    sightings: address -> (sample, when)
    """

    connection_id: UUID
    contact_at: datetime | None = None
    error: str | None = None
    missed: int = 0
    last_gap: dict[str, Any] | None = None
    numbers: dict[str, Heard] = field(default_factory=dict)
    sightings: dict[str, tuple[dict[str, Any], datetime]] = field(default_factory=dict)


class News:
    """Collects notes from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: dict[UUID, Note] = {}
        self._errors: dict[UUID, str | None] = {}
        self._sequences: dict[UUID, Sequences] = {}

    def heard(self, connection_id: UUID, at: datetime) -> None:
        """Note that a connection was heard; what is known to be wrong on it stays so."""
        with self._lock:
            self._note(connection_id).contact_at = at

    def contact(self, connection_id: UUID, at: datetime, error: str | None) -> None:
        """Note that a connection was heard, or what is wrong with it."""
        with self._lock:
            note = self._note(connection_id)
            note.error = self._errors[connection_id] = error
            if error is None:
                note.contact_at = at

    def numbered(self, connection_id: UUID, number: Numbered) -> None:
        """Note the number of a device's message that could not be used."""
        with self._lock:
            sequences = self._sequences.get(connection_id)
            if sequences is None:
                sequences = self._sequences[connection_id] = Sequences()
            sequences.hear(number.device, number.number, number.read_at_us)

    def carry(self, connection_id: UUID, numbers: Mapping[str, Heard]) -> None:
        """Note numbers of messages whose readings were refused after all."""
        with self._lock:
            known = self._note(connection_id).numbers
            for device, heard in numbers.items():
                known[device] = known[device].and_then(heard) if device in known else heard

    def missed(self, connection_id: UUID, count: int, gap: dict[str, Any]) -> None:
        """Note messages known to be lost."""
        with self._lock:
            note = self._note(connection_id)
            note.missed += count
            note.last_gap = gap

    def sighted(self, connection_id: UUID, address: str, sample: dict[str, Any], at: datetime) -> None:
        """Note something seen but not mapped."""
        with self._lock:
            sightings = self._note(connection_id).sightings
            if address in sightings or len(sightings) < MOST_SIGHTINGS:
                sightings[address] = (sample, at)

    def take(self) -> list[Note]:
        """Return what is new since the last call."""
        with self._lock:
            for connection_id, sequences in self._sequences.items():
                for device, heard in sequences.take().items():
                    known = self._note(connection_id).numbers
                    known[device] = known[device].and_then(heard) if device in known else heard
            notes, self._notes = list(self._notes.values()), {}
            return notes

    def put_back(self, notes: Sequence[Note]) -> None:
        """Keep notes that could not be written, under what came since."""
        with self._lock:
            for old in notes:
                new = self._note(old.connection_id)
                new.contact_at = new.contact_at or old.contact_at
                new.missed += old.missed
                new.last_gap = new.last_gap or old.last_gap
                new.sightings = {**old.sightings, **new.sightings}
                for device, heard in old.numbers.items():
                    new.numbers[device] = heard.and_then(new.numbers.get(device))

    def _note(self, connection_id: UUID) -> Note:
        note = self._notes.get(connection_id)
        if note is None:
            note = self._notes[connection_id] = Note(connection_id, error=self._errors.get(connection_id))
        return note
