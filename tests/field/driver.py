"""Real phones in Node, their requests answered here (portal/field/README.md tells the protocol)."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.portal.field.node import FIELD, NODE, ROOT

Line = dict[str, Any]


class Crashed(Exception):
    """The phone's process died in the middle of a command; it is open again on the same storage."""


class Driver:
    """One process with any number of phones. answer: what a server says to (phone, method, path, headers, body)"""

    def __init__(
        self, answer: Callable[[str, str, str, Line, Any], Line], *, script: Path = FIELD / "driver.ts"
    ) -> None:
        self.answer = answer
        self.count = 0
        self.process = subprocess.Popen(
            [*NODE, str(script)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def do(self, what: str, phone: str | None = None, **given: Any) -> Line:
        """Give a command and serve what the phone asks meanwhile; raises Crashed, AssertionError with a stack."""
        self.count += 1
        self._say({"id": self.count, "do": what, "phone": phone, **given})
        while True:
            line = self._hear()
            if "ask" in line:
                body = line["body"]
                if isinstance(body, dict) and "base64" in body:
                    body = base64.b64decode(body["base64"])
                said = self.answer(line["phone"], line["method"], line["path"], line["headers"], body)
                self._say({"answer": line["ask"], **said})
            elif line["id"] == self.count:
                if line["ok"]:
                    return line
                if line["error"] == "crashed":
                    raise Crashed
                raise AssertionError(line)

    def close(self) -> None:
        """End the process."""
        self.process.communicate(timeout=10)

    def _say(self, line: Line) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(line) + "\n")

    def _hear(self) -> Line:
        assert self.process.stdout
        text = self.process.stdout.readline()
        assert text, "the driver ended"
        return json.loads(text)
