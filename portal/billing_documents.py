"""Documents of billing: bills, statements, ageing, runs and taxes as files, now or on schedule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.billing.rules.documents.schedule import FORMS, Every, Form, Paper
from backend.billing.service import DeliveryStatus, Road, documents, runs, schedules
from backend.billing.service.schedules import NewSchedule
from backend.kernel import clock
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse
from backend.tenancy import service as tenancy
from portal import forms, language
from portal.address import asked, following
from portal.forms import Field, Page
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.picking import maybe_picked, pick
from reports import accounts, tabular
from reports import bill as bills
from reports.tabular import MEDIA, Document

PAPERS = {
    Paper.AGEING.value: _l("Receivables by age"), Paper.STATEMENT.value: _l("Statement of account"),
    Paper.RUN_SUMMARY.value: _l("Summary of bill runs"), Paper.TAX.value: _l("Output tax"),
    Paper.BILLS.value: _l("Bills"),
}  # fmt: skip
EVERY = {
    Every.DAY.value: _l("daily"), Every.WEEK.value: _l("weekly"), Every.MONTH.value: _l("monthly"),
    Every.QUARTER.value: _l("quarterly"), Every.YEAR.value: _l("yearly"),
}  # fmt: skip
ROADS = {Road.FOLDER.value: _l("to a folder of the server"), Road.MAIL.value: _l("by mail")}
STATES = {
    DeliveryStatus.WAITING.value: _l("about to go out"), DeliveryStatus.DONE.value: _l("went out"),
    DeliveryStatus.FAILED.value: _l("did not go out"),
}  # fmt: skip
LOCALES = [("zh", "中文"), ("en", "English")]
RUNS = 8


@pages.get("/billing/documents")
def billing_documents() -> str:
    """Answer: which documents do I need, and which come by themselves?"""
    node = look()
    page = schedules.schedules(g.session, g.scope, cursor=asked())
    who = {one.customer_id for one in page.items if one.customer_id} | {
        one.organisation_id for one in page.items
    }
    month = today().replace(day=1)
    return render_template(
        "billing/documents.html", found=page.items, next=following(page), papers=PAPERS, every=EVERY, roads=ROADS,
        states=STATES, latest=schedules.latest(g.session, g.scope, schedule_ids=[one.id for one in page.items]),
        names=tenancy.organisations_by_id(g.session, g.scope, who), today=today(),
        runs=runs.runs(g.session, g.scope, limit=RUNS).items, node=node,
        first=(month - timedelta(days=1)).replace(day=1), last=month - timedelta(days=1),
        customer=pick("customer", _("Customer"), "hosted_customer", at=node.id),
    )  # fmt: skip


@pages.get("/billing/documents/ageing")
def ageing_paper() -> Response:
    """Hand out receivables by age."""
    node = look()
    told = documents.ageing(g.session, g.scope, organisation_id=node.id, as_of=_day("as_of"))
    return _file(accounts.ageing(told, language.current()), f"ageing-{told.as_of}", Paper.AGEING)


@pages.get("/billing/documents/taxes")
def tax_paper() -> Response:
    """Hand out output tax."""
    node = look()
    first, until = _span()
    told = documents.tax_export(g.session, g.scope, organisation_id=node.id, first=first, until=until)
    return _file(accounts.tax_export(told, language.current()), f"tax-{first}-{_last(until)}", Paper.TAX)


@pages.get("/billing/documents/statement")
def statement_paper() -> Response:
    """Hand out a customer's statement of account: theirs, and to who keeps the accounts anybody's."""
    node = look()
    first, until = _span()
    asked_for = request.args.get("customer")
    customer = parse(asked_for) if asked_for else node.id
    told = documents.statement(g.session, g.scope, customer_id=customer, first=first, until=until)
    name = f"statement-{first}-{_last(until)}"
    return _file(accounts.statement(told, language.current()), name, Paper.STATEMENT)


@pages.get("/bill-runs/<uuid:run_id>/summary")
def run_paper(run_id: UUID) -> Response:
    """Hand out what a run came to."""
    look()
    told = documents.run_summary(g.session, g.scope, run_id=run_id)
    return _file(accounts.run_summary(told, language.current()), f"bill-run-{told.day}", Paper.RUN_SUMMARY)


@pages.get("/bills/<uuid:bill_id>/pdf")
def bill_paper(bill_id: UUID) -> Response:
    """Hand out a bill on paper."""
    look()
    told = documents.bill_document(
        g.session, g.scope, bill_id=bill_id, base_url=current_app.settings.base_url
    )
    return _answer(bills.pdf(told, language.current()), MEDIA[Form.PDF], f"bill-{told.number or 'draft'}.pdf")


@pages.route("/billing/documents/schedules/new", methods=["GET", "POST"])
def new_document_schedule() -> Any:
    """Have a document made for each period that is over."""
    node = look()
    page = _form(node)
    if request.method == "GET":
        return forms.show(page)
    try:
        new = _new(node)
        schedules.create_schedule(g.session, g.scope, organisation_id=node.id, new=new)
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("It will be made when the period is over."), url_for("portal.billing_documents", at=_at()))


def _form(node: Any) -> Page:
    start = today().replace(day=1)
    return Page(
        _("A document on schedule"), _("What is to be made, how often, and where does it go?"),
        [{"link": url_for("portal.billing_documents", at=_at()), "name": _("Documents of billing")}],
        _("Have it made"),
        [Field("paper", _("Document"), Paper.AGEING.value, "select", options=list(PAPERS.items())),
         Field("every", _("How often"), Every.MONTH.value, "select", options=list(EVERY.items())),
         Field("starts_on", _("First day of the first period"), start.isoformat(), "date",
               hint=_("It goes out once the period is over.")),
         Field("ends_on", _("No period begins from"), "", "date", is_required=False),
         pick("customer", _("Customer, for a statement or bills"), "hosted_customer", at=node.id, empty=_("none"),
              is_half=False),
         Field("forms", _("As"), [Form.PDF.value, Form.XLSX.value], "checks", is_half=False,
               options=[(one.value, one.value.upper()) for one in Form],
               hint=_("Output tax is made as XLSX and CSV only, bills as PDF.")),
         Field("locale", _("Language"), language.current(), "select", options=LOCALES),
         Field("road", _("It goes"), Road.FOLDER.value, "select", options=list(ROADS.items())),
         Field("recipients", _("Addresses, for mail"), "", "note", is_required=False, is_half=False,
               hint=_("One a line."))],
    )  # fmt: skip


def _new(node: Any) -> NewSchedule:
    said = [one for one in Form if one.value in request.form.getlist("forms")]
    return NewSchedule(
        Paper(forms.among("paper", PAPERS)), Every(forms.among("every", EVERY)), _typed_day("starts_on"), said,
        Road(forms.among("road", ROADS)), forms.among("locale", dict(LOCALES)),
        maybe_picked("customer", "hosted_customer", at=node.id),
        _typed_day("ends_on") if forms.maybe("ends_on") else None,
        [line.strip() for line in forms.text("recipients", 6000).splitlines() if line.strip()],
    )  # fmt: skip


@pages.post("/billing/documents/schedules/<uuid:schedule_id>/end")
def end_document_schedule(schedule_id: UUID) -> Any:
    """Make no further periods of it."""
    look()
    back = url_for("portal.billing_documents", at=_at())
    try:
        schedules.end_schedule(g.session, g.scope, schedule_id=schedule_id, on=today())
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("The schedule has ended."), back)


@pages.post("/billing/documents/deliveries/<uuid:delivery_id>/retry")
def retry_document(delivery_id: UUID) -> Any:
    """Have one that did not go out tried again at once."""
    look()
    back = url_for("portal.billing_documents", at=_at())
    try:
        schedules.retry(g.session, g.scope, delivery_id=delivery_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("It is tried again within a quarter of an hour."), back)


def today() -> date:
    """Return today where the page looks."""
    return clock.now().astimezone(ZoneInfo(g.zone)).date()


def _at() -> str | None:
    return request.args.get("at")


def _span() -> tuple[date, date]:
    """Return the local days [first, until) that were asked for, by the first and the last of them."""
    return _day("first"), _day("last") + timedelta(days=1)


def _last(until: date) -> date:
    return until - timedelta(days=1)


def _day(name: str) -> date:
    return _read_day(name, request.args)


def _typed_day(name: str) -> date:
    return _read_day(name, request.form)


def _read_day(name: str, said: Mapping[str, str]) -> date:
    typed = said.get(name, "").strip()[:20]
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        found = date.min
    if not 2000 <= found.year <= 2200:
        raise Refused("this is not a day", field=name, value=typed, remedy="write 2026-11-28")
    return found


def _file(document: Document, name: str, paper: Paper) -> Response:
    kind = request.args.get("kind", sorted(one.value for one in FORMS[paper])[-1])
    if kind not in {one.value for one in FORMS[paper]}:
        raise Refused("this document is not made as that", field="kind", value=kind[:20], remedy="take XLSX")
    form = Form(kind)
    return _answer(tabular.made(document, form), MEDIA[form], f"{name}.{kind}")


def _answer(data: bytes, media_type: str, name: str) -> Response:
    answer = Response(data, mimetype=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
