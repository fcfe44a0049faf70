"""Readings, statistics and amounts of points over time. Callers pass points the scope was shown to see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.kernel import bulk, clock, paging
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.metering.models import (
    Batch,
    Connection,
    Interval,
    Latest,
    Point,
    Progress,
    Reading,
    RollUp,
    SupersededReading,
)
from backend.metering.queries.points import visible
from backend.metering.rules import Method
from backend.network.models import Position, Site, SupplyAgreement

Ints = NDArray[np.int64]
Total, Place, Above = aliased(Point), aliased(Position), aliased(Position)
Floats = NDArray[np.float64]


def readings(
    session: Session, scope: Scope, point: Point, period: Period
) -> tuple[Ints, Floats, NDArray[np.int16]]:
    """Current readings of a point in a period: instants [µs], values (NaN where none), quality."""
    at_us, value, quality = bulk.columns_of(
        session,
        "SELECT read_at, coalesce(value, 'NaN'), quality FROM reading"
        " WHERE point_key = %(key)s AND read_at >= %(start)s AND read_at < %(end)s ORDER BY read_at",
        ["timestamptz", "float8", "int2"],
        {"key": _seen(scope, point).key, "start": period.start, "end": period.end},
    )
    return at_us, value, quality


def register_steps(
    session: Session, scope: Scope, point: Point, period: Period, step_us: int
) -> tuple[Ints, Floats, NDArray[np.int16]]:
    """The first reading of each step of a period, and the last of all: what a register showed, in few rows."""
    at_us, value, quality = bulk.columns_of(
        session,
        "WITH step AS (SELECT %(start)s::timestamptz + n * %(step)s::bigint * interval '1 microsecond' AS begins"
        " FROM generate_series(0, %(last)s::int) n)"
        " (SELECT r.read_at, coalesce(r.value, 'NaN'), r.quality FROM step CROSS JOIN LATERAL ("
        "  SELECT read_at, value, quality FROM reading WHERE point_key = %(key)s AND read_at >= step.begins"
        "  AND read_at < least(step.begins + %(step)s::bigint * interval '1 microsecond', %(end)s)"
        "  ORDER BY read_at LIMIT 1) r)"
        " UNION (SELECT read_at, coalesce(value, 'NaN'), quality FROM reading WHERE point_key = %(key)s"
        "  AND read_at >= %(start)s AND read_at < %(end)s ORDER BY read_at DESC LIMIT 1) ORDER BY 1",
        ["timestamptz", "float8", "int2"],
        _steps(_seen(scope, point), period, step_us),
    )
    return at_us, value, quality


def highest_of_steps(
    session: Session, scope: Scope, point: Point, period: Period, step_us: int
) -> tuple[Ints, Floats, NDArray[np.int16]]:
    """The highest good value of each step of a period, at the step's first reading."""
    at_us, value, quality = bulk.columns_of(
        session,
        "SELECT min(read_at), coalesce(max(value) FILTER (WHERE quality <> 2), 'NaN'), min(quality) FROM reading"
        " WHERE point_key = %(key)s AND read_at >= %(start)s AND read_at < %(end)s"
        " GROUP BY floor(extract(epoch FROM read_at - %(start)s) * 1000000 / %(step)s::bigint) ORDER BY 1",
        ["timestamptz", "float8", "int2"],
        _steps(_seen(scope, point), period, step_us),
    )
    return at_us, value, quality


def _steps(point: Point, period: Period, step_us: int) -> dict[str, Any]:
    end = period.end or clock.now()
    last = max((clock.to_us(end) - clock.to_us(period.start) - 1) // step_us, 0)
    return {"key": point.key, "start": period.start, "end": end, "step": step_us, "last": last}


def hours(session: Session, scope: Scope, point: Point, period: Period) -> list[NDArray[Any]]:
    """Hourly statistics of a point: start [µs], count, total, low, high."""
    return bulk.columns_of(
        session,
        "SELECT start, count, total, low, high FROM hour_statistic"
        " WHERE point_key = %(key)s AND start >= %(start)s AND start < %(end)s ORDER BY start",
        ["timestamptz", "int4", "float8", "float8", "float8"],
        {"key": _seen(scope, point).key, "start": period.start, "end": period.end},
    )


def roll_ups(
    session: Session, scope: Scope, points: Sequence[Point], grain: int, period: Period
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Sums of several points in order of point and start: key, start [µs], amount, estimated [quanta], count."""
    key, start_us, amount, estimated, count = bulk.columns_of(
        session,
        "SELECT point_key, start, amount, estimated, count FROM roll_up"
        " WHERE grain = %(grain)s AND point_key = ANY (%(keys)s) AND start >= %(start)s AND start < %(end)s"
        " ORDER BY point_key, start",
        ["int8", "timestamptz", "int8", "int8", "int4"],
        {
            "keys": [_seen(scope, point).key for point in points], "grain": int(grain), "start": period.start,
            "end": period.end,
        },
    )  # fmt: skip
    return key, start_us, amount, estimated, count


def intervals(
    session: Session, scope: Scope, point: Point, period: Period, limit: int, *, newest_first: bool = False
) -> Sequence[Interval]:
    """Intervals of a point, oldest first unless asked otherwise."""
    return session.scalars(
        select(Interval)
        .where(Interval.point_key == _seen(scope, point).key)
        .where(Interval.start >= period.start, Interval.start < period.end)
        .where(Interval.method != Method.WITHDRAWN)
        .order_by(Interval.start.desc() if newest_first else Interval.start)
        .limit(limit)
    ).all()


def interval_columns(
    session: Session, scope: Scope, point: Point, period: Period
) -> tuple[Ints, NDArray[np.int16], NDArray[np.int16], Ints]:
    """All intervals of a point, oldest first: start [µs], length [min], method, amount [quanta]."""
    start_us, minutes, method, amount = bulk.columns_of(
        session,
        "SELECT start, minutes, method, amount FROM interval WHERE point_key = %(key)s"
        " AND start >= %(start)s AND start < %(end)s AND method <> 3 ORDER BY start",
        ["timestamptz", "int2", "int2", "int8"],
        {"key": _seen(scope, point).key, "start": period.start, "end": period.end},
    )
    return start_us, minutes, method, amount


def revisions(session: Session, scope: Scope, point: Point, period: Period, limit: int) -> Sequence[Any]:
    """Every revision of readings that were ever changed: read_at, revision, value, quality, source, received_at."""
    key = _seen(scope, point).key
    parts = [
        select(table.read_at, table.revision, table.value, table.quality, table.batch_id).where(
            table.point_key == key, table.read_at >= period.start, table.read_at < period.end, condition
        )
        for table, condition in (
            (Reading, Reading.revision > 0),
            (SupersededReading, SupersededReading.revision >= 0),
        )
    ]
    both = parts[0].union_all(parts[1]).subquery()
    return session.execute(
        select(
            both.c.read_at, both.c.revision, both.c.value, both.c.quality, Batch.source, Batch.received_at,
            Connection.name.label("connection"),
        )
        .join(Batch, Batch.id == both.c.batch_id)
        .outerjoin(Connection, Connection.id == Batch.connection_id)
        .order_by(both.c.read_at.desc(), both.c.revision.desc())
        .limit(limit)
    ).all()  # fmt: skip


def progress(
    session: Session, scope: Scope, points: Sequence[Point]
) -> dict[int, tuple[datetime, float | None]]:
    """How far points are made up, and the register there [unit]."""
    keys = [_seen(scope, point).key for point in points]
    rows = session.execute(
        select(Progress.point_key, Progress.settled_until, Progress.settled_value).where(
            Progress.point_key.in_(keys)
        )
    )
    return {key: (until, value) for key, until, value in rows}


def seen_at(scope: Scope, instant: Any) -> ColumnElement[bool]:
    """Condition on Point: the scope owns it, or was supplied at its position at `instant` (a column)."""
    supplied = (
        select(SupplyAgreement.id)
        .join(Position, Position.id == SupplyAgreement.position_id)
        .where(
            SupplyAgreement.organisation_id.in_(scope.organisations),
            instant >= SupplyAgreement.starts_at,
            or_(SupplyAgreement.ends_at.is_(None), instant < SupplyAgreement.ends_at),
            select(1).where(Place.id == Point.position_id, Place.path.op("<@")(Position.path)).exists(),
        )
        .exists()
    )
    return or_(Point.organisation_id.in_(scope.organisations), supplied)


def latest(session: Session, scope: Scope, point_ids: Sequence[UUID]) -> Sequence[Any]:
    """Newest reading of points: rows id, key, read_at, value, quality, received_at.

    Points never read are left out; a customer sees only what was read while supplied.
    """
    return session.execute(_latest(scope).where(Point.id.in_(point_ids))).all()


def latest_page(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None, under_path: str | None,
    cursor: str | None, limit: int,
) -> paging.Page[Any]:  # fmt: skip
    """A page of the newest readings, as `latest` has them, of an organisation's points or those under a position."""
    query = _latest(scope)
    if organisations is not None:
        query = query.where(visible(Scope.system(organisations & scope.organisations, "part of the scope")))
    if under_path is not None:
        query = query.join(Above, Above.id == Point.position_id).where(Above.path.op("<@")(under_path))
    return paging.page(session, query, by=(Point.key,), cursor=cursor, limit=limit)


def _latest(scope: Scope) -> Select[Any]:
    return (
        select(Point.id, Point.key, Latest.read_at, Latest.value, Latest.quality, Latest.received_at)
        .join(Latest, Latest.point_key == Point.key)
        .where(visible(scope), seen_at(scope, Latest.read_at))
    )


def latest_arrays(session: Session, scope: Scope) -> tuple[Ints, Ints, Floats, NDArray[np.int16]]:
    """Newest readings of every point the scope owns, as arrays: key, read_at [µs], value, quality."""
    key, at_us, value, quality = bulk.columns_of(
        session,
        "SELECT l.point_key, l.read_at, coalesce(l.value, 'NaN'), l.quality FROM latest l"
        " JOIN point p ON p.key = l.point_key WHERE p.organisation_id = ANY (%(organisations)s)",
        ["int8", "timestamptz", "float8", "int2"],
        {"organisations": list(scope.organisations)},
    )
    return key, at_us, value, quality


def totals(
    session: Session, scope: Scope, organisations: frozenset[UUID], grain: int, spans: dict[str, Period]
) -> Sequence[Any]:
    """Sums of roll-ups over points that count in totals: rows carrier, direction, unit, and one column a span.

    Counted are the points its organisations own, and those supplied to them for as long as they were.
    """
    confined = Scope.system(organisations & scope.organisations, "part of the scope")
    first = min(span.start for span in spans.values())
    end = max(span.end for span in spans.values() if span.end is not None)
    sums = (
        select(RollUp.start, RollUp.amount)
        .where(
            RollUp.grain == grain, RollUp.point_key == Point.key, RollUp.start >= first, RollUp.start < end
        )
        .correlate(Point)
        .offset(0)  # keeps the planner from reading all sums of all points for a few hundred of them
        .lateral("sums")
    ).c
    columns = [
        func.coalesce(func.sum(sums.amount).filter(sums.start >= span.start, sums.start < span.end), 0).label(
            name
        )
        for name, span in spans.items()
    ]
    return session.execute(
        select(Point.carrier, Point.direction, Point.unit, *columns)
        .where(Point.is_total, visible(scope), visible(confined))
        .where(seen_at(scope, sums.start), seen_at(confined, sums.start))
        .group_by(Point.carrier, Point.direction, Point.unit)
    ).all()


FRESH = timedelta(minutes=15)
RATES = ("active power", "heat power", "cooling power", "flow")


def rates(session: Session, scope: Scope, organisations: frozenset[UUID]) -> Sequence[Any]:
    """What flows now past the points that count: rows carrier, direction, unit, sum, oldest, meters, silent.

    The instantaneous power or flow beside each total's register; values older than 15 minutes or bad
    are not summed but counted as silent.
    """
    confined = Scope.system(organisations & scope.organisations, "part of the scope")
    fresh = and_(
        Latest.quality != 2, Latest.value.is_not(None), Latest.read_at > clock.now() - FRESH,
        seen_at(scope, Latest.read_at), seen_at(confined, Latest.read_at),
    )  # fmt: skip
    counted = (
        select(Total.position_id, Total.carrier, Total.direction).where(Total.is_total).distinct().subquery()
    )
    return session.execute(
        select(
            Point.carrier, Point.direction, Point.unit,
            func.sum(Latest.value).filter(fresh).label("sum"),
            func.min(Latest.read_at).filter(fresh).label("oldest"),
            func.count().label("meters"),
            func.sum(case((fresh, 0), else_=1)).label("silent"),
        )
        .join(
            counted,
            and_(
                counted.c.position_id == Point.position_id, counted.c.carrier == Point.carrier,
                counted.c.direction == Point.direction,
            ),
        )
        .outerjoin(Latest, Latest.point_key == Point.key)
        .where(Point.quantity.in_(RATES), visible(scope), visible(confined))
        .group_by(Point.carrier, Point.direction, Point.unit)
    ).all()  # fmt: skip


def zones(session: Session, scope: Scope, organisations: frozenset[UUID]) -> Sequence[str]:
    """Time zones of the sites an organisation owns or is supplied at, the most frequent first."""
    confined = Scope.system(organisations & scope.organisations, "part of the scope")
    rows = session.execute(
        select(Site.timezone, func.count())
        .join(Position, Position.site_id == Site.position_id)
        .join(Point, Point.position_id == Position.id)
        .where(visible(scope), visible(confined))
        .group_by(Site.timezone)
        .order_by(func.count().desc(), Site.timezone)
    )
    return [zone for zone, _ in rows]


def _seen(scope: Scope, point: Point) -> Point:
    """Points come out of `queries.points` with a scope; this only keeps scopes without organisations out."""
    assert scope.organisations, "a scope without organisations sees no points"
    return point
