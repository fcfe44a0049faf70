"""What a plan may use of an energy, or of CO2, that was agreed over a longer time than it plans.

What meters counted is used up; quarter hours they do not know are taken at what is usual then. The rest is left, and
is spread over the time to come by what is usual there. Plans that each keep to their part keep the whole: a part is
never more than what is left, and where every part is used up the last one ends at the whole exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backend.optimisation.rules.horizon import Floats

ENOUGH_KNOWN = 0.5
"""What is usual must be known of so much of the time to come; else what is left is spread evenly."""
A_WEEK = 7 * 96
"""Quarter hours."""


@dataclass(frozen=True)
class Budget:
    """What a plan may use, and why [the target's unit].

    used: counted so far; filled: taken for what is not known; left: of the whole then; allowed: of that, in this plan
    known: share of the time so far of which meters know, None where none is over
    by_need: what is left is spread by what is usual; else evenly, for nothing is known of it
    """

    used: float
    filled: float
    left: float
    allowed: float
    known: float | None
    by_need: bool


def budget(most: float, rates: Floats, usual: Floats, *, planned: int) -> Budget:
    """Return what a plan of the next quarter hours may use of a whole.

    most: the whole [unit]; rates: counted, by quarter hour since it began [unit per hour], NaN where unknown
    usual: what is usual, by quarter hour from its beginning to its end [unit per hour], NaN where unknown
    planned: how many quarter hours after those of `rates` are planned
    """
    over, size = len(rates), len(usual)
    known = np.isfinite(rates)
    filled_in = np.where(np.isfinite(usual), usual, _middle(rates, usual, most * 4 / size))
    used = float(rates[known].sum()) / 4
    filled = float(filled_in[:over][~known].sum()) / 4
    left = max(most - used - filled, 0.0)
    ahead = filled_in[over:]
    by_need = bool(np.isfinite(usual[over:]).mean() >= ENOUGH_KNOWN) if ahead.size else True
    if not by_need or ahead.sum() <= 0:
        ahead = np.ones_like(ahead)
    share = 1.0 if planned >= ahead.size else float(ahead[:planned].sum() / ahead.sum())
    return Budget(used, filled, left, left * share, float(known.mean()) if over else None, by_need)


def usual_week(rates: Floats) -> Floats:
    """Return the middle of whole weeks of rates by quarter hour, shape (weeks · 672,) -> (672,); NaN where unknown."""
    weeks = rates.reshape(-1, A_WEEK)
    found = np.full(A_WEEK, np.nan)
    some = np.isfinite(weeks).any(axis=0)
    found[some] = np.nanmedian(weeks[:, some], axis=0)
    return found


def _middle(rates: Floats, usual: Floats, pace: float) -> float:
    """Return the mean of what is usual, else of what was counted, else an even pace."""
    for some in (usual, rates):
        if np.isfinite(some).any():
            return float(np.nanmean(some))
    return pace
