"""An office of statutory invoices, a stand-in and process of its own: `python -m tests.counterparts.office SECRET`.

It says its port, numbers signed invoices without a gap, gives the same number for the same bill, takes back only what
it issued, and is away or refuses as it is told at `/away`. Nothing of the product is used here.
"""

from __future__ import annotations

import json
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.counterparts.provider import is_signed

numbers: dict[str, str] = {}
asked: list[dict[str, Any]] = []
away = {"times": 0, "refuses": 0}


def fault(said: dict[str, Any]) -> str | None:
    """Tell what is wrong with an invoice, None where nothing is."""
    if sum(Decimal(one["amount"]) for one in said["lines"]) != Decimal(said["total"]):
        return "the lines do not come to the total"
    if (Decimal(said["total"]) < 0) != (said["red_of"] is not None):
        return "what is below nothing takes an invoice back, and only that"
    if said["red_of"] is not None and said["red_of"] not in numbers.values():
        return "there is no such invoice to take back"
    return None


class Office(BaseHTTPRequestHandler):
    """Invoices of the product, and what the test has it do."""

    def do_POST(self) -> None:
        """Answer one of both."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = json.loads(body)
        if self.path == "/away":
            away.update(said)
            return self._answer(200, {})
        if not is_signed(self.headers.get("X-Enerfield-Signature", ""), body):
            return self._answer(401, {})
        asked.append(said)
        if away["times"]:
            away["times"] -= 1
            return self._answer(503, {})
        if away["refuses"] or (wrong := fault(said)):
            return self._answer(422, {"message": "the buyer is not known" if away["refuses"] else wrong})
        number = numbers.setdefault(said["bill"], f"{len(numbers) + 1:08d}")
        return self._answer(200, {"number": number})

    def do_GET(self) -> None:
        """Tell what was asked for."""
        self._answer(200, {"asked": asked, "numbers": numbers})

    def _answer(self, status: int, said: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Office)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()
