"""Plans in two stages: what is decided now holds whatever comes; the rest follows what then comes.

Decided now are being on or off, and what is bought and sold ahead; at every step all else follows the scenario. One
sheet a scenario, what is decided now one column in all of them: the deterministic equivalent (J. R. Birge,
F. Louveaux, Introduction to Stochastic Programming, 2011, chapter 4, with its value of the stochastic solution and of
perfect information).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backend.optimisation.rules import relaxation
from backend.optimisation.rules.horizon import Floats
from backend.optimisation.rules.plan import Plan, Shortfall, Status
from backend.optimisation.rules.planning import Task, none_found, plan, read
from backend.optimisation.rules.scenarios.uncertain import Uncertain
from backend.optimisation.rules.sheet import Key, Sheet
from backend.optimisation.rules.solver import Ended, Solution
from backend.optimisation.rules.stacking import Stack, solved


@dataclass(frozen=True, eq=False)
class Hedged:
    """A plan that holds for all scenarios.

    plans: what each scenario would then do, in the scenarios' order; now: what is decided whatever comes
    cost, bound: expected [currency]; gap: (cost - bound) / cost
    """

    plans: tuple[Plan, ...]
    probabilities: tuple[float, ...]
    now: Mapping[Key, Floats]
    cost: float
    bound: float
    gap: float

    @property
    def failing(self) -> tuple[int, ...]:
        """The scenarios in which something is short, by number."""
        return tuple(nth for nth, one in enumerate(self.plans) if one.status == Status.RELAXED)

    @property
    def risk(self) -> float:
        """How probable it is that something is short."""
        return sum(self.probabilities[nth] for nth in self.failing)


def hedge(uncertain: Uncertain) -> Hedged:
    """Return the decisions for now that cost least on average, and what each scenario would do with them.

    Where some scenario cannot be met, all give what is least on average, and its plan says what is short. Raises
    Refused for scenarios that do not belong together, BadInput for bad figures, NoPlan where the time was too short.
    """
    uncertain.check()
    tasks = uncertain.tasks()
    whole, parts, sheets, slacks = _solve(uncertain, tasks)
    if whole.values is None:
        raise none_found(whole.ended, uncertain.task.limits.seconds)
    plans = tuple(
        read(task, sheet, *_missing(task, part, slack))
        for task, sheet, part, slack in zip(tasks, sheets, parts, slacks, strict=True)
    )
    probabilities = tuple(one.probability for one in uncertain.scenarios)
    cost = float(np.dot(probabilities, [one.cost for one in plans]))
    keys = _decided(uncertain, sheets[0])
    return Hedged(plans, probabilities, {key: plans[0].quantities[key] for key in keys}, cost,
                  cost - (whole.cost - whole.bound), whole.gap)  # fmt: skip


def _solve(
    uncertain: Uncertain, tasks: Sequence[Task]
) -> tuple[Solution, list[Solution], list[Sheet], list[list[relaxation.Slack]]]:
    weights = [one.probability for one in uncertain.scenarios]
    for loose in (False, True):
        sheets = [task.sheet() for task in tasks]
        slacks = [
            relaxation.loosen(sheet, task.plant) if loose else []
            for sheet, task in zip(sheets, tasks, strict=True)
        ]
        hint = {(0, key): values for key, values in uncertain.task.hint.items()}
        stack = Stack(sheets, weights, _decided(uncertain, sheets[0]), hint=hint)
        whole, parts = solved(stack, uncertain.task.limits)
        if whole.ended not in (Ended.INFEASIBLE, Ended.UNCLEAR):
            break
    return whole, parts, sheets, slacks


def _decided(uncertain: Uncertain, sheet: Sheet) -> tuple[Key, ...]:
    """Return what is decided now: being on, starting, and the rates of what is bought and sold ahead."""
    ahead = [(name, "rate") for name in sorted(uncertain.ahead)]
    return (*(key for key in sheet.places if key[1] in ("on", "start")), *ahead)


def _missing(
    task: Task, part: Solution, slacks: list[relaxation.Slack]
) -> tuple[Solution, tuple[Shortfall, ...] | None]:
    """Return a part without its penalties, and what is short; None where this scenario is met in full."""
    short = relaxation.shortfalls(slacks, task.horizon, part.values)
    return relaxation.without_penalties(slacks, part), short or None


def follow_on(uncertain: Uncertain, now: Mapping[Key, Floats]) -> Hedged:
    """Return what decisions taken now lead to, each scenario planned on its own with them held."""
    held = {
        key: np.round(values) if key[1] == "on" else values
        for key, values in now.items()
        if key[1] != "start"
    }
    plans = tuple(plan(replace(task, held=held, hint={})) for task in uncertain.tasks())
    probabilities = tuple(one.probability for one in uncertain.scenarios)
    cost, bound = (
        float(np.dot(probabilities, [getattr(one, which) for one in plans])) for which in ("cost", "bound")
    )
    return Hedged(plans, probabilities, now, cost, bound, max(cost - bound, 0.0) / max(abs(cost), 1e-9))


@dataclass(frozen=True, eq=False)
class Worth:
    """What hedging is worth.

    of_mean: the plan for the mean; its_course: what its decisions lead to in each scenario
    foresight: expected cost if the scenario were known before anything is decided [currency]
    """

    hedged: Hedged
    of_mean: Plan
    its_course: Hedged
    foresight: float

    @property
    def saved(self) -> float | None:
        """What hedging saves on average against deciding for the mean, None where that fails in some scenario."""
        return None if self.its_course.failing else self.its_course.cost - self.hedged.cost

    @property
    def information(self) -> float:
        """What it would be worth to know the scenario beforehand [currency]."""
        return self.hedged.cost - self.foresight


def weigh(uncertain: Uncertain, hedged: Hedged) -> Worth:
    """Return a hedged plan beside that of the mean and beside knowing what comes."""
    of_mean = plan(uncertain.mean())
    now = {key: of_mean.quantities[key] for key in hedged.now}
    known = [plan(task).cost for task in uncertain.tasks()]
    return Worth(hedged, of_mean, follow_on(uncertain, now), float(np.dot(hedged.probabilities, known)))
