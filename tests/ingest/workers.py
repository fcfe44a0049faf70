"""Ingest workers as an installation runs them, in processes of their own, and servers that note who asks them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from backend.kernel import leases
from backend.kernel.db import Database
from backend.kernel.scope import Scope
from ingest.claims import CONNECTION
from tests.counterparts import Counterpart
from tests.ingest.field import Field


def until(condition: Callable[[], object], seconds: float = 240.0) -> object:
    """Wait until something is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.1)
    return found


class WorkerProcess:
    """`enerfield ingest run`; notes every local port its connections had."""

    def __init__(self, environment: dict[str, str], log: Path, *options: str) -> None:
        command = [sys.executable, "-m", "backend.cli", "ingest", "run", *options]
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=output, stderr=output
            )
        self.ports: dict[int, int] = {}
        self._stop = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it with a signal and wait until it is gone."""
        self._stop.set()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(number)
        self._process.wait(60)

    def reaches(self, port: int) -> bool:
        """Tell whether it has a connection to a port of this machine now."""
        with suppress(psutil.Error):
            found = psutil.Process(self._process.pid).net_connections("tcp")
            return any(c.raddr and c.raddr.port == port and c.status == "ESTABLISHED" for c in found)
        return False

    def _look(self) -> None:
        with suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            while not self._stop.wait(0.1):
                for connection in process.net_connections("tcp"):
                    if connection.raddr:
                        self.ports[connection.laddr.port] = connection.raddr.port


class Crew:
    """Workers by name, and which of them holds a connection."""

    def __init__(self, database: Database, environment: dict[str, str], folder: Path) -> None:
        self._database, self._environment, self._folder = database, environment, folder
        self.workers: dict[str, WorkerProcess] = {}

    def start(self, name: str) -> None:
        """Start a worker, for the first time or again."""
        self.workers[name] = WorkerProcess(self._environment, self._folder / f"{name}.log", "--worker", name)

    def holder(self, field: Field) -> str | None:
        """Return the name of the worker that holds a field's connection; None where nobody does."""
        with self._database.transaction(Scope.public()) as session:
            held = leases.holders(session, f"{CONNECTION}{field.connection_id}")
        return next((holder.split(":")[1] for holder in held.values()), None)

    def end(self) -> None:
        """End all of them."""
        for worker in self.workers.values():
            worker.end()


class Poll(NamedTuple):
    """One request a gateway got. at: seconds since 1970; port: of the client; number: what it answered."""

    at: float
    port: int
    number: int


class CountingGateway:
    """A libmodbus server whose register counts the requests; it remembers who sent each."""

    def __init__(self, program: Path, folder: Path) -> None:
        folder.mkdir()
        (folder / "map").write_text("")
        self._log = folder / "log"
        self._server = Counterpart(program, "{port}", folder / "map", self._log)
        self.port = self._server.port
        self._server.start()

    def polls(self) -> list[Poll]:
        """Return every request, in the order they came."""
        lines = self._log.read_text().rpartition("\n")[0].splitlines()
        return [Poll(int(at) / 1000, int(port), int(number)) for at, port, number in map(str.split, lines)]

    def close(self) -> None:
        """Stop serving."""
        self._server.kill()
