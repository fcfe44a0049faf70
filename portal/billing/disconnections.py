"""Disconnections for debt: announced, asked for and carried out by people; what speaks against each is in sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.billing.service import CutStatus, accounts, cuts
from backend.kernel.errors import EnerfieldError
from backend.kernel.ids import show
from portal import forms
from portal.address import asked, following
from portal.billing import desk
from portal.billing.debt_words import AGAINST, CUT_STATES
from portal.navigation import look
from portal.pages import done, pages, refused


@pages.get("/disconnections", endpoint="supply_cuts")
def list_cuts() -> str:
    """Answer: whose supply may be cut, is cut, or comes back?"""
    look()
    page = cuts.cuts(g.session, g.scope, cursor=asked(), limit=30)
    return render_template("billing/disconnections.html", rows=_rows(page.items), next=following(page))


def _rows(found: Any) -> list[dict[str, Any]]:
    customers = desk.names_of({one.customer_id for one in found})
    agreed = accounts.contracts_by_id(g.session, g.scope, contract_ids=[one.contract_id for one in found])
    return [
        {"id": one.id, "sign": CUT_STATES[one.status][0], "state": CUT_STATES[one.status][1], "debt": one.debt,
         "currency": one.currency, "announced_on": one.announced_on, "earliest_on": one.earliest_on,
         "customer": customers.get(one.customer_id, ""),
         "number": agreed[one.contract_id].number if one.contract_id in agreed else "",
         "link": url_for("portal.supply_cut", cut_id=one.id)}
        for one in found
    ]  # fmt: skip


@pages.get("/disconnections/<uuid:cut_id>", endpoint="supply_cut")
def show_cut(cut_id: UUID) -> str:
    """Answer: may it be done now, and what speaks against it?"""
    look()
    seen = cuts.seen(g.session, g.scope, cut_id=cut_id)
    one = seen.cut
    desk.in_zone_of(one.organisation_id)
    measured = cuts.measured(g.session, g.scope, contract_id=one.contract_id)
    orders = [
        (_("Disconnect"), one.order_id), (_("Reconnect"), one.back_order_id),
    ]  # fmt: skip
    return render_template(
        "billing/disconnection.html", one=one, row=_rows([one])[0], owed=seen.owed, measured=measured,
        against=[AGAINST[reason] for reason in seen.against], is_announced=one.status is CutStatus.ANNOUNCED,
        is_requested=one.status is CutStatus.REQUESTED,
        is_cut=one.status in (CutStatus.CUT, CutStatus.RECONNECTING),
        may_withdraw=one.status in (CutStatus.ANNOUNCED, CutStatus.REQUESTED),
        contract_link=url_for("portal.supply_contract", contract_id=one.contract_id),
        bills_link=url_for("portal.bills", customer=show(one.customer_id)),
        orders=[(name, url_for("portal.work_order", order_id=key)) for name, key in orders if key],
    )  # fmt: skip


@pages.post("/supply-contracts/<uuid:contract_id>/disconnection")
def announce_cut(contract_id: UUID) -> Response:
    """Tell a customer that supply may be cut for debt."""
    look()
    try:
        made = cuts.announce(g.session, g.scope, contract_id=contract_id)
    except EnerfieldError as error:
        return refused(error, url_for("portal.supply_contract", contract_id=contract_id))
    return done(
        _("The customer is told; nothing is cut by itself."), url_for("portal.supply_cut", cut_id=made.id)
    )


@pages.post("/disconnections/<uuid:cut_id>/request")
def request_cut(cut_id: UUID) -> Response:
    """Ask people to cut supply, by a work order."""

    def ask() -> None:
        cuts.request(
            g.session, g.scope, cut_id=cut_id, low_c=forms.number("low_c"), high_c=forms.number("high_c")
        )

    return _step(cut_id, ask, _("A work order is on its way to the dispatchers."))


@pages.post("/disconnections/<uuid:cut_id>/withdraw")
def withdraw_cut(cut_id: UUID) -> Response:
    """Leave supply as it is."""
    return _step(
        cut_id, lambda: cuts.withdraw(g.session, g.scope, cut_id=cut_id), _("Supply stays as it is.")
    )


@pages.post("/disconnections/<uuid:cut_id>/done")
def note_cut(cut_id: UUID) -> Response:
    """Note that people cut supply."""
    return _step(cut_id, lambda: cuts.note_cut(g.session, g.scope, cut_id=cut_id), _("Noted."))


@pages.post("/disconnections/<uuid:cut_id>/reconnected")
def note_reconnected(cut_id: UUID) -> Response:
    """Note that people gave supply back."""
    return _step(cut_id, lambda: cuts.note_reconnected(g.session, g.scope, cut_id=cut_id), _("Noted."))


def _step(cut_id: UUID, act: Callable[[], Any], said: str) -> Response:
    back = url_for("portal.supply_cut", cut_id=cut_id)
    look()
    try:
        act()
    except EnerfieldError as error:
        return refused(error, back)
    return done(said, back)
