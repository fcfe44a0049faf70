"""Every SELECT of the network, each confined to a scope.

A scope sees positions its organisations own, and those supplied to them by an agreement
(with the site above, but not what else stands there).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from geoalchemy2 import functions as geo
from sqlalchemy import ColumnElement, Select, cast, exists, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from backend.kernel.errors import NotFound
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.network.models import Line, Position, Site, SupplyAgreement


@lru_cache(maxsize=512)
def covered_positions(scope: Scope) -> Select[tuple[UUID]]:
    """Ids of positions supplied to the scope's organisations, now or ever. Built once a scope, for it takes 2 ms."""
    root = aliased(Position)
    return (
        select(Position.id)
        .join(root, Position.path.op("<@")(root.path))
        .join(SupplyAgreement, SupplyAgreement.position_id == root.id)
        .where(SupplyAgreement.organisation_id.in_(scope.organisations))
    )


@lru_cache(maxsize=512)
def visible(scope: Scope) -> ColumnElement[bool]:
    """Condition on Position: the scope's own, supplied to it, or the site of such a one."""
    return or_(
        Position.organisation_id.in_(scope.organisations),
        Position.id.in_(covered_positions(scope)),
        Position.id.in_(select(Position.site_id).where(Position.id.in_(covered_positions(scope)))),
    )


def owned_or_covered(scope: Scope, organisation_id: Any, position_id: Any) -> ColumnElement[bool]:
    """Condition for things at positions: owned by the scope's organisations, or at a covered position."""
    return or_(organisation_id.in_(scope.organisations), position_id.in_(covered_positions(scope)))


def position(session: Session, scope: Scope, position_id: UUID) -> Position:
    """One position; raises NotFound."""
    found = session.scalar(select(Position).where(Position.id == position_id, visible(scope)))
    if found is None:
        raise NotFound("there is no such position", field="position_id", value=str(position_id))
    return found


def site(session: Session, scope: Scope, position_id: UUID) -> Site:
    """The site a position belongs to; raises NotFound."""
    found = session.scalar(
        select(Site)
        .join(Position, Position.site_id == Site.position_id)
        .where(Position.id == position_id, visible(scope))
    )
    if found is None:
        raise NotFound("there is no such position", field="position_id", value=str(position_id))
    return found


def positions(
    session: Session,
    scope: Scope,
    *,
    organisations: frozenset[UUID] | None = None,
    under: Position | None = None,
    parent_id: UUID | None = None,
    search: str | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int = 200,
) -> Sequence[Position]:
    """Positions in order of name: of organisations (or supplied to them), under one, or matching a text."""
    query = select(Position).where(visible(scope)).order_by(Position.name, Position.id).limit(limit)
    if organisations is not None:
        confined = Scope.system(organisations & scope.organisations, "part of the scope")
        query = query.where(visible(confined))
    if under is not None:
        query = query.where(Position.path.op("<@")(under.path))
    if parent_id is not None:
        query = query.where(Position.parent_id == parent_id)
    if search:
        pattern = f"%{search}%"
        query = query.where(
            or_(Position.name.ilike(pattern), Position.name_zh.ilike(pattern), Position.code.ilike(pattern))
        )
    if after is not None:
        query = query.where(func.row(Position.name, Position.id) > func.row(*after))
    return session.scalars(query).all()


def positions_by_id(session: Session, scope: Scope, position_ids: Collection[UUID]) -> Sequence[Position]:
    """Positions by id, in no order."""
    return session.scalars(select(Position).where(Position.id.in_(position_ids), visible(scope))).all()


def sites(session: Session, scope: Scope) -> Sequence[tuple[Site, Position]]:
    """Sites with their positions, by name."""
    rows = session.execute(
        select(Site, Position)
        .join(Position, Position.id == Site.position_id)
        .where(visible(scope))
        .order_by(Position.name)
    )
    return [(row[0], row[1]) for row in rows]


def ancestors(session: Session, scope: Scope, of: Position) -> Sequence[Position]:
    """The way from the site down to a position, both included."""
    return session.scalars(
        select(Position)
        .where(Position.path.op("@>")(of.path), visible(scope))
        .order_by(func.nlevel(Position.path))
    ).all()


def agreements_covering(
    session: Session, scope: Scope, at: Position, organisations: frozenset[UUID]
) -> list[Period]:
    """Periods in which agreements of `organisations` cover a position."""
    root = aliased(Position)
    rows = session.execute(
        select(SupplyAgreement.starts_at, SupplyAgreement.ends_at)
        .join(root, root.id == SupplyAgreement.position_id)
        .where(
            SupplyAgreement.organisation_id.in_(organisations & scope.organisations),
            root.path.op("@>")(at.path),
        )
        .order_by(SupplyAgreement.starts_at)
    )
    return [Period(starts_at, ends_at) for starts_at, ends_at in rows]


def agreements(session: Session, scope: Scope, *, at: datetime | None = None) -> Sequence[SupplyAgreement]:
    """Agreements of the scope, as customer or as operator; those in force at an instant when given."""
    query = select(SupplyAgreement).where(
        or_(
            SupplyAgreement.organisation_id.in_(scope.organisations),
            SupplyAgreement.operator_id.in_(scope.organisations),
        )
    )
    if at is not None:
        query = query.where(
            SupplyAgreement.starts_at <= at,
            or_(SupplyAgreement.ends_at.is_(None), SupplyAgreement.ends_at > at),
        )
    return session.scalars(query.order_by(SupplyAgreement.starts_at, SupplyAgreement.id)).all()


def nearest(
    session: Session, scope: Scope, longitude: float, latitude: float, limit: int
) -> Sequence[tuple[Position, float]]:
    """Positions nearest to a place first, each with its distance [m]."""
    here = func.ST_SetSRID(func.ST_MakePoint(longitude, latitude), 4326)
    distance = func.ST_DistanceSphere(geo.ST_PointOnSurface(Position.geometry), here)
    rows = session.execute(
        select(Position, distance)
        .where(visible(scope), Position.geometry.is_not(None))
        .order_by(Position.geometry.op("<->")(here))
        .limit(limit)
    )
    return [(row[0], float(row[1])) for row in rows]


def position_shapes(session: Session, scope: Scope, organisations: frozenset[UUID]) -> Sequence[Any]:
    """Positions with a place: id, kind, name, name_zh, carriers, geometry as GeoJSON."""
    confined = Scope.system(organisations & scope.organisations, "part of the scope")
    return session.execute(
        select(
            Position.id, Position.kind, Position.name, Position.name_zh, Position.carriers, Position.is_simulated,
            cast(func.ST_AsGeoJSON(Position.geometry, 6), JSONB).label("geometry"),
        ).where(visible(confined), Position.geometry.is_not(None))
    ).all()  # fmt: skip


def line_shapes(session: Session, scope: Scope, organisations: frozenset[UUID]) -> Sequence[Any]:
    """Feeders, pipes and base-map lines: id, carrier, kind, name, length, geometry as GeoJSON.

    Staff see the network of their organisations; customers see the base map of their operator only.
    """
    return session.execute(
        select(
            Line.id, Line.carrier, Line.kind, Line.name, Line.length_m,
            cast(func.ST_AsGeoJSON(Line.geometry, 6), JSONB).label("geometry"),
        ).where(Line.organisation_id.in_(organisations & scope.organisations))
    ).all()  # fmt: skip


def site_names_taken(session: Session, scope: Scope, organisation_id: UUID, name: str) -> bool:
    """Whether an organisation already has a site of this name."""
    if organisation_id not in scope.organisations:
        return False
    return bool(
        session.scalar(
            select(
                exists()
                .where(Position.organisation_id == organisation_id)
                .where(Position.parent_id.is_(None), Position.name == name)
            )
        )
    )
