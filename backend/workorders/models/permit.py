"""Permits to work: issued, isolation confirmed, handed back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class Permit(TenantOwned, Base):
    """Leave to work on a plant part for a time. isolation: points that are locked off, each with who confirmed it.

    kind: electrical, hot_work, confined_space, gas, pressure; alarms of the position are out of service meanwhile
    """

    __tablename__ = "work_permit"

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"), index=True)
    kind: Mapped[str]
    isolation: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    issued_at: Mapped[datetime]
    issued_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    handed_back_at: Mapped[datetime | None]
    handed_back_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
