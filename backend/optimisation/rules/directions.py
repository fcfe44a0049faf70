"""Charging or discharging, buying or selling: never both at once, by binaries only where a solution does both.

A solution of the looser problem that never does both is optimal for the tighter one too, and only prices below
zero make it pay to do both: most plans need no such binary at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from backend.optimisation.rules.horizon import Floats, Ints
from backend.optimisation.rules.sheet import Opposites, Sheet
from backend.optimisation.rules.solver import Solution

_ROUNDS = 5
"""Turns of adding binaries; the last one guards all steps."""
_BOTH = 1e-5
"""Share of its limits that a charge beside a discharge may have before it counts as such."""
_TINY = 1e-6


def guarded(sheets: Sequence[Sheet], attempt: Callable[[], Sequence[Solution]]) -> Sequence[Solution]:
    """Return the solutions of sheets, one each, none of which does two opposites at once.

    attempt: solves the sheets as they then are; what this adds to them stays
    """
    for turn in range(_ROUNDS + 1):
        solutions = attempt()
        clashing = False
        for sheet, solution in zip(sheets, solutions, strict=True):
            for pair in sheet.opposites if solution.values is not None else ():
                assert solution.values is not None
                steps = _both(pair, solution.values)
                if steps.size:
                    clashing = True
                    sheet.only_one(pair, steps if turn < _ROUNDS - 1 else np.arange(sheet.horizon.steps))
        if not clashing:
            break
    return solutions


def _both(pair: Opposites, values: Floats) -> Ints:
    """Return the steps at which both of a pair are above zero; where that loses nothing they are set off instead."""
    one, other = values[pair.one], values[pair.other]
    least = np.minimum(one, other)
    if pair.lossless:
        values[pair.one], values[pair.other] = one - least, other - least
        return np.zeros(0, np.int64)
    return np.flatnonzero((one > _BOTH * pair.one_most) & (other > _BOTH * pair.other_most) & (least > _TINY))
