"""Look at what stands where."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import paging
from backend.kernel.scope import Scope
from backend.network import queries
from backend.network.models import Position, Site


def position(session: Session, scope: Scope, position_id: UUID) -> Position:
    """Return one position; raises NotFound."""
    return queries.position(session, scope, position_id)


def site_of(session: Session, scope: Scope, position_id: UUID) -> Site:
    """Return the site a position belongs to: its time zone, currency, calendar."""
    return queries.site(session, scope, position_id)


def sites(session: Session, scope: Scope) -> Sequence[tuple[Site, Position]]:
    """Return all sites the scope sees, by name."""
    return queries.sites(session, scope)


def list_sites(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None = None, cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[tuple[Site, Position]]:  # fmt: skip
    """Return a page of the sites the scope sees, by name; organisations: whose they are."""
    return queries.sites_page(session, scope, organisations=organisations, cursor=cursor, limit=limit)


def zone_of(session: Session, scope: Scope, organisation_id: UUID) -> str | None:
    """Return the time zone of an organisation's first site by name, else of the first the scope sees."""
    return queries.zone_of(session, scope, organisation_id)


def way_to(session: Session, scope: Scope, position: Position) -> Sequence[Position]:
    """Return the positions from the site down to this one, itself included."""
    return queries.ancestors(session, scope, position)


def children(
    session: Session, scope: Scope, parent_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[Position]:
    """Return a page of the positions directly under one, by name."""
    parent = queries.position(session, scope, parent_id)
    return queries.positions(session, scope, parent_id=parent.id, cursor=cursor, limit=limit)


def list_positions(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None = None, under: UUID | None = None,
    search: str | None = None, cursor: str | None = None, limit: int = 50,
) -> paging.Page[Position]:  # fmt: skip
    """Return a page of positions by name: of organisations, under a position, or matching a text."""
    return queries.positions(
        session, scope, organisations=organisations,
        under=queries.position(session, scope, under) if under else None, search=search, cursor=cursor, limit=limit,
    )  # fmt: skip


def positions_by_id(session: Session, scope: Scope, position_ids: Collection[UUID]) -> dict[UUID, Position]:
    """Return positions by their ids; those the scope does not see are left out."""
    return {found.id: found for found in queries.positions_by_id(session, scope, position_ids)}


def nearest_positions(
    session: Session, scope: Scope, *, longitude: float, latitude: float, limit: int = 20
) -> Sequence[tuple[Position, float]]:
    """Return positions nearest first, each with its distance [m]."""
    return queries.nearest(session, scope, longitude, latitude, min(limit, paging.MOST))
