"""From a plant to its plan: written as one sheet, solved at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from backend.kernel.errors import Unavailable
from backend.optimisation.rules import checking, relaxation
from backend.optimisation.rules.horizon import Floats, Horizon, Ints
from backend.optimisation.rules.plan import Input, Plan, Shortfall, Status
from backend.optimisation.rules.plant import Plant, write
from backend.optimisation.rules.sheet import Arrays, Key, Opposites, Sheet
from backend.optimisation.rules.solver import Ended, Hint, Limits, Solution, solve

_ROUNDS = 5
"""Turns of adding binaries; the last one guards all steps."""
_BOTH = 1e-5
"""Share of its limits that a charge beside a discharge may have before it counts as such."""
_TINY = 1e-6

_REMEDIES = {
    Ended.TIME_LIMIT: "allow more time, take longer steps, or run the plan before this one on",
    Ended.UNCLEAR: "give every supply, sale and load that earns money a limit",
    Ended.UNBOUNDED: "give every supply, sale and load that earns money a limit",
}


class NoPlan(Unavailable):
    """The solver found nothing that can be run."""


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be planned.

    made_at: when (UTC); inputs: what the plant's figures rest on
    hint: likely values of whole numbers, by (unit, quantity), from the plan before (see `rolling`)
    """

    plant: Plant
    horizon: Horizon
    made_at: datetime
    inputs: tuple[Input, ...] = ()
    limits: Limits = field(default_factory=Limits)
    hint: Mapping[Key, Floats] = field(default_factory=dict)


def plan(task: Task) -> Plan:
    """Return the cheapest plan; where there is none, the one that misses least, saying what it misses.

    Raises BadInput with every fault of the task, NoPlan where the time was too short for any.
    """
    checking.check(task.plant, task.horizon, task.inputs, task.made_at)
    began = time.perf_counter()
    sheet = write(task.plant, task.horizon)
    arrays = sheet.arrays()
    built = time.perf_counter()
    solution = _solve(task, sheet, arrays)
    missing: tuple[Shortfall, ...] | None = None
    if solution.ended in (Ended.INFEASIBLE, Ended.UNCLEAR):
        sheet = write(task.plant, task.horizon)
        slack = relaxation.loosen(sheet, task.plant)
        solution = _solve(task, sheet, sheet.arrays())
        missing = relaxation.shortfalls(slack, task.horizon, solution.values)
        solution = relaxation.without_penalties(slack, solution)
    if solution.values is None:
        raise NoPlan(
            f"no plan was found within {task.limits.seconds:g} s: {solution.ended}",
            field="limits.seconds",
            value=task.limits.seconds,
            remedy=_REMEDIES.get(solution.ended, "run the plan before this one on, and report this one"),
        )
    return _read(task, sheet, solution, missing, (built - began, time.perf_counter() - built))


def _solve(task: Task, sheet: Sheet, arrays: Arrays) -> Solution:
    """Solve, adding binaries only at steps where a store would charge and discharge at once.

    A solution of the looser problem that never does both is optimal for the tighter one too, and only prices
    below zero make it pay to do both: most plans need no such binary at all.
    """
    began = time.perf_counter()
    for turn in range(_ROUNDS + 1):
        left = task.limits.seconds - (time.perf_counter() - began)
        solution = solve(arrays, replace(task.limits, seconds=max(left, 0.001)), _hint(task, sheet))
        if solution.values is None:
            return solution
        clashes = [(pair, steps) for pair in sheet.opposites if (steps := _both(pair, solution.values)).size]
        if not clashes:
            break
        for pair, steps in clashes:
            sheet.only_one(pair, steps if turn < _ROUNDS - 1 else np.arange(task.horizon.steps))
        arrays = sheet.arrays()
    return solution


def _both(pair: Opposites, values: Floats) -> Ints:
    """Return the steps at which both of a pair are above zero; where that loses nothing they are set off instead."""
    one, other = values[pair.one], values[pair.other]
    least = np.minimum(one, other)
    if pair.lossless:
        values[pair.one], values[pair.other] = one - least, other - least
        return np.zeros(0, np.int64)
    return np.flatnonzero((one > _BOTH * pair.one_most) & (other > _BOTH * pair.other_most) & (least > _TINY))


def _hint(task: Task, sheet: Sheet) -> Hint | None:
    known = [(sheet.places[key], values) for key, values in task.hint.items() if key in sheet.places]
    if not known:
        return None
    return Hint(
        np.concatenate([places for places, _ in known]), np.concatenate([values for _, values in known])
    )


def _read(
    task: Task,
    sheet: Sheet,
    solution: Solution,
    missing: tuple[Shortfall, ...] | None,
    took: tuple[float, float],
) -> Plan:
    values = solution.values
    assert values is not None
    flows: dict[Key, Floats] = {}
    for port in sheet.ports:
        key = (port.unit, port.carrier)
        flows[key] = flows.get(key, 0.0) + port.factor * values[port.columns]
    prices = {}
    if solution.duals is not None:
        hours = task.horizon.hours
        prices = {carrier: solution.duals[rows] / hours for carrier, rows in sheet.balances.items()}
    limited = Status.TIME_LIMIT if solution.ended == Ended.TIME_LIMIT else Status.OPTIMAL
    return Plan(
        horizon=task.horizon,
        status=limited if missing is None else Status.RELAXED,
        cost=solution.cost,
        bound=solution.bound,
        gap=solution.gap,
        currency=task.plant.currency,
        flows=flows,
        quantities={key: values[columns] for key, columns in sheet.places.items()},
        prices=prices,
        made_at=task.made_at,
        inputs=task.inputs,
        shortfalls=missing or (),
        co2_kg=float(sum(values[columns] @ kg for columns, kg in sheet.emissions)),
        build_s=took[0],
        solve_s=took[1],
    )
