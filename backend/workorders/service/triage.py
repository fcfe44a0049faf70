"""What the dispatcher decides of a report: how grave, merge, reject, approve, hold, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel.errors import Conflict
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.workorders.models import OrderKind, WorkOrder
from backend.workorders.queries import evidence
from backend.workorders.queries import orders as queries
from backend.workorders.rules import faults
from backend.workorders.rules.machine import OrderStatus
from backend.workorders.service import moves
from backend.workorders.service.facts import held_from
from backend.workorders.service.learned import health_of
from backend.workorders.service.moves import Command
from backend.workorders.service.visits import resume


def triage(
    session: Session, scope: Scope, *, order_id: UUID, fault_class: str, priority: int | None = None,
    estimate: Decimal | None = None, checklist_id: UUID | None = None, skills: tuple[str, ...] = (),
    duration_min: int | None = None, needs_signature: bool | None = None, given: Command = moves.NOW,
) -> WorkOrder:  # fmt: skip
    """Say what kind of fault it is and how grave; it becomes ready by itself unless a manager must approve.

    priority None: from safety and the customers affected
    """
    order = queries.order(session, scope, order_id)
    queries.lock_fault(session, scope, order.position_id, fault_class)
    order = queries.order(session, scope, order_id, lock=True)
    _demand_no_twin(session, scope, order, fault_class)
    order.fault_class = fault_class
    affected = customers_affected(session, scope, order)
    if fault_class in faults.BY_CODE:
        plant = health_of(session, scope, position_id=order.position_id)
        order.priority = priority or faults.priority_of(
            fault_class, customers_affected=affected, health=plant.score if plant else None
        )
        order.duration_min = duration_min or order.duration_min or faults.BY_CODE[fault_class].duration_min
    order.estimate = estimate if estimate is not None else order.estimate
    order.checklist_id = checklist_id or order.checklist_id or _fitting_checklist(session, scope, fault_class)
    order.skills = sorted({*order.skills, *skills})
    if needs_signature is not None:
        order.needs_signature = needs_signature
    session.flush()
    moves.move(
        session,
        scope,
        order,
        "triage",
        replace(given, evidence=given.evidence | {"customers_affected": affected}),
    )
    return settle(session, scope, order)


def settle(session: Session, scope: Scope, order: WorkOrder) -> WorkOrder:
    """After triage: ready, or waiting for a manager."""
    policy_limit = moves.approval_limit(session, scope, order)
    needs = order.priority != 1 and order.estimate is not None and float(order.estimate) > policy_limit
    moves.move(session, scope, order, "ask_approval" if needs else "make_ready")
    return order


def customers_affected(session: Session, scope: Scope, order: WorkOrder) -> int:
    """Return how many customers are supplied at the order's position or below it."""
    return network.customers_below(session, scope, order.position_id)


def reject(session: Session, scope: Scope, *, order_id: UUID, reason: str) -> WorkOrder:
    """It is no fault of ours, or none at all; the reporter is told why."""
    order = queries.order(session, scope, order_id, lock=True)
    moves.move(session, scope, order, "reject", Command(reason=reason))
    return order


def merge(session: Session, scope: Scope, *, order_id: UUID, target_id: UUID) -> WorkOrder:
    """It is the same fault as another order: evidence goes there."""
    order = queries.order(session, scope, order_id, lock=True)
    order.merged_into_id = queries.order(session, scope, target_id, lock=True).id
    session.flush()
    moves.move(session, scope, order, "merge", Command(evidence={"target_id": str(target_id)}))
    return order


def approve(session: Session, scope: Scope, *, order_id: UUID) -> WorkOrder:
    """A manager, not the one who asked, lets the money be spent."""
    order = queries.order(session, scope, order_id, lock=True)
    moves.move(session, scope, order, "approve")
    order.approved_by = scope.actor_id
    return order


def postpone(session: Session, scope: Scope, *, order_id: UUID, reason: str, until: datetime) -> WorkOrder:
    """Put a ready or scheduled order on hold until a date."""
    order = queries.order(session, scope, order_id, lock=True)
    order.hold_reason, order.hold_until = reason, until
    moves.move(
        session, scope, order, "postpone", Command(reason=reason, evidence={"until": until.isoformat()})
    )
    return order


def take_up(session: Session, scope: Scope, *, order_id: UUID) -> WorkOrder:
    """Go on with an order that was put on hold: back at work where work had begun, else ready to be planned."""
    order = queries.order(session, scope, order_id, lock=True)
    if held_from(session, scope, order) is OrderStatus.IN_PROGRESS:
        resume(session, scope, order_id=order_id)
    else:
        moves.move(session, scope, order, "take_up")
        order.hold_reason = order.hold_until = None
    return order


def cancel(session: Session, scope: Scope, *, order_id: UUID, reason: str) -> WorkOrder:
    """Nothing is to be done any more; not once something was."""
    order = queries.order(session, scope, order_id, lock=True)
    moves.move(session, scope, order, "cancel", Command(reason=reason))
    return order


def reopen(
    session: Session, scope: Scope, *, order_id: UUID, reason: str, seen: Mapping[str, Any] | None = None
) -> WorkOrder:  # fmt: skip
    """The fault is back: a new cycle of the same order, triaged as before. By the customer, a manager, the system."""
    order = queries.order(session, scope, order_id)
    moves.demand_actor("reopen", scope, order)
    acting = moves.writing(session, scope, order)
    if order.fault_class is not None:
        queries.lock_fault(session, acting, order.position_id, order.fault_class)
    order = queries.order(session, acting, order_id, lock=True)
    given = Command(reason=reason, by=scope, evidence={"completed": _completed(order)} | dict(seen or {}))
    moves.move(session, acting, order, "reopen", given)
    system = moves.as_system(acting, f"reopened: {reason}")
    moves.move(session, system, order, "triage_again")
    settle(session, system, order)
    moves.back(session, scope, acting)
    return order


def _completed(order: WorkOrder) -> dict[str, str | None]:
    """Return what the cycle that ends had come to: the event keeps it, whatever the next one brings."""
    told = {
        "problem": order.problem_code, "cause": order.cause_code, "remedy": order.remedy_code, "cost": order.cost,
        "downtime_from": order.downtime_from and order.downtime_from.isoformat(),
        "downtime_to": order.downtime_to and order.downtime_to.isoformat(),
        "rating": order.rating, "rating_comment": order.rating_comment,
    }  # fmt: skip
    return {name: None if value is None else str(value) for name, value in told.items()}


def _demand_no_twin(session: Session, scope: Scope, order: WorkOrder, fault_class: str) -> None:
    """One open repair for a fault at a place: the second belongs to the first."""
    if order.kind is not OrderKind.REPAIR or order.is_rehearsal:
        return
    twin = queries.open_twin(
        session, scope, position_id=order.position_id, fault_class=fault_class, but=order.id
    )
    if twin is not None:
        raise Conflict(f"this fault is open here already as {twin.number}", field="fault_class", value=fault_class,
                       remedy=f"merge it into {twin.number}")  # fmt: skip


def _fitting_checklist(session: Session, scope: Scope, fault_class: str) -> UUID | None:
    """Return the current check-list made for a class of fault."""
    fitting = [one for one in evidence.current_checklists(session, scope) if fault_class in one.fault_classes]
    return fitting[0].id if fitting else None
