"""What a phone says, without its screen: operations with their count, and the answers of the services."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend.field import service
from backend.infra.files import FolderFiles
from backend.kernel import clock, ids
from backend.kernel.db import Database
from backend.kernel.scope import Scope


@dataclass
class Phone:
    """One phone. offset: how far its clock is behind ours, as it believes; skew: how far it really is."""

    database: Database
    scope: Scope
    files: FolderFiles
    device_id: str
    seq: int = 0
    skew: timedelta = timedelta(0)
    offset: timedelta = timedelta(0)

    def tap(
        self, entity: str, entity_id: UUID, command: str, *, deps: tuple[str, ...] = (), base_rev: int | None = None,
        geo: dict[str, float] | None = None, evidence: tuple[str, ...] = (), **args: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """Make an operation; nothing is sent yet."""
        self.seq += 1
        return {
            "op_id": ids.show(ids.new_id()), "device_id": self.device_id, "seq": self.seq, "entity": entity,
            "entity_id": ids.show(entity_id), "command": command, "args": args, "base_rev": base_rev,
            "deps": list(deps), "occurred_at": (clock.now() + self.skew).isoformat(), "boot_id": "b",
            "mono_ms": time.monotonic() * 1000, "clock_offset_ms": self.offset.total_seconds() * 1000,
            "tz": "Asia/Shanghai", "geo": geo,
            "evidence": list(evidence), "schema": 1, "app": "test",
        }  # fmt: skip

    def push(self, *operations: dict[str, Any]) -> list[dict[str, Any]]:
        """Send operations; returns their results."""
        with self.database.transaction(self.scope) as session:
            return service.push(
                session, self.scope, self.files, device_id=self.device_id, operations=list(operations)
            )

    def do(self, *arguments: Any, **more: Any) -> dict[str, Any]:
        """Tap and send at once; returns the result."""
        return self.push(self.tap(*arguments, **more))[0]

    def pull(self, cursor: str | None = None) -> service.Pulled:
        """Ask for what is new, to the end."""
        rows, leaves = [], []
        while True:
            with self.database.transaction(self.scope) as session:
                pulled = service.pull(session, self.scope, cursor=cursor)
            rows += pulled.rows
            leaves += pulled.leaves
            cursor = pulled.cursor
            if not pulled.more:
                return service.Pulled(cursor, pulled.scope_epoch, pulled.server_time, False, rows, [], leaves)
