"""What virtual meters consist of."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, aliased

from backend.kernel.scope import Scope
from backend.metering.models import Point, VirtualTerm


def virtual_terms(session: Session, scope: Scope) -> Sequence[Row[tuple[int, int, int, float, float]]]:
    """Every term of the scope's virtual meters: keys of point and source, sign, shares; in a settled order."""
    source = aliased(Point)
    return session.execute(
        select(Point.key, source.key, VirtualTerm.sign, VirtualTerm.share_from, VirtualTerm.share_to)
        .join(Point, Point.id == VirtualTerm.point_id)
        .join(source, source.id == VirtualTerm.source_id)
        .where(VirtualTerm.organisation_id.in_(scope.organisations))
        .order_by(Point.key, source.key)
    ).all()


def parts_of(session: Session, scope: Scope, point: Point) -> Sequence[VirtualTerm]:
    """The terms of one visible point."""
    return session.scalars(
        select(VirtualTerm)
        .where(VirtualTerm.point_id == point.id, VirtualTerm.organisation_id.in_(scope.organisations))
        .order_by(VirtualTerm.source_id)
    ).all()


def point_names(session: Session, scope: Scope, keys: Sequence[int]) -> dict[int, str]:
    """Names of the scope's own points by key."""
    rows = session.execute(
        select(Point.key, Point.name).where(
            Point.key.in_(keys), Point.organisation_id.in_(scope.organisations)
        )
    )
    return dict(list(rows))
