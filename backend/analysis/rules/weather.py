"""How much of a change the weather explains: daily amounts on heating and cooling degree days. Pure.

The line is fitted to the days of the period compared with, amount = base + h·HDD + c·CDD (ordinary least squares; a
slope below zero is left out and the rest fitted again). What it says of this period's weather, less what it says of the
other's, is the weather's part; what is left of the change is not the weather's. The parts sum to the change exactly.

Degree days by daily means: HDD below 18 °C, CDD above 26 °C (GB 50176-2016, HDD18 and CDD26).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HEATING_C, COOLING_C = 18.0, 26.0
FEWEST_DAYS = 14
POOR = 0.3
"""A line that explains less of the days' differences than this says nothing of the weather's part."""


@dataclass(frozen=True)
class Weather:
    """The weather of two periods and its part in the change [unit of the amounts].

    heating, cooling: degree days of this period and the other [K d]; days: with both, of the other; fit: R², 0..1
    base: [unit per day]; per_heating, per_cooling: [unit per K d]; by_weather: None where the fit is poor
    """

    heating: tuple[float, float]
    cooling: tuple[float, float]
    days: int
    fit: float
    base: float
    per_heating: float
    per_cooling: float
    by_weather: float | None


def degree_days(mean_c: Floats) -> tuple[Floats, Floats]:
    """Return heating and cooling degree days of daily mean temperatures [°C]; NaN stays NaN."""
    return np.maximum(HEATING_C - mean_c, 0.0), np.maximum(mean_c - COOLING_C, 0.0)


def weather(amount_before: Floats, before_c: Floats, now_c: Floats) -> Weather | None:
    """Return the weather's part; None where fewer than 14 days before or days now have both amount and temperature."""
    usable = np.isfinite(amount_before) & np.isfinite(before_c)
    now_c = now_c[np.isfinite(now_c)]
    if usable.sum() < FEWEST_DAYS or not len(now_c):
        return None
    heating, cooling = degree_days(before_c[usable])
    heating_now, cooling_now = degree_days(now_c)
    slopes, fit = fitted(amount_before[usable], heating, cooling)
    per_day = (
        slopes[1] * (heating_now.mean() - heating.mean()) + slopes[2] * (cooling_now.mean() - cooling.mean())
    )  # fmt: skip
    return Weather(
        (float(heating_now.sum()), float(heating.sum())), (float(cooling_now.sum()), float(cooling.sum())),
        int(usable.sum()), fit, *slopes, float(per_day * len(now_c)) if fit >= POOR else None,
    )  # fmt: skip


def fitted(amount: Floats, heating: Floats, cooling: Floats) -> tuple[tuple[float, float, float], float]:
    """Return base and slopes (never below zero) of the line, and the share of the variance it explains."""
    columns = [np.ones_like(amount), heating, cooling]
    kept = [0, *(place for place in (1, 2) if columns[place].std() > 0)]
    while True:
        found, *_ = np.linalg.lstsq(np.column_stack([columns[place] for place in kept]), amount, rcond=None)
        wrong = [place for place, slope in zip(kept, found, strict=True) if place and slope < 0]
        if not wrong:
            break
        kept.remove(min(wrong, key=lambda place: found[kept.index(place)]))
    slopes = [0.0, 0.0, 0.0]
    for place, slope in zip(kept, found, strict=True):
        slopes[place] = float(slope)
    left = amount - sum(slope * column for slope, column in zip(slopes, columns, strict=True))
    spread = float(((amount - amount.mean()) ** 2).sum())
    return (slopes[0], slopes[1], slopes[2]), 1.0 - float((left**2).sum()) / spread if spread > 0 else 0.0
