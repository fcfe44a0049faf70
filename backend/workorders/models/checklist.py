"""Check-lists: what is to be looked at, and what was found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class ChecklistTemplate(TenantOwned, Base):
    """A version of a check-list. items: see rules/checklist.py; a new version never changes an old one."""

    __tablename__ = "checklist_template"
    __table_args__ = (UniqueConstraint("organisation_id", "code", "version"),)

    id: Mapped[Key]
    code: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    name_zh: Mapped[str | None]
    fault_classes: Mapped[list[str]] = mapped_column(JSONB, default=list)
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    is_current: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class ChecklistAnswer(TenantOwned, Base):
    """The newest answer to one item; earlier ones stay in the events. repair_id: the repair a failed item opened."""

    __tablename__ = "checklist_answer"
    __table_args__ = (UniqueConstraint("work_order_id", "cycle", "item"),)

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"), index=True)
    cycle: Mapped[int]
    item: Mapped[str]
    value: Mapped[Any] = mapped_column(JSONB)
    is_failed: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str | None]
    answered_at: Mapped[datetime]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    repair_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_order.id"))
    rev: Mapped[int] = mapped_column(default=1)
