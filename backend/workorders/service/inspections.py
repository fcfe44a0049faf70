"""Planned inspections: plans are made by people, orders come of them by themselves, once each time they are due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, periods
from backend.kernel.paging import Page
from backend.kernel.scope import Role, Scope
from backend.metering import service as metering
from backend.network import service as network
from backend.workorders.models import InspectionPlan, OrderKind, Source, WorkOrder
from backend.workorders.queries import inspections as queries
from backend.workorders.queries import orders as order_queries
from backend.workorders.rules import inspection as rules
from backend.workorders.rules.machine import OVER
from backend.workorders.service import moves
from backend.workorders.service.moves import Command
from backend.workorders.service.report import Report, report

PLANNERS = (Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
PRIORITY = 4


@dataclass(frozen=True)
class NewPlan:
    """What comes back. trigger, parameters: see rules/inspection.py; lead_days: the order is made so long before"""

    position_id: UUID
    name: str
    checklist_id: UUID
    trigger: str
    parameters: Mapping[str, Any]
    name_zh: str | None = None
    device_id: UUID | None = None
    skills: Sequence[str] = ()
    duration_min: int = 30
    lead_days: int = 7


def plan_inspection(session: Session, scope: Scope, *, new: NewPlan) -> InspectionPlan:
    """Write a plan; a calendar's first day is the first one not yet past, a counter counts from now."""
    position = network.position(session, scope, new.position_id)
    scope.demand(position.organisation_id, *PLANNERS)
    rules.demand(new.trigger, new.parameters)
    if new.trigger != "calendar":
        metering.point(session, scope, ids.parse(str(new.parameters["point_id"])))
    today = _today(session, scope, position.id)
    plan = InspectionPlan(
        id=ids.new_id(), organisation_id=position.organisation_id, position_id=position.id, device_id=new.device_id,
        name=new.name.strip()[:200], name_zh=new.name_zh, checklist_id=new.checklist_id, trigger=new.trigger,
        parameters=dict(new.parameters), skills=list(new.skills), duration_min=new.duration_min,
        lead_days=new.lead_days, next_on=None, counted_from=None, is_active=True, created_at=clock.now(),
    )  # fmt: skip
    if new.trigger == "calendar":
        plan.next_on = rules.next_on(new.parameters, today - timedelta(days=1))
    elif new.trigger == "counter":
        plan.counted_from = _latest(session, scope, new.parameters)
    session.add(plan)
    session.flush()
    audit.record(session, scope, action="workorders.inspection_planned", entity="inspection_plan", entity_id=plan.id,
                 organisation_id=plan.organisation_id, after={"name": plan.name, "trigger": plan.trigger})  # fmt: skip
    return plan


def end_plan(session: Session, scope: Scope, *, plan_id: UUID) -> InspectionPlan:
    """Plan it no more; orders made of it stay."""
    plan = queries.plan(session, scope, plan_id, lock=True)
    scope.demand(plan.organisation_id, *PLANNERS)
    plan.is_active = False
    audit.record(session, scope, action="workorders.inspection_ended", entity="inspection_plan", entity_id=plan.id,
                 organisation_id=plan.organisation_id)  # fmt: skip
    return plan


def inspection_plans(
    session: Session,
    scope: Scope,
    *,
    position_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[InspectionPlan]:
    """Return a page of the active plans, those due first at the top."""
    return queries.plans(session, scope, position_id=position_id, cursor=cursor, limit=limit)


def make_if_due(session: Session, scope: Scope, *, plan_id: UUID) -> WorkOrder | None:
    """Make the order of a plan where its time has come and the last one is over; again is a no-op."""
    plan = queries.plan(session, scope, plan_id, lock=True)
    if not plan.is_active:
        return None
    today, value = _today(session, scope, plan.position_id), None
    if plan.trigger == "calendar":
        is_due = plan.next_on is not None and today >= plan.next_on - timedelta(days=plan.lead_days)
    else:
        value = _latest(session, scope, plan.parameters)
        is_due, plan.counted_from = _TELLS[plan.trigger](plan.parameters, value, plan.counted_from)
    if not is_due or _is_open(session, scope, plan):
        return None
    new = Report(
        position_id=plan.position_id, device_id=plan.device_id, title=plan.name, title_zh=plan.name_zh,
        kind=OrderKind.INSPECTION, checklist_id=plan.checklist_id, inspection_plan_id=plan.id,
        skills=tuple(plan.skills), duration_min=plan.duration_min, fault_class="other",
    )  # fmt: skip
    due_on = plan.next_on or today
    given = Command(evidence={"plan": str(plan.id), "due_on": due_on.isoformat()})
    order = report(session, scope, new=new, source=Source.INSPECTION, given=given).order
    site = network.site_of(session, scope, plan.position_id)
    order.priority, order.window_starts_at = PRIORITY, clock.now()
    order.window_ends_at = max(
        periods.day(due_on + timedelta(days=1), site.timezone).start, clock.now() + timedelta(days=1)
    )
    session.flush()
    moves.move(session, scope, order, "triage")
    moves.move(session, scope, order, "make_ready")
    plan.last_order_id = order.id
    if plan.trigger == "calendar":
        plan.next_on = rules.next_on(plan.parameters, max(due_on, today))
    else:
        plan.counted_from = value
    return order


_TELLS: dict[str, Callable[[Mapping[str, Any], float | None, float | None], tuple[bool, float | None]]] = {
    "counter": lambda said, now, kept: rules.count_on(said, now=now, counted_from=kept),
    "condition": lambda said, now, kept: rules.watch(said, now=now, called_at=kept),
}


def _is_open(session: Session, scope: Scope, plan: InspectionPlan) -> bool:
    if plan.last_order_id is None:
        return False
    found = order_queries.orders_by_id(session, scope, [plan.last_order_id])
    return bool(found) and found[0].status not in OVER


def _latest(session: Session, scope: Scope, parameters: Mapping[str, Any]) -> float | None:
    point_id = ids.parse(str(parameters["point_id"]))
    found = metering.latest_values(session, scope, point_ids=[point_id])
    return found[0].value if found else None


def _today(session: Session, scope: Scope, position_id: UUID) -> date:
    return periods.local_date(clock.now(), network.site_of(session, scope, position_id).timezone)
