"""One run: phones that tap, an office that edits, a line that fails; in the end they rest, and the laws are held."""

from __future__ import annotations

import base64
import io
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from PIL import Image

from backend.kernel import ids
from backend.kernel.errors import EnerfieldError
from tests.field.driver import Crashed, Driver
from tests.field.office import Office
from tests.field.scene import PHONES, Scene

LIVING = {"saved", "queued", "sending", "held"}


@dataclass
class Run:
    """Everything of one run.

    tapped: by op_id, what was certainly kept by a phone; photos: their colours, by hash
    torn: how often a phone died over a command, which may have been kept or not
    is_undone: phones begin with what those of the scene were handed out, for nothing has happened to it since
    """

    scene: Scene
    office: Office
    driver: Driver
    number: int
    is_undone: bool
    names: dict[str, str] = field(default_factory=dict)
    tapped: dict[str, dict[str, Any]] = field(default_factory=dict)
    photos: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    torn: Counter[tuple[str, str]] = field(default_factory=Counter)

    def begin(self) -> None:
        """Hand out the phones."""
        self.office.begin()
        for letter in PHONES:
            self.names[letter] = f"{letter}{self.number}"
            self.office.scopes[self.names[letter]] = self.scene.scopes[letter]
            self.open(letter, **({"like": f"{letter} of the scene"} if self.is_undone else {}))
            if not self.is_undone:
                self.driver.do("pull", self.names[letter])

    def open(self, letter: str, **more: Any) -> None:
        """Log a phone in; its storage stays."""
        name = self.names[letter]
        self.driver.do("open", name, base="stdio:", token="t", device_id=f"device {name}", **more)

    # --- what happens

    def tap(self, letter: str, entity: str, entity_id: UUID | None, command: str, /, **args: Any) -> None:
        """Write an operation on a phone; what a crash leaves open is not held against anybody."""
        given = {} if entity_id is None else {"entity_id": ids.show(entity_id)}
        try:
            said = self.driver.do(
                "tap", self.names[letter], entity=entity, command=command, args=args, **given
            )
        except Crashed:
            self.torn[letter, command] += 1
            return
        self.tapped[said["op_id"]] = {"phone": letter, "entity": entity, "command": command, "args": args}

    def photo(self, letter: str, order_id: UUID, shade: int) -> str:
        """Take a photo; returns its hash, none where the phone did not live to keep it."""
        out, colour = io.BytesIO(), (shade * 25, self.number % 256, self.number // 256 % 256)
        Image.new("RGB", (60, 40), colour).save(out, "JPEG")
        self.torn[letter, "attach"] += 1
        try:
            said = self.driver.do("photo", self.names[letter], work_order=ids.show(order_id), role="evidence",
                                  mime="image/jpeg", base64=base64.b64encode(out.getvalue()).decode())  # fmt: skip
        except Crashed:
            return ""
        self.photos[said["sha256"]] = colour
        return str(said["sha256"])

    def go(self, letter: str, what: str, *faults: str) -> None:
        """Let a phone speak with the server over a line that fails."""
        self.office.faults = list(faults)
        try:
            self.driver.do(what, self.names[letter], **({"tags": False} if what == "sync" else {}))
        except Crashed:
            pass
        finally:
            self.office.faults = []

    def edit(self, what: Any, *, meanwhile: Any = None) -> None:
        """Do something in the office, which may not let it. meanwhile: what happens before it is committed"""
        try:
            with self.office.database.transaction(self.scene.dispatcher) as session:
                what(session, self.scene.dispatcher)
                if meanwhile is not None:
                    session.flush()
                    meanwhile()
        except EnerfieldError:
            pass

    # --- rest

    def settle(self) -> None:
        """All faults off: send until nothing waits, then follow. Phones ask again a minute later by their clock."""
        self.office.deliver()
        for letter in PHONES:
            self.driver.do("crash", self.names[letter])
            self.open(letter)
        now = time.time() * 1000
        for turn in range(12):
            for name in self.names.values():
                self.driver.do("clock", name, now_ms=now + turn * 180_000)
                for what in ("push", "upload"):
                    said = self.driver.do(what, name)
                    assert said["stopped"] is None, said
            if not any(one["state"] in LIVING for letter in PHONES for one in self.outbox(letter)):
                break
        else:
            raise AssertionError(f"something never comes to rest: {[self.outbox(one) for one in PHONES]}")
        for name in self.names.values():
            said = self.driver.do("sync", name, tags=False)
            assert said["stopped"] is None, said

    def outbox(self, letter: str) -> list[dict[str, Any]]:
        """What a phone still holds of its own."""
        return self.driver.do("outbox", self.names[letter])["outbox"]

    def rows(self, letter: str, side: str) -> list[dict[str, Any]]:
        """What a phone shows, or what the server last told it (`base`)."""
        return self.driver.do("rows", self.names[letter], base=side == "base")["rows"]
