"""What customers and office have between bills: the bill so far, complaints about lines, requests."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.billing.models.ledger import MONEY
from backend.kernel.db import Base, Key, TenantOwned


class ComplaintState(StrEnum):
    """Whose turn it is: the office's, the customer's, nobody's."""

    OPEN = "open"
    ANSWERED = "answered"
    SETTLED = "settled"


class RequestKind(StrEnum):
    """What a customer asks for."""

    INSTALMENTS = "instalments"
    REFUND = "refund"


class RequestStatus(StrEnum):
    """Who has a request: the office, or nobody any more."""

    OPEN = "open"
    GRANTED = "granted"
    DECLINED = "declined"


class AccountRequest(TenantOwned, Base):
    """What a customer asks the office for; one open of a kind and currency. organisation_id: who supplies.

    bill_id: the bill it began at; parts: monthly ones wanted, of instalments; amount: wanted back, of a refund
    """

    __tablename__ = "account_request"
    __table_args__ = (
        CheckConstraint("(status = 'open') = (answered_at IS NULL)", name="answered"),
        CheckConstraint("(kind = 'instalments') = (parts IS NOT NULL)", name="parts"),
        CheckConstraint("(kind = 'refund') = (amount IS NOT NULL)", name="amount"),
        Index("ix_account_request_customer_id", "customer_id"),
        Index(
            "uq_account_request_open", "organisation_id", "customer_id", "kind", "currency", unique=True,
            postgresql_where=text("status = 'open'"),
        ),
    )  # fmt: skip

    id: Mapped[Key]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[RequestKind]
    bill_id: Mapped[UUID | None] = mapped_column(ForeignKey("bill.id"))
    parts: Mapped[int | None] = mapped_column(SmallInteger)
    amount: Mapped[Decimal | None] = mapped_column(MONEY)
    currency: Mapped[str]
    text: Mapped[str]
    status: Mapped[RequestStatus]
    answer: Mapped[str | None]
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class Complaint(TenantOwned, Base):
    """What a customer finds wrong with a bill. organisation_id: who supplies; place: of the line, None: the whole."""

    __tablename__ = "complaint"
    __table_args__ = (
        Index("ix_complaint_bill_id", "bill_id"),
        Index("ix_complaint_customer_id", "customer_id"),
    )

    id: Mapped[Key]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"))
    place: Mapped[int | None] = mapped_column(SmallInteger)
    state: Mapped[ComplaintState]
    opened_at: Mapped[datetime]
    moved_at: Mapped[datetime]


class ComplaintWord(TenantOwned, Base):
    """One thing said about a complaint: by the customer, or by the office in answer. Only ever added to."""

    __tablename__ = "complaint_word"
    __table_args__ = (Index("ix_complaint_word_complaint_id", "complaint_id"),)

    id: Mapped[Key]
    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaint.id"))
    is_answer: Mapped[bool]
    text: Mapped[str]
    said_at: Mapped[datetime]
    said_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class BillSoFar(TenantOwned, Base):
    """What a contract's running period comes to by today, and will come to by its end. organisation_id: who supplies.

    until: first local day that is not counted; amount: what [starts_on, until) came to; projected: the whole period
    usual: what such a period usually comes to, None where no bill tells; parts: by component (so far, projected,
        whether a tax)
    reason: why there is no amount; told_on: the period's first day, once its customer was told that it will be high
    """

    __tablename__ = "bill_so_far"
    __table_args__ = (Index("ix_bill_so_far_customer_id", "customer_id"),)

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("supply_contract.id"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    until: Mapped[date | None]
    currency: Mapped[str]
    amount: Mapped[Decimal | None] = mapped_column(MONEY)
    projected: Mapped[Decimal | None] = mapped_column(MONEY)
    usual: Mapped[Decimal | None] = mapped_column(MONEY)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    reason: Mapped[str | None]
    is_high: Mapped[bool]
    told_on: Mapped[date | None]
    made_at: Mapped[datetime]
