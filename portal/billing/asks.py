"""What customers ask the office for, answered here: granting does it at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.billing.service import RequestKind, RequestStatus, Way, requests
from backend.billing.service.requests import Granted
from backend.kernel.errors import EnerfieldError
from backend.kernel.ids import show
from portal import forms
from portal.address import asked, following, here
from portal.billing import desk
from portal.billing.debt_words import REQUEST_KINDS, REQUEST_STATES
from portal.billing.words import WAYS
from portal.navigation import look
from portal.pages import done, pages, refused


@pages.get("/account-requests", endpoint="account_requests")
def list_requests() -> str:
    """Answer: which customers wait for a yes or no?"""
    look()
    show_ = request.args.get("show", "open")
    page = requests.requests(g.session, g.scope, is_open=show_ == "open", cursor=asked(), limit=30)
    return render_template(
        "billing/account_requests.html", rows=rows(page.items), next=following(page), show=show_, today=desk.today(),
        tab=lambda name: here(show=name, after=None), ways=[(one.value, WAYS[one]) for one in (Way.BANK, Way.CASH)],
    )  # fmt: skip


def rows(found: Any) -> list[dict[str, Any]]:
    """Return requests as lists show them."""
    customers = desk.names_of({one.customer_id for one in found})
    return [
        {"one": one, "kind": REQUEST_KINDS[one.kind], "customer": customers.get(one.customer_id, ""),
         "sign": REQUEST_STATES[one.status][0], "state": REQUEST_STATES[one.status][1],
         "is_open": one.status is RequestStatus.OPEN, "is_refund": one.kind is RequestKind.REFUND,
         "bills": url_for("portal.bills", customer=show(one.customer_id))}
        for one in found
    ]  # fmt: skip


def own(customers: frozenset[UUID]) -> list[dict[str, Any]]:
    """Return the latest requests of customers, for their own page."""
    return rows(requests.requests(g.session, g.scope, customers=customers, limit=3).items)


@pages.post("/account-requests/<uuid:request_id>/grant")
def grant_request(request_id: UUID) -> Response:
    """Do what is asked for."""
    back = url_for("portal.account_requests")
    look()
    try:
        way = Way(forms.among("way", ("bank", "cash"))) if forms.maybe("way") else Way.BANK
        granted = Granted(
            forms.text("answer", 500),
            desk.maybe_day("first_on"),
            forms.whole("parts"),
            desk.maybe_day("paid_on"),
            way,
        )
        requests.grant(g.session, g.scope, request_id=request_id, granted=granted)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Granted and done; the customer is told."), back)


@pages.post("/account-requests/<uuid:request_id>/decline")
def decline_request(request_id: UUID) -> Response:
    """Say no, and why."""
    back = url_for("portal.account_requests")
    look()
    try:
        requests.decline(g.session, g.scope, request_id=request_id, answer=forms.text("answer", 500))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Declined; the customer is told."), back)
