"""Make plans: gathered, solved, explained, compared, kept. What cannot be planned is kept too, with the reason."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, periods
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.events import publish
from backend.kernel.scope import Kind, Role, Scope
from backend.network import service as network
from backend.optimisation import events, queries
from backend.optimisation.models import OperationPlan, PlanKind, PlanStatus, SitePlant
from backend.optimisation.rules import comparing, explaining, hours, keeping, planning, rolling, rule_based
from backend.optimisation.rules import model as rules
from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.model import Given
from backend.optimisation.rules.model.given import inputs_said
from backend.optimisation.rules.model.given import read as read_given
from backend.optimisation.rules.model.given import write as write_given
from backend.optimisation.rules.plan import Plan
from backend.optimisation.rules.planning import Task
from backend.optimisation.service import plants
from backend.optimisation.service.bound import Bound, bounds
from backend.optimisation.service.collecting import collect, now_of
from backend.optimisation.service.plants import Described

MAKERS = (Role.OPERATOR, Role.MANAGER)
"""Roles that have plans made, ask `what if`, and accept."""

Refusal = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """A plan with what it was made from."""

    plan: Plan
    given: Given
    tariffs: list[dict[str, Any]]
    rules_cost: float | None
    actions: list[dict[str, Any]]
    bounds: tuple[Bound, ...]


def make_plan(
    session: Session, scope: Scope, *, plant_id: UUID, kind: PlanKind = PlanKind.BY_HAND, at: datetime | None = None
) -> OperationPlan:  # fmt: skip
    """Make a plan from the next quarter hour on; what the clock asked for twice is made once.

    Whatever is wrong with its inputs is kept as a plan that failed, with the reason; nothing is guessed.
    """
    plant = queries.plant(session, scope, plant_id)
    scope.demand(plant.organisation_id, *MAKERS)
    made_at = at or clock.now()
    about = plants.described(session, scope, plant_id=plant_id, at=made_at)
    site = network.site_of(session, scope, plant.site_id)
    planned = _hours(about, kind, made_at, site.timezone)
    kept = (
        None if kind is PlanKind.BY_HAND else queries.plan_for(session, scope, plant_id, kind, planned.start)
    )
    if kept is not None and kept.status is not PlanStatus.FAILED:
        return kept
    began, told = time.perf_counter(), None if kept is None else kept.problem
    kept = kept or OperationPlan(
        id=ids.new_id(), organisation_id=plant.organisation_id, plant_id=plant_id, kind=kind,
        starts_at=planned.start, currency=site.currency, made_by=scope.actor_id,
    )  # fmt: skip
    kept.version_id, kept.made_at, kept.ends_at = about.version.id, made_at, _utc(planned.at(planned.steps))
    before = newest_plan(session, scope, plant_id, begun_by=made_at)
    try:
        made = _make(session, as_system(scope, plant), about, planned, made_at, before, site.currency)
    except EnerfieldError as error:
        _note_failure(session, scope, plant, kept, refusal_of(error))
    else:
        _note(kept, made)
    kept.took_s = time.perf_counter() - began
    session.add(kept)
    session.flush()
    _tell(session, scope, plant, kept, told)
    return kept


def note_failure(
    session: Session, scope: Scope, *, plant_id: UUID, kind: PlanKind, at: datetime, refusal: Refusal
) -> OperationPlan:
    """Keep that no plan could be made, for a reason nobody foresaw: it must not go unseen.

    Where another worker has made the plan meanwhile, that one stands.
    """
    plant = queries.plant(session, scope, plant_id)
    about = plants.described(session, scope, plant_id=plant_id, at=at)
    site = network.site_of(session, scope, plant.site_id)
    planned = _hours(about, kind, at, site.timezone)
    found = (
        None if kind is PlanKind.BY_HAND else queries.plan_for(session, scope, plant_id, kind, planned.start)
    )
    if found is not None and found.status is not PlanStatus.FAILED:
        return found
    told = None if found is None else found.problem
    kept = found or OperationPlan(
        id=ids.new_id(), organisation_id=plant.organisation_id, plant_id=plant_id, kind=kind,
        starts_at=planned.start, currency=site.currency, made_by=scope.actor_id,
    )  # fmt: skip
    kept.version_id, kept.made_at, kept.took_s = about.version.id, at, 0.0
    kept.ends_at = _utc(planned.at(planned.steps))
    _note_failure(session, scope, plant, kept, refusal)
    session.add(kept)
    session.flush()
    _tell(session, scope, plant, kept, told)
    return kept


def solve(task: Task, before: Plan | None) -> tuple[Plan, float | None]:
    """Return the plan of a task, compared with doing nothing, and what fixed priorities would cost."""
    hinted = replace(task, hint=rolling.hint(before, task.horizon)) if before is not None else task
    found = comparing.compare(task, planning.plan(hinted))
    try:
        followed = rule_based.follow(task)
    except (
        Refused,
        KeyError,
        ValueError,
    ):  # a plant that fixed priorities cannot run, such as one with rooms
        return found, None
    return found, None if followed.missing else followed.cost


def actions_of(task: Task, plan: Plan) -> list[dict[str, Any]]:
    """Return what each unit does and why, as plain values."""
    return [
        {"unit": one.unit, "first": one.first, "last": one.last, "template": one.template, "values": _plain(one.values)}
        for one in explaining.explain(task.plant, plan)
    ]  # fmt: skip


def as_system(scope: Scope, plant: SitePlant) -> Scope:
    """Return the scope that reads prices for a plan: they are confined to those who keep the accounts."""
    if scope.kind is Kind.SYSTEM:
        return scope
    return Scope.system(scope.organisations, f"inputs of a plan for plant {plant.id}")


def refusal_of(error: EnerfieldError) -> dict[str, Any]:
    """Return an error as a failed plan keeps it."""
    faults = error.context.get("faults") or []
    value = error.value if isinstance(error.value, str | int | float | None) else str(error.value)
    return {
        "code": error.code, "message": error.message, "field": error.field, "value": value, "remedy": error.remedy,
        "faults": [{name: _said(part) for name, part in one.items()} for one in faults],
    }  # fmt: skip


def _hours(about: Described, kind: PlanKind, at: datetime, zone: str) -> Horizon:
    """Return the steps: from the next quarter hour, as far as the model says; day-ahead to tomorrow's end."""
    start = hours.quarter(at) + hours.QUARTER
    if kind is PlanKind.DAY_AHEAD:
        tomorrow = periods.day(periods.local_date(at, zone) + timedelta(days=1), zone)
        end = tomorrow.end or start + timedelta(days=1)
    else:
        end = start + timedelta(hours=about.model.hours)
    return hours.horizon(start, end, about.model.fine_h, zone)


def newest_plan(
    session: Session, scope: Scope, plant_id: UUID, *, begun_by: datetime | None = None
) -> Plan | None:
    """Return the plan made last that succeeded, of those whose first step had begun by an instant where one is said."""
    kept = queries.newest(session, scope, [plant_id], with_failed=False, begun_by=begun_by).get(plant_id)
    if kept is None or kept.result is None:
        return None
    stood = {} if kept.given is None else read_given(kept.given).states
    found = keeping.read(kept.result)[0]
    return replace(found, stood={name: (state.on, state.since_h) for name, state in stood.items()})


def _make(
    session: Session, scope: Scope, about: Described, planned: Horizon, made_at: datetime, before: Plan | None,
    currency: str,
) -> Made:  # fmt: skip
    given, tariffs = collect(session, scope, about, planned, now_of(about, made_at, before))
    agreed = bounds(session, scope, about=about, planned=planned, made_at=made_at)
    task = rules.task(about.model, given, currency=currency)
    task = replace(task, targets=tuple(one.target for one in agreed))
    plan, rules_cost = solve(task, before)
    return Made(plan, given, tariffs, rules_cost, actions_of(task, plan), agreed)


def _note(kept: OperationPlan, made: Made) -> None:
    plan, shown = made.plan, _drawn(made.given)
    kept.status, kept.said, kept.problem = PlanStatus(plan.status.value), plan.said(), None
    kept.gap, kept.cost, kept.bound, kept.idle_cost = plan.gap, plan.cost, plan.bound, plan.idle_cost
    if not math.isfinite(plan.gap):  # stopped before any bound was known: how far from the best, nobody knows
        kept.gap = kept.bound = None
    kept.rules_cost, kept.co2_kg = made.rules_cost, plan.co2_kg
    kept.inputs, kept.tariffs, kept.actions = inputs_said(plan.inputs), made.tariffs, made.actions
    kept.targets = [one.said() for one in made.bounds]
    kept.shortfalls = [dict(vars(one)) for one in plan.shortfalls]
    kept.result, kept.given = keeping.kept(plan, shown), write_given(made.given)


def _drawn(given: Given) -> dict[str, Floats]:
    """Return the demand a plan meets, by carrier."""
    return dict(given.demand)


def _note_failure(
    session: Session, scope: Scope, plant: SitePlant, kept: OperationPlan, refusal: Refusal
) -> None:
    kept.status, kept.said, kept.problem = PlanStatus.FAILED, str(refusal["message"]), dict(refusal)
    for name in ("gap", "cost", "bound", "idle_cost", "rules_cost", "co2_kg", "result", "given"):
        setattr(kept, name, None)
    kept.inputs, kept.tariffs, kept.targets, kept.actions, kept.shortfalls = [], [], [], [], []


def _tell(
    session: Session, scope: Scope, plant: SitePlant, kept: OperationPlan, told: Refusal | None
) -> None:
    """Leave the trace of a plan asked for by a person, and tell: a failure once for each reason, until one succeeds.

    told: why the same plan failed when it was tried before, None where it was not
    """
    if kept.kind is PlanKind.BY_HAND:
        audit.record(
            session, scope, action="plan.made", entity="operation_plan", entity_id=kept.id,
            organisation_id=kept.organisation_id, after={"status": kept.status.value},
        )  # fmt: skip
    body: dict[str, Any] = {
        "plan_id": str(kept.id), "plant_id": str(plant.id), "site_id": str(plant.site_id), "kind": kept.kind.value,
    }  # fmt: skip
    if kept.status is not PlanStatus.FAILED:
        body |= {
            "status": kept.status.value,
            "starts_at": kept.starts_at.isoformat(),
            "ends_at": kept.ends_at.isoformat(),
        }
        publish(session, events.event(events.PLAN_MADE, kept.organisation_id, body, actor_id=scope.actor_id))
        return
    assert kept.problem is not None
    if kept.kind is PlanKind.BY_HAND or not _is_news(session, scope, plant, kept, told):
        return
    site = network.position(session, scope, plant.site_id)
    body |= {
        "site": site.name,
        "site_zh": site.name_zh,
        "message": kept.said,
        "remedy": kept.problem.get("remedy") or "",
    }
    publish(session, events.event(events.PLAN_FAILED, kept.organisation_id, body, actor_id=scope.actor_id))


def _is_news(
    session: Session, scope: Scope, plant: SitePlant, kept: OperationPlan, told: Refusal | None
) -> bool:
    """Tell whether the plan of this kind before it (itself, tried before) succeeded, or failed of something else."""
    if told is not None:
        assert kept.problem is not None
        return bool(told.get("field") != kept.problem.get("field"))
    page = queries.plans(session, scope, plant_id=plant.id, kind=kept.kind, cursor=None, limit=2)
    before = next((one for one in page.items if one.id != kept.id), None)
    assert kept.problem is not None
    return (
        before is None or before.problem is None or before.problem.get("field") != kept.problem.get("field")
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON takes them; what is no number is left out by None."""
    found = {}
    for name, value in values.items():
        number = float(value) if not isinstance(value, str) else None
        found[name] = value if number is None else number if number == number else None
    return found


def _said(part: Any) -> Any:
    return part if isinstance(part, str | int | None) else str(part)


def _utc(at: datetime) -> datetime:
    return clock.from_us(clock.to_us(at))
