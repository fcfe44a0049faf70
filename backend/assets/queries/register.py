"""The register as lists: devices with where they stand, filtered, by serial number or nearest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from geoalchemy2 import functions as geo
from sqlalchemy import Select, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from backend.assets.models import Device, DeviceStatus, Installation
from backend.assets.queries import visible
from backend.kernel import paging
from backend.kernel.scope import Scope
from backend.network.models import Position


@dataclass(frozen=True)
class DeviceFilter:
    """Which devices; None means all.

    organisations: the register's, or the position's; under_path: a position's ltree path and all below
    warranty_before: whose warranty ends before that day
    """

    organisations: frozenset[UUID] | None = None
    device_ids: tuple[UUID, ...] | None = None
    statuses: tuple[DeviceStatus, ...] | None = None
    family: str | None = None
    carrier: str | None = None
    under_path: str | None = None
    warranty_before: date | None = None


@dataclass(frozen=True)
class Asset:
    """A device and where it stands. position None: nowhere, or not for the asker to see."""

    device: Device
    installation: Installation | None
    position: Position | None
    longitude: float | None
    latitude: float | None
    distance_m: float | None = None


def assets(
    session: Session, scope: Scope, wanted: DeviceFilter, *, cursor: str | None, limit: int
) -> paging.Page[Asset]:
    """Devices by serial number."""
    by = (Device.serial_number, Device.id)
    found = paging.page(session, _chosen(scope, wanted), by=by, cursor=cursor, limit=limit)
    return found.each(lambda row: Asset(*row))


def table(session: Session, scope: Scope, wanted: DeviceFilter, *, limit: int) -> Sequence[Asset]:
    """Devices by serial number, all at once: what a workbook holds."""
    query = _chosen(scope, wanted).order_by(Device.serial_number, Device.id).limit(limit)
    return [Asset(*row) for row in session.execute(query)]


def nearest(
    session: Session, scope: Scope, wanted: DeviceFilter, longitude: float, latitude: float, limit: int
) -> Sequence[Asset]:
    """Devices that stand somewhere, nearest to a place first, each with its distance [m]."""
    here = func.ST_SetSRID(func.ST_MakePoint(longitude, latitude), 4326)
    distance = func.ST_DistanceSphere(geo.ST_PointOnSurface(Position.geometry), here)
    query = (
        _chosen(scope, wanted)
        .add_columns(distance)
        .where(Position.geometry.is_not(None))
        .order_by(Position.geometry.op("<->")(here), Device.id)
        .limit(limit)
    )
    return [Asset(*row) for row in session.execute(query)]


def counts(session: Session, scope: Scope, organisations: frozenset[UUID]) -> dict[DeviceStatus, int]:
    """How many devices there are of each status."""
    rows = session.execute(
        select(Device.status, func.count())
        .where(visible.devices(scope), Device.organisation_id.in_(organisations))
        .group_by(Device.status)
    )
    return {row[0]: row[1] for row in rows}


def families(session: Session, scope: Scope) -> Sequence[str]:
    """The families there are, by name."""
    return session.scalars(
        select(Device.family)
        .where(Device.organisation_id.in_(scope.organisations), Device.family.is_not(None))
        .distinct()
        .order_by(Device.family)
    ).all()


def positions_of(
    session: Session, scope: Scope, organisations: frozenset[UUID], limit: int
) -> Sequence[tuple[Position, Any]]:
    """Positions of organisations, parents first, each with its geometry as GeoJSON."""
    rows = session.execute(
        select(Position, cast(func.ST_AsGeoJSON(Position.geometry, 7), JSONB))
        .where(Position.organisation_id.in_(organisations & scope.organisations))
        .order_by(func.nlevel(Position.path), Position.name, Position.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def positions_of_codes(
    session: Session, scope: Scope, codes: Sequence[str], position_ids: Sequence[UUID]
) -> Sequence[tuple[Position, Any]]:
    """Own positions with one of these codes or ids, each with its geometry as GeoJSON."""
    rows = session.execute(
        select(Position, cast(func.ST_AsGeoJSON(Position.geometry, 7), JSONB)).where(
            or_(Position.code.in_(codes), Position.id.in_(position_ids)),
            Position.organisation_id.in_(scope.organisations),
        )
    )
    return [(row[0], row[1]) for row in rows]


def _chosen(scope: Scope, wanted: DeviceFilter) -> Select[Any]:
    point = geo.ST_PointOnSurface(Position.geometry)
    query: Select[Any] = (
        select(Device, Installation, Position, func.ST_X(point), func.ST_Y(point))
        .select_from(Device)
        .outerjoin(
            Installation,
            (Installation.device_id == Device.id)
            & Installation.removed_at.is_(None)
            & visible.installations(scope),
        )
        .outerjoin(Position, Position.id == Installation.position_id)
        .where(visible.devices(scope))
    )
    if wanted.organisations is not None:
        query = query.where(
            or_(
                Device.organisation_id.in_(wanted.organisations),
                Position.organisation_id.in_(wanted.organisations),
            )
        )
    if wanted.device_ids is not None:
        query = query.where(Device.id.in_(wanted.device_ids))
    if wanted.statuses:
        query = query.where(Device.status.in_(wanted.statuses))
    if wanted.family:
        query = query.where(Device.family == wanted.family)
    if wanted.carrier:
        query = query.where(Position.carriers.contains([wanted.carrier]))
    if wanted.under_path:
        query = query.where(Position.path.op("<@")(wanted.under_path))
    if wanted.warranty_before:
        query = query.where(Device.warranty_until < wanted.warranty_before)
    return query
