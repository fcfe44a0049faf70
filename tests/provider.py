"""A payment provider in a process of its own: takes signed orders over HTTP, and says by signed calls what was paid."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from backend.app.edge import Enerfield
from backend.billing.rules import signing
from backend.infra.pay import HttpProvider

SECRET = "a secret that the provider knows too"

PROVIDER = textwrap.dedent(
    """
    # A payment provider: takes signed orders, and calls back when it is told that the customer paid.
    import hashlib, hmac, json, sys, time, urllib.request
    from http.server import BaseHTTPRequestHandler, HTTPServer

    SECRET, orders = sys.argv[1].encode(), {}

    def signed(body):
        at = str(int(time.time()))
        return f"t={at},v1=" + hmac.new(SECRET, at.encode() + b"." + body, hashlib.sha256).hexdigest()

    class Provider(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said = json.loads(body)
            if self.path == "/orders":
                at = self.headers["X-Enerfield-Signature"].split(",")[0][2:]
                right = hmac.new(SECRET, at.encode() + b"." + body, hashlib.sha256).hexdigest()
                if not self.headers["X-Enerfield-Signature"].endswith(right):
                    return self.answer(401, {})
                payment = "pay_" + said["intent"][-12:]
                orders[payment] = said
                return self.answer(200, {"payment": payment, "pay_url": "https://pay.example/" + payment})
            order = orders[said["payment"]]
            call = json.dumps({"operator": order["operator"], "intent": order["intent"], "payment": said["payment"],
                               "status": "paid", "amount": order["amount"], "currency": order["currency"],
                               "paid_on": "2026-10-06"}).encode()
            self.answer(200, {"body": call.decode(), "signature": signed(call), "call_back": order["call_back"]})

        def answer(self, status, said):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Provider)
    print(server.server_port, flush=True)
    server.serve_forever()
    """
)

Pay = Callable[[str], dict[str, str]]


@contextmanager
def provided(app: Enerfield) -> Iterator[Pay]:
    """Let the application ask a provider; yields what the provider says of a payment that is made there."""
    process = subprocess.Popen([sys.executable, "-c", PROVIDER, SECRET], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
    settings, before = app.settings, app.payments
    app.settings = replace(settings, payment_url=url, payment_secret=SECRET)
    app.payments = HttpProvider(url, SECRET, "http://localhost/api/v1/billing/provider-calls")

    def pay(payment: str) -> dict[str, str]:
        body = json.dumps({"payment": payment}).encode()
        request = urllib.request.Request(f"{url}/paid", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            said: dict[str, str] = json.load(answer)
            return said

    try:
        yield pay
    finally:
        app.payments.session.close()
        app.settings, app.payments = settings, before
        process.kill()
        process.wait()
        process.stdout.close()


def call(app: Enerfield, said: dict[str, str], **headers: str) -> Any:
    """Bring a provider's word to the application."""
    return app.test_client().post(
        "/api/v1/billing/provider-calls", data=said["body"], content_type="application/json",
        headers={signing.HEADER: said["signature"]} | headers,
    )  # fmt: skip
