"""The sink: readings of all wires meet here, are stored in micro-batches, and only then acknowledged.

    put ──► waiting (bounded) ──► one flusher thread ──► database, one transaction ──► done()
                                        │ away                                          ▲
                                        └──────────────► spool (on disk) ───────────────┘

Memory is bounded: `put` blocks while too much waits, and a wire that is not acknowledged stops sending.
While the database is away the spool takes the batches; once it is back they are drained beside new ones
(order does not matter, storing is idempotent). What the database refuses for its content is found by halving and goes
to the dead letters, without its neighbours; what cannot be stored at all is set aside in the spool's file.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import structlog

from backend.kernel import clock
from backend.kernel.errors import Refused, Unavailable
from ingest import entries
from ingest.drain import Drain
from ingest.entries import Given, Letter, Portion
from ingest.figures import Figures
from ingest.flood import Flood
from ingest.news import News, Note
from ingest.ports import Numbered, Readings
from ingest.sequences import Sequences
from ingest.spool import Spool, SpoolFull

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
"""Between two tries to reach a database that is away [s]."""


class Store(Protocol):
    """Where the sink puts things. Each call is one transaction.

    Every call raises Unavailable when the database cannot take anything now, Refused when it will
    never take this content.
    """

    def readings(self, portion: Portion) -> None:
        """Store readings; again is a no-op."""

    def letters(self, letters: Sequence[Letter]) -> None:
        """Add dead letters; again is a no-op."""

    def notes(self, notes: list[Note], *, is_drained: bool) -> None:
        """Note contacts, errors, sequence numbers, sightings; called regularly, with nothing too.

        What is written may be taken from the list, so that it is not written again after an error.
        is_drained: nothing waits in the spool, so that what is missing is not there
        """

    def is_nobodys(self, connection_id: UUID) -> bool:
        """Tell whether there is no such connection, for certain."""


@dataclass(frozen=True)
class Pace:
    """How the sink cuts its batches.

    rows: at most this many readings a batch; linger_seconds: a batch waits so long for more [s]
    waiting_rows: `put` blocks beyond this many; note_seconds: contacts are written this often [s]
    """

    rows: int = 20_000
    linger_seconds: float = 0.1
    waiting_rows: int = 100_000
    note_seconds: float = 2.0


class BatchSink:
    """The sink of one worker process (see `ingest.ports.Sink`). `start` it, and `close` it at the end."""

    def __init__(self, store: Store, spool: Spool, *, pace: Pace | None = None) -> None:
        self.figures = Figures()
        self._store = store
        self._spool = spool
        self._pace = pace or Pace()
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._work = threading.Condition(self._lock)
        self._waiting: deque[Given] = deque()
        self._rows = 0
        self._oldest = 0.0
        self._closing = False
        self._is_leaving = False
        self._flood = Flood()
        self._drainer = Drain(spool, store.is_nobodys, self._stored, lambda: self._progress)
        self._give_up = threading.Event()
        self._news = News()
        self._numbering: dict[UUID, Sequences] = {}
        self._noted = time.monotonic()
        self._try_after = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._flusher = threading.Thread(target=self._run, name="sink", daemon=True)

    # --- what wires call, from any thread

    def put(
        self, readings: Readings, *, connection_id: UUID, done: Callable[[], None] | None = None, live: bool = True,
        number: Numbered | None = None,
    ) -> None:  # fmt: skip
        """Take readings over; blocks while too many wait. `done` is called once they are durable."""
        if len(readings) == 0:
            if number is not None:
                self.numbered(connection_id, number)
            if done is not None:
                done()
            return
        self._news.heard(connection_id, clock.now())
        self._give(Given(Portion(connection_id, readings, live), done, number))

    def refuse(
        self, payload: bytes, *, connection_id: UUID, address: str, reason: str,
        done: Callable[[], None] | None = None, known: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Put what cannot be used on the dead-letter list, with the reason in words."""
        self._news.heard(connection_id, clock.now())
        if not self._flood.admits(connection_id, reason):
            self.figures.left_out += 1
            if done is not None:
                done()
            return
        letter = Letter(connection_id, clock.now_us(), address, payload, reason, known=known)
        self._give(Given(letter, done))

    def contact(self, connection_id: UUID, *, error: str | None = None) -> None:
        """Note that the connection was heard (`error` None) or what is wrong with it, in words."""
        self._news.contact(connection_id, clock.now(), error)

    def numbered(self, connection_id: UUID, number: Numbered) -> None:
        """Note that a numbered message came of which nothing could be used."""
        self._news.numbered(connection_id, number)

    def missed(self, connection_id: UUID, *, count: int, gap: dict[str, Any]) -> None:
        """Note messages known to be lost, and where."""
        self._news.missed(connection_id, count, gap)

    def sighted(self, connection_id: UUID, *, address: str, sample: dict[str, Any]) -> None:
        """Offer a device or tag seen on the wire, but not mapped, for adoption."""
        self._news.sighted(connection_id, address, sample, clock.now())

    # --- life

    def start(self) -> None:
        """Begin to store."""
        self._flusher.start()

    def let_go(self) -> None:
        """Hold nobody back from now on: whoever waits in `put` is to be stopped, and would wait for ever."""
        with self._lock:
            self._is_leaving = True
            self._room.notify_all()

    def close(self, timeout_seconds: float = 20.0) -> bool:
        """Make durable what waits, then stop; False where that took too long (it was not acknowledged)."""
        with self._lock:
            self._add(self._flood.ended(at_once=True))
            self._closing = True
            self._work.notify_all()
            self._room.notify_all()
        self._flusher.join(timeout_seconds)
        self._give_up.set()
        self._flusher.join(5.0)
        figures = self.figures
        log.info(
            "sink closed", stored=figures.stored, spooled=figures.spooled, dead=figures.dead,
            batches=figures.batches, wait_p50_ms=figures.wait_ms(0.5), wait_p99_ms=figures.wait_ms(0.99),
        )  # fmt: skip
        return not self._waiting

    @property
    def waiting_rows(self) -> int:
        """Readings taken over but not yet durable."""
        return self._rows

    # --- the flusher

    def _give(self, given: Given) -> None:
        with self._lock:
            while self._rows >= self._pace.waiting_rows and not (self._closing or self._is_leaving):
                self._room.wait(1.0)
            if not self._waiting:
                self._oldest = time.monotonic()
                self._work.notify()
            self._waiting.append(given)
            self._rows += given.items
            if self._rows >= self._pace.rows:
                self._work.notify()

    def _add(self, letters: Sequence[Letter]) -> None:
        """Have letters of our own stored with the next batch; the caller holds the lock."""
        self._waiting.extend(Given(letter) for letter in letters)
        self._rows += sum(map(entries.room_of, letters))

    def _run(self) -> None:
        while True:
            some, since = self._take()
            if some:
                self._make_durable(some)
                self.figures.waits_seconds.append(time.monotonic() - since)
            try:
                self._drain()
                self._tell_news()
            except sqlite3.DatabaseError as error:
                log.exception("spool fault")
                self._spool.mend(error)
                self._away()
            except Exception:  # a fault of ours must not end the thread all wires depend on
                log.exception("sink fault")
                self._away()
            with self._lock:
                if self._closing and (not self._waiting or self._give_up.is_set()):
                    break
        self._tell_news(last=True)

    def _take(self) -> tuple[list[Given], float]:
        """Wait until a batch is full or old enough, or until it is time to look after the spool.

        returns: the batch, and since when the first of it waits [s, monotonic]
        """
        with self._lock:
            if not self._waiting and not self._closing:
                self._work.wait(self._idle_seconds())
            while self._waiting and self._rows < self._pace.rows and not self._closing:
                left = self._oldest + self._pace.linger_seconds - time.monotonic()
                if left <= 0:
                    break
                self._work.wait(left)
            some: list[Given] = []
            rows, since = 0, self._oldest
            while self._waiting and rows < self._pace.rows:
                given = self._waiting.popleft()
                some.append(given)
                rows += given.items
            self._oldest = time.monotonic()
            return some, since

    def _idle_seconds(self) -> float:
        return 0.02 if self._spool.items and self._may_try() else 0.25

    def _make_durable(self, some: list[Given]) -> None:
        """Store or spool, whatever it takes; then tell those who wait for it."""
        things = self._gathered(some)
        while not self._stored(things) and not self._spooled(things):
            if self._give_up.wait(1.0):
                log.critical("readings given up without acknowledgement", rows=sum(g.items for g in some))
                with self._lock:
                    self._waiting.extendleft(reversed(some))
                return
        with self._lock:
            self._rows -= sum(given.items for given in some)
            self._room.notify_all()
        for given in some:
            if given.done is not None:
                try:
                    given.done()
                except Exception:  # one wire's trouble with its acknowledgement is not the others'
                    log.exception("acknowledging failed")

    def _gathered(self, some: list[Given]) -> list[Portion | Letter]:
        """Join what belongs together; what cannot be joined becomes a letter, whatever is wrong with it."""
        try:
            return entries.gather(some, self._numbering)
        except Exception:
            log.exception("readings could not be joined")
        things: list[Portion | Letter] = []
        for one in some:
            if isinstance(one.thing, Portion):
                reason = "these readings could not be taken together with others"
                things.append(entries.letter_of(one.thing, reason, clock.now_us()))
            else:
                things.append(one.thing)
        return things

    def _stored(self, things: Sequence[Portion | Letter]) -> bool:
        if not self._may_try():
            return False
        try:
            self._save(things)
        except Unavailable as error:
            self._away(error)
            return False
        except Exception:  # a fault of ours: the spool keeps what came, the log says what to mend
            log.exception("storing failed")
            self._away()
            return False
        self._back()
        return True

    def _save(self, things: Sequence[Portion | Letter]) -> None:
        letters = [thing for thing in things if isinstance(thing, Letter)]
        for thing in things:
            if isinstance(thing, Portion):
                letters += self._sift(thing)
        if letters:
            self._send(letters)

    def _send(self, letters: list[Letter]) -> None:
        """Add dead letters; one that even so cannot be stored is set aside, and takes no other along."""
        try:
            self._store.letters(letters)
        except Refused as error:
            if len(letters) == 1:
                self._spool.keep_aside(*entries.pack(letters[0]), reason=error.message)
                return
            middle = len(letters) // 2
            self._send(letters[:middle])
            self._send(letters[middle:])
            return
        self.figures.dead += len(letters)

    def _sift(self, portion: Portion) -> list[Letter]:
        """Store all that can be stored; return the rest as letters, found by halving."""
        try:
            self._store.readings(portion)
        except Refused as error:
            if len(portion) == 1:
                self._news.carry(portion.connection_id, portion.numbers)
                return [entries.letter_of(portion, error.message, clock.now_us())]
            first, second = entries.halves(portion)
            return self._sift(first) + self._sift(second)
        self.figures.stored += len(portion)
        self.figures.batches += 1
        return []

    def _spooled(self, things: Sequence[Portion | Letter]) -> bool:
        try:
            self._spool.append(entries.pack(thing) for thing in things)
        except Exception as error:  # whatever it is: what is not kept is not acknowledged
            if not self.figures.is_refusing:
                words = error.message if isinstance(error, SpoolFull) else repr(error)
                log.critical("spool refuses, nothing more is acknowledged", error=words)
            self.figures.is_refusing = True
            return False
        self.figures.is_refusing = False
        self.figures.spooled += sum(len(thing) for thing in things if isinstance(thing, Portion))
        return True

    def _drain(self) -> None:
        if self._spool.items and self._may_try():
            self._drainer.turn(self._pace.rows)

    @property
    def _progress(self) -> int:
        return self.figures.batches + self.figures.dead

    def _tell_news(self, *, last: bool = False) -> None:
        """Write contacts and sightings now and then; while the database is away they add up in memory."""
        is_early = time.monotonic() - self._noted < self._pace.note_seconds
        if (is_early and not last) or not self._may_try():
            return
        with self._lock:
            self._add(self._flood.ended())
        notes = self._news.take()
        self._noted = time.monotonic()
        try:
            self._store.notes(notes, is_drained=not self._spool.items)
        except Unavailable as error:
            self._news.put_back(notes)
            self._away(error)
        except Exception:  # a note that cannot be written must not stop readings
            log.exception("notes lost", connections=len(notes))

    # --- whether the database is there

    def _may_try(self) -> bool:
        return time.monotonic() >= self._try_after

    def _away(self, error: Unavailable | None = None) -> None:
        if not self.figures.is_away:
            log.error("database away, spooling", error=error.message if error else "see the log")
        self.figures.is_away = True
        self._try_after = time.monotonic() + self._pause
        self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)

    def _back(self) -> None:
        if self.figures.is_away:
            log.info("database back", spooled=self._spool.items)
        self.figures.is_away = self.figures.is_refusing = False
        self._pause = FIRST_PAUSE_SECONDS
        self._try_after = 0.0
