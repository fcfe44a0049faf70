"""Which orders keep which alarms quiet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.workorders.models import AlarmHold, WorkOrder

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('quiet ' || :rule, 0))")


def held_by(session: Session, scope: Scope, order: WorkOrder) -> Sequence[AlarmHold]:
    """What an order keeps quiet."""
    return session.scalars(
        select(AlarmHold)
        .where(AlarmHold.work_order_id == order.id, AlarmHold.organisation_id.in_(scope.organisations))
        .order_by(AlarmHold.rule_id)
    ).all()


def others(session: Session, scope: Scope, rule_id: UUID, now: datetime) -> Sequence[tuple[AlarmHold, str]]:
    """Who keeps a rule quiet at an instant, with the order's number, the one that lasts longest at the end."""
    rows = session.execute(
        select(AlarmHold, WorkOrder.number)
        .join(WorkOrder, WorkOrder.id == AlarmHold.work_order_id)
        .where(
            AlarmHold.rule_id == rule_id, AlarmHold.until > now,
            AlarmHold.organisation_id.in_(scope.organisations),
        )
        .order_by(AlarmHold.until, AlarmHold.id)
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def lock(session: Session, _scope: Scope, rule_ids: Collection[UUID]) -> None:
    """Let nobody else take these rules out or return them until the transaction ends; always in the same order."""
    for rule in sorted(str(one) for one in rule_ids):
        session.execute(LOCK, {"rule": rule})
