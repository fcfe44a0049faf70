"""What recent forecasts missed moves, widens or narrows the next ones.

Where the day before would have been nearer than the model, the next forecasts lean towards it (`lean`): a model that
never saw such a season follows it then. Widths: conformal, one factor a side, with memory (`stretch`).

A band that should hold 80 % and held 70 % is too narrow by a factor that can be read off the misses: the quantile of
(value - median) / (upper edge - median). It is taken over recent days, new days counting more, and drawn
towards 1 by as much as few days say little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backend.forecasting.rules.foreseen import BAND_80, MEDIAN
from backend.forecasting.rules.series import Floats

HALF_LIFE_DAYS = 14.0
PRIOR_DAYS = 7.0
"""The factor expected of a fresh model counts like so many days."""
FRESH = 1.1
"""That factor: tomorrow differs from the past by more than parts of the past differ from each other.

From the training years of the bench's series, where bands of fresh models held 75 % in the mean instead of 80 %.
"""
_LEAST, _MOST = 0.5, 2.5
_DRAWN, _LEAST_STEPS = 0.3, 72


@dataclass(frozen=True)
class Stretch:
    """By how much quantiles below and above the median are drawn out."""

    below: float = FRESH
    above: float = FRESH

    def apply(self, values: Floats) -> Floats:
        """Return quantiles drawn out around their median, shape (..., quantiles)."""
        middle = values[..., [MEDIAN]]
        away = values - middle
        return np.asarray(middle + np.where(away < 0, self.below, self.above) * away)


def lean(middle: Floats, actual: Floats, before: Floats) -> float:
    """Return how far from the median towards the day before the truth lay, from 0 to 1.

    middle, actual, before: earlier medians, what came, the same hours of the newest day known then; shape (steps,)
    Least squares, drawn towards 0: without evidence nothing leans.
    """
    way, missed = before - middle, actual - middle
    known = np.isfinite(way) & np.isfinite(missed)
    length = float(way[known] @ way[known])
    if not length or known.sum() < _LEAST_STEPS:
        return 0.0
    return float(np.clip(way[known] @ missed[known] / ((1 + _DRAWN) * length), 0.0, 1.0))


def stretch(values: Floats, actual: Floats, age_days: Floats) -> Stretch:
    """Return what would have made the 80 % band hold its share in the past.

    values: earlier quantiles as first made, shape (steps, quantiles); actual: what came, shape (steps,), NaN unknown
    age_days: how long ago each was, shape (steps,)
    """
    weight = np.where(np.isfinite(actual), 0.5 ** (age_days / HALF_LIFE_DAYS), 0.0)
    days = (
        np.sum(0.5 ** (np.unique(np.floor(age_days[weight > 0])) / HALF_LIFE_DAYS)) if weight.any() else 0.0
    )
    if days == 0:
        return Stretch()
    low, high = values[:, BAND_80[0]], values[:, BAND_80[1]]
    middle = values[:, MEDIAN]
    trust = days / (days + PRIOR_DAYS)
    return Stretch(
        FRESH ** (1 - trust) * _factor(middle - actual, middle - low, weight) ** trust,
        FRESH ** (1 - trust) * _factor(actual - middle, high - middle, weight) ** trust,
    )


def _factor(missed: Floats, width: Floats, weight: Floats) -> float:
    """Return the weighted 90 % quantile of missed / width, within bounds; a band without width is no evidence."""
    ok = (weight > 0) & (width > 1e-9 * np.maximum(1.0, np.abs(missed)))
    if not ok.any():
        return FRESH
    ratio, share = missed[ok] / width[ok], weight[ok]
    order = np.argsort(ratio, kind="stable")
    reached = np.cumsum(share[order]) / share.sum()
    at = int(np.searchsorted(reached, 0.9))
    return float(np.clip(ratio[order][min(at, len(order) - 1)], _LEAST, _MOST))
