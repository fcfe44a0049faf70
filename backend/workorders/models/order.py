"""The work order, its visits, and everything that happened to them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned
from backend.kernel.units import Carrier
from backend.workorders.rules.machine import OrderStatus, VisitStatus

OVER = "('closed', 'cancelled', 'rejected', 'merged', 'cannot_complete')"


class OrderKind(StrEnum):
    """What the work is."""

    REPAIR = "repair"
    INSPECTION = "inspection"
    EXCHANGE = "exchange"
    READING = "reading"


class Source(StrEnum):
    """Who or what reported it."""

    ALARM = "alarm"
    CUSTOMER = "customer"
    PUBLIC = "public"
    TECHNICIAN = "technician"
    DISPATCHER = "dispatcher"
    INSPECTION = "inspection"


class WorkOrder(TenantOwned, Base):
    """One fault or task, from report to closure. `status` is moved by commands only (rules/machine.py).

    organisation_id: who serves; customer_id: whose supply it is about; number: people's name for it
    title_zh: of orders the product made; people write `title` in their own words
    cycle: counts reopenings, completion facts of earlier cycles stay; rev: counts changes, for phones
    estimate, cost: in the site's currency; reporter: name, phone, locale of somebody without an account
    is_rehearsal: practice; it is seen by whoever practises and reaches nothing real
    """

    __tablename__ = "work_order"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        Index(
            "uq_work_order_open", "position_id", "fault_class", unique=True,
            postgresql_where=text(f"status NOT IN {OVER} AND kind = 'repair' AND NOT is_rehearsal"),
        ),
        Index("ix_work_order_recent", "organisation_id", "reported_at", "id"),
        Index("ix_work_order_status", "organisation_id", "status"),
        CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
    )  # fmt: skip

    id: Mapped[Key]
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[str]
    kind: Mapped[OrderKind]
    source: Mapped[Source]
    status: Mapped[OrderStatus]
    cycle: Mapped[int] = mapped_column(default=1)
    rev: Mapped[int] = mapped_column(BigInteger, default=1)
    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"), index=True)
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("device.id"), index=True)
    alarm_id: Mapped[UUID | None] = mapped_column(ForeignKey("alarm.id"), index=True)
    carrier: Mapped[Carrier | None]
    fault_class: Mapped[str | None]
    priority: Mapped[int | None]
    title: Mapped[str]
    title_zh: Mapped[str | None]
    description: Mapped[str | None]
    reported_at: Mapped[datetime]
    reported_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    reporter: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    sla_policy_id: Mapped[UUID | None] = mapped_column(ForeignKey("sla_policy.id"))
    checklist_id: Mapped[UUID | None] = mapped_column(ForeignKey("checklist_template.id"))
    needs_permit: Mapped[bool] = mapped_column(default=False)
    needs_signature: Mapped[bool] = mapped_column(default=False)
    skills: Mapped[list[str]] = mapped_column(JSONB, default=list)
    duration_min: Mapped[int] = mapped_column(default=60)
    window_starts_at: Mapped[datetime | None]
    window_ends_at: Mapped[datetime | None]
    hold_reason: Mapped[str | None]
    hold_until: Mapped[datetime | None]
    estimate: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    cost: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    problem_code: Mapped[str | None]
    cause_code: Mapped[str | None]
    remedy_code: Mapped[str | None]
    downtime_from: Mapped[datetime | None]
    downtime_to: Mapped[datetime | None]
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_order.id"))
    follow_up_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_order.id"))
    inspection_plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("inspection_plan.id"))
    rating: Mapped[int | None]
    rating_comment: Mapped[str | None]
    is_rehearsal: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class Visit(TenantOwned, Base):
    """One technician's trip for a work order. technician_id: a person, the crew's lead; companions: the others.

    cycle: the order's when it was planned
    """

    __tablename__ = "visit"
    __table_args__ = (
        Index("ix_visit_plan", "technician_id", "planned_start"),
        CheckConstraint("planned_end > planned_start", name="half_open"),
    )

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"), index=True)
    technician_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    companions: Mapped[list[str]] = mapped_column(JSONB, default=list)
    cycle: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    status: Mapped[VisitStatus]
    rev: Mapped[int] = mapped_column(BigInteger, default=1)
    planned_start: Mapped[datetime]
    planned_end: Mapped[datetime]
    offered_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class OrderEvent(TenantOwned, Base):
    """One command that moved a work order or a visit, or a fact noted with it. Append-only: SLA clocks replay it.

    occurred_at: device time corrected and clamped; raw_at: as the device said; uncertainty_s: of the correction
    received_at: when we heard of it; evidence: what the guard was shown (tag, place, hashes, …)
    """

    __tablename__ = "work_order_event"
    __table_args__ = (
        Index("ix_work_order_event_order", "work_order_id", "id"),
        Index("uq_work_order_event_op", "op_id", "command", unique=True, postgresql_where=text("op_id IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"))
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visit.id"))
    cycle: Mapped[int]
    command: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    occurred_at: Mapped[datetime]
    raw_at: Mapped[datetime | None]
    uncertainty_s: Mapped[float | None]
    received_at: Mapped[datetime]
    device_id: Mapped[str | None]
    op_id: Mapped[UUID | None]
