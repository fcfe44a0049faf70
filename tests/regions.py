"""A whole running region with the demo, for pictures and benches that need everything at once."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from backend.cli.server import ports

ROOT = Path(__file__).parents[1]
GIVEN = "ENERFIELD_REGION_URL"
WAIT_S = 900


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Yield the address of a running region: the one in ENERFIELD_REGION_URL, or one started here.

    The one started here lives in var/region, so that the demo is loaded once only; it is stopped afterwards.
    """
    given = os.environ.get(GIVEN)
    if given:
        yield given.rstrip("/")
        return
    home, port = ROOT / "var" / "region", ports.any_free()
    home.mkdir(parents=True, exist_ok=True)
    log = home / "server.log"
    environment = os.environ | {"PORT": str(port), "ENERFIELD_HOME": str(home)}
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "backend.cli", "server"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
        try:
            _wait(f"http://127.0.0.1:{port}/readyz", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=90)


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(f"the region did not start; see {log}")
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(address, timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(1)
    raise SystemExit(f"the region was not ready within {WAIT_S} s; see {log}")
