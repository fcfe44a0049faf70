"""How a command was given: by whom, when, with what to show for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.kernel.scope import Scope


@dataclass(frozen=True)
class Command:
    """How a command was given.

    occurred_at: device time corrected and clamped, or now; raw_at: as the device said; uncertainty_s: of the
    correction; device_id, op_id: of the phone's operation; base_rev: revision of the order its giver saw
    by: who gave it, where the operator's scope writes it for them (see `writing`)
    evidence: what the guards may look at and the event keeps (see service/facts.py)
    """

    reason: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    occurred_at: datetime | None = None
    raw_at: datetime | None = None
    uncertainty_s: float | None = None
    device_id: str | None = None
    op_id: UUID | None = None
    base_rev: int | None = None
    by: Scope | None = None


NOW = Command()
