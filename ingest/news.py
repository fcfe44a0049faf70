"""What a worker has to say about its connections, added up between two writes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ingest.sequences import Heard, Sequences

MOST_SIGHTINGS = 500
"""Sightings kept per connection between two writes: a flood of unknown devices stays small."""


@dataclass
class Note:
    """News of one connection since the last note.

    contact_at: when it was last heard; error: what is wrong, in words, None where all is well or unsaid
    told: whether anybody said how the connection is; readings_per_minute: rate since the last note
    missed, last_gap: messages known to be lost; heard: device -> sequence numbers that arrived
    sightings: address -> (sample, when)
    """

    connection_id: UUID
    contact_at: datetime | None = None
    error: str | None = None
    told: bool = False
    readings: int = 0
    readings_per_minute: float = 0.0
    missed: int = 0
    last_gap: dict[str, Any] | None = None
    heard: dict[str, Heard] = field(default_factory=dict)
    sightings: dict[str, tuple[dict[str, Any], datetime]] = field(default_factory=dict)


class News:
    """Collects notes from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: dict[UUID, Note] = {}
        self._rates: dict[UUID, float] = {}
        self._sequences: dict[UUID, Sequences] = {}

    def counted(self, connection_id: UUID, readings: int, at: datetime) -> None:
        """Count readings towards the connection's rate; it was heard."""
        with self._lock:
            note = self._note(connection_id)
            note.readings += readings
            note.contact_at = at

    def contact(self, connection_id: UUID, at: datetime, error: str | None) -> None:
        """Note that a connection was heard, or what is wrong with it."""
        with self._lock:
            note = self._note(connection_id)
            note.told, note.error = True, error
            if error is None:
                note.contact_at = at

    def sequence(self, connection_id: UUID, device: str, number: int, read_at_us: int) -> None:
        """Note the number of a device's message."""
        with self._lock:
            sequences = self._sequences.get(connection_id)
            if sequences is None:
                sequences = self._sequences[connection_id] = Sequences()
            sequences.hear(device, number, read_at_us)

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

    def take(self, seconds: float) -> list[Note]:
        """Return what is new, with rates over the time since the last call [s], and begin anew.

        A connection that fell silent is told once more, with its rate at zero.
        """
        with self._lock:
            for connection_id, rate in self._rates.items():
                if rate:
                    self._note(connection_id)
            for connection_id, sequences in self._sequences.items():
                for device, heard in sequences.take().items():
                    known = self._note(connection_id).heard
                    known[device] = known[device].and_then(heard) if device in known else heard
            notes, self._notes = list(self._notes.values()), {}
            for note in notes:
                note.readings_per_minute = round(60.0 * note.readings / max(seconds, 1e-3), 1)
                self._rates[note.connection_id] = note.readings_per_minute
            return notes

    def put_back(self, notes: Sequence[Note]) -> None:
        """Keep notes that could not be written, under what came since."""
        with self._lock:
            for old in notes:
                new = self._note(old.connection_id)
                if not new.told:
                    new.told, new.error = old.told, old.error
                new.contact_at = new.contact_at or old.contact_at
                new.missed += old.missed
                new.last_gap = new.last_gap or old.last_gap
                new.sightings = {**old.sightings, **new.sightings}
                for device, heard in old.heard.items():
                    new.heard[device] = heard.and_then(new.heard.get(device))

    def _note(self, connection_id: UUID) -> Note:
        note = self._notes.get(connection_id)
        if note is None:
            note = self._notes[connection_id] = Note(connection_id)
        return note
