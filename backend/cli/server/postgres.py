"""A private PostgreSQL with PostGIS: own cluster, own socket, no network port, an unprivileged account."""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from backend.cli.server.process import Child, give, reachable, run, start, unprivileged
from backend.kernel.errors import Unavailable

OWNER = "enerfield"
NAME = "enerfield"
LONGEST_SOCKET_FOLDER = 80
"""A socket's whole path must stay below 108 bytes."""

INSTALL = "install PostgreSQL 15 or later with PostGIS: apt-get install postgresql-15 postgresql-15-postgis-3"


@dataclass
class Postgres:
    """A cluster in `folder`. `tuning` adds to or overrides the settings below."""

    folder: Path
    log: Path
    tuning: dict[str, str] = field(default_factory=dict)
    account: str | None = field(default_factory=lambda: unprivileged("postgres"))
    child: Child | None = None
    sockets: Path | None = None

    def start(self) -> None:
        """Make the cluster if there is none, start it, and wait until it answers."""
        give(self.folder, self.account)
        if not reachable(self.folder, self.account):
            raise Unavailable(
                f"the account {self.account!r} cannot reach {self.folder}",
                remedy="set ENERFIELD_HOME to a folder that others may enter, such as /var/lib/enerfield",
            )
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            _make_cluster(data, self.account)
        self.sockets = _socket_folder(self.folder, self.account)
        options = {**settings_for(psutil.virtual_memory().total), **self.tuning}
        options |= {"unix_socket_directories": str(self.sockets), "listen_addresses": ""}
        command = [program("postgres"), "-D", str(data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        self.child = start(
            "postgres",
            command,
            log=self.log,
            account=self.account,
            farewell=signal.SIGINT,
            patience=60,
        )
        self._wait()

    def url(self, database: str = NAME) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://{OWNER}@/{database}?host={self.sockets}"

    def make_database(self, name: str = NAME, template: str = "template0") -> bool:
        """Make a database; False when it is there already."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            return True

    def drop_database(self, name: str = NAME) -> None:
        """Remove a database, whoever is connected."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """Stop it after the transactions in flight are rolled back, and remove its socket."""
        if self.child:
            self.child.stop()
        self._forget_socket()

    def kill(self) -> None:
        """Kill it as a power cut would (kill -9 of every process), for tests."""
        assert self.child is not None
        backends = psutil.Process(self.child.popen.pid).children(recursive=True)  # in groups of their own
        self.child.kill()
        for process in backends:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(backends, timeout=10)
        self._forget_socket()

    def _wait(self, seconds: float = 60) -> None:
        assert self.child is not None
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.child.exit_code is None:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        words = self.child.last_words()
        self.stop()
        raise Unavailable(f"PostgreSQL did not start; {self.log} ends with\n{words}")

    def _forget_socket(self) -> None:
        if self.sockets and self.sockets.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(self.sockets, ignore_errors=True)


def settings_for(memory: int) -> dict[str, str]:
    """Return settings for a machine with `memory` [bytes] that runs everything (measured, see decisions/).

    Commits are durable: synchronous_commit and fsync stay on. Checkpoints are spread over
    a large write-ahead log, since readings arrive without pause.
    """
    megabytes = memory // 2**20
    return {
        "shared_buffers": f"{min(max(megabytes // 6, 128), 4096)}MB",
        "effective_cache_size": f"{megabytes // 2}MB",
        "maintenance_work_mem": f"{min(max(megabytes // 32, 64), 512)}MB",
        "work_mem": "16MB",
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "wal_compression": "lz4",
        "checkpoint_timeout": "15min",
        "synchronous_commit": "on",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "200",
        "max_connections": "200",
        "max_locks_per_transaction": "256",
        "jit": "off",
        "autovacuum_naptime": "20s",
        "log_min_duration_statement": "1000",
        "timezone": "UTC",
    }


def program(name: str) -> str:
    """Return the path of a PostgreSQL program, the newest installed version's first."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -int(p.parts[-2])):
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"the program {name} is missing", remedy=INSTALL)
    return found


def _make_cluster(data: Path, account: str | None) -> None:
    made = run(
        [
            *(program("initdb"), "-D", str(data), "--username", OWNER, "--encoding", "UTF8"),
            *("--locale", "C.UTF-8", "--data-checksums"),
            "--auth=trust",  # the socket lies in a folder that only this account may enter
        ],
        account=account,
    )
    if made.returncode != 0:
        raise Unavailable(f"PostgreSQL could not make its cluster in {data}: {made.stderr.strip()}")


def _socket_folder(folder: Path, account: str | None) -> Path:
    """Return a short folder for the socket: beside the data, or in the system's temporary folder."""
    beside = folder / "socket"
    if len(str(beside).encode()) <= LONGEST_SOCKET_FOLDER:
        return give(beside, account)
    return give(Path(tempfile.mkdtemp(prefix="enerfield-")), account)
