"""Where instants lie in the local day and week: what makes two hours alike. Pure."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from backend.kernel import clock

Ints = NDArray[np.int64]
DAY_US = 86_400_000_000
QUARTER_US = 900_000_000
WORKDAY, SATURDAY, SUNDAY = 0, 1, 2


@dataclass(frozen=True)
class Places:
    """Local place of each instant. day: number since 1970; slot: interval of the local day; kind: of day."""

    day: Ints
    slot: Ints
    kind: Ints


def places(
    start_us: Ints,
    zone: str,
    length_us: int,
    holidays: Set[int] = frozenset(),
    worked: Set[int] = frozenset(),
) -> Places:
    """Return where instants lie in the days of a zone; holidays (numbers of days) count as Sundays.

    worked: weekend days worked in a holiday's stead, which count as workdays

    The hour that a 25-hour day has twice has the same slot both times; the one a 23-hour day leaves out
    has none there.
    """
    local = start_us + utc_offset_us(start_us, zone)
    day = local // DAY_US
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    kind = np.where(weekday < 5, WORKDAY, np.where(weekday == 5, SATURDAY, SUNDAY))
    if holidays:
        kind[np.isin(day, list(holidays))] = SUNDAY
    if worked:
        kind[np.isin(day, list(worked))] = WORKDAY
    return Places(day, local % DAY_US // length_us, kind)


def utc_offset_us(at_us: Ints, zone: str) -> Ints:
    """Return how far local time is ahead of UTC at each instant [µs]."""
    if not len(at_us):
        return at_us
    first = int(at_us.min()) // DAY_US
    offsets = [_offsets_of_day(day, zone) for day in range(first, int(at_us.max()) // DAY_US + 1)]
    if len({one for day in offsets for one in day}) == 1:
        return np.full(len(at_us), offsets[0][0], dtype=np.int64)
    return np.array(offsets, dtype=np.int64)[at_us // DAY_US - first, at_us % DAY_US // QUARTER_US]


@lru_cache(maxsize=8192)
def _offsets_of_day(day: int, zone: str) -> tuple[int, ...]:
    """Offsets of the 96 quarters of an hour of a UTC day [µs]."""
    where = ZoneInfo(zone)

    def offset(at_us: int) -> int:
        ahead = clock.from_us(at_us).astimezone(where).utcoffset()
        return 0 if ahead is None else ahead.days * DAY_US + ahead.seconds * 1_000_000

    first, last = day * DAY_US, (day + 1) * DAY_US - QUARTER_US
    if offset(first) == offset(last):
        return (offset(first),) * 96
    return tuple(offset(first + quarter * QUARTER_US) for quarter in range(96))
