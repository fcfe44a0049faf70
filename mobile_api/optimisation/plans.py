"""Plans: made, looked at, asked what if, accepted, held against what was counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from flask import g
from flask.views import MethodView

from backend.optimisation import service
from backend.optimisation.service import Changes, PlanStatus, actuals, bound
from mobile_api.fields import PageQuery, page_of
from mobile_api.optimisation.blueprint import blp
from mobile_api.optimisation.schemas import (
    ChangesSchema,
    OperationOutcomeSchema,
    OperationPlanQuerySchema,
    OperationPlanSchema,
    OperationScheduleSchema,
    WhatIfSchema,
    WholeOperationPlanSchema,
)

KEPT = (
    "id", "plant_id", "kind", "starts_at", "ends_at", "made_at", "status", "said", "gap", "cost", "bound", "idle_cost",
    "rules_cost", "co2_kg", "currency", "took_s", "inputs", "tariffs", "shortfalls", "actions",
)  # fmt: skip


def _numbers(values: Any) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _flows(plan: Any) -> list[dict[str, Any]]:
    return [
        {"unit": unit, "carrier": carrier, "rates": _numbers(v)} for (unit, carrier), v in plan.flows.items()
    ]


def _target(said: dict[str, Any]) -> dict[str, Any]:
    agreed, budget = bound.read_target(said["agreed"]), said["budget"] or {}
    figures = {name: budget.get(name) for name in ("used", "filled", "left", "known", "by_need")}
    return figures | {
        "id": said["id"], "kind": agreed.kind.value, "carrier": agreed.carrier, "most": agreed.most,
        "begins_at": agreed.begins_at, "ends_at": agreed.ends_at, "allowed": budget.get("allowed", agreed.most),
    }  # fmt: skip


def _whole(kept: Any) -> dict[str, Any]:
    told = {name: getattr(kept, name) for name in KEPT}
    told["inputs"] = [one | {"known_at": datetime.fromisoformat(one["known_at"])} for one in kept.inputs]
    told["targets"] = [_target(one) for one in kept.targets]
    if kept.status is PlanStatus.FAILED:
        problem = kept.problem or {}
        parts = problem.get("faults") or [problem]
        wrong = [{name: one.get(name) for name in ("field", "value", "message", "remedy")} for one in parts]
        return told | {"problems": wrong, "hours": [], "flows": [], "quantities": [], "carriers": []}
    one = service.opened(g.session, g.scope, kept)
    nothing = np.zeros(one.plan.horizon.steps)
    return told | {
        "problems": [], "hours": _numbers(one.plan.horizon.hours), "flows": _flows(one.plan),
        "quantities": [
            {"unit": unit, "quantity": name, "values": _numbers(values)}
            for (unit, name), values in one.plan.quantities.items()
        ],
        "carriers": [
            {"carrier": carrier, "unit": unit, "demand": _numbers(one.demand.get(carrier, nothing)),
             "price": _numbers(one.plan.prices.get(carrier, ()))}
            for carrier, unit in one.model.carriers.items()
        ],
    }  # fmt: skip


@blp.route("/plans")
class Plans(MethodView):
    """All of them."""

    @blp.arguments(OperationPlanQuerySchema, location="query")
    @blp.response(200, page_of(OperationPlanSchema))
    def get(self, asked: dict[str, Any]) -> Any:
        """List plans without their hours, the newest first."""
        return service.plans(g.session, g.scope, **asked)


@blp.route("/plant-models/<id:plant>/plans")
class PlansOfPlant(MethodView):
    """Of one plant."""

    @blp.response(201, WholeOperationPlanSchema)
    def post(self, plant: UUID) -> Any:
        """Make a plan now (operators, managers); where its inputs do not allow one, it is kept as failed, with why."""
        return _whole(service.make_plan(g.session, g.scope, plant_id=plant))


@blp.route("/plans/<id:plan>")
class Plan(MethodView):
    """One of them."""

    @blp.response(200, WholeOperationPlanSchema)
    def get(self, plan: UUID) -> Any:
        """Return a plan with its hours, what it rests on, and why each unit does what it does."""
        return _whole(service.plan(g.session, g.scope, plan_id=plan))


@blp.route("/plans/<id:plan>/what-if")
class WhatIf(MethodView):
    """A plan under other conditions."""

    @blp.arguments(ChangesSchema)
    @blp.response(200, WhatIfSchema)
    def post(self, given: dict[str, Any], plan: UUID) -> Any:
        """Plan the same hours under changes (operators, managers); nothing is kept, the answer takes seconds."""
        with_targets = given.pop("with_targets")
        changes = Changes(**given | {"out": tuple(given["out"])})
        asked = service.what_if(g.session, g.scope, plan_id=plan, changes=changes, with_targets=with_targets)
        return {
            "status": PlanStatus(asked.plan.status.value), "said": asked.plan.said(), "cost": asked.plan.cost,
            "difference": asked.difference, "co2_kg": asked.plan.co2_kg, "flows": _flows(asked.plan),
        }  # fmt: skip


@blp.route("/plans/<id:plan>/accept")
class Accept(MethodView):
    """A plan as the schedule."""

    @blp.response(201, OperationScheduleSchema)
    def post(self, plan: UUID) -> Any:
        """Make it the schedule in force (operators, managers); the one before is superseded."""
        return service.accept_plan(g.session, g.scope, plan_id=plan)


@blp.route("/plans/<id:plan>/outcome")
class Outcome(MethodView):
    """A plan against what was counted."""

    @blp.response(200, OperationOutcomeSchema)
    def get(self, plan: UUID) -> Any:
        """Return what was planned, what meters counted, and what the difference cost; of the hours that are over."""
        return actuals.work_out(g.session, g.scope, plan_id=plan)


@blp.route("/schedules")
class Schedules(MethodView):
    """Accepted plans."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(OperationScheduleSchema))
    def get(self, asked: dict[str, Any]) -> Any:
        """List accepted plans, the last accepted first."""
        return service.schedules(g.session, g.scope, **asked)
