"""The Celery worker as a process of its own, with a queue nobody else reads, for its keeper."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from socket import gethostname

from celery import Celery
from kombu import Queue
from redis import Redis

from backend.cli.server.process import Child, start
from backend.infra import canary

NAME = "ENERFIELD_WORKER_CANARY"
"""Environment variable that tells a worker the name of its own queue."""

DEAF_S = 5.0
"""A deaf worker that is asked to stop is ended after this long [s]."""

FORGET_S = 3600
"""A queue whose keeper is gone is forgotten after this long [s]."""


class KeptWorker:
    """`enerfield work --bare` below us; ends with us."""

    def __init__(
        self, app: Celery, redis_url: str, arguments: Sequence[str], *, processes: int, grace_s: float
    ) -> None:
        """Prepare. grace_s: how long the job at hand may take to finish when the worker is stopped [s]."""
        self._grace_s = grace_s
        self.queue = f"canary.{gethostname()}.{os.getpid()}"
        self._app = app
        self._redis_url = redis_url
        self._processes = processes
        self._command = [sys.executable, "-m", "backend.cli", "work", "--bare", *arguments]
        self._child: Child | None = None

    @property
    def node(self) -> str:
        """Its name among Celery's workers."""
        return f"{self.queue}@{gethostname()}"

    @property
    def exit_code(self) -> int | None:
        """Return how it ended; None while it runs."""
        return None if self._child is None else self._child.exit_code

    def start(self) -> None:
        """Start it, its output where ours goes."""
        self._child = start("worker", self._command, log=None, environment={NAME: self.queue})

    def stop(self, *, is_deaf: bool = False) -> None:
        """Ask it to finish the job at hand, and end what does not, its own processes with it."""
        if self._child is not None:
            self._child.patience = DEAF_S if is_deaf else self._grace_s
            self._child.stop()

    def send_canary(self, now: float) -> None:
        """Put a canary on its own queue; one that waits for long is of no use."""
        self._app.send_task(
            "canary.answer", [self.queue, now], queue=Queue(self.queue), expires=60, retry=False
        )
        with Redis.from_url(self._redis_url, socket_timeout=2) as client:
            client.expire(self.queue, FORGET_S)

    def last_canary(self) -> float | None:
        """Return when the canary that came back last was sent."""
        return canary.answered(self._redis_url, self.queue)

    def is_busy(self) -> bool:
        """Tell whether every hand of it does a job. A worker that does not say so is not."""
        try:
            active = self._app.control.inspect(destination=[self.node], timeout=2.0).active() or {}
        except Exception:  # whatever is in the way, it did not say that it is busy
            return False
        return len(active.get(self.node, ())) >= self._processes
