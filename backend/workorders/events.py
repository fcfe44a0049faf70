"""What field work tells: an order moved, a visit moved, somebody is to be told something, one of them by one way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.kernel.events import Event

MOVED = "workorders.moved"
VISIT_MOVED = "workorders.visit_moved"
TELL = "workorders.tell"
LETTER = "workorders.letter"
ESCALATED = "workorders.escalated"


def event(name: str, organisation_id: UUID, body: dict[str, Any], *, actor_id: UUID | None = None) -> Event:
    """Return an event of an order.

    moved: work_order_id, number, command, before, after, cycle, priority, position_id, is_rehearsal
    visit_moved: visit_id, work_order_id, command, before, after, technician_id
    tell: work_order_id, whom ('reporter', 'customer', 'dispatcher', 'technician'), what (the effect's name)
    letter: work_order_id, words (key of the text), reason, way ('push', 'mail'), person_id or None, email, locale
    escalated: work_order_id, step, reason, roles, ways
    """
    return Event(name, organisation_id, body, actor_id=actor_id)
