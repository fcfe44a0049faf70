"""Use made comparable: degree days, use per unit, what would have been used, and what that leaves. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from backend.analysis.rules.regression import Fit, Form, Quality, Term

Floats = NDArray[np.float64]

INDOOR_C, COOLING_BASE_C = 18.0, 26.0
"""HDD18 and CDD26, as JGJ 26-2018 (Design standard for energy efficiency of residential buildings in severe cold and
cold zones) counts them: 18 °C less the day's mean for heating, the day's mean less 26 °C for cooling."""

DAY_CV_RMSE, DAY_NMBE = 0.30, 0.10
"""How far daily fits may be off. ASHRAE Guideline 14-2014, 5.3.2.4, holds months to 15 % and 5 % and hours to 30 % and
10 %; it says nothing of days, which are held to what hours are."""

BEYOND, MOST_BEYOND = 0.10, 0.10
"""A factor may leave the range it was fitted in by this share of the range; so many days at most may be beyond that."""

SHORT_DAYS = 270
"""A fit of fewer days has not seen three seasons."""

OLD = timedelta(days=3 * 366)


@dataclass(frozen=True)
class Drawn:
    """Days that can be fitted: local days in order, what was used on each, and what it may depend on.

    temperature: the day's mean [°C], None where none is known of most days; factors: name -> one value a day
    left_out: days of the time asked for that lack use or a factor
    """

    days: tuple[date, ...]
    use: Floats
    temperature: Floats | None
    factors: Mapping[str, Floats]
    left_out: int


def degree_days(
    temperature: Floats, *, heating_c: float = INDOOR_C, cooling_c: float = COOLING_BASE_C
) -> tuple[float, float]:
    """Return heating and cooling degree days [K·d] of daily means [°C]."""
    heating = np.maximum(0.0, heating_c - temperature).sum()
    cooling = np.maximum(0.0, temperature - cooling_c).sum()
    return float(heating), float(cooling)


def drawn(
    days: Sequence[date], use: Mapping[date, float], temperature: Mapping[date, float],
    factors: Mapping[str, Mapping[date, float]],
) -> Drawn:  # fmt: skip
    """Return the days of which everything is known.

    Temperature or a factor that is known of less than half of the days with use is left out altogether, rather than
    those days.
    """
    counted = [day for day in days if day in use]
    half = len(counted) / 2
    kept = {name: values for name, values in factors.items() if _known(counted, values) > half}
    is_weather = _known(counted, temperature) > half
    sources = [*kept.values(), *([temperature] if is_weather else [])]
    whole = [day for day in counted if all(day in source for source in sources)]
    return Drawn(
        tuple(whole), np.array([use[day] for day in whole]),
        np.array([temperature[day] for day in whole]) if is_weather else None,
        {name: np.array([values[day] for day in whole]) for name, values in kept.items()}, len(days) - len(whole),
    )  # fmt: skip


def _known(days: Sequence[date], values: Mapping[date, float]) -> int:
    return sum(1 for day in days if day in values)


@dataclass(frozen=True)
class Saved:
    """What was used against what would have been. expected, used [unit]; a day each, in order.

    saving: expected less used, in sum; cusum: the same, day by day; error: half the band the sum lies in with 90 %
    """

    days: tuple[date, ...]
    used: Floats
    expected: Floats
    error: float

    @property
    def saving(self) -> float:
        """Return what was saved in sum; below nothing more was used."""
        return float((self.expected - self.used).sum())

    @property
    def share(self) -> float | None:
        """Return the saving as a share of what would have been used."""
        whole = float(self.expected.sum())
        return self.saving / whole if whole > 0 else None

    @property
    def cusum(self) -> Floats:
        """Return the saving summed up to each day."""
        return np.cumsum(self.expected - self.used)


def saved(fit: Fit, seen: Drawn, *, autocorrelation: float = 0.0) -> Saved:
    """Return what was saved on days against a fit of earlier ones.

    The band follows ASHRAE Guideline 14-2014, annex B, equation B-12 (after Reddy and Claridge 2000) with t for 90 %:
    1.26 · t · CV(RMSE) · mean · sqrt(m · n/n' · (1 + 2/n')), n' = n (1 − ρ)/(1 + ρ) days that count as independent.
    autocorrelation: ρ of the fit's residuals from one day to the next
    """
    expected = fit.expected(seen.temperature, seen.factors, len(seen.days))
    rho = min(max(autocorrelation, 0.0), 0.95)
    n, m = fit.quality.n, len(seen.days)
    independent = max(n * (1 - rho) / (1 + rho), 1.0)
    rmse = fit.quality.cv_rmse * abs(float(expected.mean())) if m else 0.0
    error = 1.26 * 1.645 * rmse * math.sqrt(m * (n / independent) * (1 + 2 / independent))
    return Saved(seen.days, seen.use, expected, error)


def autocorrelation(residual: Floats) -> float:
    """Return how much of a day's residual the next has."""
    if len(residual) < 3 or float(residual.std()) == 0.0:
        return 0.0
    return float(np.corrcoef(residual[:-1], residual[1:])[0, 1])


def doubts(fit: Fit, until: date, seen: Drawn | None, today: date) -> list[str]:
    """Return why a fit should not be relied on any more, as codes; nothing where it holds.

    until: first local day after those it was fitted on; seen: the days it is to speak of
    `loose`: off by more than DAY_CV_RMSE; `biased`: by more than DAY_NMBE on one side; `beyond`: more than MOST_BEYOND
    of the days lie outside what was fitted; `short`: of less than SHORT_DAYS; `old`; `constant`: it knows no weather
    and no production
    """
    found = []
    if fit.quality.cv_rmse > DAY_CV_RMSE:
        found.append("loose")
    if abs(fit.quality.nmbe) > DAY_NMBE:
        found.append("biased")
    if seen is not None and len(seen.days) and _beyond(fit, seen) > MOST_BEYOND:
        found.append("beyond")
    if fit.quality.n < SHORT_DAYS:
        found.append("short")
    if today - until > OLD:
        found.append("old")
    if fit.form is Form.CONSTANT and not fit.factors:
        found.append("constant")
    return found


def _beyond(fit: Fit, seen: Drawn) -> float:
    """Return the share of days on which something lies outside the range it was fitted in."""
    outside = np.zeros(len(seen.days), dtype=bool)
    columns = dict(seen.factors)
    if seen.temperature is not None:
        columns["temperature"] = seen.temperature
    for name, (low, high) in fit.ranges.items():
        if name in columns:
            room = BEYOND * (high - low)
            outside |= (columns[name] < low - room) | (columns[name] > high + room)
    return float(outside.mean())


def document(fit: Fit) -> dict[str, object]:
    """Return a fit as it is kept."""
    return {
        "form": fit.form.value, "heating_c": fit.heating_c, "cooling_c": fit.cooling_c, "factors": list(fit.factors),
        "terms": [[one.name, one.value, None if math.isinf(one.error) else one.error] for one in fit.terms],
        "quality": dict(vars(fit.quality)), "ranges": {name: list(pair) for name, pair in fit.ranges.items()},
    }  # fmt: skip


def read(kept: Mapping[str, object]) -> Fit:
    """Return a fit from what was kept of it."""
    from typing import Any, cast

    known = cast(Mapping[str, Any], kept)
    terms = tuple(
        Term(name, value, math.inf if error is None else error) for name, value, error in known["terms"]
    )
    ranges = {name: (pair[0], pair[1]) for name, pair in known["ranges"].items()}
    return Fit(
        Form(known["form"]), terms, known["heating_c"], known["cooling_c"], Quality(**known["quality"]),
        tuple(known["factors"]), ranges,
    )  # fmt: skip
