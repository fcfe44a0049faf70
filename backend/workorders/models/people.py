"""What a person is as a technician: skills, certificates, shift, van."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class Technician(TenantOwned, Base):
    """A person's working profile at an organisation.

    skills: names; certificates: [{name, valid_until (date)}]; shift: {weekday 0..6: [["08:00", "16:30"], …]} in the
    site's zone; breaks: [{earliest, latest, minutes}]; store_id: the van's store in assets; speed_kmh: of travel
    """

    __tablename__ = "technician"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id"),)

    id: Mapped[Key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    skills: Mapped[list[str]] = mapped_column(JSONB, default=list)
    certificates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    timezone: Mapped[str]
    shift: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    breaks: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    base_longitude: Mapped[float]
    base_latitude: Mapped[float]
    speed_kmh: Mapped[float] = mapped_column(default=30.0)
    store_id: Mapped[UUID | None]
    phone: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
