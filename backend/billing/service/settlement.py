"""What money pays: credit notes and credit find open bills, payments find the oldest.

Everything is decided while the book is held, so two payments at the same time do not pay the same bill.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import Allocation, LedgerBook
from backend.billing.queries import payments as queries
from backend.billing.rules.allocation import Allocated, OpenBill, allocate
from backend.billing.rules.ledger import CREDIT, RECEIVABLE, Cause, NewEntry, Posting
from backend.billing.service import ledger
from backend.kernel import clock, ids
from backend.kernel.scope import Scope


@dataclass
class Desk:
    """Open bills of some customers while money is spread over them; what was decided is written at the end."""

    book: LedgerBook
    open: dict[tuple[UUID, str], list[OpenBill]]
    entries: list[NewEntry] = field(default_factory=list)
    rows: list[Allocation] = field(default_factory=list)

    def pay(
        self,
        customer: UUID,
        currency: str,
        amount: Decimal,
        source_id: UUID | None,
        first: Iterable[UUID] = (),
    ) -> Allocated:
        """Spread an amount over a customer's open bills; what is left of a source becomes their credit."""
        bills = self.open.get((customer, currency), [])
        done = allocate(amount, bills, frozenset(first))
        paid = dict(done.parts)
        self.open[customer, currency] = [
            OpenBill(one.bill_id, one.due_on, one.serial, one.open - paid.get(one.bill_id, Decimal(0)))
            for one in bills if one.open > paid.get(one.bill_id, Decimal(0))
        ]  # fmt: skip
        for bill_id, part in done.parts:
            self._note(bill_id, source_id, part)
        if done.rest and source_id is not None:
            self._note(None, source_id, done.rest)
        return done

    def _note(self, bill_id: UUID | None, source_id: UUID | None, amount: Decimal) -> None:
        self.rows.append(
            Allocation(
                id=ids.new_id(), organisation_id=self.book.organisation_id, bill_id=bill_id, source_id=source_id,
                amount=amount, made_at=clock.now(),
            )
        )  # fmt: skip


def open_desk(session: Session, scope: Scope, *, book_id: UUID, customers: Collection[UUID]) -> Desk:
    """Hold the book, and look up what customers still owe."""
    book = ledger.hold(session, scope, book_id=book_id)
    found: dict[tuple[UUID, str], list[OpenBill]] = {}
    for row in queries.open_bills(session, scope, book.organisation_id, customers) if customers else ():
        one = OpenBill(row.id, row.due_on, (row.year, row.serial), row.open)
        found.setdefault((row.customer_id, row.currency), []).append(one)
    return Desk(book, found)


def close_desk(session: Session, scope: Scope, desk: Desk) -> None:
    """Write down what was decided."""
    ledger.post(session, scope, book_id=desk.book.id, entries=desk.entries)
    session.add_all(desk.rows)
    session.flush()


def credited(customer: UUID, currency: str, done: Allocated) -> tuple[Posting, ...]:
    """Return the credit sides of money that came from a customer: bills paid, and what became credit."""
    sides = ((RECEIVABLE, -done.paid), (CREDIT, -done.rest))
    return tuple(Posting(account, amount, currency, customer) for account, amount in sides if amount)


def settle(session: Session, scope: Scope, *, book_id: UUID, customers: Collection[UUID], on: date) -> None:
    """Have customers' credit notes and credit pay their open bills, the corrected bill first."""
    book = ledger.book(session, scope, book_id=book_id)
    notes = queries.unspent_notes(session, scope, book.organisation_id, customers)
    credit = queries.balances(session, scope, book_id, CREDIT, customers)
    if not notes and not credit:
        return
    desk = open_desk(session, scope, book_id=book_id, customers=customers)
    _spend_notes(desk, notes, on)
    for (customer, currency), balance in credit.items():
        if balance < 0 and desk.open.get((customer, currency)):
            _spend_credit(desk, customer, currency, -balance, on)
    close_desk(session, scope, desk)


def _spend_notes(desk: Desk, notes: Sequence[Any], on: date) -> None:
    for note in notes:
        first = [note.corrects_id] if note.corrects_id else []
        done = desk.pay(note.customer_id, note.currency, note.left, note.id, first)
        if done.rest:
            sides = (
                Posting(RECEIVABLE, done.rest, note.currency, note.customer_id),
                Posting(CREDIT, -done.rest, note.currency, note.customer_id),
            )
            desk.entries.append(NewEntry(on, Cause.ASSIGNMENT, note.id, "Credit of a note", sides))


def _spend_credit(desk: Desk, customer: UUID, currency: str, amount: Decimal, on: date) -> None:
    done = desk.pay(customer, currency, amount, None)
    for bill_id, part in done.parts:
        sides = (Posting(CREDIT, part, currency, customer), Posting(RECEIVABLE, -part, currency, customer))
        desk.entries.append(NewEntry(on, Cause.ASSIGNMENT, bill_id, "Paid from credit", sides))
