"""Keeps one Celery worker hearing: a canary of its own goes in and must come back, or it is started anew.

A worker may be up and yet take nothing from its queues (after a lost connection to Redis, say): no process
ends, nothing is logged. Each keeper therefore sends its worker, and no other, a canary every few seconds.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

_log = structlog.get_logger(__name__)

MEMORY = 20
"""So many canaries are remembered to know how long one takes."""

SLOWER = 5.0
"""A canary that takes this many times as long as the slowest remembered one is overdue."""


@dataclass(frozen=True)
class Pace:
    """How a keeper watches.

    every_s: a canary goes out this often; least_s: margin beyond that, at the least, before one is overdue
    start_s: a worker that was just started has this long for its first
    pause_s, longest_s: least time between two restarts, doubling up to the longest; forgotten after as long in health
    """

    every_s: float = 10.0
    least_s: float = 30.0
    start_s: float = 120.0
    pause_s: float = 60.0
    longest_s: float = 900.0


@dataclass
class Hearing:
    """What is known of a worker's canaries, by the keeper's own clock [s]. Pure."""

    pace: Pace
    since: float
    """Since when nothing came back: the last canary, the start, or the return of Redis."""
    has_answered: bool = False
    took_s: deque[float] = field(default_factory=lambda: deque(maxlen=MEMORY))
    restarts: int = 0
    restarted_at: float | None = None

    @property
    def margin_s(self) -> float:
        """How late a canary may be: measured, a multiple of what the slowest of late took."""
        return max(self.pace.least_s, SLOWER * max(self.took_s, default=0.0))

    def came_back(self, now: float, *, took_s: float) -> None:
        """Note a canary that came back."""
        self.since, self.has_answered = now, True
        self.took_s.append(took_s)
        if self.restarted_at is not None and now - self.restarted_at > self._pause_s():
            self.restarts, self.restarted_at = 0, None

    def excused(self, now: float) -> None:
        """Note that silence proves nothing: Redis was away, or all hands are busy."""
        self.since = now

    def is_deaf(self, now: float) -> bool:
        """Tell whether the worker's canary is overdue."""
        patience = self.pace.every_s + self.margin_s
        return now - self.since > (patience if self.has_answered else max(patience, self.pace.start_s))

    def may_restart(self, now: float) -> bool:
        """Tell whether the last restart is long enough ago."""
        return self.restarted_at is None or now - self.restarted_at >= self._pause_s()

    def restarted(self, now: float) -> None:
        """Note a restart."""
        self.restarts += 1
        self.restarted_at = self.since = now
        self.has_answered = False

    def _pause_s(self) -> float:
        return float(min(self.pace.longest_s, self.pace.pause_s * 2 ** max(0, self.restarts - 1)))


class Worker(Protocol):
    """The worker as its keeper sees it."""

    @property
    def exit_code(self) -> int | None:
        """Return how it ended; None while it runs."""
        ...

    def start(self) -> None:
        """Start it."""
        ...

    def stop(self, *, is_deaf: bool = False) -> None:
        """Ask it to finish the job at hand, and end what does not; a deaf one is not waited for long."""
        ...

    def send_canary(self, now: float) -> None:
        """Put a canary on its own queue."""
        ...

    def last_canary(self) -> float | None:
        """Return when the canary that came back last was sent."""
        ...

    def is_busy(self) -> bool:
        """Tell whether every hand of it does a job, so that a canary has to wait."""
        ...


def keep(
    worker: Worker, stop: threading.Event, *, pace: Pace, now: Callable[[], float] = time.monotonic
) -> int:
    """Run the worker until asked to stop, or until it ends by itself; returns its exit code."""
    worker.start()
    hearing = Hearing(pace, now())
    sent = seen = -pace.every_s
    is_told = False
    while not stop.wait(min(1.0, pace.every_s)):
        if worker.exit_code is not None:
            return worker.exit_code
        try:
            if now() - sent >= pace.every_s:
                sent = now()
                worker.send_canary(sent)
            last = worker.last_canary()
        except Exception:  # Redis is away: nothing is known of the worker
            hearing.excused(now())
            continue
        if last is not None and last > seen:
            seen = last
            hearing.came_back(now(), took_s=now() - last)
            if is_told:
                _log.info("worker hears again", restarts=hearing.restarts)
                is_told = False
        elif hearing.is_deaf(now()):
            if worker.is_busy():
                hearing.excused(now())
            elif hearing.may_restart(now()):
                if not is_told:
                    _log.error(
                        "worker is deaf, started anew", silent_s=round(now() - hearing.since, 1),
                        margin_s=round(hearing.margin_s, 1),
                    )  # fmt: skip
                is_told = True
                worker.stop(is_deaf=True)
                hearing.restarted(now())
                worker.start()
    worker.stop()
    return 0
