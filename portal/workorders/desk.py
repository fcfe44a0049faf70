"""The desk of conflicts between phones and the office, and the plans of inspections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.field import service as field
from backend.kernel import clock
from backend.kernel.errors import EnerfieldError
from backend.kernel.ids import parse, show
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.workorders import service
from backend.workorders.service import NewPlan
from portal import forms
from portal.address import asked, following
from portal.forms import Field, Page
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.picking import pick, picked
from portal.words import named_here as named


@pages.get("/workorders/conflicts")
def field_conflicts() -> str:
    """Answer: where did a phone and the office say different things, and which of the two holds?"""
    look()
    every = request.args.get("show") == "all"
    page = field.conflicts(g.session, g.scope, only_open=not every, cursor=asked(), limit=30)
    people = {one.person_id for one in page.items} | {
        one.resolved_by for one in page.items if one.resolved_by
    }
    return render_template(
        "workorders/conflicts.html", found=page.items, next=following(page), every=every,
        names=tenancy.names(g.session, g.scope, people),
    )  # fmt: skip


@pages.post("/workorders/conflicts/<uuid:conflict_id>")
def settle_conflict(conflict_id: UUID) -> Response:
    """Pick one of the two."""
    back = url_for("portal.field_conflicts")
    try:
        field.resolve(
            g.session, g.scope, conflict_id=conflict_id, resolution=request.form.get("resolution", "")
        )
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Settled."), back)


@pages.get("/inspections")
def inspections() -> str:
    """Answer: what is looked at when, by which list?"""
    look()
    page = service.inspection_plans(g.session, g.scope, cursor=asked())
    places = network.positions_by_id(g.session, g.scope, {one.position_id for one in page.items})
    lists = {one.id: one for one in service.checklists(g.session, g.scope)}
    return render_template(
        "workorders/inspections.html", plans=page.items, next=following(page), places=places, lists=lists
    )


@pages.route("/inspections/new", methods=["GET", "POST"])
def new_inspection() -> Any:
    """Plan an inspection that comes back."""
    look()
    at = request.values.get("position")
    where = [] if at else [pick("position", _("Where"), "place")]
    lists = service.checklists(g.session, g.scope)
    trigger = request.values.get("trigger", "calendar")
    page = Page(
        _("New inspection"), _("What is looked at, how often, by which list?"),
        [{"link": url_for("portal.inspections"), "name": _("Inspections")}], _("Plan it"),
        [*where, Field("name", _("Name")),
         Field("checklist", _("Check-list"), kind="select", options=[(show(one.id), named(one)) for one in lists]),
         *_trigger_fields(trigger)],
        hidden={"trigger": trigger} | ({"position": at} if at else {}),
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        new = NewPlan(
            position_id=picked("position", "place"), name=forms.text("name"),
            checklist_id=parse(forms.text("checklist")), trigger=trigger, parameters=_parameters(trigger),
        )  # fmt: skip
        service.plan_inspection(g.session, g.scope, new=new)
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Planned. Its orders come by themselves."), url_for("portal.inspections"))


def _trigger_fields(trigger: str) -> list[Field]:
    """Return what is asked for a plan by calendar, by what was counted, or by a value that leaves its place."""
    if trigger == "calendar":
        return [
            Field("every", _("Every"), 1, "number"),
            Field("unit", _("of"), "month", "select",
                  options=[("day", _("days")), ("week", _("weeks")), ("month", _("months")), ("year", _("years"))]),
            Field("anchor", _("First on"), clock.now().date().isoformat(), "date"),
        ]  # fmt: skip
    which = pick("point_id", _("Point"), _counted(trigger), is_half=False)
    if trigger == "counter":
        return [which, Field("every", _("Each time so much was counted"), 1000, "number")]
    sides = [("above", _("rises above")), ("below", _("falls below"))]
    return [which, Field("side", _("When it"), "above", "select", options=sides),
            Field("limit", _("Value"), "", "number", attributes={"step": "any"})]  # fmt: skip


def _counted(trigger: str) -> str:
    return "register" if trigger == "counter" else "point"


def _parameters(trigger: str) -> dict[str, Any]:
    if trigger == "calendar":
        return {"every": forms.whole("every"), "unit": forms.text("unit"), "anchor": forms.text("anchor")}
    point_id = show(picked("point_id", _counted(trigger)))
    if trigger == "counter":
        return {"point_id": point_id, "every": forms.number("every")}
    return {
        "point_id": point_id,
        forms.among("side", ("above", "below")): forms.number("limit"),
    }


@pages.post("/inspections/<uuid:plan_id>/end")
def end_inspection(plan_id: UUID) -> Response:
    """Plan it no more."""
    back = url_for("portal.inspections")
    try:
        service.end_plan(g.session, g.scope, plan_id=plan_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Planned no more."), back)
