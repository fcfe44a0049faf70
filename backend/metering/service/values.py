"""What points say now, and their curves at any zoom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.kernel import clock, paging
from backend.kernel.errors import Refused
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.kernel.units import PointKind, quanta_per
from backend.metering import queries, rules
from backend.metering.models import Interval, Point
from backend.network import service as network

WIDEST = 4000
RAW_SPAN = timedelta(days=45)
"""Longer curves of instantaneous points are drawn from hourly statistics, which keep the peaks; of registers
and amounts from one reading a step, so that a curve over years costs what is drawn, not what is stored."""


@dataclass(frozen=True)
class LatestValue:
    """The newest reading of a point; value None: the source sent none."""

    point_id: UUID
    point_key: int
    read_at: datetime
    value: float | None
    quality: int
    received_at: datetime


@dataclass(frozen=True)
class Curve:
    """A point over time, fit for a screen: never more samples than asked for, peaks kept.

    source: 'readings' (value alone), 'hours' (low and high beside the mean), or 'amounts' (per bucket)
    at_us: instants, or bucket starts [µs]; value [unit]; low, high only for 'hours'
    """

    source: str
    unit: str
    at_us: NDArray[np.int64]
    value: NDArray[np.float64]
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None


def latest_values(
    session: Session,
    scope: Scope,
    *,
    point_ids: Sequence[UUID],
) -> list[LatestValue]:
    """Return the newest readings of given points."""
    return [LatestValue(*row) for row in queries.latest(session, scope, point_ids)]


def list_latest_values(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None = None, under: UUID | None = None,
    cursor: str | None = None, limit: int = 50,
) -> paging.Page[LatestValue]:  # fmt: skip
    """Return a page of newest readings: of an organisation's points, or of those under a position."""
    path = network.position(session, scope, under).path if under else None
    rows = queries.latest_page(
        session, scope, organisations=organisations, under_path=path, cursor=cursor, limit=limit
    )
    return rows.each(lambda row: LatestValue(*row))


def latest_arrays(
    session: Session, scope: Scope
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int16]]:
    """Return the newest readings of every point the scope owns: key, read_at [µs], value (NaN none), quality."""
    return queries.latest_arrays(session, scope)


def curve(session: Session, scope: Scope, *, point_id: UUID, period: Period, width: int = 800) -> Curve:
    """Return a point's readings over a period in at most about `width` samples, peaks kept.

    A customer gets the part of the period in which they were supplied.
    """
    if not 2 <= width <= WIDEST:
        raise Refused(
            f"a curve of {width} samples", field="width", value=width, remedy=f"ask for 2 to {WIDEST}"
        )
    point = queries.point(session, scope, point_id)
    parts = seen_parts(session, scope, point, period)
    if point.kind in (PointKind.INSTANT, PointKind.STATE) and _length(period) > RAW_SPAN:
        return _from_hours(session, scope, point, parts, width)
    pieces = [_pieces(session, scope, point, part, width) for part in parts]
    at_us = np.concatenate([p[0] for p in pieces]) if pieces else np.empty(0, np.int64)
    value = np.concatenate(
        [np.where(p[2] == rules.Quality.BAD, np.nan, p[1]) for p in pieces] or [np.empty(0)]
    )
    return Curve("readings", point.unit, *rules.thin(at_us, value, width=width))


def readings(
    session: Session, scope: Scope, *, point_id: UUID, period: Period
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int16]]:
    """Return all current readings of a point in a period: instants [µs], values [unit], quality."""
    point = queries.point(session, scope, point_id)
    pieces = [
        queries.readings(session, scope, point, part) for part in seen_parts(session, scope, point, period)
    ]
    if not pieces:
        return np.empty(0, np.int64), np.empty(0), np.empty(0, np.int16)
    at_us, value, quality = (np.concatenate([piece[i] for piece in pieces]) for i in range(3))
    return at_us, value, quality


def intervals(
    session: Session,
    scope: Scope,
    *,
    point_id: UUID,
    period: Period,
    limit: int = 5000,
    newest_first: bool = False,
) -> list[Interval]:
    """Return a point's intervals in a period, oldest first unless asked otherwise; amounts in quanta."""
    point = queries.point(session, scope, point_id)
    parts = sorted(
        seen_parts(session, scope, point, period), key=lambda part: part.start, reverse=newest_first
    )
    return [
        row
        for part in parts
        for row in queries.intervals(session, scope, point, part, limit, newest_first=newest_first)
    ][:limit]


def interval_columns(
    session: Session, scope: Scope, *, point_id: UUID, period: Period
) -> tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.int16], NDArray[np.int64]]:
    """Return all intervals of a point in a period as arrays: start [µs], length [min], method, amount [quanta].

    A customer gets those of the time in which they were supplied.
    """
    point = queries.point(session, scope, point_id)
    pieces = [
        queries.interval_columns(session, scope, point, part)
        for part in sorted(seen_parts(session, scope, point, period), key=lambda part: part.start)
    ]
    nothing = (np.empty(0, np.int64), np.empty(0, np.int16), np.empty(0, np.int16), np.empty(0, np.int64))
    start_us, minutes, method, amount = (
        np.concatenate([piece[i] for piece in (nothing, *pieces)]) for i in range(4)
    )
    return start_us, minutes, method, amount


def revisions(
    session: Session, scope: Scope, *, point_id: UUID, period: Period, limit: int = 500
) -> list[Any]:
    """Return readings that were ever changed, each revision with where it came from, newest first."""
    point = queries.point(session, scope, point_id)
    parts = seen_parts(session, scope, point, period)
    return [row for part in parts for row in queries.revisions(session, scope, point, part, limit)][:limit]


def seen_parts(session: Session, scope: Scope, point: Point, period: Period) -> list[Period]:
    """Return the parts of a period in which the scope may see the point."""
    if point.organisation_id in scope.organisations:
        return [period]
    position = network.position(session, scope, point.position_id)
    allowed = network.visible_periods(session, scope, position)
    if allowed is None:
        return [period]
    return [part for one in allowed if (part := one.meet(period)) is not None]


def in_units(amount: int, unit: str) -> float:
    """Convert an amount in quanta to the point's unit."""
    return amount / quanta_per(unit)


def _pieces(
    session: Session, scope: Scope, point: Point, part: Period, width: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int16]]:
    """Return the readings a curve is drawn from: all of a short period, one a step of a long one."""
    if _length(part) <= RAW_SPAN:
        return queries.readings(session, scope, point, part)
    step_us = max(_length(part) // width, timedelta(seconds=1)) // timedelta(microseconds=1)
    if point.kind is PointKind.REGISTER:
        return queries.register_steps(session, scope, point, part, step_us)
    return queries.highest_of_steps(session, scope, point, part, step_us)


def _from_hours(session: Session, scope: Scope, point: Point, parts: list[Period], width: int) -> Curve:
    pieces = [queries.hours(session, scope, point, part) for part in parts]
    if not pieces:
        nothing = np.empty(0)
        return Curve("hours", point.unit, np.empty(0, np.int64), nothing, nothing, nothing)
    start, count, total, low, high = (np.concatenate([piece[i] for piece in pieces]) for i in range(5))
    mean = total / np.maximum(count, 1)
    at_us, low, high, mean = rules.envelope(start, low, high, mean, width=width)
    return Curve("hours", point.unit, at_us, mean, low, high)


def _length(period: Period) -> timedelta:
    return (period.end or clock.now()) - period.start
