"""Hosted operation: contracts with hosted customers, and the month told of each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.kernel import clock
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Role
from backend.kernel.units import Carrier
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.workorders.rules.roster import YEARS
from backend.workorders.service import hosting as service
from backend.workorders.service.hosting import NewContract
from portal import forms, language
from portal.address import asked, following
from portal.forms import Field, Page
from portal.navigation import below, look
from portal.pages import done, pages, refused
from portal.picking import pick, picked
from portal.words import CARRIERS
from reports import monthly

TYPES = {"pdf": "application/pdf",
         "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip
DUTIES = {"dispatch": _l("Dispatch"), "field": _l("Field work"), "plant": _l("Plant")}


@pages.get("/hosting")
def hosting() -> str:
    """Answer: what is run for whom, and who is on duty?"""
    node = look()
    page = service.contracts(g.session, g.scope, organisations=below(node), cursor=asked())
    found = page.items
    customers = tenancy.organisations_by_id(g.session, g.scope, {one.customer_id for one in found})
    return render_template(
        "workorders/hosting/contracts.html", found=found, next=following(page), customers=customers,
        today=today(), duties=DUTIES,
        there=service.on_duty(g.session, g.scope, organisations=below(node)),
        may_add=g.scope.holds(Role.MANAGER, Role.ADMINISTRATOR),
    )  # fmt: skip


@pages.route("/hosting/new", methods=["GET", "POST"])
def new_hosting() -> Any:
    """Write down a contract."""
    node = look()
    page = Page(
        _("New contract of hosted operation"), _("What is run for whom, and how often is it looked at?"),
        [{"link": url_for("portal.hosting"), "name": _("Hosted operation")}], _("Write it down"),
        [pick("customer", _("Customer"), "hosted_customer", at=node.id),
         Field("number", _("Number")), Field("title", _("What is run"), is_half=False),
         Field("carriers", _("Carriers"), kind="checks", hint=_("none: all that are supplied"), is_half=False,
               options=[(one.value, CARRIERS[one.value]) for one in Carrier if one.value in CARRIERS],
               is_required=False),
         Field("patrols", _("Patrols a month"), 20, "number"),
         Field("rounds", _("Reading rounds a month"), 1, "number"),
         Field("starts_on", _("From"), today().isoformat(), "date"),
         Field("ends_on", _("Until"), "", "date", is_required=False),
         Field("fee", _("Fee, as it is agreed"), is_required=False, is_half=False)],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        until = forms.maybe("ends_on")
        new = NewContract(
            picked("customer", "hosted_customer", at=node.id), forms.text("number"), forms.text("title"),
            day("starts_on"), day("ends_on") if until else None, carriers=request.form.getlist("carriers"),
            patrols=forms.whole("patrols") or 0, rounds=forms.whole("rounds") or 0, fee=forms.maybe("fee", 500),
        )  # fmt: skip
        made = service.add_contract(g.session, g.scope, organisation_id=node.id, new=new)
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("The contract is written down."), url_for("portal.hosting_contract", hosting_id=made.id))


@pages.get("/hosting/<uuid:hosting_id>")
def hosting_contract(hosting_id: UUID) -> str:
    """Answer: what is run for this customer, and what happened this month?"""
    look()
    found = service.contract(g.session, g.scope, contract_id=hosting_id)
    places = network.positions_by_id(g.session, g.scope, {UUID(one) for one in found.position_ids})
    month = _month(request.args.get("month"))
    may_tell = g.scope.holds(Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
    told = service.month_of(g.session, g.scope, contract_id=found.id, month=month) if may_tell else None
    reports = service.reports(g.session, g.scope, contract_id=found.id, cursor=asked(), limit=24)
    return render_template(
        "workorders/hosting/contract.html", found=found, told=told, month=month, places=places,
        customer=tenancy.organisation(g.session, g.scope, found.customer_id), carriers=CARRIERS,
        table=monthly.document(told, language.current()).tables if told else (),
        reports=reports.items, next=following(reports), today=today(),
        before=(month - timedelta(days=1)).replace(day=1), after=(month + timedelta(days=32)).replace(day=1),
        may_end=g.scope.holds(Role.MANAGER, Role.ADMINISTRATOR),
    )  # fmt: skip


@pages.post("/hosting/<uuid:hosting_id>/end")
def end_hosting(hosting_id: UUID) -> Any:
    """Say on which day it ends."""
    back = url_for("portal.hosting_contract", hosting_id=hosting_id)
    try:
        service.end_contract(g.session, g.scope, contract_id=hosting_id, on=day("ends_on"))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("The end is written down."), back)


@pages.get("/hosting/<uuid:hosting_id>/report")
def hosting_report(hosting_id: UUID) -> Response:
    """Hand out a month as PDF or workbook: as it was written, or as it stands."""
    look()
    month, kind = _month(request.args.get("month")), request.args.get("kind", "pdf")
    if kind not in TYPES:
        raise Refused(
            "a report is a PDF or a workbook", field="kind", value=kind[:20], remedy="write pdf or xlsx"
        )
    told = service.month_of(g.session, g.scope, contract_id=hosting_id, month=month)
    made = (monthly.pdf if kind == "pdf" else monthly.xlsx)(told, language.current())
    answer = Response(made, mimetype=TYPES[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="{told.month}.{kind}"'
    return answer


def today() -> date:
    """Return today where the page looks."""
    return clock.now().astimezone(ZoneInfo(g.zone)).date()


def day(name: str) -> date:
    """Return a day that was typed."""
    try:
        return date.fromisoformat(forms.text(name))
    except ValueError:
        raise Refused(
            "this is not a day", field=name, value=forms.text(name), remedy="write 2026-11-28"
        ) from None


def _month(typed: str | None) -> date:
    if not typed:
        return today().replace(day=1)
    try:
        found = date.fromisoformat(f"{typed[:7]}-01")
        if found.year not in YEARS:
            raise ValueError(typed)
        return found
    except ValueError:
        raise Refused(
            "this is not a month", field="month", value=typed[:20], remedy="write 2026-11"
        ) from None
