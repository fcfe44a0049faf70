"""What validation reads, and the exceptions it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, text, union_all
from sqlalchemy.orm import Session

from backend.kernel import bulk, clock, paging
from backend.kernel.db import required
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.metering.models import ExceptionState, Interval, Point, SupersededInterval, VeeException
from backend.network.models import Position

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClosedDays:
    """Local days of a point that are made and not validated yet: [start, end) µs."""

    key: int
    point_id: UUID
    organisation_id: UUID
    length_us: int
    zone: str
    start_us: int
    end_us: int


_CLOSED = text("""
SELECT * FROM (
    SELECT p.point_key, t.id, t.organisation_id, t.interval_minutes, s.timezone,
        date_trunc('day', coalesce(p.validated_until, p.settled_until - interval '1 day'), s.timezone) AS start,
        date_trunc('day', p.settled_until, s.timezone) AS stop
    FROM progress p JOIN point t ON t.key = p.point_key JOIN position o ON o.id = t.position_id
        JOIN site s ON s.position_id = o.site_id
    WHERE t.organisation_id = ANY (:organisations) AND t.kind IN ('register', 'interval')
) days WHERE stop > start ORDER BY start, point_key LIMIT :limit""")


def closed_days(session: Session, scope: Scope, limit: int) -> list[ClosedDays]:
    """Points of the scope with local days to be validated, the longest waiting first."""
    rows = session.execute(_CLOSED, {"organisations": list(scope.organisations), "limit": limit})
    return [
        ClosedDays(key, point_id, organisation_id, minutes * 60_000_000, zone, clock.to_us(start), clock.to_us(stop))
        for key, point_id, organisation_id, minutes, zone, start, stop in rows
    ]  # fmt: skip


def amounts_in(
    session: Session, scope: Scope, point_key: Ints, first_us: Ints, last_us: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Current intervals in [first, last) of each stretch: stretch, start [µs], amount [quanta], method; sorted."""
    assert scope.organisations, "a scope without organisations holds no points"
    _stage(session, point_key, first_us, last_us)
    bounds = {"first": clock.from_us(first_us.min()), "last": clock.from_us(last_us.max())}
    job, start, amount, method = bulk.columns_of(
        session,
        "SELECT d.job, i.start, i.amount, i.method::int8 FROM validated d"
        ' JOIN "interval" i ON i.point_key = d.point_key AND i.start >= d.first AND i.start < d.last'
        " WHERE i.start >= %(first)s AND i.start < %(last)s AND i.method <> 3",
        ["int8", "timestamptz", "int8", "int8"],
        bounds,
    )
    order = np.lexsort((start, job))
    return job[order], start[order], amount[order], method[order]


def sub_meters(
    session: Session, scope: Scope, point_key: Ints, first_us: Ints, last_us: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Days of parents among the points of stretches, with all their parts: stretch, day [µs], own, parts [quanta]."""
    assert scope.organisations, "a scope without organisations holds no points"
    _stage(session, point_key, first_us, last_us)
    job, start, own, parts = bulk.columns_of(
        session,
        "SELECT d.job, r.start, r.amount, sum(c.amount)::int8 FROM validated d"
        " JOIN point p ON p.key = d.point_key JOIN point part ON part.parent_id = p.id AND part.unit = p.unit"
        "   AND part.direction = p.direction AND part.kind IN ('register', 'interval')"
        " JOIN roll_up r ON r.grain = 1 AND r.point_key = p.key AND r.start >= d.first AND r.start < d.last"
        " LEFT JOIN roll_up c ON c.grain = 1 AND c.point_key = part.key AND c.start = r.start"
        " GROUP BY d.job, r.start, r.amount HAVING count(c.amount) = count(*)",
        ["int8", "timestamptz", "int8", "int8"],
    )
    return job, start, own, parts


def twins(
    session: Session, scope: Scope, point_key: Ints, first_us: Ints, last_us: Ints
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Days of interval points whose meter has a register, too: stretch, day [µs], register, intervals, quanta a unit.

    A twin measures the same at the same position; both days are whole.
    """
    assert scope.organisations, "a scope without organisations holds no points"
    _stage(session, point_key, first_us, last_us)
    job, start, register, own, per_unit = bulk.columns_of(
        session,
        "SELECT d.job, r.start, t.amount, r.amount, 1000::int8 FROM validated d"
        " JOIN point p ON p.key = d.point_key AND p.kind = 'interval'"
        " JOIN point twin ON twin.position_id = p.position_id AND twin.kind = 'register' AND twin.carrier = p.carrier"
        "   AND twin.quantity = p.quantity AND twin.unit = p.unit AND twin.direction = p.direction"
        " JOIN roll_up r ON r.grain = 1 AND r.point_key = p.key AND r.start >= d.first AND r.start < d.last"
        " JOIN roll_up t ON t.grain = 1 AND t.point_key = twin.key AND t.start = r.start"
        " WHERE r.count * p.interval_minutes >= 1380 AND t.count * twin.interval_minutes >= 1380"
        " AND NOT EXISTS (SELECT FROM virtual_term v WHERE v.point_id = p.id)",
        ["int8", "timestamptz", "int8", "int8", "int8"],
    )
    return job, start, register, own, per_unit


def said_twice(
    session: Session, scope: Scope, point_key: Ints, first_us: Ints, last_us: Ints
) -> tuple[Ints, Ints, Floats]:
    """Readings in stretches that were revised, with what they said before: stretch, instant [µs], value; sorted."""
    assert scope.organisations, "a scope without organisations holds no points"
    _stage(session, point_key, first_us, last_us)
    job, at_us, value = bulk.columns_of(
        session,
        "SELECT d.job, s.read_at, s.value FROM validated d JOIN superseded_reading s ON s.point_key = d.point_key"
        "   AND s.read_at >= d.first AND s.read_at < d.last WHERE s.value IS NOT NULL"
        " UNION ALL SELECT d.job, r.read_at, r.value FROM validated d JOIN reading r ON r.point_key = d.point_key"
        "   AND r.read_at >= d.first AND r.read_at < d.last WHERE r.revision > 0 AND r.value IS NOT NULL",
        ["int8", "timestamptz", "float8"],
    )
    order = np.lexsort((at_us, job))
    return job[order], at_us[order], value[order]


def delays(
    session: Session, scope: Scope, point_key: Ints, first_us: Ints, last_us: Ints
) -> tuple[Ints, Ints, Ints]:
    """Live readings in stretches: stretch, read at, received at [µs]; sorted."""
    assert scope.organisations, "a scope without organisations holds no points"
    _stage(session, point_key, first_us, last_us)
    job, read_us, received_us = bulk.columns_of(
        session,
        "SELECT d.job, r.read_at, b.received_at FROM validated d JOIN reading r ON r.point_key = d.point_key"
        "   AND r.read_at >= d.first AND r.read_at < d.last AND r.revision = 0"
        " JOIN batch b ON b.id = r.batch_id AND b.is_live",
        ["int8", "timestamptz", "timestamptz"],
    )
    order = np.lexsort((read_us, job))
    return job[order], read_us[order], received_us[order]


def _stage(session: Session, point_key: Ints, first_us: Ints, last_us: Ints) -> None:
    bulk.stage(session, "validated", {
        "job": (np.arange(len(point_key)), "int8"), "point_key": (point_key, "int8"),
        "first": (first_us, "timestamptz"), "last": (last_us, "timestamptz"),
    })  # fmt: skip


@dataclass(frozen=True)
class ExceptionFilter:
    """Which exceptions; None: all. severity: at least so grave; organisations: of these only."""

    states: Sequence[ExceptionState] | None = (ExceptionState.OPEN,)
    point_id: UUID | None = None
    check: int | None = None
    severity: int | None = None
    organisations: frozenset[UUID] | None = None


def exceptions(
    session: Session, scope: Scope, wanted: ExceptionFilter, *, cursor: str | None, limit: int
) -> paging.Page[Any]:
    """A page of (exception, point, position), the newest found first."""
    seen = scope.organisations if wanted.organisations is None else scope.organisations & wanted.organisations
    query = (
        select(VeeException, Point, Position)
        .join(Point, Point.id == VeeException.point_id)
        .join(Position, Position.id == Point.position_id)
        .where(VeeException.organisation_id.in_(seen))
    )
    if wanted.states is not None:
        query = query.where(VeeException.state.in_(wanted.states))
    if wanted.severity is not None:
        query = query.where(VeeException.severity >= wanted.severity)
    for column, value in ((VeeException.point_id, wanted.point_id), (VeeException.check, wanted.check)):
        if value is not None:
            query = query.where(column == value)
    by = (VeeException.found_at.desc(), VeeException.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def vee_exception(session: Session, scope: Scope, exception_id: UUID) -> VeeException:
    """One exception; raises NotFound."""
    found: VeeException = required(
        session,
        select(VeeException).where(
            VeeException.id == exception_id, VeeException.organisation_id.in_(scope.organisations)
        ),
        "there is no such exception",
        exception_id=exception_id,
    )
    return found


def versions(session: Session, scope: Scope, point: Point, period: Period, limit: int) -> Sequence[Any]:
    """Every version of a point's intervals in a period, the current ones included: the newest first of each start."""
    assert scope.organisations, "intervals are reached through points that the scope sees"
    parts = [
        select(
            table.start, table.version, table.minutes, table.amount, table.method, table.rule, table.author_id
        ).where(table.point_key == point.key, table.start >= period.start, table.start < period.end)
        for table in (Interval, SupersededInterval)
    ]
    both = union_all(*parts).subquery()
    return session.execute(select(both).order_by(both.c.start, both.c.version.desc()).limit(limit)).all()
