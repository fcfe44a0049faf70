"""Which meters count, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from backend.kernel.scope import Scope
from backend.kernel.units import PointKind
from backend.metering.models import Point
from backend.metering.queries.points import visible
from backend.network.models import Position, Site, SupplyAgreement


def meters(session: Session, scope: Scope) -> Sequence[Any]:
    """Every point of the scope that counts amounts, with its place: rows, by key.

    Owned by its organisations, or at a position supplied to them (now or ever: see `agreements`).
    """
    place, top = aliased(Position), aliased(Position)
    query = (
        select(
            Point.key, Point.id, Point.name, Point.name_zh, Point.parent_id, Point.carrier, Point.unit, Point.direction,
            Point.category, Point.is_total, Point.interval_minutes, Point.organisation_id, Point.position_id,
            place.path, place.name.label("place"), place.name_zh.label("place_zh"), place.site_id,
            top.name.label("site"), top.name_zh.label("site_zh"), Site.timezone, Site.calendar,
        )
        .join(place, place.id == Point.position_id)
        .join(top, top.id == place.site_id)
        .join(Site, Site.position_id == place.site_id)
        .where(Point.kind.in_((PointKind.REGISTER, PointKind.INTERVAL)), visible(scope))
        .order_by(Point.key)
    )  # fmt: skip
    return session.execute(query).all()


def agreements(
    session: Session, scope: Scope, first: datetime, end: datetime
) -> Sequence[tuple[str, UUID, datetime, datetime | None]]:
    """Who of the scope's organisations is supplied where, at any time in [first, end): path, customer, from, until."""
    query = (
        select(Position.path, SupplyAgreement.organisation_id, SupplyAgreement.starts_at, SupplyAgreement.ends_at)
        .join(Position, Position.id == SupplyAgreement.position_id)
        .where(SupplyAgreement.organisation_id.in_(scope.organisations), SupplyAgreement.starts_at < end)
        .where(SupplyAgreement.ends_at.is_(None) | (SupplyAgreement.ends_at > first))
        .order_by(SupplyAgreement.starts_at)
    )  # fmt: skip
    return [(str(path), *rest) for path, *rest in session.execute(query)]  # type: ignore[misc]  # four columns


def outdoors(session: Session, scope: Scope) -> int | None:
    """The key of an outdoor temperature of the scope; None where there is none."""
    query = (
        select(Point.key)
        .where(
            Point.carrier == "environment", Point.quantity == "temperature", Point.kind == PointKind.INSTANT
        )
        .where(visible(scope))
        .order_by(Point.key)
        .limit(1)
    )
    return session.scalar(query)
