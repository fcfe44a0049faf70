"""What does use depend on? Typed in, or taken from a file that is looked through first."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.analysis.rules.drivers import DriverKind, NewDriver
from backend.analysis.service import drivers as service
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import show
from backend.tenancy import service as tenancy
from portal import forms
from portal.address import asked, following
from portal.analysis.terms import DRIVERS, SOURCES
from portal.forms import Field, Page
from portal.navigation import below, look
from portal.pages import done, pages, refused
from portal.refusals import in_words
from portal.words import named_here as named
from reports import drivers as files

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FAULTS_SHOWN = 100
LARGEST = 5_000_000
"""A file of drivers is small [bytes]; 20,000 rows are a tenth of this."""


@pages.get("/analysis/drivers", endpoint="drivers")
def list_drivers() -> str:
    """Answer: what is said of production, area, heads, hours and weather?"""
    return _shown(None)


def _shown(report: Any, kept: str = "") -> str:
    node = look()
    kind = request.args.get("kind")
    chosen = DriverKind(kind) if kind in set(DriverKind) else None
    page = service.drivers(g.session, g.scope, organisations=below(node), kind=chosen, cursor=asked())
    names = tenancy.organisations_by_id(g.session, g.scope, {one.organisation_id for one in page.items})
    return render_template(
        "analysis/drivers.html",
        node=node,
        next=following(page),
        kinds=DRIVERS,
        sources=SOURCES,
        chosen=chosen,
        rows=[
            {
                "one": one,
                "name": named(names[one.organisation_id]),
                "last": one.ends_on and one.ends_on - timedelta(1),
            }
            for one in page.items
        ],
        may_say=may_say(node),
        report=report,
        kept=kept,
        shown=FAULTS_SHOWN,
        in_words=in_words,
        at=request.args.get("at"),
    )


def may_say(node: Any) -> bool:
    """Tell whether the asker says what use depends on, here."""
    return any(node.id in g.scope.where(role) for role in service.EDITORS)


@pages.route("/analysis/drivers/new", methods=["GET", "POST"], endpoint="new_driver")
def new_driver() -> Any:
    """Say what use depends on."""
    node = look()
    page = Page(
        title=_("What use depends on"),
        question=_("For %(name)s; what is said of the same first day is corrected", name=named(node)),
        steps=[{"name": _("Drivers"), "link": url_for("portal.drivers", at=request.args.get("at"))}],
        button=_("Save"),
        fields=[
            Field("kind", _("What"), "production", "select", options=list(DRIVERS.items())),
            Field("value", _("Value"), "", "number", attributes={"step": "any"}),
            Field("product", _("Product"), is_required=False, hint=_("Of production: what is made")),
            Field("unit", _("Unit"), is_required=False, hint=_("Of production: t, pcs, m3, …")),
            Field("first_day", _("First day"), "", "date"),
            Field(
                "last_day", _("Last day"), "", "date", is_required=False, hint=_("Empty for area and heads")
            ),
        ],
    )
    if request.method == "GET":
        return forms.show(page)
    try:
        service.record_driver(g.session, g.scope, organisation_id=node.id, new=_typed())
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("It is written down."), url_for("portal.drivers", at=request.args.get("at")))


def _typed() -> NewDriver:
    kind = DriverKind(forms.among("kind", set(DriverKind)))
    value, first, last = forms.number("value"), day_of("first_day"), day_of("last_day")
    if value is None or first is None:
        field = "value" if value is None else "first_day"
        raise Refused(_("This is missing."), field=field, remedy=_("fill it in"))
    ends_on = last + timedelta(days=1) if last else None
    return NewDriver(kind, value, first, ends_on, forms.text("product", 80), forms.text("unit", 20))


def day_of(name: str) -> date | None:
    """Return a day of a form, None for an empty one."""
    typed = forms.text(name)
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise Refused(_("This is not a day."), field=name, remedy=_("write it like 2026-11-22")) from None


@pages.post("/analysis/drivers/file", endpoint="import_drivers")
def import_drivers() -> Any:
    """Look through a file, or write one that was looked through and had no fault."""
    node = look()
    back = url_for("portal.drivers", at=request.args.get("at"))
    try:
        kept = forms.text("kept")
        data = _kept(kept) if kept else _sent()
        rows = files.read(data)
        report = service.import_drivers(
            g.session, g.scope, organisation_id=node.id, rows=rows, write=bool(kept)
        )
    except EnerfieldError as error:
        return refused(error, back)
    if report.is_written:
        return done(
            _(
                "%(new)s new, %(changed)s changed, %(same)s as before.",
                new=report.created,
                changed=report.changed,
                same=report.unchanged,
            ),
            back,
        )
    return _shown(report, "" if report.problems else current_app.files.put(data))


def _kept(name: str) -> bytes:
    with current_app.files.open(name) as stream:
        found: bytes = stream.read()
    return found


def _sent() -> bytes:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Refused(_("no file was chosen"), field="file", remedy=_("choose one, then send"))
    file.stream.seek(0)
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Refused(_("This file is too large."), field="file", remedy=_("send it in parts"))
    return data


@pages.get("/analysis/drivers/file", endpoint="driver_file")
def driver_file() -> Response:
    """Hand out a workbook to fill in."""
    look()
    headers = {"Content-Disposition": 'attachment; filename="drivers.xlsx"'}
    return Response(files.write(), mimetype=XLSX, headers=headers)


@pages.post("/analysis/drivers/<uuid:driver_id>/remove", endpoint="remove_driver")
def remove_driver(driver_id: UUID) -> Response:
    """Take a driver back."""
    node = look()
    back = url_for("portal.drivers", at=show(node.id))
    try:
        service.remove_driver(g.session, g.scope, driver_id=driver_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("It is taken back."), back)
