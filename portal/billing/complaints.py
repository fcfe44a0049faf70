"""Complaints about lines: what the customer says, what the office answers, and whose turn it is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.billing.rules import numbering
from backend.billing.service import bills, complaints
from backend.billing.service.complaints import WAITING, ComplaintState
from backend.kernel.errors import EnerfieldError
from backend.tenancy import service as tenancy
from portal.address import asked, following, here
from portal.billing import desk, words
from portal.billing.bills import tariff_of
from portal.billing.words import COMPLAINT_STATES
from portal.navigation import look
from portal.pages import done, pages, refused


@pages.get("/complaints", endpoint="complaints")
def list_complaints() -> str:
    """Answer the office: what do customers find wrong, and who waits? Customers: what was answered?"""
    look()
    show = request.args.get("show", "open")
    states = WAITING if show == "open" else (ComplaintState.SETTLED,)
    page = complaints.complaints(g.session, g.scope, states=states, cursor=asked(), limit=40)
    said = complaints.first_words(g.session, g.scope, complaint_ids=[one.id for one, _bill in page.items])
    customers = desk.names_of({one.customer_id for one, _bill in page.items})
    return render_template(
        "billing/complaints.html", next=following(page), show=show, tab=lambda name: here(show=name, after=None),
        rows=[_row(one, bill, said, customers) for one, bill in page.items], is_office=desk.is_office(),
    )  # fmt: skip


def _row(one: Any, bill: Any, said: dict[UUID, str], customers: dict[UUID, str]) -> dict[str, Any]:
    sign, state = COMPLAINT_STATES[one.state]
    return {
        "text": said.get(one.id, ""), "sign": sign, "state": state, "at": one.moved_at,
        "customer": customers.get(one.customer_id, ""), "number": numbering.shown(bill.year, bill.serial),
        "period": words.over(bill.starts_on, bill.ends_on), "link": url_for("portal.complaint", complaint_id=one.id),
    }  # fmt: skip


@pages.get("/complaints/<uuid:complaint_id>", endpoint="complaint")
def show_complaint(complaint_id: UUID) -> str:
    """Answer: what was said, and whose turn is it?"""
    look()
    one = complaints.complaint(g.session, g.scope, complaint_id=complaint_id)
    bill = bills.bill(g.session, g.scope, bill_id=one.bill_id)
    line = next(
        (each for each in bills.lines(g.session, g.scope, bill_id=bill.id) if each.place == one.place), None
    )
    said = complaints.words(g.session, g.scope, complaint_id=complaint_id)
    names = tenancy.names(g.session, g.scope, [each.said_by for each in said if each.said_by])
    tariff, _version = tariff_of(bill)
    sign, state = COMPLAINT_STATES[one.state]
    return render_template(
        "billing/complaint.html", one=one, bill=bill, line=line, sign=sign, state=state,
        number=numbering.shown(bill.year, bill.serial), period=words.over(bill.starts_on, bill.ends_on),
        name=words.in_tongue(line.name, line.component) if line else "",
        piece=words.period_of(tariff, line) if line else "",
        words=[(each, names.get(each.said_by) or (_("Your supplier") if each.is_answer else _("Customer")))
               for each in said],
        is_office=desk.keeps(one.organisation_id), is_settled=one.state is ComplaintState.SETTLED,
        is_open=one.state is ComplaintState.OPEN,
        customer=desk.names_of({one.customer_id}).get(one.customer_id, ""),
    )  # fmt: skip


@pages.post("/bills/<uuid:bill_id>/complaints")
def complain(bill_id: UUID) -> Response:
    """Say what is wrong with a bill or a line of it."""
    place = request.form.get("place", type=int)
    back = url_for("portal.bill_line", bill_id=bill_id, place=place) if place is not None else url_for(
        "portal.bill", bill_id=bill_id
    )  # fmt: skip
    try:
        made = complaints.complain(
            g.session, g.scope, bill_id=bill_id, place=place, text=request.form.get("text", "")
        )
    except EnerfieldError as error:
        return refused(error, back)
    return done(
        _("It is with the office now; the answer comes here."),
        url_for("portal.complaint", complaint_id=made.id),
    )


@pages.post("/complaints/<uuid:complaint_id>/words")
def say_complaint(complaint_id: UUID) -> Response:
    """Answer, or ask again."""
    return _moved(complaint_id, complaints.say, _("Sent."), text=request.form.get("text", ""))


@pages.post("/complaints/<uuid:complaint_id>/settle")
def settle_complaint(complaint_id: UUID) -> Response:
    """Be done with it."""
    return _moved(complaint_id, complaints.settle, _("Settled."))


def _moved(complaint_id: UUID, deed: Any, said: str, **given: Any) -> Response:
    back = url_for("portal.complaint", complaint_id=complaint_id)
    try:
        deed(g.session, g.scope, complaint_id=complaint_id, **given)
    except EnerfieldError as error:
        return refused(error, back)
    return done(said, back)
