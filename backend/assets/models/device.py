"""Devices, where each stood when, and what happened in its life."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.assets.rules.life import DeviceStatus
from backend.kernel.db import Base, Key, TenantOwned


class Device(TenantOwned, Base):
    """A serial-numbered thing: meter, sensor, pump, boiler. `family` names its table in ingest/devices.

    parent_id: the device it is part of; purchase_cost is exact, in purchase_currency (ISO 4217)
    warranty_until: last day of the maker's warranty; commissioned_at: first time in service
    """

    __tablename__ = "device"
    __table_args__ = (UniqueConstraint("organisation_id", "manufacturer", "serial_number"),)

    id: Mapped[Key]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("device.id"), index=True)
    family: Mapped[str | None]
    manufacturer: Mapped[str]
    model: Mapped[str]
    serial_number: Mapped[str]
    status: Mapped[DeviceStatus]
    purchased_on: Mapped[date | None]
    purchase_cost: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    purchase_currency: Mapped[str | None]
    supplier: Mapped[str | None]
    warranty_until: Mapped[date | None]
    commissioned_at: Mapped[datetime | None]
    is_simulated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[datetime]


class Installation(TenantOwned, Base):
    """A device stood at a position for a period; a constraint keeps one device from two places at once."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("removed_at IS NULL OR removed_at > installed_at", name="half_open"),)

    id: Mapped[Key]
    device_id: Mapped[UUID] = mapped_column(ForeignKey("device.id"), index=True)
    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"), index=True)
    installed_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class DeviceEvent(TenantOwned, Base):
    """One step of a device's life. Only ever added to.

    at: when it happened; recorded_at: when we learned of it; from_status is null for the entry in the register
    position_id: where it stood, or where it was put; step: its name in rules/life.py, or 'entered', 'moved'
    """

    __tablename__ = "device_event"
    __table_args__ = (
        Index("ix_device_event_device_id", "device_id", "at"),
        Index("ix_device_event_position_id", "position_id", "at"),
    )

    id: Mapped[Key]
    device_id: Mapped[UUID] = mapped_column(ForeignKey("device.id"))
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    step: Mapped[str]
    from_status: Mapped[DeviceStatus | None]
    to_status: Mapped[DeviceStatus]
    position_id: Mapped[UUID | None] = mapped_column(ForeignKey("position.id"))
    reason: Mapped[str | None]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
