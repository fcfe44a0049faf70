"""Contracts: who is supplied with what at which tariff; new ones, and their end."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.billing.rules.disconnection import MOST_EMERGENCY_CREDIT
from backend.billing.rules.periods import LENGTHS, BillingCalendar
from backend.billing.service import accounts, bills, contracts, cuts, prepaid, tariffs
from backend.billing.service.contracts import NewContractPoint, NewSupplyContract
from backend.kernel import paging
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from portal import forms
from portal.address import asked, following
from portal.billing import desk, words
from portal.billing.ahead import rows as prepaid_rows
from portal.billing.bills import rows as bill_rows
from portal.billing.debt_words import CUT_STATES
from portal.billing.pay import amount_of
from portal.forms import Field, Page
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.picking import pick, pick_several, picked, several_picked
from portal.words import named_here as named


@pages.get("/supply-contracts", endpoint="supply_contracts")
def list_contracts() -> str:
    """Answer: with whom do we have contracts, and at which tariff?"""
    look()
    page = contracts.contracts(g.session, g.scope, cursor=asked(), limit=50)
    customers = desk.names_of({one.customer_id for one in page.items})
    carriers = accounts.carriers(g.session, g.scope, contract_ids=[one.id for one in page.items])
    codes = tariff_names()
    return render_template(
        "billing/contracts.html", next=following(page), may_add=bool(codes),
        rows=[
            {"number": one.number, "customer": customers.get(one.customer_id, ""), "carrier": carriers.get(one.id),
             "tariff": codes.get(one.tariff_id, ""), "starts_on": one.starts_on, "ends_on": one.ends_on,
             "link": url_for("portal.supply_contract", contract_id=one.id)}
            for one in page.items
        ],
    )  # fmt: skip


def tariff_names() -> dict[UUID, str]:
    """Return the names of the tariffs the asker keeps, by id."""
    found = paging.every(lambda cursor: tariffs.tariffs(g.session, g.scope, cursor=cursor, limit=200))
    return {one.id: words.in_tongue(version.document.get("name"), one.code) for one, version in found}


@pages.get("/supply-contracts/<uuid:contract_id>", endpoint="supply_contract")
def show_contract(contract_id: UUID) -> str:
    """Answer: what is agreed, which meters does it pay for, and what was billed?"""
    look()
    one = contracts.contract(g.session, g.scope, contract_id=contract_id)
    g.zone = one.zone
    page = bills.bills(g.session, g.scope, contract_id=contract_id, cursor=asked(), limit=24)
    return render_template(
        "billing/contract.html", one=one, customer=desk.names_of({one.customer_id}).get(one.customer_id, ""),
        customer_link=url_for("portal.bills", customer=show(one.customer_id)),
        tariff=tariff_names().get(one.tariff_id, ""), tariff_link=url_for("portal.tariff", tariff_id=one.tariff_id),
        points=[
            {"name": named(point), "register": own.register, "share": f"{own.share / 10_000:g}",
             "carrier": point.carrier.value, "link": url_for("portal.point", point_id=point.id)}
            for own, point in accounts.points(g.session, g.scope, contract_id=contract_id)
        ],
        rows=bill_rows(page.items), next=following(page), may_end=desk.keeps(one.organisation_id), today=desk.today(),
        ahead=_ahead(one), cut=_cut(one),
    )  # fmt: skip


def _ahead(contract: Any) -> list[dict[str, Any]]:
    """Return what is left of what was paid ahead for a contract."""
    if not contract.is_prepaid:
        return []
    found = prepaid.standings(g.session, g.scope, customers={contract.customer_id})
    return prepaid_rows([one for one in found if one.contract.id == contract.id])


def _cut(contract: Any) -> dict[str, Any] | None:
    """Return the disconnection of a contract that has not ended."""
    found = cuts.cuts(g.session, g.scope, customer_id=contract.customer_id, limit=200).items
    one = next((one for one in found if one.contract_id == contract.id and one.ended_at is None), None)
    if one is None:
        return None
    sign, state = CUT_STATES[one.status]
    return {"sign": sign, "state": state, "link": url_for("portal.supply_cut", cut_id=one.id)}


@pages.route("/supply-contracts/new", methods=["GET", "POST"])
def new_supply_contract() -> Any:
    """Write down a contract."""
    book = desk.book_here()
    page = _page(book)
    if request.method == "GET":
        return forms.show(page)
    try:
        if book is None:
            raise Refused("this operator keeps no book yet", remedy="open one")
        made = contracts.create_contract(
            g.session, g.scope, organisation_id=book.organisation_id, new=_said(book.organisation_id)
        )
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("The contract is written down."), url_for("portal.supply_contract", contract_id=made.id))


def _page(book: Any) -> Page:
    at = book.organisation_id if book is not None else None
    return Page(
        _("New contract"), _("Who is supplied with what, at which tariff, and how is it billed?"),
        [{"link": url_for("portal.supply_contracts"), "name": _("Contracts")}], _("Write it down"),
        [pick("customer_id", _("Customer"), "billed_customer", at=at), Field("number", _("Number")),
         Field("tariff_id", _("Tariff"), kind="select",
               options=[(show(key), said) for key, said in tariff_names().items()]),
         Field("starts_on", _("From"), desk.today().isoformat(), "date"),
         Field("ends_on", _("Until"), "", "date", is_required=False),
         Field("months", _("Months a bill"), 1, "select", options=[(one, one) for one in LENGTHS]),
         Field("day", _("Bills begin on day"), 1, "number"), Field("due_days", _("Days to pay"), 14, "number"),
         pick_several("points", _("Meters"), "billed_point", at=at),
         Field("facts", _("What the tariff asks for"), kind="area", is_required=False, is_half=False,
               hint=_("One a line: contracted_kw: 315")),
         Field("payer", _("Payer's name at the bank"), is_required=False, is_half=False),
         Field("low_balance", _("Tell when the balance falls below"), is_required=False),
         Field("emergency_credit", _("Emergency credit"), is_required=False,
               hint=_("So far below nothing a balance paid in advance may go; at most %(most)s.",
                      most=f"{MOST_EMERGENCY_CREDIT:f}")),
         Field("is_prepaid", _("Paid in advance"), kind="check"),
         Field("is_protected", _("Never disconnected for debt"), kind="check")],
    )  # fmt: skip


def _said(at: UUID) -> NewSupplyContract:
    return NewSupplyContract(
        picked("customer_id", "billed_customer", at=at), forms.text("number"), parse(forms.text("tariff_id")),
        desk.required_day("starts_on"),
        [NewContractPoint(one) for one in several_picked("points", "billed_point", at=at)],
        desk.maybe_day("ends_on"), BillingCalendar(forms.whole("months") or 1, forms.whole("day") or 1),
        14 if forms.whole("due_days") is None else forms.whole("due_days") or 0, _facts(), forms.maybe("payer"),
        amount_of("low_balance") if forms.text("low_balance") else None, forms.checked("is_prepaid"),
        forms.checked("is_protected"),
        amount_of("emergency_credit") if forms.text("emergency_credit") else None,
    )  # fmt: skip


def _facts() -> dict[str, Decimal]:
    """Read `name: number` a line."""
    found = {}
    for line in forms.text("facts", 4_000).splitlines():
        name, _colon, value = line.partition(":")
        if not line.strip():
            continue
        try:
            found[name.strip()] = Decimal(value.strip())
        except InvalidOperation:
            raise Refused(
                "this is no number", field="facts", value=line[:60], remedy="write it like contracted_kw: 315"
            ) from None
    return found


@pages.post("/supply-contracts/<uuid:contract_id>/end")
def end_supply_contract(contract_id: UUID) -> Response:
    """End a contract, and what its customer sees of the places only it covers."""
    back = url_for("portal.supply_contract", contract_id=contract_id)
    look()
    try:
        contracts.end_contract(
            g.session, g.scope, contract_id=contract_id, ends_on=desk.required_day("ends_on")
        )
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("The contract ends."), back)
