"""What stands there: devices with serial numbers, and where each was installed when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class DeviceStatus(StrEnum):
    """Life cycle of a device."""

    PLANNED = "planned"
    PURCHASED = "purchased"
    STORED = "stored"
    INSTALLED = "installed"
    IN_SERVICE = "in_service"
    OUT_OF_SERVICE = "out_of_service"
    SCRAPPED = "scrapped"


class Device(TenantOwned, Base):
    """A serial-numbered thing: meter, sensor, pump, boiler. `family` names its table in ingest/devices."""

    __tablename__ = "device"
    __table_args__ = (UniqueConstraint("organisation_id", "manufacturer", "serial_number"),)

    id: Mapped[Key]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    family: Mapped[str | None]
    manufacturer: Mapped[str]
    model: Mapped[str]
    serial_number: Mapped[str]
    status: Mapped[DeviceStatus]
    is_simulated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[datetime]


class Installation(TenantOwned, Base):
    """A device stood at a position for a period; a constraint keeps one device from two places at once."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("removed_at IS NULL OR removed_at > installed_at", name="half_open"),)

    id: Mapped[Key]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("device.id"), index=True)
    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"), index=True)
    installed_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
