"""A weather provider that stands in for one, a process of its own: `python -m tests.counterparts.weather`.

It says its port and answers `GET /v1/forecast` in the shape of Open-Meteo: hours in Unix time, a column a variable.
What it answers next is told at `POST /say`. Nothing of the product is used here.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

state: dict[str, Any] = {"status": 200, "hourly": None, "asked": {}}


class Provider(BaseHTTPRequestHandler):
    """Forecasts, and what the test has it say."""

    def do_POST(self) -> None:
        """Take what is to be answered."""
        state.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer(200, {})

    def do_GET(self) -> None:
        """Answer a forecast, or tell what was asked."""
        parts = urlsplit(self.path)
        if parts.path == "/asked":
            return self._answer(200, state["asked"])
        state["asked"] = {name: values[0] for name, values in parse_qs(parts.query).items()}
        wanted = set(state["asked"]["hourly"].split(",")) | {"time"}
        hourly = {name: column for name, column in state["hourly"].items() if name in wanted}
        return self._answer(state["status"], {"latitude": 31.2, "longitude": 121.5, "hourly": hourly})

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
