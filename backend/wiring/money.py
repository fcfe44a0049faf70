"""Who takes customers' payments and gives them back, and who issues statutory invoices."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.ports import InvoiceOffice, PaymentProvider
from backend.billing.service import invoices, providers
from backend.infra.einvoice import HttpOffice
from backend.infra.pay import HttpProvider
from backend.infra.signed import SignedPost
from backend.kernel.events import Event
from backend.kernel.scope import Scope
from backend.kernel.settings import settings


@cache
def payments() -> PaymentProvider | None:
    """Return who takes customers' payments; None where nobody is set up."""
    where = settings()
    if where.payment_url is None or where.payment_secret is None:
        return None
    server = SignedPost(where.payment_url, where.payment_secret, "the payment provider")
    return HttpProvider(server, f"{where.base_url}/api/v1/billing")


@cache
def office() -> InvoiceOffice | None:
    """Return who issues statutory invoices; None where nobody is set up."""
    where = settings()
    if where.invoice_url is None or where.invoice_secret is None:
        return None
    return HttpOffice(SignedPost(where.invoice_url, where.invoice_secret, "the invoice office"))


def want_invoice(session: Session, scope: Scope, event: Event) -> None:
    """Have a statutory invoice asked for, where there is an office."""
    if office() is not None:
        invoices.want(session, scope, bill_id=UUID(str(event.body["bill_id"])))


def invoice(session: Session, scope: Scope, event: Event) -> None:
    """Ask the office for an invoice; tried again while it does not answer."""
    invoices.send(session, scope, office(), bill_id=UUID(str(event.body["bill_id"])))


def give_back(session: Session, scope: Scope, event: Event) -> None:
    """Have the provider carry a refund out; tried again while it does not answer."""
    providers.send_back(session, scope, payments(), refund_id=UUID(str(event.body["refund_id"])))
