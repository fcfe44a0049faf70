"""After the work: evidence complete, verified by the system, or by a person where it cannot; closing, rating."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel.errors import Conflict, EnerfieldError, Refused
from backend.kernel.scope import Scope
from backend.workorders.models import WorkOrder
from backend.workorders.queries import orders as queries
from backend.workorders.rules.machine import OrderStatus
from backend.workorders.service import moves
from backend.workorders.service.evidence import cost_of
from backend.workorders.service.moves import Command


def begin_verification(session: Session, scope: Scope, *, order_id: UUID) -> WorkOrder:
    """Once the evidence is here: let telemetry say, or ask a person. Called by the system; again is a no-op."""
    order = queries.order(session, scope, order_id, lock=True)
    if order.status is not OrderStatus.FIELD_COMPLETE or order.is_rehearsal:
        return order
    try:
        moves.move(session, scope, order, "verify")
    except EnerfieldError as not_by_telemetry:
        if not_by_telemetry.field == "photos":
            return order
        moves.move(session, scope, order, "verify_by_hand", Command(reason=not_by_telemetry.message))
    return order


def confirm_by_hand(session: Session, scope: Scope, *, order_id: UUID, seen: str) -> WorkOrder:
    """A manager, or the customer with one tap, says that it works again."""
    return _by_hand(session, scope, order_id, "confirm_by_hand", seen)


def deny_by_hand(session: Session, scope: Scope, *, order_id: UUID, seen: str) -> WorkOrder:
    """A manager or the customer says that it does not."""
    return _by_hand(session, scope, order_id, "deny_by_hand", seen)


def close(session: Session, scope: Scope, *, order_id: UUID) -> WorkOrder:
    """Close a verified order: cost posted, downtime ended, rating asked."""
    order = queries.order(session, scope, order_id, lock=True)
    if order.status is OrderStatus.VERIFIED:
        order.cost = cost_of(session, scope, order)
    moves.move(session, scope, order, "close")
    return order


def rate(session: Session, scope: Scope, *, order_id: UUID, stars: int, text: str | None = None) -> WorkOrder:
    """The customer says how it went, 1 to 5, once the work is verified; a later word replaces it."""
    if stars not in range(1, 6):
        raise Refused("a rating is 1 to 5 stars", field="stars", value=stars)
    order = queries.order(session, scope, order_id)
    if not moves.is_done_for(scope, order):
        raise Conflict("only who it was done for rates it", field="work_order_id", value=order.number)
    acting = moves.writing(session, scope, order)
    order = queries.order(session, acting, order_id, lock=True)
    if order.status not in (OrderStatus.VERIFIED, OrderStatus.CLOSED):
        raise Conflict("this can be rated once it is verified", field="status", value=order.status.value)
    order.rating, order.rating_comment = stars, (text or "").strip()[:1000] or None
    moves.note(session, acting, order, "rate", Command(evidence={"stars": stars}, by=scope))
    moves.touch(session, acting, order)
    moves.back(session, scope, acting)
    return order


def _by_hand(session: Session, scope: Scope, order_id: UUID, command: str, seen: str) -> WorkOrder:
    order = queries.order(session, scope, order_id)
    moves.demand_actor(command, scope, order)
    acting = moves.writing(session, scope, order)
    order = queries.order(session, acting, order_id, lock=True)
    moves.move(session, acting, order, command, Command(reason=seen, evidence={"seen": seen}, by=scope))
    moves.back(session, scope, acting)
    return order
