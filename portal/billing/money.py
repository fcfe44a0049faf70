"""Money that came: bank files with a dry run, what nobody was found for, cash; and who owes how much."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from backend.billing.service import Way, accounts, payments
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import show
from portal import forms
from portal.address import asked, following, here
from portal.billing import desk
from portal.billing.pay import amount_of
from portal.billing.words import MATCHED, WAYS
from portal.forms import Field, Page
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.picking import pick, picked
from portal.refusals import said

SHOWN_LINES = 200


@pages.get("/payments", endpoint="payments")
def list_payments() -> str:
    """Answer: what came in, and what of it belongs to nobody yet?"""
    book = desk.book_here()
    show_ = request.args.get("show", "all")
    page = payments.payments(
        g.session,
        g.scope,
        unassigned=show_ == "unassigned",
        customer_id=desk.customer_asked(),
        cursor=asked(),
        limit=50,
    )
    customers = desk.names_of({one.customer_id for one in page.items if one.customer_id})
    return render_template(
        "billing/payments.html", next=following(page), show=show_, book=book,
        tab=lambda name: here(show=name, after=None),
        rows=[
            {"id": one.id, "amount": one.amount, "currency": one.currency, "on": one.received_on, "way": WAYS[one.way],
             "payer": one.payer, "reference": one.reference, "customer": customers.get(one.customer_id, ""),
             "refund": url_for("portal.refund_payment", payment_id=one.id)
             if one.way is Way.PROVIDER and one.customer_id and desk.keeps(one.organisation_id) else "",
             "is_assigned": one.customer_id is not None, "how": MATCHED.get(one.matched_by or "", "")}
            for one in page.items
        ],
        pick=pick("customer_id", _("Whose it is"), "billed_customer", at=book.organisation_id) if book else None,
    )  # fmt: skip


@pages.route("/payments/bank-file", methods=["GET", "POST"])
def take_bank_file() -> Any:
    """Show what a bank's statement would bring, then take it."""
    book = desk.book_here()
    if request.method == "GET":
        return _bank_page(book)
    try:
        if book is None:
            raise Refused("this operator keeps no book yet", remedy="open one")
        file = request.files.get("file")
        if file is None or not file.filename:
            raise Refused("choose a file", field="file", remedy="a bank's statement as CSV or camt.053")
        content, currency = file.read(), forms.text("currency", 3) or "CNY"
        if request.form.get("deed") != "take":
            found = payments.preview_bank_file(
                g.session, g.scope, organisation_id=book.organisation_id, content=content, currency=currency
            )
            return _bank_page(book, found=found, name=file.filename)
        taken = payments.import_bank_file(
            g.session, g.scope, organisation_id=book.organisation_id, name=file.filename, content=content,
            currency=currency,
        )  # fmt: skip
    except EnerfieldError as error:
        g.undo = True
        return _bank_page(book, error=error), 422
    return done(_taken(taken), url_for("portal.payments", show="unassigned" if taken.unassigned else "all"))


def _taken(taken: Any) -> str:
    assigned = ngettext("%(num)d payment assigned", "%(num)d payments assigned", len(taken.assigned))
    unassigned = ngettext("%(num)d without owner", "%(num)d without owner", len(taken.unassigned))
    return _("%(assigned)s, %(unassigned)s, %(skipped)s left out.", assigned=assigned, unassigned=unassigned,
             skipped=taken.file.skipped)  # fmt: skip


def _bank_page(book: Any, *, found: Any = None, name: str = "", error: EnerfieldError | None = None) -> str:
    rows = found or []
    customers = desk.names_of({one.match.customer_id for one in rows if one.match})
    return render_template(
        "billing/bank_file.html", book=book, name=name, is_previewed=found is not None,
        wrong=said(error) if error is not None else "",
        findings=(error.context or {}).get("findings", [])[:50] if error is not None else [],
        rows=[
            {"on": one.line.booked_on, "amount": one.line.amount, "currency": one.line.currency,
             "payer": one.line.payer, "reference": one.line.reference, "is_taken": one.is_taken,
             "went_out": one.line.amount <= 0,
             "customer": customers.get(one.match.customer_id, "") if one.match else "",
             "how": MATCHED.get(one.match.how.value, "") if one.match else ""}
            for one in rows[:SHOWN_LINES]
        ],
        more=max(0, len(rows) - SHOWN_LINES), taken=sum(one.is_taken for one in rows),
        matched=sum(one.match is not None for one in rows),
    )  # fmt: skip


@pages.post("/payments/<uuid:payment_id>/assign")
def assign_payment(payment_id: UUID) -> Response:
    """Say whose a payment is."""
    back = url_for("portal.payments", show="unassigned")
    book = desk.book_here()
    try:
        at = book.organisation_id if book is not None else None
        payments.assign(
            g.session,
            g.scope,
            payment_id=payment_id,
            customer_id=picked("customer_id", "billed_customer", at=at),
        )
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Assigned; the oldest bills are paid first."), back)


@pages.route("/payments/cash", methods=["GET", "POST"])
def take_cash() -> Any:
    """Take cash over the counter."""
    book = desk.book_here()
    at = book.organisation_id if book is not None else None
    page = Page(
        _("Take cash"), _("The oldest bills are paid first; what is left becomes credit."),
        [{"link": url_for("portal.payments"), "name": _("Payments")}], _("Take it"),
        [pick("customer_id", _("Customer"), "billed_customer", at=at),
         Field("amount", _("Sum of money"), attributes={"inputmode": "decimal"}),
         Field("currency", _("Currency"), "CNY"),
         Field("received_on", _("Received on"), desk.today().isoformat(), "date"),
         Field("receipt", _("Receipt number"), hint=_("The same receipt is taken once.")),
         Field("reference", _("Note"), is_required=False)],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        if book is None:
            raise Refused("this operator keeps no book yet", remedy="open one")
        payments.take_cash(
            g.session, g.scope, organisation_id=book.organisation_id,
            customer_id=picked("customer_id", "billed_customer", at=at), amount=amount_of("amount"),
            currency=forms.text("currency", 3), received_on=desk.required_day("received_on"),
            receipt=forms.text("receipt"), reference=forms.text("reference", 500),
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Taken."), url_for("portal.payments"))


@pages.get("/receivables", endpoint="receivables")
def list_receivables() -> str:
    """Answer: who owes us how much, and since when?"""
    look()
    today = desk.today()
    found = accounts.ageing(g.session, g.scope, today=today)[:200]
    customers = desk.names_of({row.customer_id for row in found})
    return render_template(
        "billing/receivables.html",
        rows=[
            {"customer": customers.get(row.customer_id, ""), "bills": row.bills,
             "open": row.open, "overdue": row.overdue, "currency": row.currency,
             "days": (today - row.since).days if row.since else 0,
             "link": url_for("portal.bills", customer=show(row.customer_id))}
            for row in found
        ],
        sums=_sums(found),
    )  # fmt: skip


def _sums(found: Any) -> list[tuple[str, Any, Any]]:
    """Return currency, open and overdue of all rows."""
    sums: dict[str, list[Any]] = {}
    for row in found:
        mine = sums.setdefault(row.currency, [0, 0])
        mine[0] += row.open
        mine[1] += row.overdue
    return [(currency, *both) for currency, both in sums.items()]
