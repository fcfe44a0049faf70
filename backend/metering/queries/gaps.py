"""Gaps of points: those that wait to be estimated, the shapes of those that are, and the past before them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from backend.kernel import bulk, clock
from backend.kernel.scope import Scope
from backend.metering.models import Gap, Point

Ints = NDArray[np.int64]


def waiting_gaps(session: Session, scope: Scope, limit: int) -> Sequence[Gap]:
    """Gaps of the scope's points that wait to be estimated, the longest waiting first."""
    return session.scalars(
        select(Gap)
        .join(Point, Point.key == Gap.point_key)
        .where(Gap.estimated_at.is_(None), Point.organisation_id.in_(scope.organisations))
        .order_by(Gap.noted_at, Gap.point_key, Gap.first_at)
        .limit(limit)
    ).all()


def gaps_at(session: Session, scope: Scope, starts: Sequence[tuple[int, datetime]]) -> Sequence[Gap]:
    """Gaps that begin at given (point key, instant)s."""
    if not starts:
        return []
    return session.scalars(
        select(Gap)
        .join(Point, Point.key == Gap.point_key)
        .where(
            tuple_(Gap.point_key, Gap.first_at).in_(starts), Point.organisation_id.in_(scope.organisations)
        )
    ).all()


def gaps_within(
    session: Session, scope: Scope, point: Point, start: datetime, end: datetime
) -> Sequence[Gap]:
    """Gaps of a visible point that reach into [start, end), oldest first."""
    assert scope.organisations, "gaps are reached through points that the scope sees"
    return session.scalars(
        select(Gap)
        .where(Gap.point_key == point.key, Gap.first_at < end, Gap.last_at > start)
        .order_by(Gap.first_at)
    ).all()


def measured_before(
    session: Session, scope: Scope, point_key: Ints, first_us: Ints, last_us: Ints
) -> tuple[Ints, Ints, Ints]:
    """Intervals that are known in [first, last) of each stretch: stretch, start [µs], amount [quanta].

    Known are those measured or edited, and those a register read less often than its intervals yields in between;
    not what was estimated over a gap.
    """
    assert scope.organisations, "a scope without organisations holds no points"
    bulk.stage(session, "pasts", {
        "job": (np.arange(len(point_key)), "int8"), "point_key": (point_key, "int8"),
        "first": (first_us, "timestamptz"), "last": (last_us, "timestamptz"),
    })  # fmt: skip
    bounds = {"first": clock.from_us(first_us.min()), "last": clock.from_us(last_us.max())}
    job, start_us, amount = bulk.columns_of(
        session,
        "SELECT p.job, i.start, i.amount FROM pasts p"
        ' JOIN "interval" i ON i.point_key = p.point_key AND i.start >= p.first AND i.start < p.last'
        " WHERE i.start >= %(first)s AND i.start < %(last)s AND (i.method IN (0, 2) OR (i.method, i.rule) = (1, 2)"
        "   AND NOT EXISTS (SELECT FROM gap g WHERE g.point_key = i.point_key AND g.first_at <= i.start"
        "     AND g.first_at > i.start - interval '62 days' AND g.last_at > i.start))",
        ["int8", "timestamptz", "int8"],
        bounds,
    )
    return job, start_us, amount
