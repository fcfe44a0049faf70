"""Which connections are this worker's to read: a lease in the database for each, our own clock beside it.

A lease lasts 5 s and is renewed each second. Before every request a wire asks `holds`, which answers from
the worker's own clock alone:

- the lease has not run out: go on. What we count began before the database's own count, so we stop first;
- it ran out because the database does not answer (asked again each second, the last time just now): go on,
  since nobody can take a lease without it either;
- it ran out for any other reason, such as the process having been stopped: not before the database has said
  whose the connection is now.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import exc, text

from backend.kernel import clock, leases
from backend.kernel.db import Database
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Scope
from ingest import shares
from ingest.loop import rest
from ingest.notebook import Notebook

log = structlog.get_logger(__name__)

LEASE_SECONDS = 5.0
EVERY_SECONDS = 1.0
PATIENCE_SECONDS = 2.0
"""A database that takes longer to answer is away [s]."""

AWAY_SECONDS = EVERY_SECONDS + PATIENCE_SECONDS + 1.0
"""So long the finding that the database is away lets us go on: until the next one is due [s]."""

SETTLE_SECONDS = AWAY_SECONDS + PATIENCE_SECONDS
"""A lease that ran out while the database was away may still be used by its holder for so long after it is
back; nobody takes it before [s]."""

LOOK_SECONDS = 0.25
LONGEST_LOOK_SECONDS = 2.0
"""Where this passes between two looks, the process stood still; what it was waiting for proves nothing [s]."""

MARGIN_SECONDS = 0.05
"""A lease that was not renewed is asked for so long after it ran out [s]."""

PREFIX = "ingest/"
CONNECTION, WORKER = PREFIX + "connection/", PREFIX + "worker/"
_PATIENCE = text(f"SET LOCAL statement_timeout = '{PATIENCE_SECONDS:.0f}s'")


def own_clock() -> float:
    """Return seconds since the machine started, those included in which it slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True)
class Answer:
    """What the database said.

    mine: connections that are ours now; give: those of them to give back; is_alone: no other worker is there
    free_seconds: when the first lease of another runs out if it is not renewed; None where there is none [s]
    """

    mine: frozenset[UUID]
    give: frozenset[UUID]
    is_alone: bool
    free_seconds: float | None = None


class Claims:
    """One worker's leases. `keep` renews them; `holds` may be asked from any thread."""

    def __init__(
        self, database: Database, protocols: tuple[str, ...], notebook: Notebook, *, holder: str,
        changed: Callable[[], None], now: Callable[[], float] = own_clock,
    ) -> None:  # fmt: skip
        """Prepare. changed: called when other connections are ours than before; now: our own clock [s]."""
        self._database = database
        self._presence = f"{WORKER}{','.join(sorted(protocols))}/{holder}"
        self._notebook = notebook
        self._holder = holder
        self._changed = changed
        self._now = now
        self._wanted: dict[UUID, str] = {}
        self._until: dict[UUID, float] = {}
        self._away_until = -math.inf
        self._is_away = False
        self._there_since: float | None = None
        self._answered = -math.inf
        self._leaving: set[UUID] = set()
        self._stopped: set[UUID] = set()
        self._pause = EVERY_SECONDS
        self._wake = asyncio.Event()

    @property
    def ours(self) -> frozenset[UUID]:
        """The connections that are this worker's to read."""
        return frozenset(self._until)

    def holds(self, connection_id: UUID) -> bool:
        """Tell whether the connection may be asked now, as far as our own clock can tell."""
        until = self._until.get(connection_id)
        if until is None:
            return False
        now = self._now()
        return now < until or now < self._away_until

    def want(self, wanted: Mapping[UUID, str]) -> None:
        """Say which connections there are (-> protocol); those that are no more are let go."""
        if wanted == self._wanted:
            return
        self._wanted = dict(wanted)
        self._leave(self._until.keys() - wanted.keys())
        self._wake.set()

    def stopped(self, *, running: AbstractSet[UUID]) -> None:
        """Say what is still read: what was to be given back, and is not among it, can be given back now."""
        if self._leaving - running:
            self._stopped |= self._leaving - running
            self._wake.set()

    def recall(self) -> None:
        """Go on with what this worker held before its process ended, as far as that can still be.

        A worker that was alone goes on once it finds the database away. One that was not does so only while
        its leases last: the others may have taken over.
        """
        note = self._notebook.recall("claims") or {}
        left = min(LEASE_SECONDS, (note.get("until_us", 0) - clock.now_us()) / 1e6)
        if note.get("is_alone") or left > 0:
            until = self._now() + (0.0 if note.get("is_alone") else left)
            self._until = dict.fromkeys(map(UUID, note.get("connections", ())), until)

    async def keep(self, stop: asyncio.Event) -> None:
        """Take, renew and give back leases until asked to stop."""
        while not stop.is_set():
            self._wake.clear()
            await self._turn()
            await rest(self._wake, self._pause)

    async def leave(self) -> None:
        """Let go of everything, so that others need not wait; called when nothing is read any more."""
        self._leaving |= self._until.keys()
        self._stopped = set(self._leaving)
        self._wanted, self._until = {}, {}
        attempt = asyncio.ensure_future(asyncio.to_thread(self._release_all))
        await asyncio.wait({attempt}, timeout=PATIENCE_SECONDS)

    async def _turn(self) -> None:
        """Ask the database once; note what it says, or that it does not answer."""
        began = looked = self._now()
        gone, going = frozenset(self._stopped), frozenset(self._leaving)
        self._pause = EVERY_SECONDS
        if began - self._answered > LEASE_SECONDS:
            self._there_since = None  # what happened meanwhile is not known
        is_settled = self._there_since is not None and began - self._there_since > SETTLE_SECONDS
        attempt = asyncio.ensure_future(
            asyncio.to_thread(
                self._ask, dict(self._wanted), frozenset(self._until), gone, going, is_settled=is_settled
            )
        )
        is_running = True
        while not attempt.done():
            await asyncio.wait({attempt}, timeout=LOOK_SECONDS)
            now, before = self._now(), looked
            looked = now
            is_running = is_running and now - before < LONGEST_LOOK_SECONDS
            if is_running and now - began > PATIENCE_SECONDS:
                self._find_away("it does not answer")
        try:
            answer = attempt.result()
        except (exc.SQLAlchemyError, EnerfieldError, OSError) as error:
            if is_running:
                self._find_away(str(error).split("\n", 1)[0])
            return
        self._there_since = began if self._there_since is None else self._there_since
        self._answered = began
        self._stopped -= gone
        self._leaving -= gone
        self._take_in(answer, began)

    def _find_away(self, error: str) -> None:
        if not self._is_away and self._until:
            log.warning("leases not renewed, going on with what is held", error=error, held=len(self._until))
        self._is_away = True
        self._there_since = None
        self._away_until = self._now() + AWAY_SECONDS

    def _take_in(self, answer: Answer, began: float) -> None:
        """Note whose connections are. began: before the database was asked, by our own clock [s]"""
        if self._is_away and self._until:
            log.info("leases renewed again", held=len(answer.mine))
        self._is_away, self._away_until = False, -math.inf
        if answer.free_seconds is not None:
            self._pause = min(EVERY_SECONDS, answer.free_seconds + MARGIN_SECONDS)
        before = self._until.keys()
        mine = {c for c in answer.mine if c in self._wanted} - self._leaving
        self._until = dict.fromkeys(mine, began + LEASE_SECONDS)
        taken, lost = mine - before, before - mine
        self._leave(answer.give & mine)
        note: dict[str, object] = {"connections": sorted(map(str, self._until)), "is_alone": answer.is_alone}
        if not answer.is_alone:
            note["until_us"] = clock.now_us() + int((began + LEASE_SECONDS - self._now()) * 1e6)
        self._notebook.remember("claims", note)
        if taken or lost:
            log.info("connections changed hands", taken=len(taken), lost=len(lost), held=len(self._until))
            self._changed()

    def _leave(self, connections: AbstractSet[UUID]) -> None:
        """Read these no more; their leases go back once `stopped` says so."""
        if connections:
            for connection in connections:
                del self._until[connection]
            self._leaving |= connections
            self._changed()

    # --- the database, in a thread

    def _ask(
        self, wanted: Mapping[UUID, str], ours: frozenset[UUID], gone: frozenset[UUID], going: frozenset[UUID],
        *, is_settled: bool,
    ) -> Answer:  # fmt: skip
        """Renew what is ours, take what is our share, in one transaction.

        What still bears our name from before this process started is free for us: nobody else can use it.

        gone: read no more, to be given back; going: still read, but not to be taken again
        is_settled: the database has been there for long enough that a lease that ran out is nobody's
        """
        with self._database.transaction(Scope.public()) as session:
            session.execute(_PATIENCE)
            leases.release_all(session, map(_name, gone), holder=self._holder)
            how = {"holder": self._holder, "seconds": LEASE_SECONDS}
            leases.hold_all(session, [self._presence], **how)
            mine = leases.hold_all(session, map(_name, ours & wanted.keys()), **how)
            there = leases.holders(session, PREFIX)
            if not is_settled:
                there = leases.holders(session, CONNECTION, even_run_out=True) | there
            workers = {
                holder: frozenset(name.removeprefix(WORKER).split("/", 1)[0].split(","))
                for name, holder in there.items()
                if name.startswith(WORKER)
            }
            held = {
                _id(name): holder
                for name, holder in there.items()
                if name.startswith(CONNECTION) and holder != self._holder
            } | dict.fromkeys((going - gone) | set(map(_id, mine)), self._holder)
            share = shares.divide(wanted, workers=workers, held=held, me=self._holder)
            mine |= leases.hold_all(session, map(_name, share.take), **how)
            free_seconds = leases.runs_out(session, PREFIX, but=self._holder)
        return Answer(frozenset(map(_id, mine)), frozenset(share.give), len(workers) == 1, free_seconds)

    def _release_all(self) -> None:
        try:
            with self._database.transaction(Scope.public()) as session:
                session.execute(_PATIENCE)
                names = [self._presence, *map(_name, self._leaving)]
                leases.release_all(session, names, holder=self._holder)
                leases.forget(session, PREFIX)
        except (exc.SQLAlchemyError, EnerfieldError, OSError):
            pass  # they run out by themselves


def _name(connection_id: UUID) -> str:
    return f"{CONNECTION}{connection_id}"


def _id(name: str) -> UUID:
    return UUID(name.removeprefix(CONNECTION))
