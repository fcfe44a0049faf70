"""What the office says an order will take: parts."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import service as assets
from backend.kernel import ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Role, Scope
from backend.workorders.models import PlannedPart
from backend.workorders.queries import orders
from backend.workorders.queries import parts as queries
from backend.workorders.rules import machine
from backend.workorders.service import moves, parts
from backend.workorders.service.moves import Command

PLANNERS = (Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
MOST = 50


def plan_part(
    session: Session, scope: Scope, *, order_id: UUID, part_id: UUID, quantity: Decimal
) -> list[parts.NeededPart]:
    """Say how many of a part an order will take; none takes it off. Set aside at once where somebody is planned.

    raises Conflict once the order is over; a part that is nowhere is kept all the same, and named when it is scheduled
    """
    order = orders.order(session, scope, order_id, lock=True)
    scope.demand(order.organisation_id, *PLANNERS)
    if order.status in machine.OVER:
        raise Conflict("this order is over", field="work_order_id", value=order.number)
    if not 0 <= quantity <= 100_000:
        raise Refused("how many is none up to 100,000", field="quantity", value=str(quantity))
    part = assets.part(session, scope, part_id)
    rows = queries.planned(session, scope, [order.id])
    row = next((one for one in rows if one.part_id == part.id), None)
    if row is None and quantity and len(rows) >= MOST:
        raise Refused(f"at most {MOST} parts are planned for an order", field="part_id")
    if row is None and quantity:
        session.add(PlannedPart(id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id,
                                part_id=part.id, quantity=quantity))  # fmt: skip
    elif row is not None and quantity:
        row.quantity = quantity
    elif row is not None:
        session.delete(row)
    session.flush()
    if parts.living(session, scope, order):
        parts.reserve(session, scope, order)
    said = {"part_id": str(part.id), "quantity": str(quantity)}
    moves.note(session, scope, order, "plan_part", Command(evidence=said))
    moves.touch(session, scope, order)
    return parts.needed(session, scope, order)
