"""What the dispatchers' board is drawn from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.workorders.models import Permit, Technician, Visit, WorkOrder
from backend.workorders.queries.orders import visible
from backend.workorders.rules.machine import OrderStatus


def waiting(
    session: Session, scope: Scope, organisations: Collection[UUID], *, limit: int
) -> Sequence[WorkOrder]:
    """Orders that are ready and have nobody, the most urgent first."""
    return session.scalars(
        select(WorkOrder)
        .where(
            visible(scope), WorkOrder.organisation_id.in_(organisations), WorkOrder.status == OrderStatus.READY,
            WorkOrder.is_rehearsal.is_(False),
        )
        .order_by(WorkOrder.priority.nulls_last(), WorkOrder.reported_at, WorkOrder.id)
        .limit(limit)
    ).all()  # fmt: skip


def visits_on(
    session: Session, scope: Scope, organisations: Collection[UUID], *, start: datetime, end: datetime
) -> Sequence[tuple[Visit, WorkOrder]]:
    """Visits planned within a day with their orders, by technician and time."""
    rows = session.execute(
        select(Visit, WorkOrder)
        .join(WorkOrder, WorkOrder.id == Visit.work_order_id)
        .where(
            visible(scope), WorkOrder.organisation_id.in_(organisations), WorkOrder.is_rehearsal.is_(False),
            Visit.planned_start < end, Visit.planned_end > start,
        )
        .order_by(Visit.technician_id, Visit.planned_start, Visit.id)
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def permitted(session: Session, scope: Scope, orders: Collection[UUID], *, at: datetime) -> frozenset[UUID]:
    """Which of these orders have a permit to work that is neither handed back nor over."""
    return frozenset(
        session.scalars(
            select(Permit.work_order_id).where(
                Permit.organisation_id.in_(scope.organisations), Permit.work_order_id.in_(orders),
                Permit.handed_back_at.is_(None), Permit.expires_at > at,
            )
        )
    )  # fmt: skip


def technicians(session: Session, scope: Scope, organisations: Collection[UUID]) -> Sequence[Technician]:
    """Working profiles of those who can be sent."""
    return session.scalars(
        select(Technician)
        .where(
            Technician.organisation_id.in_(scope.organisations), Technician.organisation_id.in_(organisations),
            Technician.is_active,
        )
        .order_by(Technician.id)
    ).all()  # fmt: skip
