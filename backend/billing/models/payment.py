"""Money that came and went: bank files, payments, what they paid, refunds, and payments asked of a provider."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.billing.models.ledger import MONEY
from backend.kernel.db import Base, Key, TenantOwned


class Way(StrEnum):
    """How money came or went."""

    BANK = "bank"
    CASH = "cash"
    PROVIDER = "provider"


class IntentStatus(StrEnum):
    """How far a payment by a provider is."""

    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"


class GivingStatus(StrEnum):
    """How far money is that a provider gives back."""

    WANTED = "wanted"
    SENT = "sent"
    PAID = "paid"
    FAILED = "failed"


class BankFile(TenantOwned, Base):
    """A bank's statement as it was handed in, once. lines: in it; skipped: what went out, or was known already."""

    __tablename__ = "bank_file"
    __table_args__ = (UniqueConstraint("organisation_id", "digest"),)

    id: Mapped[Key]
    name: Mapped[str]
    digest: Mapped[str]
    lines: Mapped[int]
    skipped: Mapped[int]
    added_at: Mapped[datetime]
    added_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class Payment(TenantOwned, Base):
    """Money that came in. customer_id: whose it is, None until that is known; key: the same money has the same one.

    matched_by: what told whose it is (rules.matching.How); a payment stays as it is, but for becoming somebody's
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("organisation_id", "way", "key"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(customer_id IS NULL) = (matched_by IS NULL)", name="matched"),
        Index("ix_payment_recent", "organisation_id", "received_on", "id"),
        Index("ix_payment_unassigned", "organisation_id", "id", postgresql_where=text("customer_id IS NULL")),
        Index("ix_payment_customer_id", "customer_id"),
    )

    id: Mapped[Key]
    book_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_book.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    way: Mapped[Way]
    key: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(MONEY)
    currency: Mapped[str]
    received_on: Mapped[date]
    payer: Mapped[str]
    account: Mapped[str]
    reference: Mapped[str]
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("bank_file.id"))
    matched_by: Mapped[str | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class Allocation(TenantOwned, Base):
    """What of a payment, a credit note or the customer's credit paid what of a bill. Only ever added to.

    source_id: the payment or note; None: the customer's credit; bill_id None: it became the customer's credit
    """

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("bill_id IS NOT NULL OR source_id IS NOT NULL", name="ends"),
        Index("ix_allocation_bill_id", "bill_id"),
        Index("ix_allocation_source_id", "source_id"),
    )

    id: Mapped[Key]
    bill_id: Mapped[UUID | None] = mapped_column(ForeignKey("bill.id"))
    source_id: Mapped[UUID | None]
    amount: Mapped[Decimal] = mapped_column(MONEY)
    made_at: Mapped[datetime]


class Refund(TenantOwned, Base):
    """Credit given back to a customer. Only ever added to."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_refund_customer_id", "customer_id"),
    )

    id: Mapped[Key]
    book_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_book.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    way: Mapped[Way]
    amount: Mapped[Decimal] = mapped_column(MONEY)
    currency: Mapped[str]
    paid_on: Mapped[date]
    reason: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class PaymentIntent(TenantOwned, Base):
    """A payment asked of a provider for a customer; it says by a signed call whether it was made."""

    __tablename__ = "payment_intent"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_payment_intent_customer_id", "customer_id"),
    )

    id: Mapped[Key]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    amount: Mapped[Decimal] = mapped_column(MONEY)
    currency: Mapped[str]
    status: Mapped[IntentStatus]
    pay_url: Mapped[str | None]
    provider_id: Mapped[str | None]
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    settled_at: Mapped[datetime | None]


class ProviderRefund(TenantOwned, Base):
    """A refund a provider carries out: how far it is. reason: why it failed, in the provider's words.

    provider_id: the provider's name of it; one that failed is taken back in the ledger, so the credit is there again
    """

    __tablename__ = "provider_refund"

    refund_id: Mapped[UUID] = mapped_column(ForeignKey("refund.id"), primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"), index=True)
    status: Mapped[GivingStatus]
    provider_id: Mapped[str | None]
    reason: Mapped[str | None]
    settled_at: Mapped[datetime | None]
