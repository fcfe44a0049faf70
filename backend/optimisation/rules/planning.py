"""From a plant to its plan: written as one sheet, solved at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from backend.kernel.errors import Unavailable
from backend.optimisation.rules import checking, directions, relaxation
from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.plan import Input, Plan, Shortfall, Status
from backend.optimisation.rules.plant import Plant, write
from backend.optimisation.rules.sheet import Arrays, Key, Sheet
from backend.optimisation.rules.solver import Ended, Hint, Limits, Solution, solve
from backend.optimisation.rules.targets import Target

_REMEDIES = {
    Ended.TIME_LIMIT: "allow more time, take longer steps, or run the plan before this one on",
    Ended.UNCLEAR: "give every supply, sale and load that earns money a limit",
    Ended.UNBOUNDED: "give every supply, sale and load that earns money a limit",
}


class NoPlan(Unavailable):
    """The solver found nothing that can be run."""


def none_found(ended: Ended, seconds: float) -> NoPlan:
    """Return the error that says why there is no plan, and what helps."""
    return NoPlan(
        f"no plan was found within {seconds:g} s: {ended}",
        field="limits.seconds",
        value=seconds,
        remedy=_REMEDIES.get(ended, "run the plan before this one on, and report this one"),
    )


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be planned.

    made_at: when (UTC); inputs: what the plant's figures rest on
    hint: likely values of whole numbers, by (unit, quantity), from the plan before (see `rolling`)
    held: what is decided already and stays, by (unit, quantity)
    targets: what is to be kept to beyond the plant's own limits
    """

    plant: Plant
    horizon: Horizon
    made_at: datetime
    inputs: tuple[Input, ...] = ()
    limits: Limits = field(default_factory=Limits)
    hint: Mapping[Key, Floats] = field(default_factory=dict)
    held: Mapping[Key, Floats] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()

    def sheet(self) -> Sheet:
        """Write its plant, with its targets and what is decided already."""
        sheet = write(self.plant, self.horizon)
        for key, values in self.held.items():
            sheet.hold(sheet.places[key], values)
        for target in self.targets:
            target.write(sheet, self.plant)
        return sheet


def plan(task: Task) -> Plan:
    """Return the cheapest plan; where there is none, the one that misses least, saying what it misses.

    Raises BadInput with every fault of the task, NoPlan where the time was too short for any.
    """
    checking.check(task.plant, task.horizon, task.inputs, task.made_at)
    for target in task.targets:
        target.check(task.plant, task.horizon)
    began = time.perf_counter()
    sheet = task.sheet()
    arrays = sheet.arrays()
    built = time.perf_counter()
    solution = _solve(task, sheet, arrays)
    missing: tuple[Shortfall, ...] | None = None
    if solution.ended in (Ended.INFEASIBLE, Ended.UNCLEAR):
        sheet = task.sheet()
        slack = relaxation.loosen(sheet, task.plant)
        solution = _solve(task, sheet, sheet.arrays())
        missing = relaxation.shortfalls(slack, task.horizon, solution.values)
        solution = relaxation.without_penalties(slack, solution)
    if solution.values is None:
        raise none_found(solution.ended, task.limits.seconds)
    return read(task, sheet, solution, missing, (built - began, time.perf_counter() - built))


def _solve(task: Task, sheet: Sheet, arrays: Arrays) -> Solution:
    """Solve, adding binaries only at steps where a store would charge and discharge at once (see `directions`)."""
    began, fresh = time.perf_counter(), [arrays]

    def attempt() -> list[Solution]:
        left = task.limits.seconds - (time.perf_counter() - began)
        given = fresh.pop() if fresh else sheet.arrays()
        return [solve(given, replace(task.limits, seconds=max(left, 0.001)), _hint(task, sheet))]

    return directions.guarded([sheet], attempt)[0]


def _hint(task: Task, sheet: Sheet) -> Hint | None:
    known = [(sheet.places[key], values) for key, values in task.hint.items() if key in sheet.places]
    if not known:
        return None
    return Hint(
        np.concatenate([places for places, _ in known]), np.concatenate([values for _, values in known])
    )


def read(
    task: Task,
    sheet: Sheet,
    solution: Solution,
    missing: tuple[Shortfall, ...] | None = None,
    took: tuple[float, float] = (0.0, 0.0),
) -> Plan:
    """Return what a solution of a task's sheet says, as a plan.

    missing: what gave so that there is one, None where nothing had to; took: to build and to solve [s]
    """
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
    if missing is not None:
        prices = {carrier: relaxation.without_penalty(worth) for carrier, worth in prices.items()}
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
