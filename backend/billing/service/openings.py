"""Opening balances: what is owed from before becomes a debit note, what was paid ahead the customer's credit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import (
    Bill,
    BillKind,
    BillLine,
    BillStatus,
    OpeningBalance,
    SupplyContract,
    TariffVersion,
)
from backend.billing.queries import contracts as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules.ledger import CREDIT, OPENING, Cause, NewEntry, Posting
from backend.billing.service import drafts, ledger, settlement
from backend.billing.service.corrections import ADJUSTMENT
from backend.billing.service.payments import demand_money
from backend.kernel import clock, ids
from backend.kernel.scope import Scope


@dataclass(frozen=True)
class NewOpening:
    """What a customer owed, or below nothing had paid ahead, when the books began. reference: once in a contract."""

    contract: SupplyContract
    reference: str
    amount: Decimal
    booked_on: date
    due_on: date


def write(session: Session, scope: Scope, *, organisation_id: UUID, new: Sequence[NewOpening]) -> None:
    """Book opening balances against equity: debit notes are numbered, due and paid as bills are."""
    scope.demand(organisation_id, *KEEPERS)
    if not new:
        return
    book = ledger.book_of(session, scope, organisation_id=organisation_id)
    versions = queries.newest_versions(session, scope, {one.contract.tariff_id for one in new})
    notes: dict[date, dict[UUID, Bill]] = {}
    dues: dict[UUID, date] = {}
    entries, rows = [], []
    for one in new:
        demand_money(abs(one.amount), one.contract.currency)
        note = _note(one, versions[one.contract.tariff_id]) if one.amount > 0 else None
        kept = OpeningBalance(
            id=ids.new_id(), organisation_id=organisation_id, contract_id=one.contract.id, reference=one.reference,
            amount=one.amount, note_id=note and note.id,
        )  # fmt: skip
        rows.append(kept)
        if note is None:
            entries.append(_credit(one, kept.id))
        else:
            session.add(note)
            notes.setdefault(one.booked_on, {})[note.id] = note
            dues[note.id] = one.due_on
    session.flush()
    session.add_all(_line(note, one) for one, note in _pairs(new, notes))
    session.add_all(rows)
    session.flush()
    ledger.post(session, scope, book_id=book.id, entries=entries)
    for on, some in sorted(notes.items()):
        drafts.issue(session, scope, book_id=book.id, bills=list(some.values()), on=on, due=dues)
    customers = {one.contract.customer_id for one in new}
    last = max(one.booked_on for one in new)
    settlement.settle(session, scope, book_id=book.id, customers=customers, on=last)


def _pairs(new: Sequence[NewOpening], notes: dict[date, dict[UUID, Bill]]) -> list[tuple[NewOpening, Bill]]:
    """Return openings with their notes: both were made in the same order."""
    owed: dict[date, list[NewOpening]] = {}
    for one in new:
        if one.amount > 0:
            owed.setdefault(one.booked_on, []).append(one)
    return [pair for on, some in owed.items() for pair in zip(some, notes[on].values(), strict=True)]


def _note(one: NewOpening, version: TariffVersion) -> Bill:
    contract = one.contract
    return Bill(
        id=ids.new_id(), organisation_id=contract.organisation_id, customer_id=contract.customer_id,
        contract_id=contract.id, kind=BillKind.DEBIT_NOTE, status=BillStatus.DRAFT,
        starts_on=one.booked_on - timedelta(days=1), ends_on=one.booked_on, months="0", currency=contract.currency,
        total=one.amount, tariff_version_id=version.id, opening={}, closing={},
        reason=f"Opening balance {one.reference}", made_at=clock.now(),
    )  # fmt: skip


def _line(note: Bill, one: NewOpening) -> BillLine:
    return BillLine(
        organisation_id=note.organisation_id, bill_id=note.id, place=0, component="opening", kind=ADJUSTMENT,
        name={"en": f"Opening balance {one.reference}", "zh": f"期初余额 {one.reference}"}, quantity=Decimal(1),
        unit=note.currency, amount=one.amount, is_included=False, account=OPENING, starts_on=note.starts_on,
        ends_on=note.ends_on, version=note.starts_on,
    )  # fmt: skip


def _credit(one: NewOpening, opening_id: UUID) -> NewEntry:
    currency, customer = one.contract.currency, one.contract.customer_id
    sides = (
        Posting(OPENING, -one.amount, currency, customer), Posting(CREDIT, one.amount, currency, customer),
    )  # fmt: skip
    return NewEntry(one.booked_on, Cause.OPENING, opening_id, f"Opening balance {one.reference}", sides)
