"""The intervals of a billing period in local time, and the parts of it a component is charged for."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from backend.kernel import periods
from backend.kernel.errors import Refused

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """Local dates [start, end)."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise Refused("a billing period has at least one day", field="end", value=self.end.isoformat())

    @property
    def days(self) -> int:
        """How many dates it holds."""
        return (self.end - self.start).days

    def dates(self) -> list[date]:
        """Return its dates."""
        return [self.start + timedelta(days=n) for n in range(self.days)]

    def cut(self, at: list[date]) -> list[Span]:
        """Cut it where the dates `at` begin."""
        inner = sorted({on for on in at if self.start < on < self.end})
        return [Span(*ends) for ends in zip([self.start, *inner], [*inner, self.end], strict=True)]


@dataclass(frozen=True)
class Grid:
    """All intervals of a billing period, by their start.

    span: the local dates; start_us: first start [µs UTC]; length_us: interval length
    day: index of the local date in the span, minute: local minute of the day, of each interval
    """

    span: Span
    zone: str
    start_us: int
    length_us: int
    day: NDArray[np.int32]
    minute: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.day)

    @cached_property
    def starts(self) -> Ints:
        """The start of each interval [µs UTC]."""
        return self.start_us + np.arange(len(self), dtype=np.int64) * self.length_us

    def ranges(self, mask: Mask) -> Ints:
        """Return the stretches of time the masked intervals cover, (n, 2) starts and ends [µs UTC]."""
        edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
        return self.start_us + edges.reshape(-1, 2) * self.length_us


def grid(span: Span, zone: str, length_us: int) -> Grid:
    """Lay out the intervals of a period; raises Refused where they do not fit its local days."""
    days = [periods.day(on, zone) for on in span.dates()]
    borders = [_micros(day.start) for day in days] + [_micros(periods.day(span.end, zone).start)]
    if length_us <= 0 or length_us % MINUTE_US or any(border % length_us for border in borders):
        raise Refused(
            f"intervals of {length_us / MINUTE_US:g} min do not begin where days begin in {zone}",
            field="length_us",
            value=length_us,
            remedy="use intervals that fit the local day",
        )
    starts = np.arange(borders[0], borders[-1], length_us, dtype=np.int64)
    day = np.searchsorted(np.array(borders), starts, side="right") - 1
    local = starts + _offsets(borders, starts, day, zone)
    minute = local // MINUTE_US % 1440
    return Grid(span, zone, borders[0], length_us, day.astype(np.int32), minute.astype(np.int16))


def _offsets(borders: list[int], starts: Ints, day: Ints, zone: str) -> Ints:
    """Return local time less UTC at each interval's start [µs].

    A day that begins and ends with the same offset keeps it; on the others each interval is looked up.
    """
    there = ZoneInfo(zone)
    at_borders = [_offset(border, there) for border in borders]
    offsets = np.array(at_borders[:-1], dtype=np.int64)[day]
    for number, (begin, end) in enumerate(pairwise(at_borders)):
        if begin != end:
            inside = day == number
            offsets[inside] = [_offset(at, there) for at in starts[inside].tolist()]
    return offsets


def _offset(at_us: int, zone: ZoneInfo) -> int:
    return _length((_EPOCH + timedelta(microseconds=at_us)).astimezone(zone).utcoffset())


def _length(offset: timedelta | None) -> int:
    assert offset is not None, "an instant in a zone has an offset"
    return offset // timedelta(microseconds=1)


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Part:
    """The days of a segment that a component is charged for.

    grid: of the whole billing period; is_in: which of its dates belong to the part
    """

    grid: Grid
    is_in: Mask

    @cached_property
    def mask(self) -> Mask:
        """Which intervals of the grid belong to it."""
        return self.is_in[self.grid.day]

    @cached_property
    def dates(self) -> list[date]:
        """Its dates, ascending."""
        return [on for on, within in zip(self.grid.span.dates(), self.is_in.tolist(), strict=True) if within]

    @property
    def days(self) -> int:
        """How many days it has."""
        return len(self.dates)

    @cached_property
    def span(self) -> Span:
        """From its first date to its last."""
        return Span(self.dates[0], self.dates[-1] + timedelta(days=1))

    @cached_property
    def calendar_months(self) -> Fraction:
        """Each day counts as its month's share: 1 for a whole calendar month, 15/30 for half of June."""
        return sum((Fraction(1, calendar.monthrange(on.year, on.month)[1]) for on in self.dates), Fraction(0))

    def months(self, given: Fraction | None) -> Fraction:
        """Return how many billing months it is: its days' share of the period's `given`, else by calendar."""
        if given is None:
            return self.calendar_months
        return Fraction(given) * self.days / self.grid.span.days
