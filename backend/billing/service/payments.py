"""Money that comes and goes: taken once, assigned to whose it is, spread over their bills, given back."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import Allocation, BankFile, Payment, Refund, Way
from backend.billing.queries import payments as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules import bankfile, matching, numbering
from backend.billing.rules import ledger as rules
from backend.billing.rules.bankfile import BankLine
from backend.billing.rules.ledger import (
    BANK,
    CASH,
    CREDIT,
    PROVIDER,
    RECEIVABLE,
    UNASSIGNED,
    Cause,
    NewEntry,
    Posting,
)
from backend.billing.rules.matching import Agreed, How, Known, Match
from backend.billing.service import ledger, settlement
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.events import publish
from backend.kernel.money import Money
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy

ACCOUNTS = {Way.BANK: BANK, Way.CASH: CASH, Way.PROVIDER: PROVIDER}


@dataclass(frozen=True)
class NewPayment:
    """Money that came in; see Payment. match: whose it is, None while that is not known."""

    way: Way
    key: str
    amount: Decimal
    currency: str
    received_on: date
    payer: str = ""
    account: str = ""
    reference: str = ""
    match: Match | None = None
    file_id: UUID | None = None


@dataclass(frozen=True)
class Taken:
    """What a bank file brought: payments that are somebody's, those nobody is found for, what was left out."""

    file: BankFile
    assigned: Sequence[Payment]
    unassigned: Sequence[Payment]


def take(session: Session, scope: Scope, *, book_id: UUID, new: Sequence[NewPayment]) -> list[Payment]:
    """Write down payments that are not known yet, and spread those that are somebody's over their bills."""
    customers = {one.match.customer_id for one in new if one.match}
    desk = settlement.open_desk(session, scope, book_id=book_id, customers=customers)
    made = []
    for one in new:
        demand_money(one.amount, one.currency)
        payment = Payment(
            id=ids.new_id(), organisation_id=desk.book.organisation_id, book_id=book_id,
            customer_id=one.match.customer_id if one.match else None, way=one.way, key=one.key, amount=one.amount,
            currency=one.currency, received_on=one.received_on, payer=one.payer, account=one.account,
            reference=one.reference, file_id=one.file_id, matched_by=one.match.how.value if one.match else None,
            recorded_at=clock.now(), recorded_by=scope.actor_id,
        )  # fmt: skip
        came = Posting(ACCOUNTS[one.way], one.amount, one.currency, payment.customer_id)
        sides: tuple[Posting, ...] = (Posting(UNASSIGNED, -one.amount, one.currency),)
        if one.match:
            done = desk.pay(one.match.customer_id, one.currency, one.amount, payment.id, one.match.bill_ids)
            sides = settlement.credited(one.match.customer_id, one.currency, done)
        said = f"Payment ({one.way.value}) {one.reference}".strip()
        desk.entries.append(NewEntry(one.received_on, Cause.PAYMENT, payment.id, said, (came, *sides)))
        made.append(payment)
    session.add_all(made)
    session.flush()
    settlement.close_desk(session, scope, desk)
    for payment in made:
        _tell(session, scope, payment)
    return made


def demand_money(amount: Decimal, currency: str) -> None:
    """Refuse what is no amount to be paid: nothing or less, parts of a cent, an unknown currency."""
    is_payable = amount.is_finite() and 0 < amount < rules.LARGEST
    if not is_payable or Money(amount, currency).rounded().amount != amount:
        raise Refused("this is no amount to be paid", field="amount", value=str(amount))


def take_cash(
    session: Session, scope: Scope, *, organisation_id: UUID, customer_id: UUID, amount: Decimal, currency: str,
    received_on: date, receipt: str, reference: str = "",
) -> Payment:  # fmt: skip
    """Take cash over the counter; the same receipt is taken once, and told again it is the same payment."""
    scope.demand(organisation_id, *KEEPERS)
    tenancy.organisation(session, scope, customer_id)
    receipt = receipt.strip()
    if not 1 <= len(receipt) <= 60:
        raise Refused(
            "cash is taken against a receipt of 1 to 60 characters", field="receipt", value=receipt[:60]
        )
    book = ledger.book_of(session, scope, organisation_id=organisation_id)
    ledger.hold(session, scope, book_id=book.id)
    known = queries.payment_of_key(session, scope, organisation_id, Way.CASH, receipt)
    if known is not None:
        if (known.amount, known.currency, known.customer_id) == (amount, currency, customer_id):
            return known
        raise Conflict("this receipt says something else already", field="receipt", value=receipt)
    match = Match(customer_id, How.PERSON)
    new = NewPayment(Way.CASH, receipt, amount, currency, received_on, reference=reference[:500], match=match)
    (made,) = take(session, scope, book_id=book.id, new=[new])
    _note(
        session,
        scope,
        made,
        "payment.taken",
        {"amount": str(amount), "currency": currency, "receipt": receipt},
    )
    return made


def import_bank_file(
    session: Session, scope: Scope, *, organisation_id: UUID, name: str, content: bytes, currency: str
) -> Taken:
    """Take what a bank's statement brought; a line known already is left out, and so is what went out.

    raises Conflict for the same file again; Refused with all lines that cannot be read, and then none is taken
    """
    scope.demand(organisation_id, *KEEPERS)
    book = ledger.book_of(session, scope, organisation_id=organisation_id)
    ledger.hold(session, scope, book_id=book.id)
    digest = hashlib.sha256(content).hexdigest()
    if queries.file_of_digest(session, scope, organisation_id, digest) is not None:
        raise Conflict("this file was taken already", field="file", value=name)
    lines = bankfile.read(content, currency=currency)
    known = queries.known_keys(session, scope, organisation_id, Way.BANK, {one.key for one in lines})
    fresh = [one for one in lines if one.amount > 0 and one.key not in known]
    file = BankFile(
        id=ids.new_id(), organisation_id=organisation_id, name=name[:200], digest=digest, lines=len(lines),
        skipped=len(lines) - len(fresh), added_at=clock.now(), added_by=scope.actor_id,
    )  # fmt: skip
    session.add(file)
    session.flush()
    matches = _matches(session, scope, organisation_id, fresh)
    made = take(session, scope, book_id=book.id, new=[
        NewPayment(Way.BANK, one.key, one.amount, one.currency, one.booked_on, one.payer, one.account, one.reference,
                   match, file.id)
        for one, match in zip(fresh, matches, strict=True)
    ])  # fmt: skip
    audit.record(
        session, scope, action="bank_file.taken", entity="bank_file", entity_id=file.id,
        organisation_id=organisation_id, after={"name": file.name, "lines": file.lines, "skipped": file.skipped},
    )  # fmt: skip
    return Taken(
        file, [one for one in made if one.customer_id], [one for one in made if one.customer_id is None]
    )


@dataclass(frozen=True)
class Previewed:
    """A line of a bank file as it would be taken. is_taken: False for what went out, or is known already."""

    line: BankLine
    is_taken: bool
    match: Match | None


def preview_bank_file(
    session: Session, scope: Scope, *, organisation_id: UUID, content: bytes, currency: str
) -> list[Previewed]:
    """Tell what a bank's statement would bring; nothing is written. Refuses what `import_bank_file` refuses."""
    scope.demand(organisation_id, *KEEPERS)
    digest = hashlib.sha256(content).hexdigest()
    if queries.file_of_digest(session, scope, organisation_id, digest) is not None:
        raise Conflict("this file was taken already", field="file")
    lines = bankfile.read(content, currency=currency)
    known = queries.known_keys(session, scope, organisation_id, Way.BANK, {one.key for one in lines})
    fresh = [one for one in lines if one.amount > 0 and one.key not in known]
    found = {
        one.key: how for one, how in zip(fresh, _matches(session, scope, organisation_id, fresh), strict=True)
    }
    return [Previewed(one, one.key in found, found.get(one.key)) for one in lines]


def _matches(
    session: Session, scope: Scope, organisation_id: UUID, lines: Sequence[BankLine]
) -> list[Match | None]:
    """Tell whose each line is, with two or three questions for all of them."""
    numbers = {number for one in lines for number in matching.bill_numbers(one.reference)}
    said = {word for one in lines for word in matching.words(one.reference)}
    agreed = [Agreed(*row) for row in queries.meant_contracts(session, scope, organisation_id, said)]
    payers = {matching.payer(one.payer) for one in lines}
    customers = {one.customer_id for one in agreed if one.payer and matching.payer(one.payer) in payers}
    rows = {row.id: row for row in queries.open_bills(session, scope, organisation_id, customers)}
    rows |= {row.id: row for row in queries.meant_bills(session, scope, organisation_id, numbers)}
    bills = [
        Known(row.id, row.customer_id, numbering.shown(row.year, row.serial), row.open, row.currency)
        for row in rows.values()
    ]
    return [
        matching.match(one.amount, one.currency, one.reference, one.payer, bills, agreed) for one in lines
    ]


def assign(session: Session, scope: Scope, *, payment_id: UUID, customer_id: UUID) -> Payment:
    """Say whose a payment is that nobody was found for; it pays their oldest bills."""
    payment = queries.kept_payment(session, scope, payment_id)
    scope.demand(payment.organisation_id, *KEEPERS)
    tenancy.organisation(session, scope, customer_id)
    if payment.customer_id is not None:
        raise Conflict("this payment is somebody's already", field="payment_id", value=ids.show(payment_id))
    desk = settlement.open_desk(session, scope, book_id=payment.book_id, customers=[customer_id])
    done = desk.pay(customer_id, payment.currency, payment.amount, payment.id)
    sides = (
        Posting(UNASSIGNED, payment.amount, payment.currency),
        *settlement.credited(customer_id, payment.currency, done),
    )
    on = max(payment.received_on, desk.book.closed_until or payment.received_on)
    desk.entries.append(NewEntry(on, Cause.ASSIGNMENT, payment.id, "Payment assigned", sides))
    payment.customer_id, payment.matched_by = customer_id, How.PERSON.value
    settlement.close_desk(session, scope, desk)
    _note(session, scope, payment, "payment.assigned", {"customer": ids.show(customer_id)})
    _tell(session, scope, payment)
    return payment


def refund(
    session: Session, scope: Scope, *, organisation_id: UUID, customer_id: UUID, amount: Decimal, currency: str,
    paid_on: date, way: Way, reason: str,
) -> Refund:  # fmt: skip
    """Give a customer's credit back, at most what there is of it."""
    scope.demand(organisation_id, *KEEPERS)
    tenancy.organisation(session, scope, customer_id)
    demand_money(amount, currency)
    if not 1 <= len(reason.strip()) <= 500:
        raise Refused("a refund has a reason", field="reason", value=reason[:500])
    book = ledger.hold(
        session, scope, book_id=ledger.book_of(session, scope, organisation_id=organisation_id).id
    )
    there = credit(session, scope, book_id=book.id, customer_id=customer_id, currency=currency)
    if amount > there:
        raise Refused(
            f"the customer's credit is {there} {currency}", field="amount", value=str(amount),
            remedy="give back that much at most",
        )  # fmt: skip
    made = Refund(
        id=ids.new_id(), organisation_id=organisation_id, book_id=book.id, customer_id=customer_id, way=way,
        amount=amount, currency=currency, paid_on=paid_on, reason=reason.strip(), recorded_at=clock.now(),
        recorded_by=scope.actor_id,
    )  # fmt: skip
    session.add(made)
    sides = (
        Posting(CREDIT, amount, currency, customer_id),
        Posting(ACCOUNTS[way], -amount, currency, customer_id),
    )
    entry = NewEntry(paid_on, Cause.REFUND, made.id, f"Refund: {made.reason}", sides)
    ledger.post(session, scope, book_id=book.id, entries=[entry])
    audit.record(
        session, scope, action="refund.made", entity="refund", entity_id=made.id, organisation_id=organisation_id,
        after={"customer": ids.show(customer_id), "amount": str(amount), "currency": currency, "reason": made.reason},
    )  # fmt: skip
    body = {
        "refund_id": str(made.id),
        "customer_id": str(customer_id),
        "amount": str(amount),
        "currency": currency,
    }
    publish(session, events.event(events.REFUNDED, organisation_id, body, actor_id=scope.actor_id))
    return made


def refunds(
    session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[Refund]:
    """Return a page of refunds, the newest first."""
    return queries.refunds(session, scope, cursor=cursor, limit=limit)


def credit(session: Session, scope: Scope, *, book_id: UUID, customer_id: UUID, currency: str) -> Decimal:
    """Return what a customer has paid ahead."""
    found = queries.balances(session, scope, book_id, CREDIT, [customer_id])
    return -Decimal(found.get((customer_id, currency), 0))


def owed(session: Session, scope: Scope, *, book_id: UUID, customer_id: UUID, currency: str) -> Decimal:
    """Return what a customer owes."""
    found = queries.balances(session, scope, book_id, RECEIVABLE, [customer_id])
    return Decimal(found.get((customer_id, currency), 0))


def open_of(session: Session, scope: Scope, *, bill_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """Return what is left to pay of bills."""
    return queries.open_of(session, scope, bill_ids)


def payments(
    session: Session, scope: Scope, *, unassigned: bool = False, customer_id: UUID | None = None,
    cursor: str | None = None, limit: int = 50,
) -> paging.Page[Payment]:  # fmt: skip
    """Return a page of payments, the newest first; unassigned: those nobody was found for."""
    return queries.payments(
        session, scope, unassigned=unassigned, customer_id=customer_id, cursor=cursor, limit=limit
    )


def payment(session: Session, scope: Scope, *, payment_id: UUID) -> Payment:
    """Return one payment; raises NotFound."""
    return queries.payment(session, scope, payment_id)


def allocations(session: Session, scope: Scope, *, source_id: UUID) -> Sequence[Allocation]:
    """Return what a payment or note paid."""
    return queries.allocations(session, scope, source_id=source_id)


def _tell(session: Session, scope: Scope, one: Payment) -> None:
    body = {
        "payment_id": str(one.id), "customer_id": str(one.customer_id) if one.customer_id else None,
        "amount": str(one.amount), "currency": one.currency, "way": one.way.value,
    }  # fmt: skip
    publish(
        session, events.event(events.PAYMENT_RECEIVED, one.organisation_id, body, actor_id=scope.actor_id)
    )


def _note(session: Session, scope: Scope, one: Payment, action: str, after: dict[str, str]) -> None:
    audit.record(
        session, scope, action=action, entity="payment", entity_id=one.id, organisation_id=one.organisation_id,
        after=after,
    )  # fmt: skip
