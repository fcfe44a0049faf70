"""What roll-up workers read: points with how they count, and readings around a stretch."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.kernel import bulk, clock
from backend.kernel.scope import Scope
from backend.kernel.units import QUANTA, Carrier, PointKind
from backend.metering.models import Point, Progress, RegisterEvent
from backend.network.models import Position, Site

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass
class CountedPoint:
    """How a point counts: kind, interval length [µs], quanta per unit, dial [unit], zone of its site, carrier.

    owner: its id and that of its organisation; calendar: of its site's holidays
    failing_us: from when on its amounts are still to be made, because making them failed
    """

    key: int
    kind: PointKind
    length_us: int
    quanta: int
    dial: float | None
    zone: str
    carrier: Carrier
    owner: tuple[UUID, UUID]
    events: list[tuple[int, float, float]] = field(default_factory=list)
    failing_us: int | None = None
    calendar: str = "none"


def counted_points(session: Session, scope: Scope) -> dict[int, CountedPoint]:
    """All points of the scope with what is needed to make amounts of their readings."""
    rows = session.execute(
        select(
            Point.key,
            Point.kind,
            Point.interval_minutes,
            Point.unit,
            Point.dial,
            Site.timezone,
            Point.carrier,
            Point.id,
            Point.organisation_id,
            Point.failing_since,
            Site.calendar,
        )
        .join(Position, Position.id == Point.position_id)
        .join(Site, Site.position_id == Position.site_id)
        .where(Point.organisation_id.in_(scope.organisations))
    )
    points = {
        key: CountedPoint(
            key,
            kind,
            minutes * 60_000_000,
            QUANTA.get(unit, ("", 1))[1],
            dial,
            zone,
            carrier,
            (point_id, organisation_id),
            failing_us=None if since is None else clock.to_us(since),
            calendar=calendar,
        )
        for key, kind, minutes, unit, dial, zone, carrier, point_id, organisation_id, since, calendar in rows
    }
    events = session.execute(
        select(RegisterEvent)
        .join(Point, Point.key == RegisterEvent.point_key)
        .where(Point.organisation_id.in_(scope.organisations))
        .order_by(RegisterEvent.point_key, RegisterEvent.at)
    )
    for (event,) in events:
        points[event.point_key].events.append((clock.to_us(event.at), event.final, event.initial))
    return points


def settled_until(session: Session, scope: Scope) -> dict[int, tuple[int, int]]:
    """How far each of the scope's points has been made up, and the newest reading it was made of [µs]."""
    rows = session.execute(
        select(Progress.point_key, Progress.settled_until, Progress.read_until)
        .join(Point, Point.key == Progress.point_key)
        .where(Point.organisation_id.in_(scope.organisations))
    )
    return {key: (clock.to_us(until), clock.to_us(newest)) for key, until, newest in rows}


_USABLE = "point_key = j.point_key AND quality <> 2 AND value IS NOT NULL"

_WIDEN = """
UPDATE jobs j SET
    low = date_bin(length * interval '1 microsecond', coalesce((
        SELECT min(read_at) FROM (SELECT read_at FROM reading WHERE {usable} AND read_at < j.first
                                  ORDER BY read_at DESC LIMIT {wide}) before), first), 'epoch'),
    high = date_bin(length * interval '1 microsecond', coalesce((
        SELECT max(read_at) FROM (SELECT read_at FROM reading WHERE {usable} AND read_at > j.last
                                  ORDER BY read_at LIMIT {wide}) after), last)
        + (length - 1) * interval '1 microsecond', 'epoch')"""

_AROUND = """
SELECT j.job, r.read_at, r.value FROM jobs j CROSS JOIN LATERAL (
    (SELECT read_at, value FROM reading WHERE {usable} AND read_at < j.low ORDER BY read_at DESC LIMIT {wide} + 1)
    UNION ALL
    SELECT read_at, value FROM reading WHERE {usable} AND read_at BETWEEN j.low AND j.high
    UNION ALL
    (SELECT read_at, value FROM reading WHERE {usable} AND read_at > j.high ORDER BY read_at LIMIT {wide} + 1)) r"""

_WITHIN = """
SELECT j.job, r.read_at, r.value FROM jobs j
JOIN reading r ON r.point_key = j.point_key AND r.read_at >= j.first AND r.read_at < j.last
    AND r.quality <> 2 AND r.value IS NOT NULL
"""


@dataclass(frozen=True)
class Stretches:
    """Stretches of points: [first, last] µs each; length_us: interval length their borders are aligned to."""

    point_key: Ints
    first_us: Ints
    last_us: Ints
    length_us: Ints


def readings_around(
    session: Session, scope: Scope, stretches: Stretches, *, wide: int = 2
) -> tuple[Ints, Ints, Ints, Ints, Floats]:
    """Usable readings that decide the intervals which readings of the stretches can have changed.

    A reading moves every interval up to its neighbours, and says of those whether they were glitches:
    so each stretch is widened by `wide` readings, then to whole intervals, and read with one more around.
    returns: low and high border of each stretch [µs]; then job (index of the stretch), instant [µs],
    value [unit], sorted by job and instant. The caller's points come from the scope.
    """
    _put(session, scope, stretches)
    about = {"usable": _USABLE, "wide": wide}
    session.execute(text(_WIDEN.format(**about)))
    job, low, high = bulk.columns_of(
        session, "SELECT job, low, high FROM jobs", ["int8", "timestamptz", "timestamptz"]
    )
    order = np.argsort(job)
    return low[order], high[order], *_sorted(session, _AROUND.format(**about))


def intervals_within(session: Session, scope: Scope, stretches: Stretches) -> tuple[Ints, Ints]:
    """Intervals that were made of readings in [first, last) of each stretch: point key, start [µs]."""
    _put(session, scope, stretches)
    bounds = {
        "first": clock.from_us(stretches.first_us.min()),
        "last": clock.from_us(stretches.last_us.max()),
    }
    key, start_us = bulk.columns_of(
        session,
        "SELECT i.point_key, i.start FROM jobs j"
        ' JOIN "interval" i ON i.point_key = j.point_key AND i.start >= j.first AND i.start < j.last'
        " WHERE i.start >= %(first)s AND i.start < %(last)s AND i.method NOT IN (2, 3)",
        ["int8", "timestamptz"],
        bounds,
    )
    return key, start_us


def readings_within(session: Session, scope: Scope, stretches: Stretches) -> tuple[Ints, Ints, Floats]:
    """Usable readings in [first, last) of each stretch: job, instant [µs], value, sorted by job and instant."""
    _put(session, scope, stretches)
    return _sorted(session, _WITHIN)


def _put(session: Session, scope: Scope, stretches: Stretches) -> None:
    assert scope.organisations, "a scope without organisations holds no points"
    columns = {
        "job": (np.arange(len(stretches.point_key)), "int8"),
        "point_key": (stretches.point_key, "int8"),
        "first": (stretches.first_us, "timestamptz"),
        "last": (stretches.last_us, "timestamptz"),
        "length": (stretches.length_us, "int8"),
        "low": (stretches.first_us, "timestamptz"),
        "high": (stretches.last_us, "timestamptz"),
    }
    bulk.stage(session, "jobs", columns)


def _sorted(session: Session, query: str) -> tuple[Ints, Ints, Floats]:
    job, at_us, value = bulk.columns_of(session, query, ["int8", "timestamptz", "float8"])
    order = np.lexsort((at_us, job))
    return job[order], at_us[order], value[order]
