"""Positions and sites, each SELECT confined to a scope.

A scope sees positions its organisations own, and those supplied to them by an agreement
(with the site above, but not what else stands there).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from geoalchemy2 import functions as geo
from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.network.models import Position, Site, SupplyAgreement
from backend.network.queries.naming import BETWEEN


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
    query = select(Position).where(Position.id == position_id, visible(scope))
    return required(session, query, "there is no such position", position_id=position_id)


def site(session: Session, scope: Scope, position_id: UUID) -> Site:
    """The site a position belongs to; raises NotFound."""
    query = (
        select(Site)
        .join(Position, Position.site_id == Site.position_id)
        .where(Position.id == position_id, visible(scope))
    )
    return required(session, query, "there is no such position", position_id=position_id)


def positions(
    session: Session,
    scope: Scope,
    *,
    organisations: frozenset[UUID] | None = None,
    under: Position | None = None,
    parent_id: UUID | None = None,
    search: str | None = None,
    cursor: str | None,
    limit: int,
) -> paging.Page[Position]:
    """Positions in order of name: of organisations (or supplied to them), under one, or matching a text.

    search: words that stand in its name or code, or in the name of its site
    """
    query = select(Position).where(visible(scope))
    if organisations is not None:
        query = query.where(visible(Scope.system(organisations & scope.organisations, "part of the scope")))
    if under is not None:
        query = query.where(Position.path.op("<@")(under.path))
    if parent_id is not None:
        query = query.where(Position.parent_id == parent_id)
    for part in (search or "").replace(BETWEEN, " ").split():
        query = query.where(_is_called(part))
    return paging.page(session, query, by=(Position.name, Position.id), cursor=cursor, limit=limit)


def positions_by_id(session: Session, scope: Scope, position_ids: Collection[UUID]) -> Sequence[Position]:
    """Positions by id, in no order."""
    if not position_ids:
        return ()
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


def sites_page(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None, cursor: str | None, limit: int
) -> paging.Page[tuple[Site, Position]]:
    """A page of the sites with their positions, by name; organisations: whose they are."""
    query = select(Site, Position).join(Position, Position.id == Site.position_id).where(visible(scope))
    if organisations is not None:
        query = query.where(Position.organisation_id.in_(organisations))
    return paging.page(session, query, by=(Position.name, Position.id), cursor=cursor, limit=limit)


def zone_of(session: Session, scope: Scope, organisation_id: UUID) -> str | None:
    """The time zone of an organisation's first site by name, else of the first the scope sees."""
    is_own = Site.organisation_id == organisation_id
    return session.scalar(
        select(Site.timezone)
        .join(Position, Position.id == Site.position_id)
        .where(visible(scope))
        .order_by(is_own.desc(), Position.name, Position.id)
        .limit(1)
    )


def _is_called(part: str) -> ColumnElement[bool]:
    """Condition on Position: a part of its name, of its code, or of the name of its site."""
    site = aliased(Position)
    named = (Position.name, Position.name_zh, Position.code)
    at_site = select(site.id).where(
        or_(*(name.icontains(part, autoescape=True) for name in (site.name, site.name_zh)))
    )
    return or_(*(name.icontains(part, autoescape=True) for name in named), Position.site_id.in_(at_site))


def ancestors(session: Session, scope: Scope, of: Position) -> Sequence[Position]:
    """The way from the site down to a position, both included."""
    return session.scalars(
        select(Position)
        .where(Position.path.op("@>")(of.path), visible(scope))
        .order_by(func.nlevel(Position.path))
    ).all()


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
