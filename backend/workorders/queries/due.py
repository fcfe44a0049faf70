"""What time may have brought to orders: ids of all of them, so that none waits behind those that only wait."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.workorders.models import Escalation, OrderEvent, WorkOrder
from backend.workorders.rules.machine import OrderStatus


def with_status(session: Session, scope: Scope, status: OrderStatus) -> Sequence[UUID]:
    """Orders that stand somewhere, rehearsals left out."""
    return session.scalars(
        select(WorkOrder.id)
        .where(
            WorkOrder.organisation_id.in_(scope.organisations), WorkOrder.status == status,
            WorkOrder.is_rehearsal.is_(False),
        )
        .order_by(WorkOrder.priority, WorkOrder.reported_at)
    ).all()  # fmt: skip


def untaken(session: Session, scope: Scope, statuses: Collection[OrderStatus]) -> Sequence[UUID]:
    """Orders nobody has taken on, with no rung acknowledged."""
    acknowledged = select(Escalation.work_order_id).where(
        Escalation.work_order_id == WorkOrder.id, Escalation.cycle == WorkOrder.cycle,
        Escalation.acknowledged_at.is_not(None),
    )  # fmt: skip
    return session.scalars(
        select(WorkOrder.id)
        .where(
            WorkOrder.organisation_id.in_(scope.organisations), WorkOrder.status.in_(statuses),
            WorkOrder.is_rehearsal.is_(False), WorkOrder.kind == "repair", ~acknowledged.exists(),
        )
        .order_by(WorkOrder.priority, WorkOrder.reported_at)
    ).all()  # fmt: skip


def held_beyond(session: Session, scope: Scope, now: datetime) -> Sequence[UUID]:
    """Orders on hold for longer than was expected."""
    return session.scalars(
        select(WorkOrder.id).where(
            WorkOrder.organisation_id.in_(scope.organisations), WorkOrder.status == OrderStatus.ON_HOLD,
            WorkOrder.hold_until <= now,
        )
    ).all()  # fmt: skip


def verified_before(session: Session, scope: Scope, before: datetime) -> Sequence[UUID]:
    """Orders of priority 3 and 4 verified long enough ago."""
    confirmed = select(OrderEvent.id).where(
        OrderEvent.work_order_id == WorkOrder.id, OrderEvent.cycle == WorkOrder.cycle,
        OrderEvent.after == OrderStatus.VERIFIED.value, OrderEvent.occurred_at <= before,
    )  # fmt: skip
    return session.scalars(
        select(WorkOrder.id).where(
            WorkOrder.organisation_id.in_(scope.organisations), WorkOrder.status == OrderStatus.VERIFIED,
            WorkOrder.priority >= 3, confirmed.exists(),
        )
    ).all()  # fmt: skip


def rungs(session: Session, scope: Scope, order: WorkOrder) -> Sequence[Escalation]:
    """Rungs an order reached in its present cycle."""
    return session.scalars(
        select(Escalation)
        .where(
            Escalation.work_order_id == order.id, Escalation.cycle == order.cycle,
            Escalation.organisation_id.in_(scope.organisations),
        )
        .order_by(Escalation.step)
    ).all()  # fmt: skip
