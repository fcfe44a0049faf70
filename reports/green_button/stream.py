"""A feed of any length in little memory: a meter's month is read, written and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from backend.kernel import clock, periods
from backend.kernel.periods import Period
from reports.green_button.feed import CLOSING, Block, Meter, about, block, opening

Columns = tuple[NDArray[np.int64], NDArray[Any], NDArray[Any], NDArray[np.int64]]
"""Intervals as arrays: start [µs since 1970, UTC], length [min], method, amount [quanta]."""

Read = Callable[[UUID, Period], Columns]


def feed(meters: Sequence[Meter], period: Period, read: Read, *, title: str, now: datetime) -> Iterator[str]:
    """Return a feed of some meters' intervals over a period, piece by piece.

    read: gives a meter's intervals in a part of the period, a local month at most
    raises Refused, before anything is yielded, where ESPI has no word for a carrier or unit
    """
    entries = [list(about(meter, now)) for meter in meters]
    return _pieces(meters, entries, period, read, title=title, now=now)


def _pieces(
    meters: Sequence[Meter],
    entries: list[list[str]],
    period: Period,
    read: Read,
    *,
    title: str,
    now: datetime,
) -> Iterator[str]:
    yield opening(title, now)
    for meter, said in zip(meters, entries, strict=True):
        yield from said
        for month in _months(period, meter.zone):
            columns = read(meter.id, month)
            for day in _days(month, meter.zone, columns):
                yield block(meter, day, now)
    yield CLOSING


def _months(period: Period, zone: str) -> Iterator[Period]:
    at, end = period.start, period.end
    assert end is not None, "a feed has an end"
    while at < end:
        following = periods.month(periods.local_date(at, zone), zone).end
        assert following is not None
        yield Period(at, min(following, end))
        at = following


def _days(month: Period, zone: str, columns: Columns) -> Iterator[Block]:
    """Cut a month's intervals into local days; days without any are left out."""
    at, end = month.start, month.end
    assert end is not None
    while at < end:
        on = periods.local_date(at, zone)
        following = min(periods.day(on, zone).end or end, end)
        first, last = np.searchsorted(columns[0], (clock.to_us(at), clock.to_us(following))).tolist()
        if last > first:
            yield Block(at, following, *(column[first:last] for column in columns))
        at = max(following, at + timedelta(microseconds=1))
