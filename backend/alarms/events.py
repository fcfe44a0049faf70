"""What alarms tell: raised, changed, closed. Alarms that keep quiet are not told as raised."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.kernel.events import Event

RAISED = "alarms.raised"
CHANGED = "alarms.changed"
CLOSED = "alarms.closed"


def event(name: str, organisation_id: UUID, body: dict[str, Any], *, actor_id: UUID | None = None) -> Event:
    """Return the event of an alarm.

    body: alarm_id, rule_id, point_id, position_id, happening, state, level, priority, suppression, value,
    limit (in the point's unit), raised_at (ISO 8601)
    """
    return Event(name, organisation_id, body, actor_id=actor_id)
