"""Instalments: plans as the office and their customers see them, agreed on, cancelled; and how one is asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from backend.billing.rules import numbering
from backend.billing.service import accounts, bills, plans, requests
from backend.billing.service.requests import PARTS
from backend.kernel.errors import Conflict, EnerfieldError, Refused
from backend.kernel.ids import parse, show
from backend.tenancy import service as tenancy
from portal import forms
from portal.address import asked, following
from portal.billing import desk, words
from portal.billing.bills import rows as bill_rows
from portal.billing.planned import rows
from portal.forms import Field, Page
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.picking import pick, picked


@pages.get("/instalments", endpoint="instalments")
def list_plans() -> str:
    """Answer: which debts are paid in parts, and are they kept?"""
    look()
    page = plans.plans(g.session, g.scope, customer_id=desk.customer_asked(), cursor=asked(), limit=30)
    return render_template(
        "billing/instalments.html", rows=rows(page.items), next=following(page), is_office=desk.is_office()
    )


@pages.get("/instalments/<uuid:plan_id>", endpoint="instalment_plan")
def show_plan(plan_id: UUID) -> str:
    """Answer: which parts are paid, which is due next, and which bills does it pay?"""
    look()
    one = plans.plan(g.session, g.scope, plan_id=plan_id)
    paid = [bills.bill(g.session, g.scope, bill_id=bill_id) for bill_id in one.bill_ids]
    row = rows([one])[0]
    to_pay = next((bill for bill in bill_rows(paid) if bill["may_pay"]), None)
    today = desk.today()
    return render_template(
        "billing/instalment_plan.html", row=row, plan=one.plan, bills=bill_rows(paid), to_pay=to_pay,
        keeps=desk.keeps(one.plan.organisation_id),
        parts=[
            {"due_on": part.due_on, "amount": part.amount, "left": part.amount - part.paid,
             "sign": "good" if part.paid >= part.amount else "act" if part.due_on < today else "idle",
             "state": _("paid") if part.paid >= part.amount else _("late") if part.due_on < today
             else _("to come") if not part.paid else _("paid in part")}
            for part in one.parts
        ],
    )  # fmt: skip


@pages.post("/instalments/<uuid:plan_id>/cancel")
def cancel_instalment_plan(plan_id: UUID) -> Response:
    """End a plan nobody wants any longer."""
    back = url_for("portal.instalment_plan", plan_id=plan_id)
    look()
    try:
        plans.cancel(g.session, g.scope, plan_id=plan_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("The plan has ended; what is left of its bills is due as it was."), back)


@pages.route("/instalments/new", methods=["GET", "POST"])
def new_instalment_plan() -> Any:
    """Agree on parts: first for whom, then for which bills."""
    book = desk.book_here()
    if book is None:
        raise Refused("this operator keeps no book yet", remedy="open one")
    if request.method == "POST" and "parts" not in request.form:
        return _for_whom(book)
    typed = forms.text("customer") if request.method == "POST" else request.args.get("customer", "")
    page = _page(book, parse(typed) if typed else None)
    if request.method == "GET":
        return forms.show(page)
    try:
        made = plans.agree(
            g.session, g.scope, organisation_id=book.organisation_id, customer_id=parse(typed),
            bill_ids=[parse(one) for one in request.form.getlist("bills")], parts=forms.whole("parts") or 0,
            first_on=desk.required_day("first_on"), grace_days=forms.whole("grace_days") or 0,
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(
        _("Agreed; reminders wait while it is kept."),
        url_for("portal.instalment_plan", plan_id=made.plan.id),
    )


def _for_whom(book: Any) -> Any:
    try:
        who = picked("customer", "billed_customer", at=book.organisation_id)
        tenancy.organisation(g.session, g.scope, who)
    except EnerfieldError as error:
        return forms.show(_page(book, None), error)
    return redirect(url_for("portal.new_instalment_plan", customer=show(who)), code=303)


def _page(book: Any, customer: UUID | None) -> Page:
    steps = [{"link": url_for("portal.instalments"), "name": _("Instalments")}]
    if customer is None:
        who = pick("customer", _("Customer"), "billed_customer", at=book.organisation_id, is_half=False)
        return Page(_("New instalments"), _("Who pays in parts?"), steps, _("Go on"), [who])
    open_ = [
        one for one in accounts.open_bills(g.session, g.scope, customers={customer})
        if one.organisation_id == book.organisation_id
    ]  # fmt: skip
    left = accounts.left_of(g.session, g.scope, bill_ids=[one.id for one in open_])
    options = [
        (show(one.id), f"{numbering.shown(one.year, one.serial)} · {words.over(one.starts_on, one.ends_on)} · "
                       f"{words.money(left.get(one.id, one.total), one.currency)}")
        for one in open_
    ]  # fmt: skip
    name = desk.names_of({customer}).get(customer, "")
    empty = "" if options else _("This customer has no open bill.")
    return Page(
        _("New instalments"), _("Which bills does %(customer)s pay in parts?", customer=name), steps, _("Agree"),
        [Field("bills", _("Open bills"), [value for value, _said in options], "checks", options=options, is_half=False),
         Field("parts", _("Monthly parts"), 3, "number", attributes={"min": "2", "max": "36"}),
         Field("first_on", _("First part due on"), desk.today().isoformat(), "date"),
         Field("grace_days", _("Days a part may be late"), 3, "number", attributes={"min": "0", "max": "31"})],
        hidden={"customer": show(customer)}, aside=empty,
    )  # fmt: skip


@pages.route("/bills/<uuid:bill_id>/instalments", methods=["GET", "POST"])
def ask_instalments(bill_id: UUID) -> Any:
    """Ask to pay what is open in parts."""
    look()
    bill = bills.bill(g.session, g.scope, bill_id=bill_id)
    open_ = [
        one for one in accounts.open_bills(g.session, g.scope, customers={bill.customer_id})
        if (one.organisation_id, one.currency) == (bill.organisation_id, bill.currency)
    ]  # fmt: skip
    left = accounts.left_of(g.session, g.scope, bill_ids=[one.id for one in open_])
    if not left.get(bill_id):
        nothing = Conflict("nothing of this bill is to be paid", field="bill_id", value=show(bill_id))
        return refused(nothing, url_for("portal.bill", bill_id=bill_id))
    page = _asking(bill, sum(left.values(), Decimal(0)))
    if request.method == "GET":
        return forms.show(page)
    try:
        requests.ask_instalments(
            g.session, g.scope, bill_id=bill_id, parts=forms.whole("parts") or 0, text=forms.text("text", 500)
        )
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Asked. The office answers; you are told."), url_for("portal.bills"))


def _asking(bill: Any, whole: Decimal) -> Page:
    options = [
        (parts, ngettext("%(num)d part", "%(num)d parts", parts)
         + " · " + _("about %(amount)s a month", amount=words.money(whole / parts, bill.currency)))
        for parts in PARTS
    ]  # fmt: skip
    return Page(
        _("Pay in instalments"), _("%(amount)s are open. In how many monthly parts?",
                                   amount=words.money(whole, bill.currency)),
        [{"link": url_for("portal.bills"), "name": _("Bills")}], _("Ask the office"),
        [Field("parts", _("Monthly parts"), 3, "select", options=options, is_half=False),
         Field("text", _("What the office should know"), "", "note", is_required=False, is_half=False)],
        aside=_("Until the office answers, the bill is due as it says. While you keep to a plan, nobody reminds you."),
    )  # fmt: skip
