"""A child process that cannot outlive us: own group, own log, told by the kernel when its parent dies."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
LONGEST_LOG = 10 * 2**20
"""A longer log is set aside at the next start, in place of the one before [bytes]."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Child:
    """A running program.

    farewell: the signal that asks it to finish; PostgreSQL wants SIGINT (fast), all others SIGTERM
    patience: how long it may take to finish before it is killed [s]
    """

    name: str
    popen: subprocess.Popen[bytes]
    log: Path | None
    farewell: signal.Signals = signal.SIGTERM
    patience: float = 10.0

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self.popen.poll()

    def ask_to_stop(self) -> None:
        """Ask it to finish what it does and leave."""
        if self.exit_code is None:
            self.popen.send_signal(self.farewell)

    def stop(self) -> None:
        """Ask it to stop, wait, and end whatever is left of its process group."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(self.patience)
        self.kill()

    def kill(self) -> None:
        """End its whole process group at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def last_words(self, lines: int = 8) -> str:
        """Return the end of its log."""
        if self.log and self.log.exists():
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


def start(
    name: str,
    command: Sequence[str],
    *,
    log: Path | None,
    environment: Mapping[str, str] | None = None,
    account: str | None = None,
    farewell: signal.Signals = signal.SIGTERM,
    patience: float = 10.0,
) -> Child:
    """Start `command` as `account` when given (needs root), its output in `log`, or in our own terminal."""
    with _opened(log) as output:
        popen = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            env={**os.environ, **(environment or {})},
            process_group=0,
            preexec_fn=_leave_with_parent(farewell),
            **as_account(account),
        )
    return Child(name, popen, log, farewell, patience)


@contextlib.contextmanager
def _opened(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.replace(log.with_suffix(".1.log"))
    with log.open("ab") as output:
        yield output


def run(command: Sequence[str], *, account: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a short program to its end; its output is text."""
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd="/", **as_account(account)
    )


def as_account(name: str | None) -> dict[str, object]:
    """Return the arguments that make a process run as this account and nothing more."""
    if name is None:
        return {}
    account = pwd.getpwnam(name)
    return {
        "user": account.pw_uid,
        "group": account.pw_gid,
        "extra_groups": os.getgrouplist(name, account.pw_gid),
    }


def unprivileged(*names: str) -> str | None:
    """Return the account a server runs as: our own, or the first that exists of `names` when we are root."""
    if os.geteuid() != 0:
        return None
    for name in (*names, "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return None


def give(folder: Path, account: str | None, *files: Path) -> Path:
    """Make a folder that only `account` may enter, and hand it these files in it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in files:
        file.chmod(0o600)
    if account:
        owner = pwd.getpwnam(account)
        for path in (folder, *files):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    return folder


def reachable(folder: Path, account: str | None) -> bool:
    """Tell whether `account` may walk to this folder: /root, for one, is closed to others."""
    return run(["test", "-x", str(folder)], account=account).returncode == 0


def _leave_with_parent(farewell: signal.Signals) -> Callable[[], None]:
    """Return a function for the child: when its parent dies, even by kill -9, it gets `farewell`."""
    parent = os.getpid()

    def arrange() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, farewell)
        if os.getppid() != parent:
            os._exit(1)

    return arrange
