"""The sink's store: metering's services, one transaction a call, errors sorted into 'later' and 'never'."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import exc, text
from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.errors import Refused, Unavailable
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.metering.service import sequences
from backend.metering.service.sequences import Gap, Numbers
from ingest.entries import Letter, Portion
from ingest.news import Note
from ingest.sequences import Heard

log = structlog.get_logger(__name__)


_PATIENCE = text("SET LOCAL statement_timeout = '30s'")
"""A database that hangs is as good as one that is away: the spool takes over."""


@dataclass(frozen=True)
class Owner:
    """Whose a connection is, how it speaks, and the scope in which its readings are stored."""

    organisation_id: UUID
    protocol: str
    scope: Scope


class DatabaseStore:
    """Stores for the connections it was told of (see `ingest.sink.Store`)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._owners: dict[UUID, Owner] = {}
        self._numbering: set[Scope] = set()

    def own(self, owners: dict[UUID, Owner]) -> None:
        """Take over what a new plan says; earlier connections stay known, their readings may be under way."""
        with self._lock:
            self._owners = {**self._owners, **owners}

    def readings(self, portion: Portion) -> None:
        """Store one connection's readings, in the transaction that also writes its journal entry."""
        owner = self._owner(portion.connection_id)
        r = portion.readings
        batch = metering.ReadingBatch(r.point_key, r.read_at_us, r.value, r.quality)
        with self._transaction(owner.scope) as session:
            if portion.numbers:
                self._hear(session, owner, portion.connection_id, portion.numbers)
            metering.store_readings(
                session, owner.scope, batch,
                source=owner.protocol, connection_id=portion.connection_id, live=portion.live,
            )  # fmt: skip

    def letters(self, letters: Sequence[Letter]) -> None:
        """Add dead letters."""
        by_scope: dict[Scope, list[metering.Refusal]] = {}
        for letter in letters:
            owner = self._owner(letter.connection_id)
            by_scope.setdefault(owner.scope, []).append(
                metering.Refusal(
                    owner.organisation_id, letter.connection_id, _text(letter.address), letter.payload,
                    _text(letter.reason), clock.from_us(letter.received_at_us), letter.id,
                )
            )  # fmt: skip
        for scope, refusals in by_scope.items():
            with self._transaction(scope) as session:
                metering.add_dead_letters(session, scope, refusals)

    def notes(self, notes: Sequence[Note]) -> None:
        """Note what happened on each connection, and count what went missing."""
        for note in notes:
            owner = self._owner(note.connection_id)
            with self._transaction(owner.scope) as session:
                self._note(session, owner, note)
        for scope in self._numbering:
            with self._transaction(scope) as session:
                for gap in sequences.close_gaps(session, scope):
                    self._note_gap(session, scope, gap)

    def _note(self, session: Session, owner: Owner, note: Note) -> None:
        which = {"connection_id": note.connection_id, "organisation_id": owner.organisation_id}
        metering.note_contact(
            session, owner.scope, contact_at=note.contact_at, error=note.error, missed=note.missed,
            last_gap=note.last_gap and {**note.last_gap, "at": clock.now().isoformat()}, **which,
        )  # fmt: skip
        if note.numbers:
            self._hear(session, owner, note.connection_id, note.numbers)
        if note.sightings:
            seen = [(_text(address), sample) for address, (sample, _) in note.sightings.items()]
            metering.add_sightings(session, owner.scope, seen=seen, **which)

    def _hear(
        self, session: Session, owner: Owner, connection_id: UUID, numbers: Mapping[str, Heard]
    ) -> None:
        self._numbering.add(owner.scope)
        sequences.hear_numbers(
            session, owner.scope, connection_id=connection_id, organisation_id=owner.organisation_id,
            heard={_text(device): Numbers(h.ranges, h.run_us) for device, h in numbers.items()},
        )  # fmt: skip

    def _note_gap(self, session: Session, scope: Scope, gap: Gap) -> None:
        log.warning(
            "messages missed", connection=str(gap.connection_id), device=gap.device, first=gap.first,
            last=gap.last, missing=gap.missing,
        )  # fmt: skip
        last_gap = {"device": gap.device, "from": gap.first, "to": gap.last, "at": clock.now().isoformat()}
        sequences.note_gap(session, scope, gap, last_gap=last_gap)

    def _owner(self, connection_id: UUID) -> Owner:
        owner = self._owners.get(connection_id)
        if owner is None:
            raise Unavailable("it is not known yet whose connection this is")
        return owner

    @contextmanager
    def _transaction(self, scope: Scope) -> Iterator[Session]:
        try:
            with self._database.transaction(scope) as session:
                session.execute(_PATIENCE)
                yield session
        except (exc.DataError, exc.IntegrityError) as error:
            raise Refused(f"the database refuses it: {_first_line(error)}") from error
        except (exc.DBAPIError, exc.TimeoutError) as error:
            raise Unavailable(f"the database does not take it: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).split("\n", 1)[0]


def _text(said: str) -> str:
    """Return text as PostgreSQL takes it: without zero bytes, not endless."""
    return said.replace("\x00", "�")[:2000]
