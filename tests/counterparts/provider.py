"""A payment provider that stands in for one, a process of its own: `python -m tests.counterparts.provider SECRET`.

It says its port, takes signed orders and refunds, and calls back over HTTP as it is told at `/calls`: doubled,
reordered, late, all at once, or forged. Nothing of the product is used here, so that both read the same description.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = sys.argv[1].encode() if len(sys.argv) > 1 else b""
orders: dict[str, dict[str, str]] = {}
refunds: dict[str, dict[str, str]] = {}
away = {"times": 0, "refuses": 0}


def digest(secret: bytes, at: int, body: bytes) -> str:
    """Return HMAC-SHA256 over instant and body."""
    return hmac.new(secret, str(at).encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signed(header: str, body: bytes) -> bool:
    """Tell whether an order is signed with the secret."""
    at, _, said = header.removeprefix("t=").partition(",v1=")
    return at.isdigit() and hmac.compare_digest(digest(SECRET, int(at), body), said)


def call(wanted: dict[str, Any]) -> int:
    """Make one call back; return the status it was answered with.

    wanted: payment or refund (our name of it), more (what it says otherwise), by (secret), age_s, after_s, then (a body
    that is sent in place of the one that was signed), bare (without a signature)
    """
    time.sleep(wanted.get("after_s", 0))
    if "payment" in wanted:
        order = orders[wanted["payment"]]
        said = {"operator": order["operator"], "intent": order["intent"], "payment": wanted["payment"],
                "status": "paid", "amount": order["amount"], "currency": order["currency"],
                "paid_on": "2026-10-06"}  # fmt: skip
    else:
        order = refunds[wanted["refund"]]
        said = {"operator": order["operator"], "refund": order["refund"], "provider_refund": wanted["refund"],
                "status": "paid", "amount": order["amount"], "currency": order["currency"],
                "settled_on": "2026-10-07"}  # fmt: skip
    body = json.dumps(said | wanted.get("more", {})).encode()
    at = int(time.time()) - wanted.get("age_s", 0)
    signed = f"t={at},v1={digest(wanted.get('by', SECRET.decode()).encode(), at, body)}"
    body = json.dumps(said | wanted["then"]).encode() if "then" in wanted else body
    headers = {"Content-Type": "application/json"} | (
        {} if wanted.get("bare") else {"X-Enerfield-Signature": signed}
    )
    try:
        with urllib.request.urlopen(urllib.request.Request(order["call_back"], body, headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def call_all(wanted: dict[str, Any]) -> list[int]:
    """Make some calls, one after the other or all at once; return their statuses in the order asked."""
    found = [0] * len(wanted["calls"])

    def one(place: int) -> None:
        found[place] = call(wanted["calls"][place])

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(found))]
    for thread in threads:
        thread.start()
        if not wanted.get("at_once"):
            thread.join()
    for thread in threads:
        thread.join()
    return found


class Provider(BaseHTTPRequestHandler):
    """Orders and refunds of the product, and what the test has it do."""

    def do_POST(self) -> None:
        """Answer one of both."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = json.loads(body)
        if self.path == "/calls":
            return self._answer(200, call_all(said))
        if self.path == "/away":
            away.update(said)
            return self._answer(200, {})
        if not is_signed(self.headers.get("X-Enerfield-Signature", ""), body):
            return self._answer(401, {})
        if away["times"]:
            away["times"] -= 1
            return self._answer(503, {})
        if away["refuses"]:
            return self._answer(422, {"message": "the card is closed"})
        if self.path == "/orders":
            name = "pay_" + said["intent"][-12:]
            orders[name] = said
            return self._answer(200, {"payment": name, "pay_url": "https://pay.example/" + name})
        if said["payment"] not in orders:
            return self._answer(404, {})
        name = "ref_" + said["refund"][-12:]
        refunds[name] = said
        return self._answer(200, {"refund": name})

    def do_GET(self) -> None:
        """Tell what was asked for."""
        self._answer(200, {"orders": orders, "refunds": refunds})

    def _answer(self, status: int, said: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()
