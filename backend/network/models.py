"""Where things stand and what feeds them: sites, positions, lines, and who is supplied where."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned
from backend.kernel.tree import Ltree
from backend.kernel.units import Carrier


class PositionKind(StrEnum):
    """What kind of place a position is (functional location)."""

    SITE = "site"
    BUILDING = "building"
    PLANT = "plant"
    UNIT = "unit"
    SUBSTATION = "substation"
    STATION = "station"
    FEEDER = "feeder"
    ROOM = "room"
    METERING = "metering"
    INTAKE = "intake"
    STACK = "stack"
    OUTFALL = "outfall"


class Position(TenantOwned, Base):
    """A functional location: keeps its place, history and telemetry while devices come and go.

    path: ltree from the site down; geometry: WGS 84 point, line or polygon
    """

    __tablename__ = "position"
    __table_args__ = (
        Index("ix_position_path", "path", postgresql_using="gist"),
        Index("ix_position_parent_id", "parent_id"),
    )

    id: Mapped[Key]
    site_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"), index=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("position.id"))
    path: Mapped[str] = mapped_column(Ltree())
    kind: Mapped[PositionKind]
    code: Mapped[str | None]
    name: Mapped[str]
    name_zh: Mapped[str | None]
    carriers: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    category: Mapped[str | None]
    geometry: Mapped[WKBElement | None] = mapped_column(Geometry(srid=4326, spatial_index=True))
    is_simulated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class Site(TenantOwned, Base):
    """A top position with what a place of business has: time zone, calendar, currency, address."""

    __tablename__ = "site"

    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"), primary_key=True)
    timezone: Mapped[str]
    calendar: Mapped[str] = mapped_column(default="CN")
    currency: Mapped[str]
    address: Mapped[str | None]


class Line(TenantOwned, Base):
    """A feeder or pipe between two positions, or a piece of the base map (street, coast, block).

    kind: 'feeder', 'pipe', or a base layer: 'street', 'coast', 'block'; base layers have no carrier
    """

    __tablename__ = "line"

    id: Mapped[Key]
    carrier: Mapped[Carrier | None]
    kind: Mapped[str]
    name: Mapped[str | None]
    from_position_id: Mapped[UUID | None] = mapped_column(ForeignKey("position.id"), index=True)
    to_position_id: Mapped[UUID | None] = mapped_column(ForeignKey("position.id"), index=True)
    geometry: Mapped[WKBElement] = mapped_column(Geometry(srid=4326, spatial_index=True))
    length_m: Mapped[float | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class SupplyAgreement(TenantOwned, Base):
    """A customer is supplied at a position (and below it) for a period: what they may see, and when.

    organisation_id: the customer; operator_id: who supplies; ends_at None: until further notice
    """

    __tablename__ = "supply_agreement"
    __table_args__ = (CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="half_open"),)

    id: Mapped[Key]
    operator_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
