"""HiGHS: arrays in, numbers out. The only file that knows the solver (Q. Huangfu, J. Hall, 2018; MIT)."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import highspy
import numpy as np

from backend.optimisation.rules.horizon import Floats, Ints
from backend.optimisation.rules.sheet import Arrays


class Ended(StrEnum):
    """How solving ended."""

    OPTIMAL = "optimal"
    TIME_LIMIT = "time limit"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    UNCLEAR = "infeasible or unbounded"
    FAILED = "failed"


@dataclass(frozen=True)
class Limits:
    """How long and how exactly to solve.

    gap: relative distance to the best possible cost at which to stop
    seconds: after which the best plan found is taken
    threads: 1 leaves the other cores to others
    method: of linear problems: 'choose', 'simplex', 'ipm'
    """

    gap: float = 1e-4
    seconds: float = 60.0
    threads: int = 1
    method: str = "choose"


@dataclass(frozen=True, eq=False)
class Solution:
    """What the solver found.

    values: of the columns, None where nothing feasible was found
    duals: cost of one more on a row's right side; of the linear problem left when whole numbers are fixed
    cost, bound: of what was found, and the lowest possible [currency]
    """

    ended: Ended
    values: Floats | None
    duals: Floats | None
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """How far the cost may be from the lowest possible, relative to the cost."""
        return max(self.cost - self.bound, 0.0) / max(abs(self.cost), 1e-9)


@dataclass(frozen=True, eq=False)
class Hint:
    """Values some columns are likely to take: what the plan before said."""

    columns: Ints
    values: Floats


class _Quiet(highspy.Highs):
    """HiGHS that says nothing: its constructor greets as it turns callbacks on, before one can ask for silence."""

    def enableCallbacks(self) -> None:
        """Be silent from here on."""
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]  # the library has no types


_WHOLE = 1e-6
"""So near to a whole number a value is one."""
_ENDS = {
    highspy.HighsModelStatus.kOptimal: Ended.OPTIMAL,
    highspy.HighsModelStatus.kTimeLimit: Ended.TIME_LIMIT,
    highspy.HighsModelStatus.kInfeasible: Ended.INFEASIBLE,
    highspy.HighsModelStatus.kUnboundedOrInfeasible: Ended.UNCLEAR,
    highspy.HighsModelStatus.kUnbounded: Ended.UNBOUNDED,
}


def solve(arrays: Arrays, limits: Limits, hint: Hint | None = None) -> Solution:
    """Solve one problem; whole numbers are then fixed and it is solved again for the duals.

    hint: likely whole numbers. Where they are shown to be good enough, no others are looked for (`_as_hinted`).
    """
    began = time.perf_counter()
    if hint is not None and (kept := _as_hinted(arrays, limits, hint)) is not None:
        return kept
    highs = loaded(
        arrays, replace(limits, seconds=max(limits.seconds - (time.perf_counter() - began), 0.001))
    )
    if hint is not None and hint.columns.size:
        highs.setSolution(hint.columns.size, hint.columns.astype(np.int32), hint.values)
    highs.run()
    ended = _ENDS.get(highs.getModelStatus(), Ended.FAILED)
    info = highs.getInfo()
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if ended not in (Ended.OPTIMAL, Ended.TIME_LIMIT) or not feasible:  # an unbounded one may be feasible
        ended = Ended.FAILED if ended == Ended.OPTIMAL else ended
        return Solution(ended, None, None, np.nan, np.nan)
    values, cost = np.array(highs.getSolution().col_value), info.objective_function_value
    if not arrays.integer.any():
        bound = cost if ended == Ended.OPTIMAL else -np.inf
        return Solution(ended, values, np.array(highs.getSolution().row_dual), cost, bound)
    bound = info.mip_dual_bound
    values, duals = _fixed(highs, arrays, values, limits)
    return Solution(ended, values, duals, float(arrays.cost @ values) + arrays.offset, bound)


def _as_hinted(arrays: Arrays, limits: Limits, hint: Hint) -> Solution | None:
    """Return the best solution with the whole numbers of a hint, None where it is not shown to lie within the gap.

    Nothing is cheaper than the linear problem; from its solution it is a few steps to the one with these whole numbers.
    At 672 steps and 50 units that is four times as fast as branching from the hint, and ends at the same cost.
    """
    others = arrays.integer.copy()
    others[hint.columns] = False
    half = replace(limits, seconds=limits.seconds / 2)  # what is not shown by then is left to branching
    highs = loaded(replace(arrays, integer=np.zeros_like(arrays.integer)), half)
    # Presolving takes more than it saves: the second problem starts from the first's solution.
    highs.setOptionValue("presolve", "off")
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    bound = highs.getInfo().objective_function_value
    wanted = np.clip(np.round(hint.values), arrays.lower[hint.columns], arrays.upper[hint.columns])
    highs.changeColsBounds(hint.columns.size, hint.columns.astype(np.int32), wanted, wanted)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    found = highs.getSolution()
    values = np.array(found.col_value)
    if np.abs(values[others] - np.round(values[others])).max(initial=0.0) > _WHOLE:
        return None
    cost = highs.getInfo().objective_function_value
    solution = Solution(Ended.OPTIMAL, values, np.array(found.row_dual), cost, min(bound, cost))
    return solution if solution.gap <= limits.gap else None


def loaded(arrays: Arrays, limits: Limits) -> Any:
    """Return a solver that has taken a problem in one call and waits to run."""
    make: Any = _Quiet  # its constructor has no types
    highs = make()
    whole = bool(arrays.integer.any())
    options: dict[str, float | str] = {
        "mip_rel_gap": limits.gap,
        "time_limit": limits.seconds,
        "threads": limits.threads,
        "solver": limits.method if not whole else "choose",
    }
    for option, value in options.items():
        highs.setOptionValue(option, value)
    passed = highs.passModel(
        arrays.cost.size,
        arrays.row_lower.size,
        arrays.values.size,
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        arrays.offset,
        arrays.cost,
        arrays.lower,
        arrays.upper,
        arrays.row_lower,
        arrays.row_upper,
        arrays.start,
        arrays.index,
        arrays.values,
        arrays.integer.astype(np.int32),
    )
    assert passed != highspy.HighsStatus.kError, "the solver takes every sheet"
    return highs


def _fixed(highs: Any, arrays: Arrays, values: Floats, limits: Limits) -> tuple[Floats, Floats | None]:
    """Return values and duals of the linear problem that is left once whole numbers stay as they were found."""
    whole = np.flatnonzero(arrays.integer).astype(np.int32)
    found = np.round(values[whole])
    highs.changeColsBounds(whole.size, whole, found, found)
    highs.changeColsIntegrality(whole.size, whole, np.zeros(whole.size, np.uint8))
    highs.setOptionValue("time_limit", limits.seconds + highs.getRunTime())
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return values, None
    solution = highs.getSolution()
    return np.array(solution.col_value), np.array(solution.row_dual)
