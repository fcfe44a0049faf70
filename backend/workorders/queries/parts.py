"""Parts that jobs will take, and what is set aside for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.workorders.models import PartUse, PlannedPart, WorkOrder
from backend.workorders.queries.orders import visible
from backend.workorders.rules.machine import OVER

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('part ' || :part, 0))")


def planned(session: Session, scope: Scope, order_ids: Collection[UUID]) -> Sequence[PlannedPart]:
    """What some orders will take."""
    return session.scalars(
        select(PlannedPart)
        .join(WorkOrder, WorkOrder.id == PlannedPart.work_order_id)
        .where(
            PlannedPart.work_order_id.in_(order_ids), visible(scope),
            PlannedPart.organisation_id.in_(scope.organisations),
        )
        .order_by(PlannedPart.part_id)
    ).all()  # fmt: skip


def set_aside(
    session: Session, scope: Scope, part_ids: Collection[UUID], *, but: Collection[UUID] = ()
) -> dict[tuple[UUID, UUID], Decimal]:
    """(store, part) -> what is set aside there for open orders and not used yet [unit]; but: orders left out."""
    used = (
        select(PartUse.work_order_id, PartUse.part_id, func.sum(PartUse.quantity).label("quantity"))
        .where(PartUse.organisation_id.in_(scope.organisations), PartUse.part_id.in_(part_ids))
        .group_by(PartUse.work_order_id, PartUse.part_id)
        .subquery()
    )
    left = func.greatest(PlannedPart.quantity - func.coalesce(used.c.quantity, 0), 0)
    rows = session.execute(
        select(PlannedPart.store_id, PlannedPart.part_id, func.sum(left))
        .join(WorkOrder, WorkOrder.id == PlannedPart.work_order_id)
        .outerjoin(
            used,
            (used.c.work_order_id == PlannedPart.work_order_id) & (used.c.part_id == PlannedPart.part_id),
        )
        .where(
            PlannedPart.organisation_id.in_(scope.organisations), PlannedPart.part_id.in_(part_ids),
            PlannedPart.store_id.is_not(None), WorkOrder.status.not_in(OVER), WorkOrder.id.not_in(but),
        )
        .group_by(PlannedPart.store_id, PlannedPart.part_id)
    )  # fmt: skip
    return {(row[0], row[1]): row[2] for row in rows}


def lock(session: Session, _scope: Scope, part_ids: Collection[UUID]) -> None:
    """Let nobody else set these parts aside until the transaction ends; always in the same order."""
    for part in sorted(str(one) for one in part_ids):
        session.execute(LOCK, {"part": part})
