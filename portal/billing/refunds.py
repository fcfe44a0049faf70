"""Credit that goes back: what was given, giving it, and how a customer asks for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _

from backend.billing.service import GivingStatus, Way, accounts, payments, providers, requests
from backend.kernel.errors import EnerfieldError, NotFound, Refused
from portal import forms
from portal.address import asked, following
from portal.billing import desk, words
from portal.billing.debt_words import GIVING_STATES
from portal.billing.pay import amount_of
from portal.billing.words import WAYS
from portal.forms import Field, Page
from portal.navigation import below, look
from portal.pages import done, pages
from portal.picking import pick, picked


@pages.get("/refunds", endpoint="refunds")
def list_refunds() -> str:
    """Answer: which credit was given back, and did it arrive?"""
    look()
    page = payments.refunds(g.session, g.scope, cursor=asked(), limit=30)
    given = providers.refunds_by_id(g.session, g.scope, refund_ids=[one.id for one in page.items])
    customers = desk.names_of({one.customer_id for one in page.items})
    return render_template(
        "billing/refunds.html", next=following(page),
        rows=[
            {"customer": customers.get(one.customer_id, ""), "amount": one.amount, "currency": one.currency,
             "paid_on": one.paid_on, "reason": one.reason, "way": WAYS[one.way],
             "sign": GIVING_STATES[given[one.id].status if one.id in given else GivingStatus.PAID][0],
             "state": GIVING_STATES[given[one.id].status if one.id in given else GivingStatus.PAID][1],
             "failure": given[one.id].reason if one.id in given else None}
            for one in page.items
        ],
    )  # fmt: skip


@pages.route("/refunds/new", methods=["GET", "POST"])
def new_refund() -> Any:
    """Give credit back by bank or in cash."""
    book = desk.book_here()
    at = book.organisation_id if book is not None else None
    page = Page(
        _("Give credit back"), _("At most what the customer has in credit; it is booked at once."),
        [{"link": url_for("portal.refunds"), "name": _("Refunds")}], _("Give it back"),
        [pick("customer_id", _("Customer"), "billed_customer", at=at),
         Field("amount", _("Sum of money"), attributes={"inputmode": "decimal"}),
         Field("currency", _("Currency"), "CNY"),
         Field("way", _("Way"), Way.BANK.value, "select",
               options=[(one.value, WAYS[one]) for one in (Way.BANK, Way.CASH)]),
         Field("paid_on", _("Paid on"), desk.today().isoformat(), "date"), Field("reason", _("Why"), is_half=False)],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        if book is None:
            raise Refused("this operator keeps no book yet", remedy="open one")
        payments.refund(
            g.session, g.scope, organisation_id=book.organisation_id, amount=amount_of("amount"),
            customer_id=picked("customer_id", "billed_customer", at=at), currency=forms.text("currency", 3),
            paid_on=desk.required_day("paid_on"), way=Way(forms.among("way", ("bank", "cash"))),
            reason=forms.text("reason", 500),
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Given back and booked."), url_for("portal.refunds"))


@pages.route("/payments/<uuid:payment_id>/refund", methods=["GET", "POST"])
def refund_payment(payment_id: UUID) -> Any:
    """Give back by the provider what came by it."""
    look()
    one = payments.payment(g.session, g.scope, payment_id=payment_id)
    page = Page(
        _("Give back by the provider"), words.money(one.amount, one.currency) + " · " + words.day(one.received_on),
        [{"link": url_for("portal.payments"), "name": _("Payments")}], _("Give it back"),
        [Field("amount", _("Sum of money [%(currency)s]", currency=words.coin(one.currency)), f"{one.amount:.2f}",
               attributes={"inputmode": "decimal"}, hint=_("At most what the customer has in credit.")),
         Field("paid_on", _("Booked on"), desk.today().isoformat(), "date"), Field("reason", _("Why"), is_half=False)],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        providers.give_back(
            g.session, g.scope, payment_id=payment_id, amount=amount_of("amount"),
            paid_on=desk.required_day("paid_on"), reason=forms.text("reason", 500),
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Booked; the provider is asked to give it back."), url_for("portal.refunds"))


@pages.route("/refunds/ask", methods=["GET", "POST"])
def ask_refund() -> Any:
    """Ask to have credit back: how much, and where to?"""
    node = look()
    mine = below(node)
    contract = next(iter(accounts.contracts_of(g.session, g.scope, customers=mine)), None)
    if contract is None:
        raise NotFound("you have no contract here", remedy="ask the office")
    credit = next(
        (one.credit for one in accounts.accounts(g.session, g.scope, customers=mine)
         if one.operator_id == contract.organisation_id and one.currency == contract.currency), 0,
    )  # fmt: skip
    page = Page(
        _("Ask for a refund"), _("Your credit is %(amount)s. How much do you want back, and where to?",
                                 amount=words.money(credit, contract.currency)),
        [{"link": url_for("portal.bills"), "name": _("Bills")}], _("Ask the office"),
        [Field("amount", _("Sum of money [%(currency)s]", currency=words.coin(contract.currency)), f"{credit:.2f}",
               attributes={"inputmode": "decimal"}),
         Field("text", _("Where to"), "", "note", is_half=False, hint=_("Name, bank and account."))],
        aside=_("The office looks at it and gives it back; you are told."),
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        requests.ask_refund(
            g.session,
            g.scope,
            contract_id=contract.id,
            amount=amount_of("amount"),
            text=forms.text("text", 500),
        )
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Asked. The office answers; you are told."), url_for("portal.bills"))
