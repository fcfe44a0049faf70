"""Hours of days as a map, the load duration curve, base and peak. Pure, on arrays; not known is NaN.

A local hour that happens twice (clocks go back) shows the mean of both; one that does not happen is NaN and told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from backend.kernel import periods

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOUR_US = 3_600_000_000
_QUARTER_US = HOUR_US // 4
WHOLE = 0.95
"""An hour counts where the meters that cover this share of what is usual were read in it."""


@dataclass(frozen=True)
class Hours:
    """What was counted by the hour: start [µs], amount [unit], share of the meters' intervals that are there."""

    start_us: Ints
    amount: Floats
    share: Floats


@dataclass(frozen=True)
class Map:
    """Amounts by local hour (24 rows) and day (columns). skipped: hours that did not happen."""

    days: tuple[date, ...]
    amount: Floats
    skipped: NDArray[np.bool_]


@dataclass(frozen=True)
class Load:
    """What a load is like [unit per hour]: of whole hours only.

    base: median of the days' lowest hours; peak with its instant; mean; factor: mean / peak
    duration: the hours from the highest down; whole, hours: how many hours that rests on, of how many asked for
    """

    base: float
    peak: float
    peak_at: datetime
    low: float
    low_at: datetime
    mean: float
    factor: float | None
    duration: Floats
    whole: int
    hours: int


def of_days(hours: Hours, first: date, until: date, zone: str) -> Map:
    """Return the map of local days [first, until)."""
    count = (until - first).days
    amount, times = np.zeros((24, count)), np.zeros((24, count), np.int64)
    happens = np.zeros((24, count), np.int64)
    days = tuple(first + timedelta(days=number) for number in range(count))
    starts_us = _hours_of(first, until, zone)
    row, column = _cells(starts_us, first, zone)
    np.add.at(happens, (row, column), 1)
    usable = hours.share > 0
    row, column = _cells(hours.start_us[usable], first, zone)
    inside = (column >= 0) & (column < count)
    np.add.at(amount, (row[inside], column[inside]), hours.amount[usable][inside])
    np.add.at(times, (row[inside], column[inside]), 1)
    mean = np.divide(amount, times, out=np.full((24, count), np.nan), where=times > 0)
    return Map(days, mean, happens == 0)


def load(hours: Hours, first: date, until: date, zone: str, *, before: datetime) -> Load | None:
    """Return what the load of local days is like, up to an instant; None where no hour is whole."""
    asked = _hours_of(first, until, zone)
    asked_for = int((asked + HOUR_US <= before.timestamp() * 1e6).sum())
    whole = hours.share >= WHOLE
    if not whole.any():
        return None
    amount, start_us = hours.amount[whole], hours.start_us[whole]
    _row, day = _cells(start_us, first, zone)
    lows = [amount[day == one].min() for one in np.unique(day) if (day == one).sum() >= 20]
    peak, low = int(amount.argmax()), int(amount.argmin())
    top = float(amount[peak])
    return Load(
        base=float(np.median(lows)) if lows else float(amount.min()),
        peak=top, peak_at=_instant(start_us[peak]), low=float(amount[low]), low_at=_instant(start_us[low]),
        mean=float(amount.mean()), factor=float(amount.mean() / top) if top > 0 else None,
        duration=np.sort(amount)[::-1], whole=int(whole.sum()), hours=asked_for,
    )  # fmt: skip


def by_day(hours: Hours, first: date, until: date, zone: str) -> tuple[Floats, Floats]:
    """Return the amount of each local day (NaN where nothing is known), and the share of its hours that are there."""
    count = (until - first).days
    _row, asked = _cells(_hours_of(first, until, zone), first, zone)
    expected = np.bincount(asked, minlength=count)[:count]
    usable = hours.share > 0
    _row, day = _cells(hours.start_us[usable], first, zone)
    inside = (day >= 0) & (day < count)
    amount = np.bincount(day[inside], weights=hours.amount[usable][inside], minlength=count)[:count]
    share = np.bincount(day[inside], weights=hours.share[usable][inside], minlength=count)[:count]
    return np.where(share > 0, amount, np.nan), share / expected


def _hours_of(first: date, until: date, zone: str) -> Ints:
    """Return the starts of the hours of local days: 23, 24 or 25 a day."""
    start, end = (int(periods.day(on, zone).start.timestamp()) * 1_000_000 for on in (first, until))
    return np.arange(start, end, HOUR_US, dtype=np.int64)


def _cells(start_us: Ints, first: date, zone: str) -> tuple[Ints, Ints]:
    """Return the local hour and the day (counted from the first) of instants."""
    quarters, which = np.unique(start_us // _QUARTER_US, return_inverse=True)
    offsets = np.array([_offset_us(one, zone) for one in quarters.tolist()], np.int64).reshape(-1)
    local = start_us + offsets[which] if len(quarters) else start_us
    origin = (first - date(1970, 1, 1)).days
    return (local // HOUR_US) % 24, local // (24 * HOUR_US) - origin


@lru_cache(maxsize=100_000)
def _offset_us(quarter: int, zone: str) -> int:
    """Return how far local time is ahead of UTC in a quarter of an hour [µs]; clocks change between two of them."""
    at = datetime.fromtimestamp(quarter * _QUARTER_US / 1e6, UTC)
    return (at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)) // timedelta(microseconds=1)


def _instant(at_us: int) -> datetime:
    return datetime.fromtimestamp(int(at_us) / 1e6, UTC)
