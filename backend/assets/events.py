"""What assets tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.kernel.events import Event

EXCHANGED = "assets.exchanged"
TAG_CLONED = "assets.tag_cloned"


@dataclass(frozen=True)
class RegisterSwap:
    """What the old device last showed of a point and what the new one began with [unit of the point]."""

    point_id: UUID
    final: float
    initial: float = 0.0


def exchanged(
    position_id: UUID, organisation_id: UUID, *, removed: UUID, installed: UUID, at: datetime,
    registers: Sequence[RegisterSwap], actor_id: UUID | None,
) -> Event:  # fmt: skip
    """A device was put up in place of another; metering notes what their registers showed."""
    body = {
        "position_id": str(position_id), "removed": str(removed), "installed": str(installed),
        "registers": [
            {"point_id": str(one.point_id), "final": one.final, "initial": one.initial} for one in registers
        ],
    }  # fmt: skip
    return Event(EXCHANGED, organisation_id, body, occurred_at=at, actor_id=actor_id)


def tag_cloned(organisation_id: UUID, body: dict[str, Any], *, actor_id: UUID | None = None) -> Event:
    """A tag was seen far apart in a short time: it must have a copy.

    body: warning_id, tag_id, position_id or device_id (what it is bound to), distance_m at least, seconds
    """
    return Event(TAG_CLONED, organisation_id, body, actor_id=actor_id)
