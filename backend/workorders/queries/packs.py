"""What belongs to many orders at once, one question a kind."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.workorders.models import (
    Attachment,
    ChecklistAnswer,
    Comment,
    PartUse,
    Permit,
    TimePunch,
    Verification,
    Visit,
    WorkOrder,
)
from backend.workorders.queries.orders import visible
from backend.workorders.rules.machine import ENDED


def answers(session: Session, scope: Scope, order_ids: Collection[UUID]) -> Sequence[ChecklistAnswer]:
    """Answers of orders."""
    return _of(session, scope, ChecklistAnswer, order_ids, ChecklistAnswer.answered_at)


def attachments(session: Session, scope: Scope, order_ids: Collection[UUID]) -> Sequence[Attachment]:
    """Photos and signatures of orders."""
    return _of(session, scope, Attachment, order_ids, Attachment.taken_at)


def comments(session: Session, scope: Scope, order_ids: Collection[UUID]) -> Sequence[Comment]:
    """Comments on orders, for staff."""
    return _of(session, scope, Comment, order_ids, Comment.at)


def permits(session: Session, scope: Scope, order_ids: Collection[UUID]) -> Sequence[Permit]:
    """Permits of orders."""
    return _of(session, scope, Permit, order_ids, Permit.issued_at)


def parts_used(session: Session, scope: Scope, order_ids: Collection[UUID]) -> Sequence[PartUse]:
    """Parts that went into orders."""
    return _of(session, scope, PartUse, order_ids, PartUse.at)


def verifications(session: Session, scope: Scope, order_ids: Collection[UUID]) -> Sequence[Verification]:
    """Watches of orders, in order."""
    return _of(session, scope, Verification, order_ids, Verification.started_at)


def punches(session: Session, scope: Scope, visit_ids: Collection[UUID]) -> Sequence[TimePunch]:
    """Time booked on visits."""
    return session.scalars(
        select(TimePunch)
        .where(TimePunch.visit_id.in_(visit_ids), TimePunch.organisation_id.in_(scope.organisations))
        .order_by(TimePunch.started_at)
    ).all()


def visits_of_person(
    session: Session, scope: Scope, *, start: datetime, end: datetime
) -> Sequence[tuple[Visit, WorkOrder]]:
    """The asker's visits of a period and those not over, with their orders."""
    rows = session.execute(
        select(Visit, WorkOrder)
        .join(WorkOrder)
        .where(
            visible(scope),
            or_(Visit.technician_id == scope.actor_id, Visit.companions.contains([str(scope.actor_id)])),
            Visit.planned_start < end, or_(Visit.planned_end > start, Visit.status.not_in(ENDED)),
            Visit.status.not_in(("declined", "cancelled")),
        )
        .order_by(Visit.planned_start, Visit.id)
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def last_orders_at(
    session: Session, scope: Scope, position_ids: Collection[UUID], each: int
) -> Sequence[WorkOrder]:
    """The last orders of each of some positions."""
    newest = (
        func.row_number()
        .over(partition_by=WorkOrder.position_id, order_by=WorkOrder.reported_at.desc())
        .label("newest")
    )
    ranked = (
        select(WorkOrder.id, newest)
        .where(WorkOrder.position_id.in_(position_ids), visible(scope), WorkOrder.is_rehearsal.is_(False))
        .subquery()
    )
    return session.scalars(
        select(WorkOrder).join(ranked, ranked.c.id == WorkOrder.id).where(ranked.c.newest <= each)
    ).all()


def _of(session: Session, scope: Scope, table: Any, order_ids: Collection[UUID], order: Any) -> Sequence[Any]:
    return session.scalars(
        select(table)
        .where(table.work_order_id.in_(order_ids), table.organisation_id.in_(scope.organisations))
        .order_by(order, table.id)
    ).all()
