"""Statutory invoices: which the office of invoices issued, which wait, which it refused and why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.billing.rules import numbering
from backend.billing.service import InvoiceStatus, bills, invoices
from backend.kernel.errors import EnerfieldError
from portal.address import asked, following, here
from portal.billing import desk
from portal.billing.debt_words import INVOICE_STATES
from portal.navigation import look
from portal.pages import done, pages, refused


@pages.get("/statutory-invoices", endpoint="statutory_invoices")
def list_invoices() -> str:
    """Answer: which bills have no statutory invoice yet, and why?"""
    look()
    show_ = request.args.get("show", "all")
    status = InvoiceStatus(show_) if show_ in {one.value for one in InvoiceStatus} else None
    page = invoices.invoices(g.session, g.scope, status=status, cursor=asked(), limit=50)
    return render_template(
        "billing/statutory_invoices.html", next=following(page), show=show_, rows=[_row(*one) for one in page.items],
        tab=lambda name: here(show=name, after=None), is_office=desk.is_office(),
    )  # fmt: skip


def _row(one: Any, attempts: Any, error: Any, due_at: Any) -> dict[str, Any]:
    bill = bills.bill(g.session, g.scope, bill_id=one.bill_id)
    waits = one.status is InvoiceStatus.WAITING
    return {
        "bill": numbering.shown(bill.year, bill.serial), "link": url_for("portal.bill", bill_id=bill.id),
        "total": bill.total, "currency": bill.currency, "number": one.number, "is_red": one.is_red,
        "sign": INVOICE_STATES[one.status][0], "state": INVOICE_STATES[one.status][1], "reason": one.reason,
        "is_refused": one.status is InvoiceStatus.REFUSED, "attempts": attempts if waits else None,
        "due_at": due_at if waits and attempts else None, "bill_id": bill.id,
    }  # fmt: skip


@pages.post("/statutory-invoices/<uuid:bill_id>/retry")
def retry_invoice(bill_id: UUID) -> Response:
    """Ask once more for an invoice that was refused."""
    back = url_for("portal.statutory_invoices")
    look()
    try:
        invoices.retry(g.session, g.scope, bill_id=bill_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("It is asked for once more."), back)
