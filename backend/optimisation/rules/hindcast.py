"""What stands in where there is no forecast: the same hours of the weeks (of sun and wind: the days) before.

A named fallback, never a silent guess: a plan that rests on it says so, with what it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backend.kernel.errors import Refused
from backend.optimisation.rules.horizon import Floats

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
LONGEST_GAP = 4
"""So many quarter hours in a row that were never counted are bridged by a straight line [quarter hours]."""
_SMALL = 0.05


@dataclass(frozen=True)
class Foreseen:
    """Quantiles: levels, and values of shape (levels, steps), not falling with the level."""

    levels: tuple[float, ...]
    values: Floats

    @property
    def median(self) -> Floats:
        """The middle one."""
        return np.asarray(self.values[self.levels.index(0.5)])


def hindcast(past: Floats, name: str) -> Foreseen:
    """Return quantiles from the same hours before, shape (times before, steps), newest first; NaN where not counted.

    Medians over the times; the spread is that of all their ratios to it, so that a few weeks tell something.
    raises Refused where hours are left of which nothing was ever counted
    """
    known = np.isfinite(past)
    if not past.size or not known.any():
        raise Refused(
            f"nothing was counted for {name} in the hours before", field=name,
            remedy="look why its meters are silent, or name a forecast",
        )  # fmt: skip
    middle = _bridged(_median(past, known), name)
    large = _SMALL * float(np.abs(middle).max() or 1.0)
    ratios = (past / np.where(np.abs(middle) > large, middle, np.nan))[known]
    ratios = ratios[np.isfinite(ratios)]
    if past.shape[0] < 2 or ratios.size < len(LEVELS):
        return Foreseen(LEVELS, np.tile(middle, (len(LEVELS), 1)))
    spread = np.quantile(ratios, LEVELS)
    spread = spread / spread[LEVELS.index(0.5)] if spread[LEVELS.index(0.5)] > 0 else np.ones(len(LEVELS))
    return Foreseen(LEVELS, np.sort(np.outer(spread, middle), axis=0))


def _median(past: Floats, known: np.ndarray) -> Floats:
    middle = np.full(past.shape[1], np.nan)
    there = known.any(axis=0)
    middle[there] = np.nanmedian(past[:, there], axis=0)
    return middle


def _bridged(middle: Floats, name: str) -> Floats:
    """Fill short gaps by straight lines; refuse long ones."""
    missing = np.isnan(middle)
    if not missing.any():
        return middle
    edges = np.flatnonzero(np.diff(np.concatenate(([0], missing.astype(np.int8), [0]))))
    longest = int((edges[1::2] - edges[::2]).max())
    if longest > LONGEST_GAP:
        raise Refused(
            f"{longest / 4:g} h of {name} were never counted in the times before", field=name, value=longest,
            remedy="fill the gap in its intervals, or name a forecast",
        )  # fmt: skip
    places = np.arange(middle.size)
    return np.asarray(np.interp(places, places[~missing], middle[~missing]))
