"""What roll-up workers read: points with how they count, and readings around a stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.kernel import bulk, clock
from backend.kernel.scope import Scope
from backend.kernel.units import QUANTA, PointKind
from backend.metering.models import Point, Progress, RegisterEvent
from backend.network.models import Position, Site

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass
class CountedPoint:
    """How a point counts: kind, interval length [µs], quanta per unit, dial [unit], zone of its site."""

    key: int
    kind: PointKind
    length_us: int
    quanta: int
    dial: float | None
    zone: str
    events: list[tuple[int, float, float]] = field(default_factory=list)


def counted_points(session: Session, scope: Scope) -> dict[int, CountedPoint]:
    """All points of the scope with what is needed to make amounts of their readings."""
    rows = session.execute(
        select(Point.key, Point.kind, Point.interval_minutes, Point.unit, Point.dial, Site.timezone)
        .join(Position, Position.id == Point.position_id)
        .join(Site, Site.position_id == Position.site_id)
        .where(Point.organisation_id.in_(scope.organisations))
    )
    points = {
        key: CountedPoint(key, kind, minutes * 60_000_000, QUANTA.get(unit, ("", 1))[1], dial, zone)
        for key, kind, minutes, unit, dial, zone in rows
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


def settled_until(session: Session, scope: Scope) -> dict[int, int]:
    """How far each of the scope's points has been made up [µs]."""
    rows = session.execute(
        select(Progress.point_key, Progress.settled_until)
        .join(Point, Point.key == Progress.point_key)
        .where(Point.organisation_id.in_(scope.organisations))
    )
    return {key: clock.to_us(until) for key, until in rows}


_AROUND = """
SELECT j.job, r.read_at, r.value FROM jobs j CROSS JOIN LATERAL (
    (SELECT read_at, value FROM reading WHERE point_key = j.point_key AND read_at < j.first
     AND quality <> 2 AND value IS NOT NULL ORDER BY read_at DESC LIMIT 3)
    UNION ALL
    SELECT read_at, value FROM reading WHERE point_key = j.point_key AND read_at BETWEEN j.first AND j.last
     AND quality <> 2 AND value IS NOT NULL
    UNION ALL
    (SELECT read_at, value FROM reading WHERE point_key = j.point_key AND read_at > j.last
     AND quality <> 2 AND value IS NOT NULL ORDER BY read_at LIMIT 3)) r
"""

_WITHIN = """
SELECT j.job, r.read_at, r.value FROM jobs j
JOIN reading r ON r.point_key = j.point_key AND r.read_at >= j.first AND r.read_at < j.last
    AND r.quality <> 2 AND r.value IS NOT NULL
"""


def usable_readings(
    session: Session, scope: Scope, keys: Sequence[int] | Ints, first_us: Ints, last_us: Ints, *, around: bool
) -> tuple[Ints, Ints, Floats]:
    """Usable readings of several stretches at once, sorted by (job, instant).

    around: [first, last] and up to three readings beyond either end; otherwise [first, last) alone
    returns: job (index into keys), instant [µs], value. The caller's keys come from the scope's points.
    """
    assert scope.organisations, "a scope without organisations holds no points"
    session.execute(
        text(
            "CREATE TEMPORARY TABLE IF NOT EXISTS jobs"
            " (job int8, point_key int8, first timestamptz, last timestamptz) ON COMMIT DELETE ROWS"
        )
    )
    session.execute(text("TRUNCATE jobs"))
    columns = {
        "job": (np.arange(len(keys)), "int8"),
        "point_key": (np.asarray(keys, dtype=np.int64), "int8"),
        "first": (first_us, "timestamptz"),
        "last": (last_us, "timestamptz"),
    }
    bulk.copy_in(session, "jobs", columns)
    job, at_us, value = bulk.columns_of(session, _AROUND if around else _WITHIN, ["int8", "timestamptz", "float8"])
    order = np.lexsort((at_us, job))
    return job[order], at_us[order], value[order]
