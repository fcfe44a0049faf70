"""The clock and the calendar people live by: local time, kinds of day, bridge days.

pandas and holidays are brought in where they are asked: every process of the product comes by here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache

import numpy as np

from backend.forecasting.rules.series import Floats, Ints
from backend.kernel.calendars import CALENDARS, Calendar, DayKind

WORKDAY, SATURDAY, SUNDAY, BRIDGE = range(4)
"""Day types a profile is kept for; holidays are like Sundays, a working day between two free ones is a bridge."""

_DAY = 1440


@dataclass(frozen=True, eq=False)
class LocalClock:
    """Local time of regular UTC steps.

    start, step_min, steps: the steps; zone, country: as in `Past`
    """

    start: datetime
    step_min: int
    steps: int
    zone: str
    country: str | None = None

    @cached_property
    def minute(self) -> Ints:
        """Local wall time of each step's start since 1970 [min]: jumps by 60 where clocks are changed."""
        return self._utc_minute + self.offset_min

    @cached_property
    def offset_min(self) -> Ints:
        """What local time is ahead of UTC [min], shape (steps,)."""
        import pandas as pd

        times = pd.to_datetime(self._utc_minute * 60, unit="s", utc=True)
        local = times.tz_convert(self.zone).tz_localize(None)
        ahead = local.to_numpy("datetime64[s]") - times.tz_localize(None).to_numpy("datetime64[s]")
        return np.asarray(ahead.astype(np.int64) // 60)

    @property
    def day(self) -> Ints:
        """Local day of each step since 1970-01-01."""
        return self.minute // _DAY

    @property
    def minute_of_day(self) -> Ints:
        """Local wall time of each step [min]."""
        return self.minute % _DAY

    @property
    def weekday(self) -> Ints:
        """0 Monday to 6 Sunday."""
        return (self.day + 3) % 7

    @cached_property
    def day_table(self) -> tuple[Ints, Floats]:
        """Return (row of each step in the table, the table of its days), see `day_features`."""
        days, row = np.unique(self.day, return_inverse=True)
        return row, day_features(int(days[0]), int(days[-1]), self.country)[days - days[0]]

    def back(self, days: int) -> Ints:
        """Return by how many steps each lies after the same wall time `days` local days before."""
        ahead = days * _DAY // self.step_min
        before = np.clip(np.arange(self.steps) - ahead, 0, None)
        moved = (self.offset_min - self.offset_min[before]) // self.step_min
        return ahead - moved

    @cached_property
    def _utc_minute(self) -> Ints:
        first = int(self.start.astimezone(UTC).timestamp()) // 60
        return first + self.step_min * np.arange(self.steps)


@lru_cache(maxsize=64)
def _free_and_worked(country: str | None, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Return a year's public holidays and the weekend days worked in their stead."""
    ours: Calendar | None = CALENDARS.get(country or "none")
    if ours is not None and (ours.years is None or year in ours.years):
        return frozenset(d for d in ours.holidays if d.year == year), ours.make_up
    if country is None:
        return frozenset(), frozenset()
    import holidays

    code, _, part = country.partition("-")
    free = holidays.country_holidays(code, subdiv=part or None, years=[year])
    return frozenset(free), frozenset(free.weekend_workdays)


def day_type(on: date, country: str | None) -> DayKind:
    """Return what kind of day a date is; a country nobody knows raises NotImplementedError (from `holidays`)."""
    free, worked = _free_and_worked(country, on.year)
    if on in free:
        return DayKind.HOLIDAY
    if on in worked:
        return DayKind.MAKE_UP
    return DayKind.WORKDAY if on.weekday() < 5 else DayKind.WEEKEND


DAY_COLUMNS = ("type", "is_holiday", "is_make_up", "run", "since_free", "till_free")
"""Day type; holiday; make-up working day; how many free days in a row; days since and until a free one."""


@lru_cache(maxsize=256)
def day_features(first: int, last: int, country: str | None) -> Floats:
    """Return DAY_COLUMNS for days since 1970 from `first` to `last`, shape (days, 6)."""
    margin = 15
    epoch = date(1970, 1, 1)
    dates = [epoch + timedelta(days=n) for n in range(first - margin, last + margin + 1)]
    kinds = [day_type(on, country) for on in dates]
    free = np.array([kind in (DayKind.HOLIDAY, DayKind.WEEKEND) for kind in kinds])
    weekday = np.array([on.weekday() for on in dates])
    bridge = ~free & np.roll(free, 1) & np.roll(free, -1)
    types = np.where(free, np.where(weekday == 5, SATURDAY, SUNDAY), WORKDAY)
    types[[kind is DayKind.HOLIDAY for kind in kinds]] = SUNDAY
    types[bridge] = BRIDGE
    since, till = _distance(free), _distance(free[::-1])[::-1]
    holiday = np.array([kind is DayKind.HOLIDAY for kind in kinds])
    make_up = np.array([kind is DayKind.MAKE_UP for kind in kinds])
    run = np.where(free, _distance(~free) + _distance(~free[::-1])[::-1] - 1, 0)
    table = np.column_stack([types, holiday, make_up, np.minimum(run, 9), since, till]).astype(float)
    return table[margin:-margin]


def _distance(marks: np.ndarray) -> Ints:
    """Return for each place how far the last mark lies back, 0 on a mark, at most 9."""
    at = np.where(marks, np.arange(len(marks)), -9)
    return np.minimum(np.arange(len(marks)) - np.maximum.accumulate(at), 9)
