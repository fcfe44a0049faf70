"""What orders need and leave behind: parts set aside, alarms kept quiet, what was learned, what is looked at again."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class PlannedPart(TenantOwned, Base):
    """A part a job will take [unit of the part]. store_id: where it is set aside; None while nobody is planned."""

    __tablename__ = "planned_part"
    __table_args__ = (UniqueConstraint("work_order_id", "part_id"),)

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"), index=True)
    part_id: Mapped[UUID] = mapped_column(ForeignKey("part.id"), index=True)
    quantity: Mapped[Decimal] = mapped_column(Numeric(12, 3))
    store_id: Mapped[UUID | None] = mapped_column(ForeignKey("store.id"), index=True)


class AlarmHold(TenantOwned, Base):
    """An order that keeps an alarm rule out of service until an hour; the last to let go returns it."""

    __tablename__ = "alarm_hold"
    __table_args__ = (UniqueConstraint("work_order_id", "rule_id"),)

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"), index=True)
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("alarm_rule.id"), index=True)
    until: Mapped[datetime]


class AssetHealth(TenantOwned, Base):
    """How a place's plant is, 0 (worst) to 100, as of its last closed repair. because: counts and hours it rests on."""

    __tablename__ = "asset_health"
    __table_args__ = (UniqueConstraint("position_id"),)

    id: Mapped[Key]
    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"))
    score: Mapped[float]
    because: Mapped[dict[str, Any]] = mapped_column(JSONB)
    computed_at: Mapped[datetime]


class KnowledgeCard(TenantOwned, Base):
    """What helped once: proposed by a closed repair, kept or dropped by a manager. status: proposed, kept, dropped."""

    __tablename__ = "knowledge_card"
    __table_args__ = (UniqueConstraint("work_order_id", "cycle"),)

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"))
    cycle: Mapped[int]
    fault_class: Mapped[str]
    problem_code: Mapped[str]
    cause_code: Mapped[str]
    remedy_code: Mapped[str]
    text: Mapped[str]
    status: Mapped[str]
    proposed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class QualityCheck(TenantOwned, Base):
    """A closed order that was drawn to be looked at again (rules/quality.py). is_good: None until somebody did.

    event_id: the event that closed it, by which it was drawn; share: of the policy then
    """

    __tablename__ = "quality_check"
    __table_args__ = (
        UniqueConstraint("work_order_id", "cycle"),
        Index("ix_quality_check_recent", "organisation_id", "drawn_at", "id"),
    )

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"))
    cycle: Mapped[int]
    event_id: Mapped[UUID] = mapped_column(ForeignKey("work_order_event.id"))
    share: Mapped[float]
    drawn_at: Mapped[datetime]
    is_good: Mapped[bool | None]
    findings: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    checked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
