"""Look at plans: the newest of a plant, one opened, lists of them, and the accepted ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import paging
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.optimisation import queries
from backend.optimisation.models import OperationPlan, OperationSchedule, PlanKind, PlanOutcome
from backend.optimisation.rules import keeping
from backend.optimisation.rules import model as rules
from backend.optimisation.rules.horizon import Floats
from backend.optimisation.rules.model import Given, PlantModel
from backend.optimisation.rules.model.given import read as read_given
from backend.optimisation.rules.plan import Plan


@dataclass(frozen=True)
class Opened:
    """A kept plan with its arrays, the demand it meets, what it was given, and the plant it was made for."""

    kept: OperationPlan
    plan: Plan
    demand: dict[str, Floats]
    given: Given
    model: PlantModel


def open_plan(session: Session, scope: Scope, *, plan_id: UUID) -> Opened:
    """Return a plan as it was made; raises NotFound, Refused for one that failed."""
    return opened(session, scope, queries.plan(session, scope, plan_id))


def opened(session: Session, scope: Scope, kept: OperationPlan) -> Opened:
    """Return a kept plan opened; raises Refused for one that failed."""
    if kept.result is None or kept.given is None:
        raise Refused("this plan failed: it has no hours to show", field="plan_id", remedy="mend its inputs")
    plan, demand = keeping.read(kept.result)
    version = queries.versions_by_id(session, scope, [kept.version_id])[kept.version_id]
    return Opened(kept, plan, demand, read_given(kept.given), rules.parse(version.document))


def plan(session: Session, scope: Scope, *, plan_id: UUID) -> OperationPlan:
    """Return one plan, also a failed one; raises NotFound."""
    return queries.plan(session, scope, plan_id)


def newest(
    session: Session, scope: Scope, *, plant_ids: Collection[UUID], with_failed: bool = True,
    kind: PlanKind | None = None,
) -> dict[UUID, OperationPlan]:  # fmt: skip
    """Return plant's id -> the plan made last."""
    return queries.newest(session, scope, plant_ids, with_failed=with_failed, kind=kind)


def plans(
    session: Session, scope: Scope, *, plant_id: UUID | None = None, kind: PlanKind | None = None,
    cursor: str | None = None, limit: int = 50,
) -> paging.Page[OperationPlan]:  # fmt: skip
    """Return a page of plans, the newest first."""
    return queries.plans(session, scope, plant_id=plant_id, kind=kind, cursor=cursor, limit=limit)


def in_force(session: Session, scope: Scope, *, plant_id: UUID) -> OperationSchedule | None:
    """Return the accepted plan of a plant that nothing has superseded."""
    return queries.in_force(session, scope, plant_id)


def schedules(
    session: Session,
    scope: Scope,
    *,
    plant_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[OperationSchedule]:
    """Return a page of accepted plans, the last accepted first."""
    return queries.schedules(session, scope, plant_id=plant_id, cursor=cursor, limit=limit)


def outcome(session: Session, scope: Scope, *, plan_id: UUID) -> PlanOutcome | None:
    """Return what became of a plan, as it was worked out last."""
    return queries.outcome(session, scope, plan_id)


def outcomes(session: Session, scope: Scope, *, plan_ids: Collection[UUID]) -> dict[UUID, PlanOutcome]:
    """Return plan's id -> what became of it."""
    return queries.outcomes(session, scope, plan_ids)
