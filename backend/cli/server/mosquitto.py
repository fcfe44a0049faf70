"""A private Mosquitto: loopback, persistent sessions saved each second, deep queues."""

from __future__ import annotations

import secrets
import shutil
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from backend.cli.server.process import Child, give, run, start, unprivileged
from backend.kernel.errors import Unavailable

INSTALL = "apt-get install mosquitto"
USER = "enerfield"


@dataclass
class Mosquitto:
    """A broker that keeps its sessions in `folder` and listens on loopback at `port`.

    password: what clients must give as the user `enerfield`; None lets anyone on this machine in (tests)
    queued: messages kept for a client that is away; Mosquitto's own 1,000 would silently drop the rest
    """

    folder: Path
    log: Path
    port: int
    account: str | None = field(default_factory=lambda: unprivileged("mosquitto"))
    password: str | None = field(default_factory=lambda: secrets.token_urlsafe(24))
    queued: int = 1_000_000
    child: Child | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        give(self.folder, self.account)
        settings = self.folder / "mosquitto.conf"
        settings.write_text(
            f"listener {self.port} 127.0.0.1\n{self._who_may_enter()}"
            f"persistence true\npersistence_location {self.folder}/\n"
            "autosave_interval 1\n"  # a broker kill loses a second at most; sequence numbers show it
            f"max_queued_messages {self.queued}\nmax_inflight_messages 1000\nmax_inflight_bytes 0\n"
            "max_packet_size 1048576\nset_tcp_nodelay true\n"
            "log_dest stderr\nlog_type error\nlog_type warning\n"
        )
        give(self.folder, self.account, settings)
        self.child = start(
            "mosquitto", [program("mosquitto"), "-c", str(settings)], log=self.log, account=self.account
        )
        self._wait()

    @property
    def url(self) -> str:
        """Return the broker's address."""
        who = f"{USER}:{self.password}@" if self.password else ""
        return f"mqtt://{who}127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stop it; it saves its sessions first."""
        if self.child:
            self.child.stop()

    def kill(self) -> None:
        """Kill it as a power cut would, for tests."""
        assert self.child is not None
        self.child.kill()

    def _who_may_enter(self) -> str:
        if self.password is None:
            return "allow_anonymous true\n"
        passwords = self.folder / "passwords"
        passwords.unlink(missing_ok=True)
        made = run([program("mosquitto_passwd"), "-b", "-c", str(passwords), USER, self.password])
        if made.returncode != 0:
            raise Unavailable(f"Mosquitto's password could not be set: {made.stderr.strip()}")
        give(self.folder, self.account, passwords)
        return f"allow_anonymous false\npassword_file {passwords}\n"

    def _wait(self, seconds: float = 20) -> None:
        assert self.child is not None
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.child.exit_code is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        words = self.child.last_words()
        self.stop()
        raise Unavailable(f"Mosquitto did not start; {self.log} ends with\n{words}")


def program(name: str) -> str:
    """Return the path of one of Mosquitto's programs; Debian keeps the broker in /usr/sbin."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Unavailable(f"the program {name} is missing", remedy=INSTALL)
    return found
