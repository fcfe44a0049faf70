"""Forecasts without a model: the same hours of last week, of the day before, the point's own profile."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from backend.forecasting.rules.days import LocalClock
from backend.forecasting.rules.foreseen import QUANTILES, Method, around
from backend.forecasting.rules.series import Floats, Ints

ORIGINS = 28
"""So many past days are foreseen in hindsight to learn how far a naive method misses."""
PROFILE_DAYS = 56
_TRIES = 3


def same_hours(values: Floats, clock: LocalClock, at: Ints, origin: int, days: int) -> Floats:
    """Return the last known values at the same wall time a multiple of `days` before.

    values: shape (steps,) from the clock's start; only those before `origin` are read
    at: places wanted, at or after `origin`. Where a value is unknown, the one a period earlier stands in, three times.
    """
    span = days * 1440 // clock.step_min
    periods = np.maximum(-(-(at - origin + 1) // span), 1)
    found = np.full(len(at), np.nan)
    for extra in range(_TRIES):
        place = _before(clock, at, (periods + extra) * days)
        late = place >= origin  # a longer day may reach the origin
        place = np.where(late, _before(clock, at, (periods + extra + 1) * days), place)
        ok = np.isnan(found) & (place >= 0) & (place < origin)
        found[ok] = values[place[ok]]
    return found


def _before(clock: LocalClock, at: Ints, days: Ints) -> Ints:
    """Return the places of the same wall time some days before."""
    plain = at - days * 1440 // clock.step_min
    inside = np.clip(plain, 0, clock.steps - 1)
    moved = (clock.offset_min[at] - clock.offset_min[inside]) // clock.step_min
    return plain + moved


def profile(values: Floats, clock: LocalClock, at: Ints, origin: int) -> Floats:
    """Return the median of the last eight weeks at the same hour and type of day (of any day where there is none)."""
    first = max(0, origin - PROFILE_DAYS * 1440 // clock.step_min)
    slots = 1440 // clock.step_min
    row, table = clock.day_table
    kind = table[row, 0].astype(int)
    slot = clock.minute_of_day // clock.step_min
    past = np.arange(first, origin)
    by_type = _medians(values[past], kind[past] * slots + slot[past], 4 * slots)[kind[at] * slots + slot[at]]
    by_hour = _medians(values[past], slot[past], slots)[slot[at]]
    return np.where(np.isnan(by_type), by_hour, by_type)


def _medians(values: Floats, group: Ints, groups: int) -> Floats:
    """Return the median of each group, NaN where it is empty."""
    known = np.isfinite(values)
    order = np.lexsort((values[known], group[known]))
    held, in_group = values[known][order], group[known][order]
    counts = np.bincount(in_group, minlength=groups)
    starts = np.cumsum(counts) - counts
    found = np.full(groups, np.nan)
    some = counts > 0
    low, high = starts + (counts - 1) // 2, starts + counts // 2
    found[some] = (held[low[some]] + held[high[some]]) / 2
    return found


NAIVE: dict[Method, Callable[[Floats, LocalClock, Ints, int], Floats]] = {
    Method.LAST_WEEK: lambda values, clock, at, origin: same_hours(values, clock, at, origin, 7),
    Method.PREVIOUS_DAY: lambda values, clock, at, origin: same_hours(values, clock, at, origin, 1),
    Method.PROFILE: profile,
}


def naive(method: Method, values: Floats, clock: LocalClock, origin: int) -> Floats:
    """Return quantiles from `origin` to the clock's end by a naive method, shape (steps, quantiles).

    The spread is what the method missed by, had it been used on each of the last 28 days; not limited, not ordered.
    """
    ahead = clock.steps - origin
    point = NAIVE[method](values, clock, np.arange(origin, clock.steps), origin)
    return around(point, _errors(method, values, clock, origin, ahead))


def _errors(method: Method, values: Floats, clock: LocalClock, origin: int, ahead: int) -> Floats:
    """Return quantiles of past errors by lead time, shape (ahead, quantiles); neighbouring leads lend theirs."""
    per_day = 1440 // clock.step_min
    missed = np.full((ORIGINS, ahead), np.nan)
    for n in range(ORIGINS):
        then = origin - (n + 1) * per_day
        until = min(then + ahead, origin)
        if then > 0:
            at = np.arange(then, until)
            missed[n, : until - then] = values[at] - NAIVE[method](values, clock, at, then)
    reach = max(1, 90 // clock.step_min)
    shifted = [np.roll(missed, shift, axis=1) for shift in range(-reach, reach + 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a lead nobody has seen yet is all NaN
        by_lead = np.nanquantile(np.concatenate(shifted), QUANTILES, axis=0).T
        over_all = np.nanquantile(missed, QUANTILES)
    return np.where(np.isnan(by_lead), np.nan_to_num(over_all), by_lead)
