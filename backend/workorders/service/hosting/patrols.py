"""Patrols: a route walked on its days, one inspection order a day, each stop passed by a scan of its tag or by hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, paging, periods
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Role, Scope
from backend.network import service as network
from backend.workorders.models import OrderKind, Patrol, PatrolPass, PatrolPlan, Source
from backend.workorders.queries import evidence
from backend.workorders.queries import hosting as queries
from backend.workorders.rules import rounds as rules
from backend.workorders.service import moves
from backend.workorders.service.command import Command
from backend.workorders.service.report import Report, report

PLANNERS = (Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
PRIORITY = 4


@dataclass(frozen=True)
class NewPatrol:
    """A route: stops in order, on which days (0 Monday … 6), between which local times."""

    name: str
    checklist_id: UUID
    stops: Sequence[UUID]
    weekdays: Sequence[int]
    begins: str = "08:00"
    ends: str = "12:00"
    duration_min: int = 60
    contract_id: UUID | None = None


@dataclass(frozen=True)
class Pass:
    """A stop was passed: when, by whom, by a scan of its tag or by hand."""

    at: datetime
    by: UUID | None
    how: str


@dataclass(frozen=True)
class Walk:
    """One walk of a plan with who passed where; missed: stops nobody passed though the window is over."""

    patrol: Patrol
    passed: dict[UUID, Pass] = field(default_factory=dict)
    missed: Sequence[str] = ()


def plan_patrol(session: Session, scope: Scope, *, new: NewPatrol) -> PatrolPlan:
    """Write a route; it belongs to the operator of its first stop."""
    stops = list(dict.fromkeys(new.stops))
    if not 1 <= len(stops) <= 60:
        raise Refused("a patrol has 1 to 60 stops", field="stops", value=len(stops))
    first = network.position(session, scope, stops[0])
    scope.demand(first.organisation_id, *PLANNERS)
    places = network.positions_by_id(session, scope, set(stops))
    if lost := [one for one in stops if one not in places]:
        raise Refused("there is no such place", field="stops", value=ids.show(lost[0]))
    if not new.name.strip():
        raise Refused("a patrol has a name", field="name")
    days = sorted(set(new.weekdays))
    if not days or not set(days) <= set(range(7)):
        raise Refused("a patrol is walked on some days of the week", field="weekdays")
    if new.contract_id is not None:
        queries.contract(session, scope, new.contract_id)
    if evidence.checklist(session, scope, new.checklist_id) is None:
        raise Refused("there is no such check-list", field="checklist_id", value=ids.show(new.checklist_id))
    zone = network.site_of(session, scope, first.id).timezone
    rules.window(clock.now().date(), new.begins, new.ends, zone)
    plan = PatrolPlan(
        id=ids.new_id(), organisation_id=first.organisation_id, contract_id=new.contract_id,
        name=new.name.strip()[:200], checklist_id=new.checklist_id, stops=[str(one) for one in stops], weekdays=days,
        begins=new.begins, ends=new.ends, timezone=zone, duration_min=new.duration_min, is_active=True,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(plan)
    session.flush()
    _record(session, scope, "hosting.patrol_planned", plan)
    return plan


def end_patrol(session: Session, scope: Scope, *, plan_id: UUID) -> PatrolPlan:
    """Walk a route no more; walks that were made stay."""
    plan = queries.patrol_plan(session, scope, plan_id, lock=True)
    scope.demand(plan.organisation_id, *PLANNERS)
    plan.is_active = False
    _record(session, scope, "hosting.patrol_ended", plan)
    return plan


def patrol_plans(
    session: Session, scope: Scope, *, organisations: Collection[UUID] | None = None, cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[PatrolPlan]:  # fmt: skip
    """Return a page of the routes that are walked, by name."""
    return queries.patrol_plans(session, scope, organisations=organisations, cursor=cursor, limit=limit)


def patrol_plan(session: Session, scope: Scope, *, plan_id: UUID) -> PatrolPlan:
    """Return one route; raises NotFound."""
    return queries.patrol_plan(session, scope, plan_id)


def make_patrol_if_due(session: Session, scope: Scope, *, plan_id: UUID) -> Patrol | None:
    """Make today's walk of a plan with its inspection order; once a day, again is a no-op."""
    plan = queries.patrol_plan(session, scope, plan_id, lock=True)
    today = periods.local_date(clock.now(), plan.timezone)
    if not plan.is_active or today.weekday() not in plan.weekdays:
        return None
    if queries.patrols(session, scope, plan_ids=[plan.id], since=today, until=today):
        return None
    start, end = rules.window(today, plan.begins, plan.ends, plan.timezone)
    if end <= clock.now():
        return None
    new = Report(
        position_id=UUID(plan.stops[0]), title=plan.name, kind=OrderKind.INSPECTION, checklist_id=plan.checklist_id,
        duration_min=plan.duration_min, fault_class="other",
    )  # fmt: skip
    given = Command(evidence={"patrol": str(plan.id), "day": today.isoformat()})
    order = report(session, scope, new=new, source=Source.INSPECTION, given=given).order
    order.priority, order.window_starts_at, order.window_ends_at = PRIORITY, start, end
    session.flush()
    moves.move(session, scope, order, "triage")
    moves.move(session, scope, order, "make_ready")
    patrol = Patrol(
        id=ids.new_id(), organisation_id=plan.organisation_id, plan_id=plan.id, walked_on=today, starts_at=start,
        ends_at=end, stops=list(plan.stops), work_order_id=order.id,
    )  # fmt: skip
    session.add(patrol)
    session.flush()
    return patrol


def pass_stop(session: Session, scope: Scope, *, plan_id: UUID, position_id: UUID) -> PatrolPass:
    """Say by hand that a stop of today's walk is passed (its tag cannot be read); again is a no-op."""
    plan = queries.patrol_plan(session, scope, plan_id, lock=True)
    scope.demand(plan.organisation_id, *PLANNERS, Role.TECHNICIAN)
    today = periods.local_date(clock.now(), plan.timezone)
    found = queries.patrols(session, scope, plan_ids=[plan.id], since=today, until=today)
    if not found or clock.now() >= found[0].ends_at:
        raise Conflict("this patrol is not under way", field="patrol_id", value=plan.name)
    if str(position_id) not in found[0].stops:
        raise Refused("this place is not on the route", field="position_id", value=ids.show(position_id))
    known = [one for one in queries.passes(session, scope, [found[0].id]) if one.position_id == position_id]
    if known:
        return known[0]
    made = PatrolPass(
        id=ids.new_id(), organisation_id=plan.organisation_id, patrol_id=found[0].id, position_id=position_id,
        passed_at=clock.now(), passed_by=scope.actor_id, how="hand",
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(session, scope, action="hosting.stop_passed", entity="patrol", entity_id=found[0].id,
                 organisation_id=plan.organisation_id, after={"position": ids.show(position_id)})  # fmt: skip
    return made


def walks(
    session: Session, scope: Scope, *, plan_ids: Sequence[UUID], since: date, until: date
) -> list[Walk]:
    """Return the walks of plans from a day up to a day, the newest first, with who passed where."""
    found = queries.patrols(session, scope, plan_ids=plan_ids, since=since, until=until)
    if not found:
        return []
    by_hand: dict[UUID, dict[UUID, Pass]] = {one.id: {} for one in found}
    for one in queries.passes(session, scope, list(by_hand)):
        by_hand[one.patrol_id][one.position_id] = Pass(one.passed_at, one.passed_by, one.how)
    seen = queries.scans(
        session, scope, positions={UUID(stop) for one in found for stop in one.stops},
        start=min(one.starts_at for one in found), end=max(one.ends_at for one in found),
    )  # fmt: skip
    now = clock.now()
    rows = []
    for patrol in found:
        stops = {UUID(stop) for stop in patrol.stops}
        passed: dict[UUID, Pass] = {}
        for place, at, by in seen:
            if place in stops and patrol.starts_at <= at < patrol.ends_at:
                passed.setdefault(place, Pass(at, by, "tag"))
        passed = by_hand[patrol.id] | passed
        times = {place: one.at for place, one in passed.items()}
        lost = rules.missed(patrol.stops, times, ends_at=patrol.ends_at, now=now)
        rows.append(Walk(patrol, passed, lost))
    return rows


def recent_walks(session: Session, scope: Scope, *, plan: PatrolPlan, days: int = 14) -> list[Walk]:
    """Return the walks of a plan of the last days."""
    today = periods.local_date(clock.now(), plan.timezone)
    return walks(session, scope, plan_ids=[plan.id], since=today - timedelta(days=days), until=today)


def _record(session: Session, scope: Scope, action: str, plan: PatrolPlan) -> None:
    audit.record(session, scope, action=action, entity="patrol_plan", entity_id=plan.id,
                 organisation_id=plan.organisation_id, after={"name": plan.name})  # fmt: skip
