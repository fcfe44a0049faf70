"""Bills as documents: what stands on them, put together for many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import Bill, BillKind, BillLine, BillStatus, SupplyContract, TariffVersion
from backend.billing.queries import bills as bill_queries
from backend.billing.queries import contracts
from backend.billing.queries import documents as queries
from backend.billing.queries import ledger as books
from backend.billing.rules.documents import bill as rules
from backend.billing.rules.documents.bill import (
    Account,
    BillDocument,
    Compared,
    Correction,
    Movement,
    Names,
    Party,
    SaidLine,
    Use,
)
from backend.billing.rules.ledger import CREDIT, RECEIVABLE, TAX
from backend.billing.rules.periods import Part
from backend.billing.rules.tariff import Span
from backend.billing.service.documents.asking import as_seller, parties
from backend.billing.service.documents.statement import number_of
from backend.billing.service.rating import Rater, Wanted
from backend.kernel.scope import Scope

PAY_PATH = "/bills/{bill}/pay"
"""Where the portal takes the payment of a bill."""

YEAR = timedelta(days=400)
"""So far back other bills are looked for to compare with."""


def bill_document(session: Session, scope: Scope, *, bill_id: UUID, base_url: str) -> BillDocument:
    """Return what stands on a bill or note; raises NotFound for one the scope may not see."""
    bill = bill_queries.bill(session, scope, bill_id)
    with as_seller(session, scope, bill.organisation_id, [bill.customer_id]) as seller:
        return bill_documents(session, seller, bill_ids=[bill_id], base_url=base_url)[bill_id]


def bills_of_run(
    session: Session, scope: Scope, *, run_id: UUID, after: UUID | None, limit: int
) -> list[UUID]:
    """Return the next ids of a run's bills, for who prints them all; raises NotFound."""
    return queries.bills_of_run(session, scope, bill_queries.run(session, scope, run_id).id, after, limit)


def bill_documents(
    session: Session, scope: Scope, *, bill_ids: Collection[UUID], base_url: str, rater: Rater | None = None
) -> dict[UUID, BillDocument]:
    """Return what stands on bills of the accounts the scope keeps, with a dozen questions however many they are."""
    return _Gathering(session, scope, bill_ids, rater or Rater()).documents(base_url)


class _Gathering:
    """What is known about some bills, each kind of it asked for once."""

    def __init__(self, session: Session, scope: Scope, bill_ids: Collection[UUID], rater: Rater) -> None:
        self.bills = queries.bills(session, scope, bill_ids)
        some = list(self.bills.values())
        agreed = {one.contract_id for one in some}
        self.contracts = contracts.contracts_by_id(session, scope, agreed)
        self.versions = contracts.versions(session, scope, {one.tariff_version_id for one in some})
        self.others = _compared_with(session, scope, some)
        self.notes = _by_corrected(
            queries.notes(session, scope, [one.id for one in self.others] + list(self.bills))
        )
        self.moved = _movements(session, scope, some)
        self.named = _named(session, scope, some, self.moved, self.notes)
        known = {
            *self.bills,
            *(one.id for one in self.others),
            *(n.id for many in self.notes.values() for n in many),
        }
        self.lines = queries.lines(session, scope, known)
        self.parties = parties(
            session, scope, {w for one in some for w in (one.organisation_id, one.customer_id)}
        )
        self.places = _places(session, scope, agreed)
        self.used = _used(session, scope, some, self.contracts, self.versions, rater)

    def documents(self, base_url: str) -> dict[UUID, BillDocument]:
        """Return the documents by the bills' ids."""
        return {bill_id: self._document(bill, base_url) for bill_id, bill in self.bills.items()}

    def _document(self, bill: Bill, base_url: str) -> BillDocument:
        contract, document = self.contracts[bill.contract_id], self.versions[bill.tariff_version_id].document
        buyer = self.parties.get(bill.customer_id, Party(""))
        lines = [said_line(one) for one in self.lines.get(bill.id, ())]
        corrected = self.named.get(bill.corrects_id) if bill.corrects_id else None
        return BillDocument(
            number=number_of(bill), kind=bill.kind.value, seller=self.parties.get(bill.organisation_id, Party("")),
            buyer=Party(buyer.name, buyer.name_zh, self.places.get(contract.id, ())), contract=contract.number,
            carrier=document.get("carrier", ""), tariff=document["name"], starts_on=bill.starts_on,
            ends_on=bill.ends_on, currency=bill.currency, total=bill.total, lines=lines, issued_on=bill.issued_on,
            due_on=bill.due_on, corrects=number_of(corrected) if corrected else None, reason=bill.reason,
            account=self._account(bill), period_names=period_names(document), use=self._use(bill, lines),
            last_month=self._compared(bill, lambda one: one.ends_on == bill.starts_on),
            last_year=self._compared(bill, lambda one: one.starts_on == _year_before(bill.starts_on)),
            pay_url=base_url + PAY_PATH.format(bill=bill.id) if _is_payable(bill) else None,
        )  # fmt: skip

    def _account(self, bill: Bill) -> Account:
        """Return how the account stood when the bill was booked; for a draft or a bill of nothing, as it stands now."""
        moved = self.moved.get((bill.customer_id, bill.currency), [])
        before, some = rules.since(moved, bill.id)
        payments = [one for one in some if one.cause in rules.PAYING]
        notes = [one for one in some if one.cause in rules.CORRECTING]
        told = sum((one.amount for one in (*payments, *notes)), Decimal(0))
        other = sum((one.amount for one in some), Decimal(0)) - told
        corrections = [self._correction(one) for one in notes]
        return Account(before, payments, corrections, other)

    def _correction(self, moved: Movement) -> Correction:
        note = self.named[moved.cause_id]
        corrected = self.named.get(note.corrects_id, note)
        return Correction(
            number_of(note) or "", note.kind.value, number_of(corrected) or "", note.starts_on, note.ends_on,
            moved.amount, note.reason or "",
        )  # fmt: skip

    def _compared(self, bill: Bill, is_it: Any) -> Compared | None:
        """Return another bill of the contract with the notes that corrected it by then."""
        found = [one for one in self.others if one.contract_id == bill.contract_id and is_it(one)]
        if not found or bill.kind is not BillKind.BILL:
            return None
        until = bill.issued_at
        notes = [
            one for one in self.notes.get(found[0].id, ())
            if until is None or (one.issued_at is not None and one.issued_at <= until)
        ]  # fmt: skip
        family = [found[0], *notes]
        lines = [said_line(line) for one in family for line in self.lines.get(one.id, ())]
        use, unit = rules.metered(lines) or (None, "")
        total = sum((one.total for one in family), Decimal(0))
        return Compared(found[0].starts_on, found[0].ends_on, use, unit, total)

    def _use(self, bill: Bill, lines: Sequence[SaidLine]) -> Use | None:
        used = self.used.get(bill.id)
        return used if used is None or bill.kind is BillKind.BILL else None


def said_line(line: BillLine) -> SaidLine:
    """Return a line as documents say it."""
    return SaidLine(
        line.component, line.kind, line.name, line.quantity, line.unit, line.price, line.amount, line.starts_on,
        line.ends_on, line.period, line.block, line.is_included, line.account == TAX,
    )  # fmt: skip


def period_names(document: Mapping[str, Any]) -> dict[str, Names]:
    """Return the names of the price periods a tariff's document knows, by code; of the latest version that has one."""
    return {
        code: names
        for version in document.get("versions", ())
        for schedule in (version.get("schedules") or {}).values()
        for code, names in (schedule.get("periods") or {}).items()
    }


def _is_payable(bill: Bill) -> bool:
    return bill.status is BillStatus.ISSUED


def _year_before(on: date) -> date:
    day = 28 if (on.month, on.day) == (2, 29) else on.day
    return date(on.year - 1, on.month, day)


def _compared_with(session: Session, scope: Scope, some: Sequence[Bill]) -> Sequence[Bill]:
    if not some:
        return ()
    since = min(one.starts_on for one in some) - YEAR
    return queries.issued_since(session, scope, {one.contract_id for one in some}, since)


def _by_corrected(notes: Iterable[Bill]) -> dict[UUID, list[Bill]]:
    found: dict[UUID, list[Bill]] = {}
    for one in notes:
        if one.corrects_id is not None:
            found.setdefault(one.corrects_id, []).append(one)
    return found


def _movements(
    session: Session, scope: Scope, some: Sequence[Bill]
) -> dict[tuple[UUID, str], list[Movement]]:
    """Return what moved the accounts of the customers with their seller, by customer and currency."""
    found: dict[tuple[UUID, str], list[Movement]] = {}
    for seller in {one.organisation_id for one in some}:
        book = books.book_of(session, scope, seller)
        customers = {one.customer_id for one in some if one.organisation_id == seller}
        rows = (
            queries.movements(session, scope, book.id, (RECEIVABLE, CREDIT), customers=customers)
            if book
            else ()
        )
        for row in rows:
            moved = Movement(row.booked_on, row.cause, row.cause_id, row.amount)
            found.setdefault((row.party_id, row.currency), []).append(moved)
    return found


def _named(
    session: Session, scope: Scope, some: Sequence[Bill], moved: Mapping[Any, Sequence[Movement]],
    notes: Mapping[UUID, Sequence[Bill]],
) -> dict[UUID, Bill]:  # fmt: skip
    """Return the bills that others name: notes on an account, and what notes correct."""
    of_accounts = {one.cause_id for many in moved.values() for one in many if one.cause in rules.CORRECTING}
    found = queries.bills(session, scope, of_accounts) | {
        one.id: one for many in notes.values() for one in many
    }
    corrected = {one.corrects_id for one in (*found.values(), *some) if one.corrects_id is not None}
    return found | queries.bills(session, scope, corrected)


def _places(session: Session, scope: Scope, contract_ids: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Return where contracts are supplied: the first point's place and its site's address."""
    at: dict[UUID, UUID] = {}
    for own, point in contracts.points_of(session, scope, contract_ids):
        at.setdefault(own.contract_id, point.position_id)
    known = queries.places(session, scope, set(at.values())) if at else {}
    return {
        contract_id: tuple(filter(None, (known[place].name, known[place].address)))
        for contract_id, place in at.items() if place in known
    }  # fmt: skip


def _used(
    session: Session, scope: Scope, some: Sequence[Bill], agreed: Mapping[UUID, SupplyContract],
    versions: Mapping[UUID, TariffVersion], rater: Rater,
) -> dict[UUID, Use]:  # fmt: skip
    """Return what was used each day under each bill, by the intervals of now."""
    of_part = {
        (one.contract_id, one.starts_on): one for one in some if one.kind is BillKind.BILL
    }  # one bill a contract and day: an exclusion constraint says so
    wanted = [
        Wanted(agreed[one.contract_id], Part(Span(one.starts_on, one.ends_on), Fraction(one.months)),
               versions[one.tariff_version_id])
        for one in of_part.values()
    ]  # fmt: skip
    revised = queries.revised(session, scope, [one.id for one in some])
    found = {}
    for one, used in rater.daily(session, scope, wanted):
        bill = of_part[one.contract.id, one.part.span.start]
        found[bill.id] = Use(used.unit, used.periods, used.amounts, bill.id in revised)
    return found
