"""A private Redis: loopback, password, append-only file."""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis

from backend.cli.server.process import Child, give, start, unprivileged
from backend.kernel.errors import Unavailable


@dataclass
class Redis:
    """A server that keeps its data in `folder` and listens on loopback at `port`."""

    folder: Path
    log: Path
    port: int
    account: str | None = field(default_factory=lambda: unprivileged("redis"))
    child: Child | None = None
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def start(self) -> None:
        """Start it and wait until it has read its data."""
        program = shutil.which("redis-server")
        if program is None:
            raise Unavailable("the program redis-server is missing", remedy="apt-get install redis-server")
        give(self.folder, self.account)
        settings = self.folder / "redis.conf"  # not arguments: others can read those
        settings.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\ndir {self.folder}\n"
            "appendonly yes\nappendfsync everysec\nsave 900 1\ndatabases 64\n"
            "maxmemory-policy noeviction\n"  # a queue must refuse rather than forget
        )
        give(self.folder, self.account, settings)
        self.child = start("redis", [program, str(settings)], log=self.log, account=self.account)
        self._wait()

    def url(self, database: int = 0) -> str:
        """Return the address of one of its numbered databases."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """Stop it; it saves its data first."""
        if self.child:
            self.child.stop()

    def _wait(self, seconds: float = 30) -> None:
        assert self.child is not None
        until = time.monotonic() + seconds
        with redis.Redis.from_url(self.url()) as client:
            while time.monotonic() < until and self.child.exit_code is None:
                try:
                    client.ping()
                except (redis.ConnectionError, redis.BusyLoadingError):
                    time.sleep(0.05)
                else:
                    return
        words = self.child.last_words()
        self.stop()
        raise Unavailable(f"Redis did not start; {self.log} ends with\n{words}")
