"""Receivables by age, as the ledger says them at the end of a day."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.queries import documents as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules.documents.ageing import Aged, Ageing, Item, spread
from backend.billing.rules.documents.bill import Party
from backend.billing.rules.ledger import RECEIVABLE
from backend.billing.service import ledger
from backend.billing.service.documents.asking import parties
from backend.kernel.scope import Scope


def ageing(session: Session, scope: Scope, *, organisation_id: UUID, as_of: date) -> Ageing:
    """Return what an operator's customers owe by age, by the entries booked on `as_of` or before (keepers only)."""
    scope.demand(organisation_id, *KEEPERS)
    book = ledger.book_of(session, scope, organisation_id=organisation_id)
    until = as_of + timedelta(days=1)
    moved = queries.movements(session, scope, book.id, [RECEIVABLE], until=until)
    sources = {row.cause_id for row in moved}
    dues = {
        key: bill.due_on for key, bill in queries.bills(session, scope, sources).items() if bill.total > 0
    }
    paid: dict[UUID, list[tuple[UUID, object]]] = {}
    for row in queries.allocated(session, scope, sources):
        paid.setdefault(row.source_id, []).append((row.bill_id, row.amount))
    items: dict[tuple[UUID, str], list[Item]] = {}
    for row in moved:
        due = dues.get(row.cause_id) or (
            row.booked_on if row.amount > 0 and row.cause_id not in paid else None
        )
        items.setdefault((row.party_id, row.currency), []).append(Item(row.cause_id, row.amount, due))
    names = parties(session, scope, {organisation_id, *(party for party, _ in items)})
    rows = [
        Aged(party, names.get(party, Party("")), currency, *spread(some, paid, as_of))
        for (party, currency), some in items.items()
    ]
    shown = [row for row in rows if any(row.ages) or row.unapplied]
    balance = ledger.trial_balance(session, scope, book_id=book.id, until=until)
    return Ageing(
        names.get(organisation_id, Party("")), as_of,
        sorted(shown, key=lambda row: (row.currency, row.customer.name, row.customer_id)),
        {one.currency: one.amount for one in balance if one.code == RECEIVABLE},
    )  # fmt: skip
