"""Statutory invoices: asked for when a bill is issued, a red one when a credit note is; tried again by the outbox."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import Bill, BillKind, ElectronicInvoice, InvoiceStatus
from backend.billing.ports import Invoice, InvoiceLine, InvoiceOffice
from backend.billing.queries import bills
from backend.billing.queries import invoices as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules import numbering
from backend.billing.rules.ledger import OPENING, TAX
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, Refused, Unavailable
from backend.kernel.events import publish
from backend.kernel.money import Money
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy


def want(session: Session, scope: Scope, *, bill_id: UUID) -> ElectronicInvoice | None:
    """Have an invoice asked for, once; None for a bill of nothing, and for what was owed from before."""
    bill = bills.kept_bill(session, scope, bill_id, lock=True)
    known = queries.invoice(session, scope, bill_id)
    if known is not None:
        return known
    if not bill.total or OPENING in bills.posted(session, scope, [bill.id], TAX).get(bill.id, {}):
        return None
    made = ElectronicInvoice(
        bill_id=bill.id, organisation_id=bill.organisation_id, status=InvoiceStatus.WAITING, is_red=bill.total < 0,
        asked_at=clock.now(), event_id=ids.new_id(),
    )  # fmt: skip
    session.add(made)
    _ask(session, scope, made)
    return made


def send(session: Session, scope: Scope, office: InvoiceOffice | None, *, bill_id: UUID) -> None:
    """Ask the office for an invoice; told again, it is asked again for the same bill, or not at all.

    raises Unavailable while the office does not answer, or what a red one takes back is not issued yet
    """
    found = queries.locked(session, scope, bill_id)
    if found.status is not InvoiceStatus.WAITING:
        return
    try:
        if office is None:
            raise Refused("no invoice office is set up here")
        found.number = office.issue(_invoice(session, scope, bills.kept_bill(session, scope, bill_id)))
        found.status, found.issued_at, found.reason = InvoiceStatus.ISSUED, clock.now(), None
    except Refused as refused:
        found.status, found.reason = InvoiceStatus.REFUSED, refused.message[:500]
    session.flush()
    audit.record(
        session, scope, action=f"invoice.{found.status.value}", entity="bill", entity_id=bill_id,
        organisation_id=found.organisation_id, after={"number": found.number, "reason": found.reason},
    )  # fmt: skip


def _invoice(session: Session, scope: Scope, bill: Bill) -> Invoice:
    assert bill.year is not None, "an issued bill has a number"
    assert bill.serial is not None, "an issued bill has a number"
    assert bill.issued_on is not None, "an issued bill has a day"
    buyer = tenancy.organisation(session, scope, bill.customer_id)
    tax = bills.posted(session, scope, [bill.id], "").get(bill.id, {}).get(TAX, Decimal(0))
    lines = [
        InvoiceLine(
            str(one.name.get("zh") or one.name.get("en") or one.component), one.quantity, one.unit, one.amount
        )
        for one in bills.lines(session, scope, bill.id)
        if not one.is_included
    ]
    return Invoice(
        operator_id=bill.organisation_id, bill_id=bill.id, bill_number=numbering.shown(bill.year, bill.serial),
        buyer=buyer.name_zh or buyer.name, issued_on=bill.issued_on, currency=bill.currency,
        total=Money(bill.total, bill.currency).rounded().amount, tax=Money(tax, bill.currency).rounded().amount,
        lines=tuple(lines), red_of=_red_of(session, scope, bill) if bill.kind is BillKind.CREDIT_NOTE else None,
    )  # fmt: skip


def _red_of(session: Session, scope: Scope, note: Bill) -> str:
    assert note.corrects_id is not None, "a credit note corrects a bill"
    original = queries.invoice(session, scope, note.corrects_id)
    if original is None or original.number is None:
        raise Unavailable("the invoice it takes back is not issued yet", remedy="see to that one first")
    return original.number


def retry(session: Session, scope: Scope, *, bill_id: UUID) -> ElectronicInvoice:
    """Ask once more for an invoice the office refused, when what it was refused for is mended."""
    found = queries.locked(session, scope, bill_id)
    scope.demand(found.organisation_id, *KEEPERS)
    if found.status is not InvoiceStatus.REFUSED:
        raise Conflict(f"this invoice is {found.status.value}", field="status", value=found.status.value)
    found.status, found.event_id = InvoiceStatus.WAITING, ids.new_id()
    _ask(session, scope, found)
    return found


def invoices(
    session: Session, scope: Scope, *, bill_id: UUID | None = None, status: InvoiceStatus | None = None,
    cursor: str | None = None, limit: int = 50,
) -> paging.Page[Any]:  # fmt: skip
    """Return a page of rows (invoice, attempts, error, due_at): how it stands, and what came of asking."""
    return queries.invoices(session, scope, bill_id=bill_id, status=status, cursor=cursor, limit=limit)


def _ask(session: Session, scope: Scope, found: ElectronicInvoice) -> None:
    session.flush()
    body = {"bill_id": str(found.bill_id)}
    asked = events.event(events.INVOICE_WANTED, found.organisation_id, body, actor_id=scope.actor_id)
    publish(session, replace(asked, id=found.event_id))
