"""The stand-in of a payment provider, a process of its own, and the application served to it over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from werkzeug.serving import make_server

from backend.app.edge import Enerfield
from backend.infra.pay import HttpProvider
from backend.infra.signed import SignedPost

SECRET = "a secret that the provider knows too"


class Provider:
    """The stand-in's process, as tests tell it what to do."""

    def __init__(self, url: str) -> None:
        self.url = url

    def _post(self, path: str, said: Any) -> Any:
        with urllib.request.urlopen(f"{self.url}/{path}", json.dumps(said).encode()) as answer:
            return json.load(answer)

    def calls(self, *wanted: dict[str, Any], at_once: bool = False) -> list[int]:
        """Have it call back; returns how each call was answered."""
        return self._post("calls", {"calls": wanted, "at_once": at_once})

    def is_away(self, *, times: int = 0, refuses: int = 0) -> None:
        """Have it answer so many orders with an error, or refuse all."""
        self._post("away", {"times": times, "refuses": refuses})

    def refunds(self) -> dict[str, dict[str, str]]:
        """Return what it was asked to give back."""
        with urllib.request.urlopen(self.url) as answer:
            return json.load(answer)["refunds"]


@contextmanager
def provided(app: Enerfield) -> Iterator[Provider]:
    """Let the application ask a provider, and the provider call it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.counterparts.provider", SECRET], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
    server = make_server("127.0.0.1", 0, app, threaded=True)
    served = threading.Thread(target=server.serve_forever)
    served.start()
    settings, before = app.settings, app.payments
    app.settings = replace(settings, payment_url=url, payment_secret=SECRET)
    app.payments = HttpProvider(
        SignedPost(url, SECRET, "the payment provider", within_s=60),
        f"http://127.0.0.1:{server.server_port}/api/v1/billing",
    )
    try:
        yield Provider(url)
    finally:
        app.payments.server.session.close()
        app.settings, app.payments = settings, before
        server.shutdown()
        served.join()
        server.server_close()
        process.kill()
        process.wait()
        process.stdout.close()
