"""Views on schedule: what comes by itself, how often, where it goes, and what became of the last one."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.analysis.rules.asking import Ask, By, Compare, ViewName
from backend.analysis.service import schedules
from backend.analysis.service.schedules import NewSchedule
from backend.billing.rules.documents.schedule import Every, Form
from backend.billing.service import Road
from backend.kernel import clock
from backend.kernel.errors import EnerfieldError, Refused
from backend.tenancy import service as tenancy
from portal import forms, language
from portal.address import asked, following
from portal.analysis.asking import analysis_view
from portal.billing_documents import EVERY, LOCALES, ROADS, STATES
from portal.forms import Field, Page
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.words import CARRIERS
from reports.analysis import VIEWS

COMPARED = {
    Compare.BEFORE.value: _l("with the period before"), Compare.YEAR.value: _l("with the same days last year"),
    Compare.NONE.value: _l("with nothing"),
}  # fmt: skip
WAYS = {
    By.CARRIER.value: _l("by carrier"), By.CATEGORY.value: _l("by use"), By.ORGANISATION.value: _l("by organisation"),
    By.POSITION.value: _l("by place"), By.METER.value: _l("by meter"),
}  # fmt: skip


@pages.get("/analysis/schedules")
def analysis_schedules() -> str:
    """Answer: which views come by themselves, and did the last ones go out?"""
    node = look()
    page = schedules.schedules(g.session, g.scope, cursor=asked())
    return render_template(
        "analysis/schedules.html", node=node, found=page.items, next=following(page), views=titles(), every=EVERY,
        roads=ROADS, states=STATES, compared=COMPARED, ways=WAYS, today=_today(),
        latest=schedules.latest(g.session, g.scope, schedule_ids=[one.id for one in page.items]),
        names=tenancy.organisations_by_id(g.session, g.scope, {one.organisation_id for one in page.items}),
    )  # fmt: skip


@pages.route("/analysis/schedules/new", methods=["GET", "POST"])
def new_analysis_schedule() -> Any:
    """Have a view made for each period that is over, as it was looked at."""
    node = look()
    ask = analysis_view().ask(node.id)
    page = _form(ask)
    if request.method == "GET":
        return forms.show(page)
    try:
        schedules.create_schedule(g.session, g.scope, organisation_id=node.id, new=_new(ask))
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("It will be made when the period is over."), url_for("portal.analysis_schedules", at=_at()))


@pages.post("/analysis/schedules/<uuid:schedule_id>/end")
def end_analysis_schedule(schedule_id: UUID) -> Any:
    """Make no further periods of it."""
    look()
    back = url_for("portal.analysis_schedules", at=_at())
    try:
        schedules.end_schedule(g.session, g.scope, schedule_id=schedule_id, on=_today())
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("The schedule has ended."), back)


@pages.post("/analysis/deliveries/<uuid:delivery_id>/retry")
def retry_analysis(delivery_id: UUID) -> Any:
    """Have one that did not go out tried again at once."""
    look()
    back = url_for("portal.analysis_schedules", at=_at())
    try:
        schedules.retry(g.session, g.scope, delivery_id=delivery_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("It is tried again within a quarter of an hour."), back)


def titles() -> dict[str, str]:
    """Return what each view is called."""
    return {name.value: view.title[language.current() == "zh"] for name, view in VIEWS.items()}


def _form(ask: Ask) -> Page:
    chosen = request.args.get("view", ViewName.CONSUMPTION.value)
    compare = Compare.BEFORE if ask.compare is Compare.CUSTOM else ask.compare
    carriers = [
        ("", _("all of them")),
        *((name, str(word)) for name, word in CARRIERS.items() if name != "environment"),
    ]
    return Page(
        _("A view on schedule"), _("What is to be made, how often, and where does it go?"),
        [{"link": url_for("portal.analysis_schedules", at=_at()), "name": _("On schedule")}], _("Have it made"),
        [Field("view", _("View"), chosen, "select", options=list(titles().items())),
         Field("every", _("How often"), Every.MONTH.value, "select", options=list(EVERY.items())),
         Field("compare", _("Compared with what"), compare.value, "select", options=list(COMPARED.items())),
         Field("by", _("Told apart"), ask.by.value, "select", options=list(WAYS.items())),
         Field("carrier", _("Carrier"), ask.carrier.value if ask.carrier else "", "select", options=carriers,
               is_required=False),
         Field("starts_on", _("First day of the first period"), _today().replace(day=1).isoformat(), "date",
               hint=_("It goes out once the period is over.")),
         Field("ends_on", _("No period begins from"), "", "date", is_required=False),
         Field("forms", _("As"), [Form.PDF.value, Form.XLSX.value], "checks",
               options=[(one.value, one.value.upper()) for one in Form]),
         Field("locale", _("Language"), language.current(), "select", options=LOCALES),
         Field("road", _("It goes"), Road.FOLDER.value, "select", options=list(ROADS.items())),
         Field("recipients", _("Addresses, for mail"), "", "note", is_required=False, is_half=False,
               hint=_("One a line."))],
    )  # fmt: skip


def _new(ask: Ask) -> NewSchedule:
    said = [one for one in Form if one.value in request.form.getlist("forms")]
    filters = ask.kept() | {
        "compare": forms.among("compare", COMPARED), "by": forms.among("by", WAYS),
        "carrier": forms.maybe("carrier") or None,
    }  # fmt: skip
    return NewSchedule(
        ViewName(forms.among("view", titles())), Every(forms.among("every", EVERY)), _day("starts_on"), said,
        Road(forms.among("road", ROADS)), forms.among("locale", dict(LOCALES)), filters,
        _day("ends_on") if forms.maybe("ends_on") else None,
        [line.strip() for line in forms.text("recipients", 6000).splitlines() if line.strip()],
    )  # fmt: skip


def _day(name: str) -> date:
    typed = request.form.get(name, "").strip()[:20]
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        found = date.min
    if not 2000 <= found.year <= 2200:
        raise Refused("this is not a day", field=name, value=typed, remedy="write 2026-11-28")
    return found


def _today() -> date:
    return clock.now().astimezone(ZoneInfo(g.zone)).date()


def _at() -> str | None:
    return request.args.get("at")
