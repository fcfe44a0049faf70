"""Books and what stands in them, confined to those who keep them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.billing.models import JournalEntry, LedgerAccount, LedgerBook, LedgerClosing, LedgerPosting
from backend.billing.queries.confined import keeps
from backend.billing.rules.ledger import Entry, NewEntry, Posting
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope

AT_ONCE = 2_000
"""So many entries are read at a time when a book is verified."""


def book(session: Session, scope: Scope, book_id: UUID, *, lock: bool = False) -> LedgerBook:
    """One book, locked for who writes into it; raises NotFound."""
    query = select(LedgerBook).where(LedgerBook.id == book_id, keeps(scope, LedgerBook.organisation_id))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return required(session, query, "there is no such book", book_id=book_id)


def book_of(session: Session, scope: Scope, organisation_id: UUID) -> LedgerBook | None:
    """The first book of an operator; None where none was opened."""
    query = select(LedgerBook).where(
        LedgerBook.organisation_id == organisation_id, keeps(scope, LedgerBook.organisation_id)
    )
    return session.scalar(query.order_by(LedgerBook.created_at, LedgerBook.id).limit(1))


def books(session: Session, scope: Scope, *, cursor: str | None, limit: int) -> paging.Page[LedgerBook]:
    """A page of books by name."""
    query = select(LedgerBook).where(keeps(scope, LedgerBook.organisation_id))
    return paging.page(session, query, by=(LedgerBook.name, LedgerBook.id), cursor=cursor, limit=limit)


def account_ids(session: Session, scope: Scope, book_id: UUID) -> dict[str, UUID]:
    """Code -> id of a book's accounts."""
    rows = session.execute(
        select(LedgerAccount.code, LedgerAccount.id).where(
            LedgerAccount.book_id == book_id, keeps(scope, LedgerAccount.organisation_id)
        )
    )
    return {row.code: row.id for row in rows}


def sums(session: Session, scope: Scope, book_id: UUID, until: date | None) -> Sequence[Any]:
    """Rows code, kind, name, name_zh, currency, debit, credit of the accounts posted to before a day."""
    amount = LedgerPosting.amount
    query = (
        select(
            LedgerAccount.code, LedgerAccount.kind, LedgerAccount.name, LedgerAccount.name_zh, LedgerPosting.currency,
            func.coalesce(func.sum(amount).filter(amount > 0), 0).label("debit"),
            func.coalesce(-func.sum(amount).filter(amount < 0), 0).label("credit"),
        )
        .join(LedgerPosting, LedgerPosting.account_id == LedgerAccount.id)
        .where(LedgerAccount.book_id == book_id, keeps(scope, LedgerAccount.organisation_id))
    )  # fmt: skip
    if until is not None:
        query = query.join(JournalEntry, JournalEntry.id == LedgerPosting.entry_id).where(
            JournalEntry.booked_on < until
        )
    return session.execute(
        query.group_by(LedgerAccount.id, LedgerPosting.currency).order_by(
            LedgerAccount.code, LedgerPosting.currency
        )
    ).all()


def party_balance(
    session: Session, scope: Scope, *, book_id: UUID, account: str, party_id: UUID, currency: str,
    until: date | None = None,
) -> Decimal:  # fmt: skip
    """Debit less credit of one customer on one account, of entries booked before a day; none: of all."""
    query = (
        select(func.coalesce(func.sum(LedgerPosting.amount), 0))
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(
            LedgerAccount.book_id == book_id, LedgerAccount.code == account, LedgerPosting.party_id == party_id,
            LedgerPosting.currency == currency, keeps(scope, LedgerPosting.organisation_id),
        )
    )  # fmt: skip
    if until is not None:
        query = query.join(JournalEntry, JournalEntry.id == LedgerPosting.entry_id).where(
            JournalEntry.booked_on < until
        )
    return Decimal(session.scalar(query) or 0)


def entries_page(
    session: Session, scope: Scope, book_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[JournalEntry]:
    """A page of a book's entries, the last written first."""
    query = select(JournalEntry).where(
        JournalEntry.book_id == book_id, keeps(scope, JournalEntry.organisation_id)
    )
    return paging.page(session, query, by=(JournalEntry.sequence.desc(),), cursor=cursor, limit=limit)


def entry_of(session: Session, scope: Scope, cause_id: UUID) -> JournalEntry | None:
    """The first entry that something caused."""
    query = select(JournalEntry).where(
        JournalEntry.cause_id == cause_id, keeps(scope, JournalEntry.organisation_id)
    )
    return session.scalar(query.order_by(JournalEntry.sequence).limit(1))


def postings(session: Session, scope: Scope, entry_ids: Sequence[UUID]) -> dict[UUID, tuple[Posting, ...]]:
    """Entry's id -> its postings in order."""
    rows = session.execute(
        select(
            LedgerPosting.entry_id, LedgerAccount.code, LedgerPosting.amount, LedgerPosting.currency,
            LedgerPosting.party_id,
        )
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(LedgerPosting.entry_id.in_(entry_ids), keeps(scope, LedgerPosting.organisation_id))
        .order_by(LedgerPosting.entry_id, LedgerPosting.place)
    )  # fmt: skip
    found: dict[UUID, list[Posting]] = {}
    for entry_id, *said in rows:
        found.setdefault(entry_id, []).append(Posting(*said))
    return {entry_id: tuple(sides) for entry_id, sides in found.items()}


def written(session: Session, scope: Scope, book_id: UUID) -> Iterator[Entry]:
    """Yield a book's entries in order, as they stand there, sound or not."""
    after, columns = 0, (
        JournalEntry.id, JournalEntry.sequence, JournalEntry.recorded_at, JournalEntry.previous, JournalEntry.hash,
        JournalEntry.booked_on, JournalEntry.cause, JournalEntry.cause_id, JournalEntry.text,
    )  # fmt: skip
    while True:
        query = select(*columns).where(
            JournalEntry.book_id == book_id, JournalEntry.sequence > after,
            keeps(scope, JournalEntry.organisation_id),
        )  # fmt: skip
        rows = session.execute(query.order_by(JournalEntry.sequence).limit(AT_ONCE)).all()
        sides = postings(session, scope, [row.id for row in rows])
        for row in rows:
            new = NewEntry(row.booked_on, row.cause, row.cause_id, row.text, sides.get(row.id, ()))
            yield Entry(book_id, row.sequence, row.recorded_at, new, row.previous, row.hash)
            after = row.sequence
        if len(rows) < AT_ONCE:
            return


def accounts(session: Session, scope: Scope, book_id: UUID) -> Sequence[LedgerAccount]:
    """A book's accounts by code."""
    query = select(LedgerAccount).where(
        LedgerAccount.book_id == book_id, keeps(scope, LedgerAccount.organisation_id)
    )
    return session.scalars(query.order_by(LedgerAccount.code)).all()


def closings(session: Session, scope: Scope, book_id: UUID) -> Sequence[LedgerClosing]:
    """A book's last two dozen closings, the latest first."""
    query = select(LedgerClosing).where(
        LedgerClosing.book_id == book_id, keeps(scope, LedgerClosing.organisation_id)
    )
    return session.scalars(query.order_by(LedgerClosing.until.desc()).limit(24)).all()
