"""Paying through the provider: begun here, made there, and only what its signed call says is paid."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from backend.billing.rules import numbering
from backend.billing.service import accounts, bills, providers
from backend.kernel.errors import EnerfieldError, Refused
from portal import forms
from portal.billing import words
from portal.forms import Field, Page
from portal.navigation import below, look
from portal.pages import pages

INTENT_STATES = {
    "open": ("idle", _l("not confirmed yet")), "paid": ("good", _l("paid")), "failed": ("act", _l("not paid")),
}  # fmt: skip


@pages.route("/bills/<uuid:bill_id>/pay", methods=["GET", "POST"])
def pay_bill(bill_id: UUID) -> Any:
    """Answer: how much do I pay, and how?"""
    look()
    bill = bills.bill(g.session, g.scope, bill_id=bill_id)
    left = accounts.left_of(g.session, g.scope, bill_ids=[bill_id]).get(bill_id, Decimal(0))
    page = _page(bill, left)
    if request.method == "GET":
        return forms.show(page)
    try:
        made = providers.ask(
            g.session, g.scope, current_app.payments, contract_id=bill.contract_id,  # type: ignore[attr-defined]
            amount=amount_of("amount"),
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return Response(status=303, headers={"Location": url_for("portal.payment_asked", intent_id=made.id)})


def _page(bill: Any, left: Decimal) -> Page:
    number = numbering.shown(bill.year, bill.serial) if bill.serial else ""
    ways = _("To pay by bank, give the number %(number)s as the reference.", number=number)
    is_online = current_app.payments is not None  # type: ignore[attr-defined]  # Enerfield's own
    aside = ways if is_online else _("Online payment is not set up here.") + " " + ways
    return Page(
        _("Pay"), words.over(bill.starts_on, bill.ends_on) + " · " + words.money(left, bill.currency),
        [{"link": url_for("portal.bills"), "name": _("Bills")},
         {"link": url_for("portal.bill", bill_id=bill.id), "name": number or _("draft")}],
        _("Go on to pay"),
        [Field("amount", _("Sum of money [%(currency)s]", currency=words.coin(bill.currency)),
               request.args.get("amount") or f"{max(left, Decimal(0)):.2f}",
               attributes={"inputmode": "decimal"}, hint=_("A part can be paid, too; more becomes credit."))],
        aside=aside,
    )  # fmt: skip


def amount_of(name: str) -> Decimal:
    """Return an exact amount of a form; raises Refused for what is none."""
    typed = forms.text(name).replace(",", "")
    try:
        found = Decimal(typed)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise Refused("this is no amount to be paid", field=name, value=typed[:40])
    return found


@pages.get("/payments/asked/<uuid:intent_id>")
def payment_asked(intent_id: UUID) -> str:
    """Answer: was it paid? As the provider's call says; while there is none, nothing is."""
    node = look()
    made = accounts.intent(g.session, g.scope, intent_id=intent_id)
    sign, said = INTENT_STATES[made.status.value]
    return render_template(
        "billing/payment_asked.html", made=made, sign=sign, state=said, is_open=made.status.value == "open",
        is_paid=made.status.value == "paid",
        owed=[one for one in accounts.accounts(g.session, g.scope, customers=below(node)) if one.owed],
    )  # fmt: skip
