"""Planned inspections."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class InspectionPlan(TenantOwned, Base):
    """Work that comes back. trigger: calendar, counter or condition, with its parameters (rules/inspection.py).

    next_on: local day of the next one (calendar); counted_from: of a counter, its amount at the last one; of a
    condition, the value that called for it, until it is back in its place [unit of the point]
    """

    __tablename__ = "inspection_plan"
    __table_args__ = (Index("ix_inspection_plan_due", "is_active", "next_on"),)

    id: Mapped[Key]
    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"), index=True)
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("device.id"))
    name: Mapped[str]
    name_zh: Mapped[str | None]
    checklist_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_template.id"))
    trigger: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    skills: Mapped[list[str]] = mapped_column(JSONB, default=list)
    duration_min: Mapped[int] = mapped_column(default=30)
    lead_days: Mapped[int] = mapped_column(default=7)
    next_on: Mapped[date | None]
    counted_from: Mapped[float | None]
    last_order_id: Mapped[UUID | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
