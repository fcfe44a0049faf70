"""The past of the demo region as sorted arrays of readings: what to load, batch by batch.

Settlement meters reach back 25 months, everything else 13 months, hourly; the last 60 days come by the
quarter hour and the last quarter hour by the minute. States are told when they change and once a day. A batch
is a stretch of one calendar month of some points, sorted by (point, instant), as closed months lie in the
database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from backend.demo.calendar import ORIGIN_US
from backend.demo.meters import Meters, microseconds
from backend.demo.spec import PointSpec

SETTLEMENT_DAYS, OTHER_DAYS, FINE_DAYS = 762, 397, 60
_MINUTE, _QUARTER, _HOUR, _DAY = 60_000_000, 900_000_000, 3_600_000_000, 86_400_000_000
_MOST_READINGS = 250_000


@dataclass(frozen=True)
class Batch:
    """Readings sorted by (row, instant): row of the point, instant [us], value [the point's unit]."""

    row: np.ndarray
    at_us: np.ndarray
    value: np.ndarray

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Stretch:
    """A piece of time with one step: instants from `first` up to, not including, `end` [us]."""

    first: int
    end: int
    step: int

    @property
    def at_us(self) -> np.ndarray:
        """The instants."""
        return np.arange(self.first, self.end, self.step, dtype=np.int64)


def starts(now: datetime) -> tuple[int, int, int]:
    """Return when settlement meters, other points and the fine part begin [us], on whole hours."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    settled, other, fine = (
        microseconds(hour - timedelta(days=days)) for days in (SETTLEMENT_DAYS, OTHER_DAYS, FINE_DAYS)
    )
    return max(settled, ORIGIN_US), max(other, ORIGIN_US), max(fine, ORIGIN_US)


def stretches(now: datetime) -> list[Stretch]:
    """Return the stretches from the first reading to `now`, cut at months (UTC) and changes of step."""
    settled, other, fine = starts(now)
    now_us = microseconds(now)
    quarter = now_us // _QUARTER * _QUARTER
    months = (
        np.arange(
            np.datetime64(settled, "us").astype("datetime64[M]"),
            np.datetime64(now_us, "us").astype("datetime64[M]") + 1,
        )
        .astype("datetime64[us]")
        .astype(np.int64)
    )
    cuts = sorted({settled, other, fine, quarter, *(int(m) for m in months if settled < m < now_us)})
    found = []
    for first, end in zip(cuts, [*cuts[1:], now_us], strict=True):
        step = _HOUR if first < fine else _QUARTER if first < quarter else _MINUTE
        found.append(Stretch(first, end, step))
    return [stretch for stretch in found if stretch.end > stretch.first]


def count(points: Sequence[PointSpec], now: datetime) -> int:
    """Return about how many readings there will be, for a progress bar."""
    _, other, _ = starts(now)
    total = 0
    for stretch in stretches(now):
        told = [p for p in points if p.kind in ("register", "instant")]
        rows = sum(p.settlement or stretch.first >= other for p in told)
        total += rows * len(stretch.at_us)
    return total


def batches(meters: Meters, now: datetime) -> Iterator[Batch]:
    """Yield all readings up to `now` in order of time, in batches of bounded size."""
    _, other, _ = starts(now)
    settlement = np.array([p.settlement for p in meters.points])
    kinds = np.array([p.kind for p in meters.points])
    for stretch in stretches(now):
        at_us = stretch.at_us
        wanted = settlement | (stretch.first >= other)
        values = meters.values(at_us)
        even = np.flatnonzero(wanted & np.isin(kinds, ["register", "instant"]))
        size = max(1, _MOST_READINGS // len(at_us))
        for rows in np.array_split(even, -(-len(even) // size)):
            yield Batch(np.repeat(rows, len(at_us)), np.tile(at_us, len(rows)), values[rows].ravel())
        rest = [_changes(row, at_us, values[row]) for row in np.flatnonzero(wanted & (kinds == "state"))]
        rest += [
            _quarters(meters, row, stretch) for row in np.flatnonzero(wanted & (kinds == "interval")).tolist()
        ]
        if sum(len(batch) for batch in rest):
            yield Batch(
                *(np.concatenate([getattr(b, name) for b in rest]) for name in ("row", "at_us", "value"))
            )


def _changes(row: int, at_us: np.ndarray, values: np.ndarray) -> Batch:
    """Return a state's readings: the first, each change, and one a day."""
    if not len(at_us):
        return Batch(np.empty(0, np.int64), at_us, values)
    told = np.concatenate([[True], np.diff(values) != 0]) | (at_us % _DAY == 0)
    return Batch(np.full(told.sum(), row), at_us[told], values[told])


def _quarters(meters: Meters, row: int, stretch: Stretch) -> Batch:
    """Return an interval point's readings, each labelled by its start; the one still running is left out."""
    length = meters.points[row].interval_minutes * 60_000_000
    first = -(-stretch.first // length) * length
    at_us = np.arange(first, stretch.end - length + 1, length, dtype=np.int64)
    if not len(at_us):
        return Batch(np.empty(0, np.int64), at_us, np.empty(0))
    return Batch(np.full(len(at_us), row), at_us, meters.amounts(row, at_us))
