"""Debts: how they are reminded of, what holds that up, and how they are paid in parts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.billing.models.ledger import MONEY
from backend.kernel.db import Base, Key, TenantOwned


class HoldReason(StrEnum):
    """Why nobody is reminded of a bill."""

    COMPLAINT = "complaint"
    ENQUIRY = "enquiry"
    HARDSHIP = "hardship"
    OTHER = "other"


class PlanStatus(StrEnum):
    """How a plan stands; only an active one holds reminders up."""

    ACTIVE = "active"
    PAID = "paid"
    BROKEN = "broken"
    CANCELLED = "cancelled"


class DunningPolicy(TenantOwned, Base):
    """How an operator reminds: steps [{after_days, fee}] by level, least: smaller debts are not worth a reminder."""

    __tablename__ = "dunning_policy"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    least: Mapped[Decimal] = mapped_column(MONEY)
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class BillReminder(TenantOwned, Base):
    """A reminder of a bill, each level once. open: what was left; note_id: the debit note over the fee, if any."""

    __tablename__ = "bill_reminder"
    __table_args__ = (
        UniqueConstraint("bill_id", "level"),
        Index("ix_bill_reminder_note_id", "note_id"),
        Index("ix_bill_reminder_recent", "organisation_id", "told_on", "id"),
    )

    id: Mapped[Key]
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    open: Mapped[Decimal] = mapped_column(MONEY)
    fee: Mapped[Decimal] = mapped_column(MONEY)
    currency: Mapped[str]
    note_id: Mapped[UUID | None] = mapped_column(ForeignKey("bill.id"))
    told_on: Mapped[date]
    told_at: Mapped[datetime]


class BillHold(TenantOwned, Base):
    """Nobody is reminded of a bill while it is disputed; released_at None: still."""

    __tablename__ = "bill_hold"
    __table_args__ = (
        Index(
            "uq_bill_hold_open",
            "bill_id",
            "reason",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"))
    reason: Mapped[HoldReason]
    note: Mapped[str]
    held_at: Mapped[datetime]
    held_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    released_at: Mapped[datetime | None]
    released_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class InstalmentPlan(TenantOwned, Base):
    """A debt a customer pays in parts. total: of the bills when it was agreed; grace_days: a part may be so late."""

    __tablename__ = "instalment_plan"
    __table_args__ = (
        CheckConstraint("total > 0", name="total"),
        CheckConstraint("(status = 'active') = (ended_at IS NULL)", name="ended"),
        Index("ix_instalment_plan_customer_id", "customer_id"),
        Index("ix_instalment_plan_active", "organisation_id", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Key]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    currency: Mapped[str]
    total: Mapped[Decimal] = mapped_column(MONEY)
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[PlanStatus]
    agreed_at: Mapped[datetime]
    agreed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]


class PlanInstalment(TenantOwned, Base):
    """A part of a plan, and the local day it is due."""

    __tablename__ = "plan_instalment"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("instalment_plan.id"), primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    due_on: Mapped[date]
    amount: Mapped[Decimal] = mapped_column(MONEY)


class PlannedBill(TenantOwned, Base):
    """A bill a plan pays. open: what was left of it when the plan was agreed."""

    __tablename__ = "planned_bill"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("instalment_plan.id"), primary_key=True)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), primary_key=True, index=True)
    open: Mapped[Decimal] = mapped_column(MONEY)
