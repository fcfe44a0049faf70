"""Where people reach this installation, and when it is ready for them."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend.cli.server import https, ports
from backend.kernel.errors import Unavailable


@dataclass(frozen=True)
class Site:
    """The web server's place: on loopback, or encrypted and seen in the network."""

    home: Path
    port: int
    is_encrypted: bool

    @property
    def address(self) -> str:
        """Return the one address to tell people."""
        return f"https://{self._host()}:{self.port}" if self.is_encrypted else f"http://localhost:{self.port}"

    def arguments(self) -> list[str]:
        """Return what `enerfield web` must be told."""
        if not self.is_encrypted:
            return []
        certificate, key = https.certificate(self.home / "https")
        return ["--host", "0.0.0.0", "--certificate", str(certificate), "--key", str(key)]  # noqa: S104  # phones

    def invite_phones(self) -> str:
        """Open the pairing page and return the QR code that leads to it."""
        port = ports.remembered(self.home, "pairing")
        https.pairing_page(self.home / "https", self.address, port)
        link = f"http://{self._host()}:{port}/"
        return f"\npair a phone in this network: {link}\n{https.qr(link)}"

    def ask(self, path: str) -> tuple[int, bytes]:
        """Ask the web server; returns status and body."""
        scheme = "https" if self.is_encrypted else "http"
        context = None
        if self.is_encrypted:
            context = ssl.create_default_context(cafile=str(self.home / "https" / "authority.crt"))
        request = urllib.request.Request(f"{scheme}://localhost:{self.port}{path}")  # noqa: S310  # our own server
        try:
            with urllib.request.urlopen(request, timeout=5, context=context) as answer:  # noqa: S310  # as above
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def _host(self) -> str:
        return next(iter(https.lan_addresses()), "localhost")


def wait_until_ready(site: Site, check: Callable[[], None], seconds: float) -> str:
    """Wait for /readyz; returns `ready`, or what is still missing when it stays unready.

    check: raises when a process has ended meanwhile
    """
    until = time.monotonic() + seconds
    last = ""
    while time.monotonic() < until:
        check()
        try:
            status, body = site.ask("/readyz")
        except OSError:
            time.sleep(0.2)
            continue
        if status == 200:
            return "ready"
        last = _missing(body)
        time.sleep(0.3)
    if not last:
        log = site.home / "log" / "web.log"
        words = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
        raise Unavailable(f"the web server did not answer within {seconds:.0f} s; {log} ends with\n{words}")
    return f"up, but {last}"


def _missing(body: bytes) -> str:
    """Say in words which parts /readyz finds wanting."""
    try:
        parts = json.loads(body)
    except ValueError:
        return "no sensible answer from /readyz"
    wanting = [name for name, part in parts.items() if isinstance(part, dict) and not part.get("ok")]
    return "not ready: " + ", ".join(wanting)
