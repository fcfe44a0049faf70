"""What became of an accepted target, by the meters: nothing measured proves neither that it was kept nor that not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from backend.optimisation.rules.horizon import Floats
from backend.optimisation.rules.targets import Kind, Target

NOTICED = 1e-9
"""An excess below this share of the target is the arithmetic's."""


class Outcome(StrEnum):
    """How a target stands."""

    AHEAD = "ahead"
    RUNNING = "running"
    KEPT = "kept"
    EXCEEDED = "exceeded"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Judged:
    """How a target stands by the meters.

    counted: so far, None where nothing was; left: below the most, less than nothing where it is exceeded [its unit]
    known: share of the quarter hours so far of which meters know, None before it begins
    """

    outcome: Outcome
    counted: float | None
    left: float | None
    known: float | None


def judge(target: Target, rates: Floats, *, is_over: bool) -> Judged:
    """Return how a target stands.

    rates: counted, by quarter hour since it began, NaN where unknown [unit per hour; kg per hour of CO2]
    is_over: its whole time is in `rates`
    What exceeds it in the known part is exceeded whatever the unknown part holds; kept it is only if all is known.
    """
    if not rates.size:
        return Judged(Outcome.AHEAD, None, None, None)
    there = rates[np.isfinite(rates)]
    known = there.size / rates.size
    if not there.size:
        return Judged(Outcome.UNKNOWN if is_over else Outcome.RUNNING, None, None, known)
    counted = float(there.max() if target.kind == Kind.PEAK else there.sum() / 4)
    left = target.most - counted
    if -left > NOTICED * max(target.most, 1.0):
        outcome = Outcome.EXCEEDED
    elif not is_over:
        outcome = Outcome.RUNNING
    else:
        outcome = Outcome.KEPT if known == 1 else Outcome.UNKNOWN
    return Judged(outcome, counted, left, known)
