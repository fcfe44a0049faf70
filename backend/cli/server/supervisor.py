"""Keeps processes together: they start in order, one that fails ends all, and all end with us."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Protocol, TextIO

import psutil

from backend.cli.server.process import Child, start
from backend.kernel.errors import Conflict, EnerfieldError


class Stopped(BaseException):
    """Somebody asked us to stop."""


class ProcessEnded(EnerfieldError):
    """A process has ended that should run, or failed at what it should finish."""


class Server(Protocol):
    """A private server: PostgreSQL, Redis, Mosquitto."""

    child: Child | None

    def start(self) -> None:
        """Start and wait until it answers."""

    def stop(self) -> None:
        """Stop it gently."""


class Supervisor:
    """The servers and processes of one installation, in the folder `home`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.servers: list[Server] = []
        self.children: list[Child] = []
        self._pids = home / "processes.json"
        self._lock: TextIO | None = None

    def __enter__(self) -> Supervisor:
        self._lock = self._lock_home()
        _end_leftovers(self._pids)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _ask_to_stop)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything, last started first; a second Ctrl-C does not leave the work half done."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in self.children:
            child.ask_to_stop()
        for child in reversed(self.children):
            child.stop()
        for server in reversed(self.servers):
            server.stop()
        self._pids.unlink(missing_ok=True)
        if self._lock:
            self._lock.close()

    def serve(self, server: Server) -> None:
        """Start a private server."""
        self.servers.append(server)
        server.start()
        self._remember()

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        """Start one of the product's own processes."""
        child = start(name, command, log=self.home / "log" / f"{name}.log", environment=environment)
        self.children.append(child)
        self._remember()
        return child

    def finish(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a program to its end in our own terminal; raises ProcessEnded when it fails."""
        child = start(name, command, log=None, environment=environment)
        self.children.append(child)
        self._remember()
        while child.exit_code is None:
            time.sleep(0.1)
        self.children.remove(child)
        if child.exit_code:
            raise ProcessEnded(f"{name} failed with exit code {child.exit_code}")

    def check(self) -> None:
        """Raise ProcessEnded when a process has ended that should run."""
        for child in [*self.children, *(s.child for s in self.servers if s.child)]:
            if child.exit_code is not None:
                raise ProcessEnded(
                    f"{child.name} ended with exit code {child.exit_code}; {child.log} ends with\n"
                    f"{child.last_words()}"
                )

    def watch(self) -> None:
        """Look after everything until somebody stops us."""
        while True:
            self.check()
            time.sleep(0.3)

    def _lock_home(self) -> TextIO:
        self.home.mkdir(parents=True, exist_ok=True)
        lock = (self.home / "server.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Conflict(
                f"Enerfield already runs from {self.home} (process {lock.read().strip()})",
                remedy="stop it first, or set ENERFIELD_HOME to another folder",
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def _remember(self) -> None:
        """Write down who runs, so that the next start can wait for what a kill -9 left stopping."""
        running = [*self.children, *(s.child for s in self.servers if s.child)]
        with suppress(psutil.NoSuchProcess):
            pids = {c.popen.pid: psutil.Process(c.popen.pid).create_time() for c in running}
            written = self._pids.with_suffix(".new")
            written.write_text(json.dumps(pids))
            written.replace(self._pids)  # a torn list would stand in the way of the next start


def _end_leftovers(pids: Path, patience: float = 30.0) -> None:
    """Wait for processes of an earlier, killed run that are still stopping; then end them."""
    left = []
    for pid, created in _known(pids).items():
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(int(pid))
            if process.create_time() == created:  # else the number was given to somebody else
                left.append(process)
    _, left = psutil.wait_procs(left, timeout=patience)
    for process in left:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs(left, timeout=10)


def _known(pids: Path) -> dict[str, float]:
    """Return who ran, by number, and since when; nobody where the list is not there or cannot be read."""
    try:
        return {str(int(pid)): float(created) for pid, created in json.loads(pids.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped
