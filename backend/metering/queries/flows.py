"""Sums of roll-ups over many points at once, for pages about whole organisations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier
from backend.metering.models import Direction, Point, RollUp
from backend.metering.queries.points import visible


def total_points(
    session: Session,
    scope: Scope,
    organisations: frozenset[UUID],
    *,
    carrier: Carrier | None = None,
    direction: Direction | None = None,
) -> Sequence[Point]:
    """Points that count in sums of the organisations: those they own or are supplied at, by name."""
    confined = Scope.system(organisations & scope.organisations, "part of the scope")
    query = select(Point).where(Point.is_total, visible(scope), visible(confined))
    if carrier is not None:
        query = query.where(Point.carrier == carrier)
    if direction is not None:
        query = query.where(Point.direction == direction)
    return session.scalars(query.order_by(Point.name, Point.id)).all()


def points_at(session: Session, scope: Scope, position_ids: Collection[UUID]) -> Sequence[Point]:
    """Points at any of the positions, by name."""
    return session.scalars(
        select(Point)
        .where(Point.position_id.in_(position_ids), visible(scope))
        .order_by(Point.name, Point.id)
    ).all()


def sums(
    session: Session, scope: Scope, points: Sequence[Point], grain: int, period: Period
) -> Sequence[Any]:
    """Sums of one period: rows point_key, amount, count of intervals; points without any have no row."""
    return session.execute(
        select(
            RollUp.point_key,
            func.sum(RollUp.amount).label("amount"),
            func.sum(RollUp.count).label("count"),
        )
        .join(Point, Point.key == RollUp.point_key)
        .where(visible(scope), RollUp.grain == grain, RollUp.point_key.in_([point.key for point in points]))
        .where(RollUp.start >= period.start, RollUp.start < period.end)
        .group_by(RollUp.point_key)
    ).all()


def flows(
    session: Session, scope: Scope, points: Sequence[Point], grain: int, period: Period
) -> Sequence[Any]:
    """Sums of all given points together, bucket by bucket: rows carrier, direction, unit, start, amount."""
    amount = func.sum(RollUp.amount).label("amount")
    return session.execute(
        select(Point.carrier, Point.direction, Point.unit, RollUp.start, amount)
        .join(RollUp, RollUp.point_key == Point.key)
        .where(visible(scope), RollUp.grain == grain, RollUp.point_key.in_([point.key for point in points]))
        .where(RollUp.start >= period.start, RollUp.start < period.end)
        .group_by(Point.carrier, Point.direction, Point.unit, RollUp.start)
        .order_by(RollUp.start)
    ).all()
