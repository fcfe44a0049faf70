"""What if: a plan made again from what it was given, under other prices, loads, sun, machines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.optimisation.rules import model as rules
from backend.optimisation.rules.horizon import Floats
from backend.optimisation.rules.model import Changes, changed
from backend.optimisation.rules.plan import Plan
from backend.optimisation.rules.planning import Task
from backend.optimisation.rules.solver import Limits
from backend.optimisation.rules.targets import Kind, Target
from backend.optimisation.rules.units.exchange import Supply
from backend.optimisation.service.bound import read_target
from backend.optimisation.service.looking import Opened, open_plan
from backend.optimisation.service.making import MAKERS, actions_of, solve

LIMITS = Limits(gap=0.005, seconds=8.0)
"""Somebody waits: half a per cent is near enough, and after so long the best found is shown."""


@dataclass(frozen=True)
class Asked:
    """A plan under changes beside the one it began from.

    demand: by carrier [unit per hour]; targets: what it keeps to because it was agreed
    """

    opened: Opened
    changes: Changes
    plan: Plan
    demand: dict[str, Floats]
    rules_cost: float | None
    actions: list[dict[str, object]]
    targets: tuple[Target, ...] = ()

    @property
    def difference(self) -> float:
        """What it costs more than the present plan [currency]."""
        return self.plan.cost - self.opened.plan.cost


def what_if(
    session: Session, scope: Scope, *, plan_id: UUID, changes: Changes, with_targets: bool = True
) -> Asked:
    """Return a plan under changes; nothing is kept. raises Refused for an unknown unit, BadInput, NoPlan.

    with_targets: it keeps to what the plan was bound by, too
    """
    opened = open_plan(session, scope, plan_id=plan_id)
    scope.demand(opened.kept.organisation_id, *MAKERS)
    known = {unit.name for unit in opened.model.units}
    for name in changes.out:
        if name not in known:
            raise Refused(
                "there is no such unit", field="out", value=name, remedy="use one of " + ", ".join(known)
            )
    task = rules.task(opened.model, opened.given, changes, currency=opened.kept.currency, limits=LIMITS)
    bound = _bound_by(opened, task) if with_targets else ()
    task = replace(task, inputs=(), targets=bound)  # the inputs' age was judged when the plan was made
    plan, rules_cost = solve(task, opened.plan)
    given = changed(opened.given, changes, opened.model.electric)
    return Asked(opened, changes, plan, dict(given.demand), rules_cost, actions_of(task, plan), bound)


def _bound_by(opened: Opened, task: Task) -> tuple[Target, ...]:
    """Return what the plan was bound by, but for what nothing buys any more under the changes."""
    buys = {unit.carrier for unit in task.plant.units if isinstance(unit, Supply)}
    kept = [read_target(one["kept"]) for one in opened.kept.targets]
    return tuple(one for one in kept if one.kind is Kind.CO2 or one.carrier in buys)
