"""What every wire needs: whose turn it is, when to try again, what is wrong, when to stop."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from ingest.ports import Sink

log = structlog.get_logger(__name__)

Ours = Callable[[UUID], bool]
"""Tells whether a connection may be asked now: another worker may have taken it over."""

LONGEST_PAUSE = 5.0
"""Longest pause between two attempts [s]: with a time-out added, data flows within 10 s of a fault's end."""

SHORTEST_PAUSE = 0.2
"""Between two attempts, however long the first took [s]."""

SPARED_SHARE = 2.0
"""After a dead device cost t seconds, its living siblings get at least this many times t undisturbed."""


@dataclass
class Backoff:
    """How long to wait before the next attempt: doubling, with jitter, up to `longest` [s]."""

    first: float = 0.25
    longest: float = LONGEST_PAUSE
    failures: int = 0

    def next(self) -> float:
        """Return the next pause [s], between half and all of the doubled one."""
        pause = min(self.longest, self.first * 2 ** min(self.failures, 16))
        self.failures += 1
        return pause * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin again with the first pause, after a success."""
        self.failures = 0


class Health:
    """What is wrong on one connection, part by part; a fault is told once, and so is its recovery.

    A part (a unit, a register, the link itself) is at fault after `patience` failures in a row, so
    that one lost reply is not news.
    """

    def __init__(self, connection_id: UUID, name: str, sink: Sink, *, patience: int = 2) -> None:
        self._id = connection_id
        self._name = name
        self._sink = sink
        self._patience = patience
        self._failures: dict[Hashable, int] = {}
        self._faults: dict[Hashable, str] = {}

    @property
    def error(self) -> str | None:
        """What is wrong, in words; None while all is well."""
        if not self._faults:
            return None
        reasons = list(dict.fromkeys(self._faults.values()))
        more = f"; and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        return "; ".join(reasons[:3]) + more

    @property
    def is_troubled(self) -> bool:
        """True while any part failed and has not been well since."""
        return bool(self._failures)

    def failed(self, part: Hashable, reason: str, *, at_once: bool = False) -> bool:
        """Note that a part failed; returns True when this makes it a fault."""
        self._failures[part] = self._failures.get(part, 0) + 1
        if self._failures[part] < self._patience and not at_once:
            return False
        known = self._faults.get(part)
        self._faults[part] = reason
        if known is None:
            log.warning("field fault", connection=self._name, reason=reason)
        if known != reason:
            self._sink.contact(self._id, error=self.error)
        return known is None

    def well(self, part: Hashable) -> None:
        """Note that a part answered."""
        self._failures.pop(part, None)
        fault = self._faults.pop(part, None)
        if fault is not None:
            log.info("field recovery", connection=self._name, was=fault)

    def heard(self) -> None:
        """Tell that the connection was heard just now, with what is still wrong on it."""
        self._sink.contact(self._id, error=self.error)


@dataclass
class Turn:
    """One device's place in the schedule; `due` is in seconds of the loop's own clock."""

    key: Hashable
    due: float = 0.0
    backoff: Backoff = field(default_factory=Backoff)

    @property
    def is_suspect(self) -> bool:
        """True while the device has not answered since its last failure."""
        return self.backoff.failures > 0


class Schedule:
    """Whose turn it is on a wire that carries one request at a time.

    A device that failed is asked again after its own back-off, and the time it costs is bounded to a
    share of the whole, so that dead devices do not starve their siblings. One that answers again
    brings the others' next attempts forward: faults often have a common cause.
    """

    def __init__(self, keys: Iterable[Hashable], *, now: float) -> None:
        self.turns = [Turn(key, due=now) for key in keys]
        self._spared_until = now

    def next(self, now: float) -> Turn | None:
        """Return the turn that is longest overdue; None while nobody's turn has come."""
        turns = [turn for turn in self.turns if self._comes(turn) <= now]
        return min(turns, key=lambda turn: turn.due, default=None)

    def wait(self, now: float) -> float:
        """Return how long nobody's turn comes [s]."""
        return max(0.0, min((self._comes(turn) for turn in self.turns), default=now + 60.0) - now)

    def succeeded(self, turn: Turn, *, now: float, due: float) -> None:
        """Note that a device answered and is due again at `due`."""
        if turn.is_suspect:
            for other in self.turns:
                if other.is_suspect:
                    other.due = min(other.due, now)
        turn.backoff.reset()
        turn.due = due

    def failed(self, turn: Turn, *, now: float, cost: float) -> None:
        """Note that a device did not answer, which took `cost` seconds."""
        turn.due = now + turn.backoff.next()
        self._spared_until = now + SPARED_SHARE * cost

    def _comes(self, turn: Turn) -> float:
        if turn.is_suspect and any(not other.is_suspect for other in self.turns):
            return max(turn.due, self._spared_until)
        return turn.due


def always(*_: object) -> bool:
    """Return True: where nobody else could read the connection."""
    return True


async def until_ours(is_ours: Callable[[], bool], stop: asyncio.Event) -> None:
    """Wait until the connection is this worker's to read, or until asked to stop."""
    while not is_ours() and not stop.is_set():
        await rest(stop, 0.1)


async def rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not beyond the wish to stop."""
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


def left_of(pause: float, *, took: float) -> float:
    """Return what is left of a pause after an attempt that took so long: who hangs is spared meanwhile [s]."""
    return max(pause - took, min(pause, SHORTEST_PAUSE))


async def keep(
    serve: Callable[[], Awaitable[None]],
    *,
    stop: asyncio.Event,
    health: Health,
    words: Callable[[Exception], str],
    longest: float = LONGEST_PAUSE,
) -> None:
    """Run `serve` again and again until asked to stop; what it raises is told once and waited out.

    serve: returns when asked to stop; whatever it raises counts as a fault of the link
    words: says in the trade's words what an exception means
    longest: longest pause between two attempts [s]
    """
    backoff = Backoff(longest=longest)
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        began = loop.time()
        try:
            await serve()
        except Exception as error:  # whatever a library raises: the wire is tried again
            health.failed("link", words(error))
            took = loop.time() - began
            if took > 2 * LONGEST_PAUSE:
                backoff.reset()
            await rest(stop, left_of(backoff.next(), took=took))


def until_signalled(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `main` until SIGTERM or SIGINT, then let it finish what it holds.

    main: ends soon after the event it is given is set, everything read handed over
    """

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await main(stop)

    asyncio.run(run())
