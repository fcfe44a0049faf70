"""Practising the whole flow: an order that is nobody's fault, on a real place, reaching nothing real."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import changes, clock
from backend.kernel.errors import Forbidden
from backend.kernel.scope import Role, Scope
from backend.network import service as network
from backend.workorders.models import Source, Visit, WorkOrder
from backend.workorders.queries import evidence
from backend.workorders.queries import orders as queries
from backend.workorders.rules.machine import OrderStatus, VisitStatus
from backend.workorders.service import moves
from backend.workorders.service.moves import Command
from backend.workorders.service.report import Report, report

FAULT = "plant_fault"


def rehearse(
    session: Session,
    scope: Scope,
    *,
    order_id: UUID,
    visit_id: UUID,
    position_id: UUID,
    given: Command = moves.NOW,
) -> WorkOrder:
    """Make a practice order with an accepted visit for the asker; the ids are the phone's, again is a no-op.

    It goes through the same machine and guards; alarms, stock, readings, notices and statistics leave it out.
    """
    position = network.position(session, scope, position_id)
    if position.organisation_id not in scope.where(Role.TECHNICIAN):
        raise Forbidden("only technicians practise here", remedy="ask an administrator for the role")
    new = Report(
        position_id=position.id,
        title="Rehearsal",
        title_zh="演练",
        fault_class=FAULT,
        is_rehearsal=True,
        id=order_id,
    )
    made = report(session, scope, new=new, source=Source.TECHNICIAN, given=given)
    if not made.is_new:
        return made.order
    order = queries.order(session, scope, made.order.id, lock=True)
    system = moves.as_system(scope, "rehearsal")
    fitting = [one for one in evidence.current_checklists(session, scope) if FAULT in one.fault_classes]
    order.checklist_id, order.priority = (fitting[0].id if fitting else None), 3
    moves.move(session, system, order, "triage")
    moves.move(session, system, order, "make_ready")
    start = given.occurred_at or clock.now()
    visit = Visit(
        id=visit_id, organisation_id=order.organisation_id, work_order_id=order.id, technician_id=scope.actor_id,
        companions=[], cycle=order.cycle, status=VisitStatus.ACCEPTED, rev=1, planned_start=start,
        planned_end=start + timedelta(minutes=order.duration_min), offered_at=start, accepted_at=start,
    )  # fmt: skip
    session.add(visit)
    session.flush()
    changes.note(session, scope, entity="visit", entity_id=visit.id, organisation_id=visit.organisation_id)
    for command in ("schedule", "dispatch"):
        moves.move(session, system, order, command)
    moves.move(session, scope, order, "accept")
    assert order.status is OrderStatus.ACCEPTED, "a rehearsal begins where the work begins"
    return order
