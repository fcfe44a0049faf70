"""What a technician does with a visit, and how the order follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel.errors import Conflict
from backend.kernel.scope import Scope
from backend.workorders.models import OrderEvent, Source, Visit, WorkOrder
from backend.workorders.queries import orders as queries
from backend.workorders.rules import machine
from backend.workorders.rules.machine import OrderStatus, VisitStatus
from backend.workorders.service import moves
from backend.workorders.service.effects import EFFECTS
from backend.workorders.service.evidence import give_codes
from backend.workorders.service.moves import Command
from backend.workorders.service.report import Report, report

_FOLLOWS = {"accept": "accept", "decline": "decline"}
"""Commands on a visit that give the order the same one, where it waits for it."""

_SENT = frozenset({OrderStatus.SCHEDULED, OrderStatus.DISPATCHED, OrderStatus.ACCEPTED})
"""Somebody is to come; work has not begun."""


def command_visit(
    session: Session, scope: Scope, *, visit_id: UUID, name: str, given: Command = moves.NOW
) -> OrderEvent:
    """Give a visit a command of the table (accept, decline, travel, arrive, work, pause, finish, …)."""
    visit, order = _both(session, scope, visit_id)
    event = moves.move_visit(session, scope, order, visit, name, given)
    is_last = name == "accept" or not _living(session, scope, order)
    if name in _FOLLOWS and is_last and order.status in machine.find_sources(_FOLLOWS[name]):
        moves.move(session, scope, order, _FOLLOWS[name], _of_order(given))
    if visit.status in machine.ENDED:
        _roll_up(session, scope, order, given.reason)
    return event


def start(
    session: Session,
    scope: Scope,
    *,
    order_id: UUID,
    given: Command = moves.NOW,
    visit_id: UUID | None = None,
) -> OrderEvent:
    """Begin work: the right asset's tag (or an override), permit and safety; the visit is at work from now on.

    given.evidence: tag {position_id, device_id}, geo {lat, lon, acc}, override {reason, photo}, safety
    """
    order = queries.order(session, scope, order_id, lock=True)
    visit = own_visit(session, scope, order, visit_id)
    if order.status is OrderStatus.DISPATCHED and visit.status in (VisitStatus.OFFERED, VisitStatus.PLANNED):
        command_visit(session, scope, visit_id=visit.id, name="accept", given=replace(given, evidence={}))
    event = moves.move(session, scope, order, "start", given)
    for step in _way_to_work(visit.status):
        moves.move_visit(session, scope, order, visit, step, replace(given, evidence={}))
    return event


def hold(
    session: Session,
    scope: Scope,
    *,
    order_id: UUID,
    reason: str,
    until: datetime | None,
    given: Command = moves.NOW,
) -> OrderEvent:
    """Wait for material, access, weather, …; the clock pauses where the policy says so. The visit takes a break."""
    order = queries.order(session, scope, order_id, lock=True)
    order.hold_reason, order.hold_until = reason, until
    evidence = given.evidence | ({"until": until.isoformat()} if until else {})
    event = moves.move(session, scope, order, "hold", replace(given, reason=reason, evidence=evidence))
    for visit in _own(session, scope, order):
        if visit.status is VisitStatus.WORKING:
            moves.move_visit(session, scope, order, visit, "pause", replace(given, evidence={}))
    return event


def resume(session: Session, scope: Scope, *, order_id: UUID, given: Command = moves.NOW) -> OrderEvent:
    """Go on working after a hold; where the visit ended meanwhile, another one is called for."""
    order = queries.order(session, scope, order_id, lock=True)
    event = moves.move(session, scope, order, "resume", given)
    order.hold_reason = order.hold_until = None
    for visit in _own(session, scope, order):
        if visit.status is VisitStatus.BREAK:
            moves.move_visit(session, scope, order, visit, "work", replace(given, evidence={}))
    _roll_up(session, scope, order, given.reason)
    return event


def complete(
    session: Session, scope: Scope, *, order_id: UUID, given: Command = moves.NOW, **codes: Any
) -> OrderEvent:
    """Say that the work is done: check-list, photos, codes, time, signature and permit are asked for.

    codes: problem, cause, remedy, where they were not given before
    """
    order = queries.order(session, scope, order_id, lock=True)
    if any(codes.values()):
        give_codes(session, scope, order_id=order_id, given=replace(given, evidence={}), **codes)
    event = moves.move(session, scope, order, "complete", given)
    for visit in _own(session, scope, order):
        for step in (*_way_to_work(visit.status), "finish"):
            moves.move_visit(session, scope, order, visit, step, replace(given, evidence={}))
    return event


def give_up(
    session: Session, scope: Scope, *, order_id: UUID, reason: str, given: Command = moves.NOW
) -> OrderEvent:
    """It cannot be completed; a follow-up order is opened and linked, for the dispatcher to sort."""
    order = queries.order(session, scope, order_id, lock=True)
    is_again = (
        given.op_id is not None and queries.event_of_op(session, scope, given.op_id, "give_up") is not None
    )
    event = moves.move(session, scope, order, "give_up", replace(given, reason=reason))
    if is_again:
        return event
    for visit in _own(session, scope, order):
        if visit.status in (VisitStatus.WORKING, VisitStatus.BREAK):
            moves.move_visit(
                session, scope, order, visit, "abort", replace(given, reason=reason, evidence={})
            )
    if not order.is_rehearsal:
        _follow_up(session, scope, order, reason)
    return event


def _follow_up(session: Session, scope: Scope, order: WorkOrder, reason: str) -> None:
    new = Report(
        position_id=order.position_id, device_id=order.device_id, title=order.title, title_zh=order.title_zh,
        description=reason, fault_class=order.fault_class, kind=order.kind, customer_id=order.customer_id,
        follow_up_of_id=order.id, checklist_id=order.checklist_id, skills=tuple(order.skills),
        duration_min=order.duration_min,
    )  # fmt: skip
    report(
        session, scope, new=new, source=Source.TECHNICIAN, given=Command(evidence={"order": str(order.id)})
    )


def own_visit(session: Session, scope: Scope, order: WorkOrder, visit_id: UUID | None = None) -> Visit:
    """Return the asker's visit of an order that is not over."""
    mine = [v for v in _own(session, scope, order) if visit_id is None or v.id == visit_id]
    if not mine:
        raise Conflict("there is no visit of yours here", field="work_order_id", value=order.number,
                       remedy="ask the dispatcher to send you")  # fmt: skip
    return mine[0]


def _own(session: Session, scope: Scope, order: WorkOrder) -> list[Visit]:
    return [
        v for v in _living(session, scope, order)
        if scope.actor_id is None or v.technician_id == scope.actor_id or str(scope.actor_id) in v.companions
    ]  # fmt: skip


def _living(session: Session, scope: Scope, order: WorkOrder) -> list[Visit]:
    return [v for v in queries.visits_of(session, scope, [order.id]) if v.status not in machine.ENDED]


def _both(session: Session, scope: Scope, visit_id: UUID) -> tuple[Visit, WorkOrder]:
    """Return a visit and its order, the order locked first, so that two commands come one after the other."""
    order = queries.order(session, scope, queries.visit(session, scope, visit_id).work_order_id, lock=True)
    visit = queries.visit(session, scope, visit_id)
    session.refresh(visit)
    return visit, order


def _roll_up(session: Session, scope: Scope, order: WorkOrder, why: str | None) -> None:
    """After a visit ended: the order is ready again where its visits call for another one, or nobody goes any more."""
    system = moves.as_system(scope, "a visit ended before the work was done")
    if order.status in _SENT and not _living(session, scope, order):
        given = Command(reason=why or "nobody goes there any more")
        event = moves.move(session, system, order, "recall", given)
        EFFECTS["tell_dispatcher"](session, system, order, event)
    elif order.status is OrderStatus.IN_PROGRESS:
        visits = [v.status for v in queries.visits_of_cycle(session, scope, order)]
        if machine.rolled_up(visits) is OrderStatus.READY:
            moves.move(session, system, order, "visit_again")


def _way_to_work(status: VisitStatus) -> tuple[str, ...]:
    return {
        VisitStatus.ACCEPTED: ("arrive", "work"), VisitStatus.ENROUTE: ("arrive", "work"),
        VisitStatus.OFFERED: ("accept", "arrive", "work"), VisitStatus.PLANNED: ("accept", "arrive", "work"),
        VisitStatus.ON_SITE: ("work",), VisitStatus.BREAK: ("work",),
    }.get(status, ())  # fmt: skip


def _of_order(given: Command) -> Command:
    return replace(given, evidence={}, base_rev=None)
