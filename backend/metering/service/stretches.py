"""Work of the roll-up follower: stretches of points to be made again, and what was made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.scope import Scope
from backend.metering import queries, rules
from backend.metering.queries import CountedPoint, Stretches
from backend.metering.rules import Amounts, Spans

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MOST_READINGS = 400_000
"""Readings made up in one go: bounds memory, and how long a live reading waits behind an import."""
QUARTER_US = 900_000_000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Made:
    """How far a point's amounts are made.

    until_us: end of the last complete interval or hour; newest_us: newest reading they were made of
    is_confirmed: a second reading beyond that end has shown that the first was no glitch
    """

    until_us: int
    newest_us: int
    is_confirmed: bool


@dataclass(frozen=True)
class End:
    """Where the making of a point ended; register there [unit], NaN for other kinds.

    is_authority: all that was made before lies before the end of this stretch
    """

    key: int
    made: Made
    register: float = float("nan")
    is_authority: bool = False


@dataclass
class Work:
    """What was made: intervals of points, stretches [low, high) nothing was made in, and where points end."""

    made: list[tuple[CountedPoint, Amounts]] = field(default_factory=list)
    empty: list[tuple[CountedPoint, int, int]] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    """A stretch of one point to be made again: [first, last] µs, with about `count` readings."""

    point: CountedPoint
    first_us: int
    last_us: int
    count: int


def countable(point: CountedPoint, at_us: Ints, value: Floats) -> tuple[Ints, Floats]:
    """Return the readings that can be counted in whole quanta; say which cannot."""
    usable = rules.countable(value, point.quanta)
    if not usable.all():
        absurd = [float(one) for one in value[~usable][:3]]
        _log.warning("readings too large to be counted are left out", point_key=point.key, values=absurd)
    return at_us[usable], value[usable]


def local_offsets(at_us: Ints, point: CountedPoint) -> Ints | int:
    """Return how far local time is from UTC at each instant [µs]; 0 where no interval is long enough to care."""
    if point.length_us <= QUARTER_US:
        return 0
    hours, place = np.unique(at_us // rules.HOUR_US, return_inverse=True)
    zone = ZoneInfo(point.zone)
    local = [clock.from_us(int(hour) * rules.HOUR_US).astimezone(zone).utcoffset() for hour in hours]
    offset = np.array([(one or timedelta()) // timedelta(microseconds=1) for one in local], dtype=np.int64)
    return offset[place]


def withdrawn(
    session: Session, scope: Scope, empty: list[tuple[CountedPoint, int, int]]
) -> list[tuple[CountedPoint, Amounts]]:
    """Return what was made before in stretches where nothing is made now: it counts nothing any more."""
    if not empty:
        return []
    points = {point.key: point for point, _, _ in empty}
    columns = (
        [point.key for point, _, _ in empty],
        [low for _, low, _ in empty],
        [high for _, _, high in empty],
    )
    key, low, high = (np.array(column, dtype=np.int64) for column in columns)
    stretches = Stretches(
        key, low, high, np.array([point.length_us for point, _, _ in empty], dtype=np.int64)
    )
    key, start = queries.intervals_within(session, scope, stretches)
    order = np.lexsort((start, key))
    key, start = key[order], start[order]
    border = np.flatnonzero(np.diff(key)) + 1
    return [
        (points[int(keys[0])], rules.withdrawn(starts))
        for keys, starts in zip(np.split(key, border), np.split(start, border), strict=True)
        if len(keys)
    ]


def merged(spans: list[Spans]) -> Spans:
    """Join spans of many batches; overlapping ones of a point become one."""
    key, first, last, count = (
        np.concatenate([getattr(s, name) for s in spans])
        for name in ("point_key", "first_us", "last_us", "count")
    )
    order = np.lexsort((first, key))
    key, first, last, count = key[order], first[order], last[order], count[order]
    fresh = np.ones(len(key), dtype=bool)
    fresh[1:] = (np.diff(key) != 0) | (first[1:] > last[:-1] + rules.HOUR_US)
    at = np.flatnonzero(fresh)
    return Spans(key[at], first[at], np.maximum.reduceat(last, at), np.add.reduceat(count, at))


def arrays_of(jobs: list[Job], *, after: int = 0) -> Stretches:
    """Return the jobs as arrays; their ends moved by `after` µs."""
    return Stretches(
        np.array([job.point.key for job in jobs], dtype=np.int64),
        np.array([job.first_us for job in jobs], dtype=np.int64),
        np.array([job.last_us + after for job in jobs], dtype=np.int64),
        np.array([job.point.length_us for job in jobs], dtype=np.int64),
    )


def unique_rows(made: list[tuple[CountedPoint, Amounts]], counts: list[int]) -> dict[str, Ints]:
    """Return columns for writing; where two stretches of a point overlap, each start is written once."""
    key = np.repeat(np.array([point.key for point, _ in made], dtype=np.int64), counts)
    start = np.concatenate([found.start_us for _, found in made])
    order = each_once(key, start)
    columns = {
        "point_key": key,
        "start_us": start,
        "minutes": np.repeat(np.array([point.length_us // 60_000_000 for point, _ in made]), counts),
        "method": np.concatenate([found.method for _, found in made]),
        "rule": np.concatenate([found.rule for _, found in made]),
        "amount": np.concatenate([found.amount for _, found in made]),
    }
    return {name: column[order] for name, column in columns.items()}


def each_once(key: Ints, start: Ints) -> NDArray[np.intp]:
    """Return where each (point, start) stands first, in their order: stretches of a point may overlap."""
    order = np.lexsort((start, key))
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(key[order]) != 0) | (np.diff(start[order]) != 0)
    return order[is_first]


def chunks_of(jobs: list[Job]) -> list[list[Job]]:
    """Cut jobs into lots of bounded weight."""
    lots: list[list[Job]] = []
    weight = 0
    for job in jobs:
        if not lots or weight + job.count > MOST_READINGS:
            lots.append([])
            weight = 0
        lots[-1].append(job)
        weight += job.count
    return lots
