"""Bills: the runs that make them, what stands on them, and the numbers they were given."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.billing.models.ledger import MONEY
from backend.kernel.db import Base, Key, TenantOwned


class RunStatus(StrEnum):
    """How far a run is."""

    PREVIEWING = "previewing"
    PREVIEWED = "previewed"
    ISSUING = "issuing"
    ISSUED = "issued"
    ABANDONED = "abandoned"


class BillKind(StrEnum):
    """A bill, or a note that corrects one."""

    BILL = "bill"
    CREDIT_NOTE = "credit_note"
    DEBIT_NOTE = "debit_note"


class BillStatus(StrEnum):
    """A draft may be thrown away; what is issued stays as it is."""

    DRAFT = "draft"
    ISSUED = "issued"


class BillRun(TenantOwned, Base):
    """Bills of all contracts of an operator for the period a day lies in.

    after_id: the last contract a draft was made for, or set aside; moved in the transaction of the drafts, so that
    a run that died goes on where it was
    """

    __tablename__ = "bill_run"
    __table_args__ = (Index("ix_bill_run_recent", "organisation_id", "started_at"),)

    id: Mapped[Key]
    book_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_book.id"))
    day: Mapped[date]
    status: Mapped[RunStatus]
    after_id: Mapped[UUID | None]
    started_at: Mapped[datetime]
    started_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    issue_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]


class BillRunException(TenantOwned, Base):
    """A contract a run could not bill, and why."""

    __tablename__ = "bill_run_exception"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("bill_run.id"), primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("supply_contract.id"), primary_key=True)
    reason: Mapped[str]


class BillArchive(TenantOwned, Base):
    """A run's bills as PDFs in a language, packed a lot at a time. whole, done: bills; size: [B] of what is packed.

    parts: the SHA-256 of ZIP files in order; after_id: the last bill packed, moved in the transaction of its part
    """

    __tablename__ = "bill_archive"
    __table_args__ = (UniqueConstraint("run_id", "locale"),)

    id: Mapped[Key]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("bill_run.id"))
    locale: Mapped[str]
    whole: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    after_id: Mapped[UUID | None]
    parts: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]


class Bill(TenantOwned, Base):
    """What a customer owes, or is owed back. organisation_id: who supplies.

    starts_on, ends_on: local dates, half-open; months: 'n/d' billing months it counts as
    tariff_version_id: the document it was rated by; opening, closing: what it took from and leaves to other bills
    corrects_id: the bill a note corrects, or the one note after another
    """

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("organisation_id", "year", "serial", name="uq_bill_number"),
        CheckConstraint("(status = 'issued') = (serial IS NOT NULL AND issued_at IS NOT NULL)", name="number"),
        CheckConstraint("ends_on > starts_on", name="half_open"),
        ExcludeConstraint(
            ("contract_id", "="), (func.daterange(text("starts_on"), text("ends_on")), "&&"), name="ex_bill_once",
            where=text("kind = 'bill'"),
        ),
        Index("ix_bill_run_id", "run_id", "id"),
        Index("ix_bill_customer_id", "customer_id", "issued_at"),
        Index("ix_bill_corrects_id", "corrects_id"),
        Index("ix_bill_contract_id", "contract_id", "starts_on"),
    )  # fmt: skip

    id: Mapped[Key]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("supply_contract.id"))
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("bill_run.id"))
    kind: Mapped[BillKind]
    status: Mapped[BillStatus]
    year: Mapped[int | None] = mapped_column(SmallInteger)
    serial: Mapped[int | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    months: Mapped[str]
    currency: Mapped[str]
    total: Mapped[Decimal] = mapped_column(MONEY)
    tariff_version_id: Mapped[UUID] = mapped_column(ForeignKey("tariff_version.id"))
    opening: Mapped[dict[str, str]] = mapped_column(JSONB)
    closing: Mapped[dict[str, str]] = mapped_column(JSONB)
    corrects_id: Mapped[UUID | None] = mapped_column(ForeignKey("bill.id"))
    reason: Mapped[str | None]
    made_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    issued_on: Mapped[date | None]
    due_on: Mapped[date | None]


class BillLine(TenantOwned, Base):
    """One line: quantity [unit] × price = amount, where it is a product; see the tariff's Line.

    starts_at, ends_at: from the first to the last interval it rests on; version: date its prices are valid from
    is_included: part of other lines, not added to the total; account: where it is posted
    """

    __tablename__ = "bill_line"

    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    component: Mapped[str]
    kind: Mapped[str]
    name: Mapped[dict[str, Any]] = mapped_column(JSONB)
    period: Mapped[str | None]
    block: Mapped[int | None] = mapped_column(SmallInteger)
    register: Mapped[str | None]
    quantity: Mapped[Decimal] = mapped_column(Numeric)
    unit: Mapped[str]
    price: Mapped[Decimal | None] = mapped_column(Numeric)
    amount: Mapped[Decimal] = mapped_column(Numeric)
    is_included: Mapped[bool]
    account: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    version: Mapped[date]


class BillCounter(TenantOwned, Base):
    """The last number given to a bill of an operator in a year: taken with the issue, so that none is missing."""

    __tablename__ = "bill_counter"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    last: Mapped[int]


class RevisedBill(TenantOwned, Base):
    """Intervals an issued bill rests on were revised: it waits to be rated again. intervals: how many, as told."""

    __tablename__ = "revised_bill"

    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), primary_key=True)
    intervals: Mapped[int]
    noted_at: Mapped[datetime]
