"""A customer's account over a period, as the ledger has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import Bill, Payment
from backend.billing.queries import documents as queries
from backend.billing.queries.confined import kept
from backend.billing.rules import numbering
from backend.billing.rules.documents.bill import Party
from backend.billing.rules.documents.statement import Statement, StatementEntry
from backend.billing.rules.ledger import CREDIT, RECEIVABLE
from backend.billing.service import ledger
from backend.billing.service.documents.asking import as_seller, demand_span, parties
from backend.kernel import ids
from backend.kernel.errors import NotFound
from backend.kernel.scope import Role, Scope


def sellers(session: Session, scope: Scope, *, customer_id: UUID) -> list[tuple[UUID, str]]:
    """Return who supplies a customer and in which currency, as far as the scope may know; raises NotFound for none."""
    rows = [(row.organisation_id, row.currency) for row in queries.contracts_of(session, scope, customer_id)]
    if not rows:
        raise NotFound(
            "there is no account of this customer", field="customer_id", value=ids.show(customer_id)
        )
    return rows


def statement(
    session: Session, scope: Scope, *, customer_id: UUID, first: date, until: date,
    organisation_id: UUID | None = None, currency: str | None = None,
) -> Statement:  # fmt: skip
    """Return a customer's account with a seller for local days [first, until); theirs and the seller's keepers' to see.

    organisation_id, currency: the first the customer has a contract of, unless said; raises NotFound for another's
    """
    demand_span(first, until)
    is_own = customer_id in kept(scope) | scope.where(Role.CUSTOMER)
    found = [
        (seller, coin) for seller, coin in sellers(session, scope, customer_id=customer_id)
        if organisation_id in (None, seller) and currency in (None, coin) and (is_own or seller in kept(scope))
    ]  # fmt: skip
    if not found:
        raise NotFound("there is no such account", field="customer_id", value=ids.show(customer_id))
    seller_id, coin = found[0]
    with as_seller(session, scope, seller_id, [customer_id]) as seller:
        return _statement(session, seller, seller_id, customer_id, coin, (first, until))


def _statement(
    session: Session, scope: Scope, seller_id: UUID, customer_id: UUID, currency: str, span: tuple[date, date]
) -> Statement:
    first, until = span
    book = ledger.book_of(session, scope, organisation_id=seller_id)
    moved = queries.movements(
        session, scope, book.id, (RECEIVABLE, CREDIT), customers=[customer_id], until=until
    )
    mine = [row for row in moved if row.currency == currency]
    within = [row for row in mine if row.booked_on >= first and row.amount]
    opening = sum((row.amount for row in mine if row.booked_on < first), Decimal(0))
    causes = {row.cause_id for row in within}
    bills = queries.bills(session, scope, causes)
    bills |= queries.bills(session, scope, {one.corrects_id for one in bills.values() if one.corrects_id})
    payments = queries.payments(session, scope, causes)
    names = parties(session, scope, [seller_id, customer_id])
    balances = [
        ledger.party_balance(session, scope, book_id=book.id, account=account, party_id=customer_id, currency=currency,
                             until=until)
        for account in (RECEIVABLE, CREDIT)
    ]  # fmt: skip
    entries = sorted((_entry(row, bills, payments) for row in within), key=lambda one: one.booked_on)
    return Statement(
        names.get(seller_id, Party("")), names.get(customer_id, Party("")), currency, first, until, opening, entries,
        sum(balances, Decimal(0)),
    )  # fmt: skip


def _entry(row: Any, bills: Mapping[UUID, Bill], payments: Mapping[UUID, Payment]) -> StatementEntry:
    bill, payment = bills.get(row.cause_id), payments.get(row.cause_id)
    corrected = bills.get(bill.corrects_id) if bill is not None and bill.corrects_id else None
    text = payment.reference if payment is not None else bill.reason if bill is not None else row.text
    return StatementEntry(
        row.booked_on, row.cause, row.amount, text or "", number_of(bill), number_of(corrected),
        payment.way.value if payment else None, bill.due_on if bill is not None and bill.total > 0 else None,
    )  # fmt: skip


def number_of(bill: Bill | None) -> str | None:
    """Return a bill's number; None for a draft, or where there is none."""
    if bill is None or bill.year is None or bill.serial is None:
        return None
    return numbering.shown(bill.year, bill.serial)
