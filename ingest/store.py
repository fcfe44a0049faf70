"""The sink's store: metering's services, one transaction a call, errors sorted into 'later' and 'never'."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import exc
from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.errors import Refused, Unavailable
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.metering.service import sequences
from backend.metering.service.sequences import Gap, Numbers, Told
from ingest.entries import Letter, Portion
from ingest.news import Note
from ingest.sequences import Heard

log = structlog.get_logger(__name__)


PATIENCE_SECONDS = 30
"""A database that hangs is as good as one that is away: the spool takes over."""


@dataclass(frozen=True)
class Owner:
    """Whose a connection is, how it speaks, and the scope in which its readings are stored."""

    organisation_id: UUID
    protocol: str
    scope: Scope


class DatabaseStore:
    """Stores for the connections it was told of (see `ingest.sink.Store`)."""

    def __init__(self, database: Database, teller: str = "main") -> None:
        """Prepare. teller: names this worker among all, the same after a restart."""
        self._database = database
        self._teller = teller
        self._lock = threading.Lock()
        self._owners: dict[UUID, Owner] = {}
        self._numbering: set[Scope] = set()
        self._is_informed = False

    def own(self, owners: dict[UUID, Owner], *, is_complete: bool = True) -> None:
        """Take over what a new plan says; earlier connections stay known, their readings may be under way.

        is_complete: it comes from the database and names every connection there is
        """
        with self._lock:
            self._owners = {**self._owners, **owners}
            self._is_informed |= is_complete

    def is_nobodys(self, connection_id: UUID) -> bool:
        """Tell whether the database does not know a connection, for certain."""
        return self._is_informed and connection_id not in self._owners

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
                    owner.organisation_id, letter.connection_id, storable(letter.address), letter.payload,
                    storable(letter.reason), clock.from_us(letter.received_at_us), letter.id,
                    plain(letter.known) if letter.known is not None else None,
                )
            )  # fmt: skip
        for scope, refusals in by_scope.items():
            with self._transaction(scope) as session:
                metering.add_dead_letters(session, scope, refusals)

    def notes(self, notes: list[Note], *, is_drained: bool = True) -> None:
        """Note what happened on each connection, and count what went missing; what is written leaves the list."""
        while notes:
            note = notes[-1]
            if not self.is_nobodys(note.connection_id):
                self._try_note(note)
            notes.pop()
        for scope in self._numbering:
            with self._transaction(scope) as session:
                self._unite(session, scope)
                for gap in sequences.close_gaps(session, scope) if is_drained else ():
                    self._note_gap(session, scope, gap)

    def _try_note(self, note: Note) -> None:
        owner = self._owner(note.connection_id)
        try:
            with self._transaction(owner.scope) as session:
                self._note(session, owner, note)
        except Unavailable:
            raise
        except Exception:  # one connection's news must not stop the others'
            log.exception("note lost", connection=str(note.connection_id))

    def _note(self, session: Session, owner: Owner, note: Note) -> None:
        which = {"connection_id": note.connection_id, "organisation_id": owner.organisation_id}
        metering.note_contact(
            session, owner.scope, contact_at=note.contact_at, error=note.error and storable(note.error),
            missed=note.missed,
            last_gap=note.last_gap and {**plain(note.last_gap), "at": clock.now().isoformat()}, **which,
        )  # fmt: skip
        if note.numbers:
            self._hear(session, owner, note.connection_id, note.numbers)
        if note.sightings:
            seen = [(storable(address), plain(sample)) for address, (sample, _) in note.sightings.items()]
            metering.add_sightings(session, owner.scope, seen=seen, **which)

    def _hear(
        self, session: Session, owner: Owner, connection_id: UUID, numbers: Mapping[str, Heard]
    ) -> None:
        self._numbering.add(owner.scope)
        heard = {storable(device): Numbers(h.ranges, h.run_us, h.last_us) for device, h in numbers.items()}
        sequences.tell_numbers(
            session, owner.scope, Told(connection_id, owner.organisation_id, self._teller, heard)
        )

    def _unite(self, session: Session, scope: Scope) -> None:
        """Unite what workers told, each worker's news joined first: a device has one row, however much was said."""
        joined: dict[tuple[UUID, UUID, str], dict[str, Heard]] = {}
        for told in sequences.take_told(session, scope):
            by_device = joined.setdefault((told.connection_id, told.organisation_id, told.teller), {})
            for device, n in told.heard.items():
                later = Heard(list(n.ranges), n.run_us, last_us=n.last_us)
                by_device[device] = by_device[device].and_then(later) if device in by_device else later
        for (connection_id, organisation_id, _), by_device in joined.items():
            sequences.hear_numbers(
                session, scope, connection_id=connection_id, organisation_id=organisation_id,
                heard={device: Numbers(h.ranges, h.run_us, h.last_us) for device, h in by_device.items()},
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
            with self._database.transaction(scope, patience_seconds=PATIENCE_SECONDS) as session:
                yield session
        except (exc.DataError, exc.IntegrityError) as error:
            raise Refused(f"the database refuses it: {_first_line(error)}") from error
        except (exc.DBAPIError, exc.TimeoutError) as error:
            raise Unavailable(f"the database does not take it: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).split("\n", 1)[0]


def storable(said: str) -> str:
    """Return text as PostgreSQL takes it: without zero bytes and halves of characters, not endless."""
    return said[:2000].replace("\x00", "�").encode("utf-8", "replace").decode()


def plain(said: Any) -> Any:
    """Return what a device said as JSON that PostgreSQL takes, whatever it was."""
    if isinstance(said, Mapping):
        return {storable(str(name)): plain(value) for name, value in said.items()}
    if isinstance(said, list | tuple):
        return [plain(value) for value in said]
    if said is None or isinstance(said, bool | int):
        return said
    if isinstance(said, float):
        return said if math.isfinite(said) else None
    return storable(str(said))
