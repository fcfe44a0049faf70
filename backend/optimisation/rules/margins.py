"""How much to keep in hand because forecasts err: from their quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backend.kernel.errors import Refused
from backend.optimisation.rules.horizon import Floats


def checked(levels: Sequence[float], values: Floats) -> Floats:
    """Return a forecast's quantiles [levels, steps] as they are.

    levels: ascending, such as 0.05 … 0.95; values: not falling with the level
    Raises Refused for an empty forecast, for gaps and for quantiles that cross.
    """
    values = np.asarray(values, dtype=float)
    if not values.size or values.shape[0] != len(levels):
        raise Refused(
            "the forecast is empty, or has not one row for each level",
            field="quantiles",
            value=str(values.shape),
            remedy="make the forecast again, or plan with its fallback",
        )
    if np.isnan(values).any():
        at = int(np.isnan(values).any(axis=0).argmax())
        raise Refused("a quantile is no number", field=f"quantiles[{at}]", value="nan", remedy="fill the gap")
    falls = np.diff(values, axis=0) < -1e-9
    if falls.any():
        at = int(falls.any(axis=0).argmax())
        raise Refused("quantiles cross", field=f"quantiles[{at}]", remedy="sort them before planning")
    return values


def quantile(levels: Sequence[float], values: Floats, wanted: float) -> Floats:
    """Return a forecast's quantile between those given, straight lines between them [steps].

    levels, values: as `checked` asks for. Raises Refused for what it refuses, and beyond the outermost levels.
    """
    values = checked(levels, values)
    if not levels[0] - 1e-9 <= wanted <= levels[-1] + 1e-9:  # 1 - 0.9 is a little below 0.1
        raise Refused(
            f"the forecast says nothing beyond {levels[0]:g} to {levels[-1]:g}",
            field="wanted",
            value=wanted,
            remedy="ask for a level within",
        )
    upper = int(np.clip(np.searchsorted(levels, wanted), 1, len(levels) - 1))
    weight = (wanted - levels[upper - 1]) / (levels[upper] - levels[upper - 1])
    return np.asarray((1 - weight) * values[upper - 1] + weight * values[upper])


def margin(levels: Sequence[float], values: Floats, kept: float = 0.9) -> Floats:
    """Return what to keep in hand beyond a demand's median so that it is met with probability `kept` [steps]."""
    return np.maximum(quantile(levels, values, kept) - quantile(levels, values, 0.5), 0.0)


def margin_of_supply(levels: Sequence[float], values: Floats, kept: float = 0.9) -> Floats:
    """Return by how much sun or wind may stay below its median, with the same probability [steps]."""
    return np.maximum(quantile(levels, values, 0.5) - quantile(levels, values, 1 - kept), 0.0)


def pooled(*margins: Floats) -> Floats:
    """Return the margin of several forecasts whose errors do not depend on one another: √Σ m² [steps]."""
    return np.asarray(np.sqrt(np.sum(np.square(margins), axis=0)))
