"""The server behind the wire, without HTTP: the real services on the real database, and a line that fails at will."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from backend.app.errors import status_of
from backend.field import service
from backend.field.service.row import iso
from backend.infra.files import FolderFiles
from backend.kernel import clock, ids
from backend.kernel.db import Database
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Scope

SIGNED = {"Enerfield-Signature": "1", "Content-Type": "application/json"}
FAULTS = ("lose request", "lose answer", "double", "late", "captive", "busy", "broken", "overtake", "garble")
"""`overtake`: of a batch sent in two the second arrives first; `garble`: of the next photo a byte is another."""
FACTS = frozenset({"comment", "answer", "codes", "use_part", "punch", "attach", "report"})
"""What somebody saw or did: always taken, after nothing else."""
ENDS = frozenset({"applied", "merged", "conflict", "rejected"})
Answer = dict[str, Any]


class Office:
    """Answers phones. scopes: who holds which phone; faults: what befalls the next requests, in order.

    astray: operations decided after later ones that depend on them
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder, self.files = database, folder, FolderFiles(folder / "files")
        self.scopes: dict[str, Scope] = {}
        self.faults: list[str] = []
        self.late: list[tuple[Any, ...]] = []
        self.is_garbling = False
        self.decided: dict[tuple[str, ...], int] = {}
        self.astray: list[Any] = []

    def begin(self) -> None:
        """Forget what was under way; no phone of a run before is heard of again."""
        self.late.clear()
        self.decided.clear()
        self.astray.clear()
        self.is_garbling = False

    def answer(self, *request: Any) -> Answer:
        """Answer a request, unless something befalls it."""
        fault = self.faults.pop(0) if self.faults else None
        if fault != "late":
            self.deliver()
        if fault == "lose request":
            return {"fail": "dropped"}
        if fault == "late":
            self.late.append(request)
            return {"fail": "timed out"}
        if fault == "captive":
            return {
                "status": 200,
                "headers": {"Content-Type": "text/html"},
                "body": "<h1>Log in to the hotel</h1>",
            }
        if fault == "busy":
            return _said(409, {"code": "conflict", "message": "busy"})
        if fault == "broken":
            return _said(500, {"code": "fault", "message": "broken"})
        if fault == "garble":
            self.is_garbling = True
        if fault == "overtake":
            return self._overtaken(*request)
        answer = self.serve(*self._garbled(request))
        if fault == "double":
            answer = self.serve(*request)
        return {"fail": "reset"} if fault == "lose answer" else answer

    def deliver(self) -> None:
        """Let requests arrive whose senders have given up on them, the last one first."""
        while self.late:
            self.serve(*self.late.pop())

    def _garbled(self, request: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the request with one bit of its photo turned over, where one was to be."""
        *rest, body = request
        if not self.is_garbling or not isinstance(body, bytes):
            return request
        self.is_garbling = False
        middle = len(body) // 2
        return *rest, body[:middle] + bytes([body[middle] ^ 4]) + body[middle + 1 :]

    def _overtaken(self, phone: str, method: str, path: str, headers: dict[str, str], body: Any) -> Answer:
        """Let the second half of a batch arrive as one of its own before the first."""
        said = json.loads(body) if path.endswith("field/push") else {"operations": []}
        half, results = len(said["operations"]) // 2, {}
        for part in (said["operations"][half:], said["operations"][:half]):
            answer = self.serve(
                phone, method, path, headers, json.dumps(said | {"operations": part}) if half else body
            )
            if not half or answer["status"] != 200:
                return answer
            results |= {one["op_id"]: one for one in answer["body"]["results"]}
        return _said(200, {"results": [results[one["op_id"]] for one in said["operations"]]})

    def _judge(self, operations: list[Any], results: list[Any]) -> None:
        """Note which commands of a phone on one thing are decided in another order than it gave them."""
        for op, result in zip(operations, results, strict=True):
            if op["command"] in FACTS or result["outcome"] not in ENDS:
                continue
            thing = (op["device_id"], op["entity"], op["entity_id"])
            if self.decided.get(thing, 0) > op["seq"]:
                self.astray.append((op, result))
            self.decided[thing] = max(self.decided.get(thing, 0), op["seq"])

    def serve(self, phone: str, method: str, path: str, headers: dict[str, str], body: Any) -> Answer:
        """Do what a request asks for, as one transaction."""
        address = urlsplit(path)
        try:
            with self.database.transaction(self.scopes[phone]) as session:
                return self._do(session, self.scopes[phone], method, address, headers, body)
        except EnerfieldError as error:
            return _said(status_of(error), error.as_dict())

    def _do(
        self, session: Any, scope: Scope, method: str, address: Any, headers: dict[str, str], body: Any
    ) -> Answer:
        place = address.path.removeprefix("/api/v1/")
        if place == "field/push":
            said = json.loads(body)
            results = service.push(
                session,
                scope,
                self.files,
                device_id=said["device_id"],
                operations=said["operations"],
                sent=said,
            )
            self._judge(said["operations"], results)
            return _said(200, {"results": results})
        if place == "field/pull":
            cursor = parse_qs(address.query).get("cursor", [None])[0]
            return _said(200, service.as_dict(service.pull(session, scope, cursor=cursor)))
        if place == "field/uploads":
            begun = service.begin(session, scope, **json.loads(body))
            if begun.upload is None:
                return _said(200, {"state": "here"})
            return _said(
                201, {"state": "waiting"}, Location=f"/api/v1/field/uploads/{ids.show(begun.upload.id)}"
            )
        if place.startswith("field/uploads/"):
            return self._upload(session, scope, method, ids.parse(place.rsplit("/", 1)[1]), headers, body)
        return {"status": 204, "headers": SIGNED}

    def _upload(
        self, session: Any, scope: Scope, method: str, upload_id: Any, headers: dict[str, str], body: Any
    ) -> Answer:
        if method == "HEAD":
            upload = service.where(session, scope, folder=self.folder / "uploads", upload_id=upload_id)
            return _said(200, None, **{"Upload-Offset": str(upload.received)})
        upload = service.take(
            session, scope, self.files, folder=self.folder / "uploads", upload_id=upload_id,
            offset=int(headers["Upload-Offset"]), piece=body,
            sha256=base64.b64decode(headers["Upload-Checksum"].split()[1]),
        )  # fmt: skip
        state = "refused" if upload.refused else "here" if upload.stored_sha256 else "waiting"
        return _said(
            200, {"state": state, "reason": upload.refused}, **{"Upload-Offset": str(upload.received)}
        )


def _said(status: int, body: Any, **headers: str) -> Answer:
    if isinstance(body, dict):
        body = {"server_time": iso(clock.now())} | body
    return {"status": status, "headers": SIGNED | headers, "body": body}
