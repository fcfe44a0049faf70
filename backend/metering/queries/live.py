"""What live pages ask: which points may be seen, what changed since, what the newest values are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, case, func, select
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.metering.models import Batch, Latest, Point
from backend.network import queries as network
from backend.network.models import Position, SupplyAgreement


def visible_points(
    session: Session,
    scope: Scope,
    *,
    point_ids: Sequence[UUID] | None,
    organisations: frozenset[UUID] | None,
    now: datetime,
) -> Sequence[Row[tuple[int, UUID, datetime | None]]]:
    """Return points whose present values the scope may see: key, id, since when (None for owned ones).

    Owned ones, and those at positions supplied to the scope at this moment: who was supplied once
    sees the past, not what the next tenant uses. Narrowed to named points or to organisations.
    """
    seen = scope.organisations if organisations is None else organisations & scope.organisations
    supplied = (
        network.covered_positions(Scope.system(seen, "part of the scope"))
        .add_columns(func.min(SupplyAgreement.starts_at).label("since"))
        .where(
            SupplyAgreement.starts_at <= now,
            (SupplyAgreement.ends_at.is_(None)) | (SupplyAgreement.ends_at > now),
        )
        .group_by(Position.id)
        .subquery()
    )
    is_owned = Point.organisation_id.in_(seen)
    query = (
        select(Point.key, Point.id, case((is_owned, None), else_=supplied.c.since).label("since"))
        .outerjoin(supplied, supplied.c.id == Point.position_id)
        .where(is_owned | supplied.c.since.is_not(None))
    )
    if point_ids is not None:
        query = query.where(Point.id.in_(point_ids))
    return session.execute(query).all()


def newest_sequence(session: Session, _scope: Scope) -> int:
    """Return the sequence of the newest batch, 0 where there is none."""
    return session.scalar(select(func.max(Batch.sequence))) or 0


def latest(
    session: Session, _scope: Scope, keys: Sequence[int]
) -> Sequence[Row[tuple[int, object, int, float | None]]]:
    """Return the newest reading of points by key: key, instant, quality, value.

    For keys `visible_points` gave: one feed asks once for all who listen, so it has no scope of its own.
    """
    return session.execute(
        select(Latest.point_key, Latest.read_at, Latest.quality, Latest.value).where(
            Latest.point_key.in_(keys)
        )
    ).all()
