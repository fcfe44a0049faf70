"""The ledger: books, their accounts, entries and postings. Only ever added to; each entry holds the hash before it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.billing.rules.ledger import AccountKind, Cause
from backend.kernel.db import Base, Key, TenantOwned

MONEY = Numeric(20, 4)


class LedgerBook(TenantOwned, Base):
    """The books of an operator. length, head: sequence and hash of the last entry; closed_until: no entry before it."""

    __tablename__ = "ledger_book"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[Key]
    name: Mapped[str]
    length: Mapped[int] = mapped_column(BigInteger, default=0)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    closed_until: Mapped[date | None]
    created_at: Mapped[datetime]


class LedgerAccount(TenantOwned, Base):
    """One account of a book."""

    __tablename__ = "ledger_account"
    __table_args__ = (UniqueConstraint("book_id", "code"),)

    id: Mapped[Key]
    book_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_book.id"))
    code: Mapped[str]
    kind: Mapped[AccountKind]
    name: Mapped[str]
    name_zh: Mapped[str | None]


class JournalEntry(TenantOwned, Base):
    """One entry. sides: how many postings it has; cause and cause_id: the bill, payment, … that made it."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("book_id", "sequence"),
        UniqueConstraint("book_id", "previous", name="uq_journal_entry_previous"),
        CheckConstraint("sequence > 0", name="sequence"),
        CheckConstraint("sides >= 2", name="sides"),
        CheckConstraint("octet_length(hash) = 32 AND octet_length(previous) = 32", name="hash"),
        Index("ix_journal_entry_cause", "cause_id"),
        Index("ix_journal_entry_booked_on", "book_id", "booked_on"),
    )

    id: Mapped[Key]
    book_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_book.id"))
    sequence: Mapped[int] = mapped_column(BigInteger)
    booked_on: Mapped[date]
    recorded_at: Mapped[datetime]
    cause: Mapped[Cause]
    cause_id: Mapped[UUID]
    text: Mapped[str]
    sides: Mapped[int] = mapped_column(SmallInteger)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerPosting(TenantOwned, Base):
    """One side of an entry. place: from 0; amount: debit positive, credit negative; party: the customer concerned."""

    __tablename__ = "ledger_posting"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        Index("ix_ledger_posting_account", "account_id", "party_id"),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entry.id"), primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_account.id"))
    amount: Mapped[Decimal] = mapped_column(MONEY)
    currency: Mapped[str]
    party_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))


class LedgerClosing(TenantOwned, Base):
    """A book was closed: nothing is booked before `until` any more. length, head: the chain as it stood."""

    __tablename__ = "ledger_closing"
    __table_args__ = (UniqueConstraint("book_id", "until"),)

    id: Mapped[Key]
    book_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_book.id"))
    until: Mapped[date]
    closed_at: Mapped[datetime]
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    length: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    balance: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
