"""Estimators: what the intervals of a gap may have been, from what is known around it. Pure.

Each takes a `Gap` and returns expected amounts [quanta, float], not negative, one an interval of the gap, or None
where it lacks what it needs. None of them knows the register; `ladder.estimate` makes them sum to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.metering.rules.vee.calendar import Places

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

HALF_LIFE_DAYS = 10.0
"""An alike day counts half as much when it lies this far away."""
EDGE_HOURS = 12.0
"""How long what the meter did at the edge of a gap still tells what it did inside (e-folding), as a rule."""
WEEK_US = 7 * 86_400_000_000
LEAST_ALIKE = 2
"""So many alike intervals make a profile; fewer make an anecdote."""
LEAST_DAYS = 14
BASE_HEAT_C, BASE_COLD_C = 16.0, 20.0
"""Outdoor temperatures below and above which buildings are heated and cooled [°C]."""


@dataclass(frozen=True)
class Gap:
    """A gap in a point's intervals, and what is known around it, on one regular grid.

    amount: intervals [quanta], NaN where not known; [first, last) is the gap, and not known
    places: where each lies in the local day; length_us: of an interval
    temperature: outdoors in each interval [°C], or None; siblings: amounts of alike points (points × intervals)
    edge_hours: how long an edge of the gap still tells what is inside [h]
    shut: in which intervals of the gap the point is known to be shut (valve shut, supply ended), or None
    """

    amount: Floats
    first: int
    last: int
    places: Places
    length_us: int
    temperature: Floats | None = None
    siblings: Floats | None = None
    edge_hours: float = EDGE_HOURS
    shut: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return self.last - self.first

    @property
    def hours(self) -> float:
        """Length of the gap [h]."""
        return len(self) * self.length_us / 3.6e9


def level(gap: Gap) -> Floats:
    """Expect the same of every interval: a register's straight line."""
    return np.ones(len(gap))


def interpolation(gap: Gap) -> Floats | None:
    """Draw a straight line from the interval before the gap to the one after; level where there is only one."""
    before = gap.amount[gap.first - 1] if gap.first else np.nan
    after = gap.amount[gap.last] if gap.last < len(gap.amount) else np.nan
    if np.isnan(before) and np.isnan(after):
        return None
    before, after = (after, after) if np.isnan(before) else (before, before if np.isnan(after) else after)
    return np.asarray(np.linspace(before, after, len(gap) + 2)[1:-1])


def same_hour_last_week(gap: Gap) -> Floats | None:
    """Repeat the same hours of the nearest earlier week that has them all."""
    week = int(7 * 86_400_000_000 // gap.length_us)
    for weeks in range(1, gap.first // week + 1):
        found = gap.amount[gap.first - weeks * week : gap.last - weeks * week]
        if not np.isnan(found).any():
            return found
    return None


def same_day_type(gap: Gap) -> Floats | None:
    """Average the same local time on days of the same kind, the nearer the heavier."""
    profile = _profile(gap, gap.amount)
    return None if profile is None else profile[gap.first : gap.last]


def edged_profile(gap: Gap) -> Floats | None:
    """Start from the profile of alike days; near the edges add how far the meter just was from it.

    The weight of the edge falls off exponentially with the distance to it, as in Peppanen, Zhang, Grijalva and
    Reno, 'Handling bad or missing smart meter data through advanced data imputation', IEEE ISGT 2016.
    """
    profile = _profile(gap, gap.amount)
    if profile is None:
        return None
    return np.maximum(profile[gap.first : gap.last] + _edges(gap, gap.amount - profile), 0.0)


def weather_adjusted(gap: Gap) -> Floats | None:
    """Fit each hour of the day to the outdoor temperature and the kind of day, and read the gap's weather off it."""
    if gap.temperature is None or np.isnan(gap.temperature[gap.first : gap.last]).any():
        return None
    fitted = _fit_weather(gap, gap.temperature)
    if fitted is None:
        return None
    return np.maximum(fitted[gap.first : gap.last] + _edges(gap, gap.amount - fitted), 0.0)


def sibling_profile(gap: Gap) -> Floats | None:
    """Scale the own profile by how alike points, in these very hours, differ from theirs; tied to the edges."""
    if gap.siblings is None or not len(gap.siblings):
        return None
    own = _profile(gap, gap.amount)
    known = [one for sibling in gap.siblings if (one := _departure(gap, sibling)) is not None]
    if own is None or not known:
        return None
    expected = own * np.median(np.array(known), axis=0)
    return np.maximum(expected[gap.first : gap.last] + _edges(gap, gap.amount - expected), 0.0)


def zeros(gap: Gap) -> Floats:
    """Say that nothing flowed: by a rule of the point (valve shut, supply ended), never by guess."""
    return np.zeros(len(gap))


def _departure(gap: Gap, sibling: Floats) -> Floats | None:
    """Return by which factor a sibling departs from its own profile in each interval; None if unknown in the gap."""
    if np.isnan(sibling[gap.first : gap.last]).any():
        return None
    known = sibling.copy()
    known[gap.first : gap.last] = np.nan
    profile = _profile(gap, known)
    if profile is None:
        return None
    floor = max(float(np.nanmean(known)) * 0.1, 1e-9)
    ratio = np.clip((sibling + floor) / (profile + floor), 0.2, 5.0)
    return np.where(np.isnan(ratio), 1.0, ratio)


def _edges(gap: Gap, residual: Floats) -> Floats:
    """Return what the residual at either edge still says of each interval in the gap."""
    reach = gap.edge_hours * 3.6e9 / gap.length_us
    near = np.arange(len(gap)) + 1.0
    told = np.zeros(len(gap))
    before = residual[gap.first - 1] if gap.first else np.nan
    after = residual[gap.last] if gap.last < len(residual) else np.nan
    if not np.isnan(before):
        told += before * np.exp(-near / reach) * (1 - near / (len(gap) + 1))
    if not np.isnan(after):
        told += after * np.exp(-near[::-1] / reach) * (near / (len(gap) + 1))
    return told


def _profile(gap: Gap, amount: Floats) -> Floats | None:
    """Return for every interval the weighted mean of alike ones: same slot, same kind of day; None if too few.

    Where a kind of day is too rare, the same slot of all days stands in. None, too, before a week is known.
    """
    known = ~np.isnan(amount)
    if np.count_nonzero(known) * gap.length_us < WEEK_US:
        return None
    age = np.minimum(np.abs(gap.places.day - gap.places.day[gap.first]),
                     np.abs(gap.places.day - gap.places.day[gap.last - 1]))  # fmt: skip
    weight = np.where(known, 0.5 ** (age / HALF_LIFE_DAYS), 0.0)
    value = np.where(known, amount, 0.0)
    fine = _mean(gap.places.slot * 3 + gap.places.kind, known, weight, value)
    coarse = _mean(gap.places.slot, known, weight, value)
    profile = np.where(np.isnan(fine), coarse, fine)
    return None if np.isnan(profile[gap.first : gap.last]).any() else profile


def _mean(key: Ints, known: NDArray[np.bool_], weight: Floats, value: Floats) -> Floats:
    size = int(key.max()) + 1
    count, mass, total = (
        np.bincount(key, weights=one, minlength=size) for one in (known * 1.0, weight, weight * value)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count >= LEAST_ALIKE, total / mass, np.nan)
    return np.asarray(mean[key])


def _fit_weather(gap: Gap, temperature: Floats) -> Floats | None:
    """Return each interval's amount as its hour's line through heating and cooling degrees, and day kinds."""
    known = ~(np.isnan(gap.amount) | np.isnan(temperature))
    slow = _day_mean(np.where(np.isnan(temperature), np.nanmean(temperature), temperature), gap.length_us)
    features = np.stack([
        np.ones(len(slow)), gap.places.kind > 0, gap.places.kind > 1,
        np.maximum(BASE_HEAT_C - slow, 0.0), np.maximum(slow - BASE_COLD_C, 0.0),
    ], axis=1)  # fmt: skip
    fitted = np.full(len(slow), np.nan)
    for slot in np.unique(gap.places.slot[max(gap.first - 1, 0) : gap.last + 1]):
        here = gap.places.slot == slot
        rows: Any = here & known
        if rows.sum() < LEAST_DAYS:
            return None
        gram = features[rows].T @ features[rows] + np.diag([0.0, 0.5, 0.5, 0.5, 0.5])
        fitted[here] = features[here] @ np.linalg.solve(gram, features[rows].T @ gap.amount[rows])
    return fitted


def _day_mean(temperature: Floats, length_us: int) -> Floats:
    """Return the mean of the day up to each interval: walls are slow."""
    width = int(86_400_000_000 // length_us)
    summed = np.cumsum(np.concatenate(([0.0], temperature)))
    stop = np.arange(1, len(temperature) + 1)
    start = np.maximum(stop - width, 0)
    return (summed[stop] - summed[start]) / (stop - start)
