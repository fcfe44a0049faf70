"""Time in the demo region: a grid of quarter hours grouped into operating days, and the working calendar.

An operating day runs from 23:00 to 23:00 local time, so that it begins with the night tariff: ice and battery
are charged first and used later within one day, and each day can be computed without the day before.
China Standard Time has had no summer time since 1991, so local time is UTC + 8 h throughout.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

TIMEZONE = "Asia/Shanghai"
ORIGIN = datetime(2023, 12, 31, 15, tzinfo=UTC)
"""When the district was commissioned and every register began: 23:00 local on the eve of 2024."""

STEP_US = 900_000_000
STEPS_PER_DAY = 96
STEP_H = 0.25
ORIGIN_US = int(ORIGIN.timestamp()) * 1_000_000
_LOCAL = np.timedelta64(8, "h")

_LUNAR_NEW_YEAR = {
    2024: date(2024, 2, 10),
    2025: date(2025, 1, 29),
    2026: date(2026, 2, 17),
    2027: date(2027, 2, 6),
    2028: date(2028, 1, 26),
    2029: date(2029, 2, 13),
    2030: date(2030, 2, 3),
}


@lru_cache
def holidays(year: int) -> tuple[date, ...]:
    """Return the public holidays of a year: New Year, Spring Festival week, Labour Day, National Day week."""
    days = [date(year, 1, 1)]
    if year in _LUNAR_NEW_YEAR:
        eve = _LUNAR_NEW_YEAR[year] - timedelta(days=1)
        days += [eve + timedelta(days=n) for n in range(8)]
    days += [date(year, 5, n) for n in range(1, 6)]
    days += [date(year, 10, n) for n in range(1, 8)]
    return tuple(days)


@dataclass(frozen=True)
class Steps:
    """A run of whole quarter hours, seen as arrays.

    step: number of each quarter hour since ORIGIN [int64]
    year, day_of_year: local calendar of the middle of the step (day 0 is 1 January)
    hour: local time of day of the middle of the step [h]
    is_rest: weekend or public holiday
    """

    step: np.ndarray
    year: np.ndarray
    day_of_year: np.ndarray
    hour: np.ndarray
    weekday: np.ndarray
    is_rest: np.ndarray

    @property
    def middle_utc(self) -> np.ndarray:
        """Middle of each step [datetime64 in UTC]."""
        return (self.step * STEP_US + STEP_US // 2 + ORIGIN_US).astype("datetime64[us]")

    @property
    def day_count(self) -> int:
        """Number of operating days covered."""
        return len(self.step) // STEPS_PER_DAY

    def by_day(self, values: np.ndarray) -> np.ndarray:
        """Return values as (operating day, quarter hour)."""
        return values.reshape(self.day_count, STEPS_PER_DAY)


def days(first: int, count: int) -> Steps:
    """Return the steps of `count` operating days beginning with the `first` since ORIGIN."""
    step = np.arange(first * STEPS_PER_DAY, (first + count) * STEPS_PER_DAY, dtype=np.int64)
    local = (step * STEP_US + STEP_US // 2 + ORIGIN_US).astype("datetime64[us]") + _LOCAL
    day = local.astype("datetime64[D]")
    new_year = local.astype("datetime64[Y]").astype("datetime64[D]")
    year = day.astype("datetime64[Y]").astype(int) + 1970
    weekday = (day.astype(int) + 3) % 7
    free = np.array([d for y in np.unique(year) for d in holidays(int(y))], dtype="datetime64[D]")
    return Steps(
        step=step,
        year=year,
        day_of_year=(day - new_year).astype(int),
        hour=(local - day).astype(int) / 3_600_000_000,
        weekday=weekday,
        is_rest=(weekday >= 5) | np.isin(day, free),
    )
