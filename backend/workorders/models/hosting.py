"""Hosted operation: contracts, who is on duty, what a shift wrote down, tickets, patrols, reading rounds, reports."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned
from backend.workorders.rules.tickets import TicketKind, TicketStatus


class Duty(StrEnum):
    """What somebody is there for during a shift."""

    DISPATCH = "dispatch"
    FIELD = "field"
    PLANT = "plant"


class HostingContract(TenantOwned, Base):
    """What is run for a customer. organisation_id: who runs it; patrols, rounds: so many are owed a month.

    position_ids: places that are run (none: all that are supplied); carriers: of them; fee: how it is agreed, in words
    """

    __tablename__ = "hosting_contract"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="half_open"),
    )

    id: Mapped[Key]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[str]
    title: Mapped[str]
    position_ids: Mapped[list[str]] = mapped_column(JSONB, default=list)
    carriers: Mapped[list[str]] = mapped_column(JSONB, default=list)
    sla_policy_id: Mapped[UUID | None] = mapped_column(ForeignKey("sla_policy.id"))
    patrols: Mapped[int] = mapped_column(default=0)
    rounds: Mapped[int] = mapped_column(default=0)
    fee: Mapped[str | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    created_at: Mapped[datetime]


class DutyShift(TenantOwned, Base):
    """Somebody is on duty in [starts_at, ends_at), never twice at once. before_id: whom it was planned for."""

    __tablename__ = "duty_shift"
    __table_args__ = (
        ExcludeConstraint(
            ("person_id", "="), (func.tstzrange(text("starts_at"), text("ends_at")), "&&"), name="ex_duty_shift_double"
        ),
        Index("ix_duty_shift_when", "organisation_id", "starts_at"),
        CheckConstraint("ends_at > starts_at", name="half_open"),
    )  # fmt: skip

    id: Mapped[Key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    duty: Mapped[Duty]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    before_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    swap_reason: Mapped[str | None]


class ShiftLog(TenantOwned, Base):
    """The book of one shift, from hand-over to hand-over; one is open. handed_over: what was open when it was left.

    left: signed by who leaves; taken: signed by who arrives, from then on nobody changes it
    """

    __tablename__ = "shift_log"
    __table_args__ = (
        Index("uq_shift_log_open", "organisation_id", unique=True, postgresql_where=text("taken_at IS NULL")),
        Index("ix_shift_log_recent", "organisation_id", "started_at"),
    )

    id: Mapped[Key]
    started_at: Mapped[datetime]
    started_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    handed_over: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    note: Mapped[str | None]
    left_at: Mapped[datetime | None]
    left_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class ShiftEntry(TenantOwned, Base):
    """One line in the book of a shift. Append-only, and only while the shift lasts."""

    __tablename__ = "shift_entry"

    id: Mapped[Key]
    shift_log_id: Mapped[UUID] = mapped_column(ForeignKey("shift_log.id"), index=True)
    at: Mapped[datetime]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str]
    work_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_order.id"))
    alarm_id: Mapped[UUID | None] = mapped_column(ForeignKey("alarm.id"))
    position_id: Mapped[UUID | None] = mapped_column(ForeignKey("position.id"))


class TicketCounter(TenantOwned, Base):
    """The last number given to a kind of ticket in a year: taken with the ticket, so that none is missing."""

    __tablename__ = "ticket_counter"
    __table_args__ = (UniqueConstraint("organisation_id", "kind", "year"),)

    id: Mapped[Key]
    kind: Mapped[TicketKind]
    year: Mapped[int]
    last: Mapped[int]


class WorkTicket(TenantOwned, Base):
    """A work or switching ticket. steps: [{text, done_at, done_by}], done in their order."""

    __tablename__ = "work_ticket"
    __table_args__ = (UniqueConstraint("organisation_id", "kind", "year", "number"),)

    id: Mapped[Key]
    kind: Mapped[TicketKind]
    year: Mapped[int]
    number: Mapped[int]
    status: Mapped[TicketStatus]
    title: Mapped[str]
    position_id: Mapped[UUID | None] = mapped_column(ForeignKey("position.id"), index=True)
    work_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_order.id"), index=True)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    issued_at: Mapped[datetime]
    issued_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    void_reason: Mapped[str | None]


class PatrolPlan(TenantOwned, Base):
    """A route that is walked. stops: positions in order; weekdays: 0 Monday … 6; begins, ends: local time HH:MM."""

    __tablename__ = "patrol_plan"

    id: Mapped[Key]
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("hosting_contract.id"), index=True)
    name: Mapped[str]
    checklist_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_template.id"))
    stops: Mapped[list[str]] = mapped_column(JSONB)
    weekdays: Mapped[list[int]] = mapped_column(JSONB)
    begins: Mapped[str]
    ends: Mapped[str]
    timezone: Mapped[str]
    duration_min: Mapped[int]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Patrol(TenantOwned, Base):
    """One walk of a plan: one a day, with its inspection order. stops: the plan's of that day."""

    __tablename__ = "patrol"
    __table_args__ = (UniqueConstraint("plan_id", "walked_on"),)

    id: Mapped[Key]
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("patrol_plan.id"))
    walked_on: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    stops: Mapped[list[str]] = mapped_column(JSONB)
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"), index=True)


class PatrolPass(TenantOwned, Base):
    """Somebody passed a stop of a patrol, once. how: tag (scanned there) or hand (ticked on the page)."""

    __tablename__ = "patrol_pass"
    __table_args__ = (UniqueConstraint("patrol_id", "position_id"),)

    id: Mapped[Key]
    patrol_id: Mapped[UUID] = mapped_column(ForeignKey("patrol.id"))
    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"))
    passed_at: Mapped[datetime]
    passed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    how: Mapped[str]


class ReadingRound(TenantOwned, Base):
    """Registers without a line that are read each month, until a day of it. point_ids: in the order of the way."""

    __tablename__ = "reading_round"
    __table_args__ = (CheckConstraint("due_day BETWEEN 1 AND 28", name="due_day"),)

    id: Mapped[Key]
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("hosting_contract.id"), index=True)
    name: Mapped[str]
    point_ids: Mapped[list[str]] = mapped_column(JSONB)
    due_day: Mapped[int]
    timezone: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class MonthlyReport(TenantOwned, Base):
    """What was told a customer of a month, as it was when it was written; its documents lie in the customer's file."""

    __tablename__ = "monthly_report"
    __table_args__ = (UniqueConstraint("contract_id", "month"),)

    id: Mapped[Key]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("hosting_contract.id"))
    month: Mapped[date]
    made_at: Mapped[datetime]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    document_ids: Mapped[list[str]] = mapped_column(JSONB, default=list)
