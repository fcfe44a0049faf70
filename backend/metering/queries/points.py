"""Points, as far as a scope sees them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.errors import NotFound
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering.models import Point, RegisterEvent
from backend.network import queries as network
from backend.network.models import Position, Site


def visible(scope: Scope) -> ColumnElement[bool]:
    """Condition on Point: owned by the scope's organisations, or at a position supplied to them."""
    return network.owned_or_covered(scope, Point.organisation_id, Point.position_id)


def owned_keys(session: Session, scope: Scope) -> NDArray[np.int64]:
    """Keys of all points the scope's organisations own, ascending."""
    keys = session.scalars(
        select(Point.key).where(Point.organisation_id.in_(scope.organisations)).order_by(Point.key)
    ).all()
    return np.array(keys, dtype=np.int64)


def point(session: Session, scope: Scope, point_id: UUID) -> Point:
    """One point; raises NotFound."""
    one = select(Point).where(Point.id == point_id)
    owned = one.where(Point.organisation_id.in_(scope.organisations))  # most are: told much sooner
    found: Point = session.scalar(owned) or required(
        session, one.where(visible(scope)), "there is no such point", point_id=point_id
    )
    return found


def is_below(session: Session, scope: Scope, point_id: UUID, of: UUID) -> bool:
    """Whether a point is another, or a part of it, however deep."""
    chain = select(Point.id, Point.parent_id).where(Point.id == point_id, visible(scope)).cte(recursive=True)
    chain = chain.union(select(Point.id, Point.parent_id).join(chain, Point.id == chain.c.parent_id))
    return session.scalar(select(chain.c.id).where(chain.c.id == of)) is not None


def points_by_id(session: Session, scope: Scope, point_ids: Sequence[UUID]) -> dict[UUID, Point]:
    """The points among `point_ids` that the scope sees."""
    found = session.scalars(select(Point).where(Point.id.in_(point_ids), visible(scope)))
    return {one.id: one for one in found}


def all_points(session: Session, scope: Scope) -> Sequence[Point]:
    """Every point in order of name."""
    return session.scalars(select(Point).where(visible(scope)).order_by(Point.name, Point.id)).all()


def points(
    session: Session,
    scope: Scope,
    *,
    organisations: frozenset[UUID] | None = None,
    position_id: UUID | None = None,
    under_path: str | None = None,
    carrier: Carrier | None = None,
    kind: PointKind | None = None,
    only_totals: bool = False,
    search: str | None = None,
    cursor: str | None,
    limit: int,
) -> paging.Page[Point]:
    """Points in order of name, narrowed by any of the arguments."""
    query: Select[tuple[Point]] = select(Point).where(visible(scope))
    if organisations is not None:
        query = query.where(visible(Scope.system(organisations & scope.organisations, "part of the scope")))
    if position_id is not None:
        query = query.where(Point.position_id == position_id)
    if under_path is not None:
        query = query.join(Position, Position.id == Point.position_id).where(
            Position.path.op("<@")(under_path)
        )
    conditions = {Point.carrier: carrier, Point.kind: kind}
    for column, wanted in conditions.items():
        if wanted is not None:
            query = query.where(column == wanted)
    if only_totals:
        query = query.where(Point.is_total)
    if search:
        query = query.where(Point.name.ilike(f"%{search}%") | Point.name_zh.ilike(f"%{search}%"))
    return paging.page(session, query, by=(Point.name, Point.id), cursor=cursor, limit=limit)


def positions_of(session: Session, scope: Scope, point_ids: Sequence[UUID]) -> dict[UUID, Position]:
    """The position of each visible point."""
    rows = session.execute(
        select(Point.id, Position)
        .join(Position, Position.id == Point.position_id)
        .where(Point.id.in_(point_ids), visible(scope))
    )
    return {row[0]: row[1] for row in rows}


def zone_of(session: Session, scope: Scope, point_id: UUID) -> str:
    """Time zone of a visible point's site."""
    zone = session.scalar(
        select(Site.timezone)
        .join(Position, Position.site_id == Site.position_id)
        .join(Point, Point.position_id == Position.id)
        .where(Point.id == point_id, visible(scope))
    )
    if zone is None:
        raise NotFound("there is no such point", field="point_id", value=str(point_id))
    return zone


def register_events(session: Session, scope: Scope, point_id: UUID) -> Sequence[RegisterEvent]:
    """What happened to a point's register, oldest first."""
    return session.scalars(
        select(RegisterEvent)
        .join(Point, Point.key == RegisterEvent.point_key)
        .where(Point.id == point_id, visible(scope))
        .order_by(RegisterEvent.at)
    ).all()
