"""Accept a plan: it becomes the schedule in force, and the one before ends there."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.events import publish
from backend.kernel.scope import Scope
from backend.optimisation import events, queries
from backend.optimisation.models import OperationSchedule, PlanStatus
from backend.optimisation.rules import hours
from backend.optimisation.service.making import MAKERS


def accept_plan(session: Session, scope: Scope, *, plan_id: UUID) -> OperationSchedule:
    """Make a plan the schedule in force from now (or from its first hour) to its end; again it is the same schedule.

    raises Refused for a plan that failed or is over, Conflict where a later plan is in force, or where the plant has
    been described otherwise since it was made
    """
    plan = queries.plan(session, scope, plan_id)
    scope.demand(plan.organisation_id, *MAKERS)
    if plan.status is PlanStatus.FAILED:
        raise Refused("a plan that failed cannot be accepted", field="plan_id", remedy="mend its inputs")
    now = clock.now()
    if plan.ends_at <= now:
        raise Refused("this plan is over", field="plan_id", remedy="accept a newer one")
    holds = queries.version_at(session, scope, plan.plant_id, now)
    made_for = queries.versions_by_id(session, scope, [plan.version_id])[plan.version_id]
    if holds is not None and holds.document != made_for.document:
        raise Conflict(
            "the plant has been described otherwise since this plan was made", field="plan_id",
            remedy="make a new plan, and accept that one",
        )  # fmt: skip
    starts_at = max(plan.starts_at, hours.quarter(now))
    before = queries.in_force(session, scope, plan.plant_id)
    if before is not None:
        if before.plan_id == plan.id:
            return before
        if queries.plan(session, scope, before.plan_id).made_at > plan.made_at:
            raise Conflict(
                "a later plan is in force", field="plan_id", remedy="look at the plan in force first"
            )
        before.superseded_at = max(starts_at, now)
        session.flush()
    made = OperationSchedule(
        id=ids.new_id(), organisation_id=plan.organisation_id, plant_id=plan.plant_id, plan_id=plan.id,
        starts_at=starts_at, ends_at=plan.ends_at, accepted_at=now,
        accepted_by=scope.actor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, scope, action="schedule.accepted", entity="operation_plan", entity_id=plan.id,
        organisation_id=plan.organisation_id,
        after={"schedule": str(made.id), "starts_at": made.starts_at.isoformat(), "ends_at": made.ends_at.isoformat()},
    )  # fmt: skip
    body = {
        "schedule_id": str(made.id), "plan_id": str(plan.id), "plant_id": str(plan.plant_id),
        "site_id": str(queries.plant(session, scope, plan.plant_id).site_id),
        "starts_at": made.starts_at.isoformat(), "ends_at": made.ends_at.isoformat(),
    }  # fmt: skip
    publish(
        session, events.event(events.SCHEDULE_ACCEPTED, plan.organisation_id, body, actor_id=scope.actor_id)
    )
    return made
