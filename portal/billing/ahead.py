"""Paid in advance: what is left, how long it lasts, paying in; the office sees whose runs out first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.billing.service import accounts, prepaid, providers
from backend.kernel.errors import EnerfieldError, NotFound
from portal import forms
from portal.billing import desk, words
from portal.billing.pay import amount_of
from portal.forms import Field, Page
from portal.navigation import below, look
from portal.pages import pages
from portal.refusals import in_words

DAYS_LOW = 7
"""Fewer days than these are told apart: a bank transfer takes some."""


@pages.get("/prepaid", endpoint="prepaid")
def show_prepaid() -> str:
    """Answer: how much is left, and for how many days? The office: whose balance runs out first?"""
    node = look()
    is_office = desk.is_office()
    found = prepaid.standings(g.session, g.scope, customers=None if is_office else below(node))
    return render_template("billing/prepaid.html", rows=rows(found), is_office=is_office)


def rows(found: Any) -> list[dict[str, Any]]:
    """Return prepaid contracts as cards show them."""
    customers = desk.names_of({one.contract.customer_id for one in found})
    carriers = accounts.carriers(g.session, g.scope, contract_ids=[one.contract.id for one in found])
    return [_row(one) | {"customer": customers.get(one.contract.customer_id, ""),
                         "carrier": carriers.get(one.contract.id)} for one in found]  # fmt: skip


def _row(one: Any) -> dict[str, Any]:
    kept, contract = one.balance, one.contract
    left = kept.left if kept else None
    low = contract.low_balance
    is_short = one.days_left is not None and one.days_left < DAYS_LOW
    sign = (
        "unknown" if left is None else "act" if left < 0
        else "attention" if is_short or (low is not None and left < low) else "good"
    )  # fmt: skip
    return {
        "number": contract.number, "currency": contract.currency, "left": left, "sign": sign, "daily": one.daily,
        "days": one.days_left, "days_with_credit": one.days_with_credit, "credit": contract.emergency_credit,
        "credit_used": one.credit_used, "low": low, "until": kept.until if kept else None,
        "reason": in_words(kept.reason) if kept and kept.reason else "", "at": kept.computed_at if kept else None,
        "is_on_credit": left is not None and left < 0 and bool(contract.emergency_credit),
        "is_used_up": left is not None and left < -(contract.emergency_credit or 0),
        "pay": url_for("portal.pay_in", contract_id=contract.id),
        "contract": url_for("portal.supply_contract", contract_id=contract.id),
    }  # fmt: skip


@pages.route("/supply-contracts/<uuid:contract_id>/pay-in", methods=["GET", "POST"])
def pay_in(contract_id: UUID) -> Any:
    """Answer: how much do I pay in, and how?"""
    look()
    contract = accounts.contracts_by_id(g.session, g.scope, contract_ids=[contract_id]).get(contract_id)
    if contract is None:
        raise NotFound("there is no such contract", field="contract_id")
    page = _page(contract)
    if request.method == "GET":
        return forms.show(page)
    try:
        made = providers.ask(
            g.session, g.scope, current_app.payments, contract_id=contract_id,  # type: ignore[attr-defined]
            amount=amount_of("amount"),
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return Response(status=303, headers={"Location": url_for("portal.payment_asked", intent_id=made.id)})


def _page(contract: Any) -> Page:
    ways = _("To pay by bank, give the number %(number)s as the reference.", number=contract.number)
    is_online = current_app.payments is not None  # type: ignore[attr-defined]  # Enerfield's own
    return Page(
        _("Pay in"), _("Contract %(number)s", number=contract.number),
        [{"link": url_for("portal.prepaid"), "name": _("Paid in advance")}], _("Go on to pay"),
        [Field("amount", _("Sum of money [%(currency)s]", currency=words.coin(contract.currency)), "",
               attributes={"inputmode": "decimal"})],
        aside=ways if is_online else _("Online payment is not set up here.") + " " + ways,
    )  # fmt: skip
