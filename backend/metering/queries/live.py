"""What live pages ask: which points may be seen, what changed since, what the newest values are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, aliased

from backend.kernel.scope import Scope
from backend.metering.models import Batch, Latest, Point
from backend.tenancy.models import Organisation


def visible_points(
    session: Session, scope: Scope, *, point_ids: Sequence[UUID] | None, organisation_id: UUID | None
) -> dict[int, UUID]:
    """Return key -> id of points the scope sees: the named ones, or an organisation's with all below it.

    A customer's points are those their agreements cover; row-level security adds them.
    """
    query = select(Point.key, Point.id)
    if point_ids is not None:
        query = query.where(Point.id.in_(point_ids))
    if organisation_id is not None:
        node = aliased(Organisation)
        below = select(Organisation.id).join(node, node.id == organisation_id)
        below = below.where(Organisation.path.below(node.path), Organisation.id.in_(scope.organisations))
        query = query.where(Point.organisation_id.in_(below))
    return {row.key: row.id for row in session.execute(query)}


def newest_sequence(session: Session) -> int:
    """Return the sequence of the newest batch, 0 where there is none."""
    return session.scalar(select(func.max(Batch.sequence))) or 0


def latest(session: Session, keys: Sequence[int]) -> Sequence[Row[tuple[int, object, int, float | None]]]:
    """Return the newest reading of points by key: key, instant, quality, value."""
    return session.execute(
        select(Latest.point_key, Latest.read_at, Latest.quality, Latest.value).where(
            Latest.point_key == func.any(list(keys))
        )
    ).all()
