"""Patrols and reading rounds: what is walked and read by hand, and what is missing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from backend.kernel.scope import Role
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.workorders import service as work
from backend.workorders.service import hosting as service
from backend.workorders.service.hosting import NewPatrol, NewRound
from portal import forms
from portal.address import asked, following
from portal.forms import Field, Page
from portal.navigation import below, look
from portal.pages import done, pages, refused
from portal.picking import pick_several, several_picked
from portal.words import named_here as named
from portal.workorders.hosting import today

WEEKDAYS = (_l("Mon"), _l("Tue"), _l("Wed"), _l("Thu"), _l("Fri"), _l("Sat"), _l("Sun"))


@pages.get("/patrols")
def patrols() -> str:
    """Answer: which routes are walked, and what was missed?"""
    node = look()
    page = service.patrol_plans(g.session, g.scope, organisations=below(node), cursor=asked())
    walks = service.walks(
        g.session, g.scope, plan_ids=[one.id for one in page.items], since=today(), until=today()
    )
    return render_template(
        "workorders/hosting/patrols.html", plans=page.items, next=following(page),
        walks={one.patrol.plan_id: one for one in walks},
        weekdays=WEEKDAYS, may_plan=_may_plan(),
    )  # fmt: skip


@pages.route("/patrols/new", methods=["GET", "POST"])
def new_patrol() -> Any:
    """Plan a patrol."""
    node = look()
    page = Page(
        _("New patrol"), _("Which places are walked by, on which days?"),
        [{"link": url_for("portal.patrols"), "name": _("Patrols")}], _("Plan it"),
        [Field("name", _("Name"), is_half=False),
         Field("checklist", _("Check-list"), kind="select", is_half=False,
               options=[(show(one.id), named(one)) for one in work.checklists(g.session, g.scope)]),
         *_contract_field(),
         Field("weekdays", _("Days"), [str(one) for one in range(5)], "checks", is_half=False,
               options=[(str(number), name) for number, name in enumerate(WEEKDAYS)]),
         Field("begins", _("From"), "08:00", "time"), Field("ends", _("Until"), "12:00", "time"),
         pick_several("stops", _("Places, in the order they are walked by"), "place", at=node.id)],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        new = NewPatrol(
            forms.text("name"), parse(forms.text("checklist")), several_picked("stops", "place", at=node.id),
            [int(one) for one in request.form.getlist("weekdays") if one in set("0123456")], forms.text("begins"),
            forms.text("ends"), contract_id=_contract(),
        )  # fmt: skip
        made = service.plan_patrol(g.session, g.scope, new=new)
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Planned. Its orders come by themselves."), url_for("portal.patrol", patrol_id=made.id))


@pages.get("/patrols/<uuid:patrol_id>")
def patrol(patrol_id: UUID) -> str:
    """Answer: where was somebody, where not?"""
    look()
    plan = service.patrol_plan(g.session, g.scope, plan_id=patrol_id)
    walks = service.recent_walks(g.session, g.scope, plan=plan)
    stops = [UUID(stop) for stop in dict.fromkeys(plan.stops)]
    people = {one.by for walk in walks for one in walk.passed.values() if one.by}
    return render_template(
        "workorders/hosting/patrol.html", plan=plan, walks=walks, stops=stops, weekdays=WEEKDAYS, today=today(),
        places=network.positions_by_id(g.session, g.scope, set(stops)), may_plan=_may_plan(),
        names=tenancy.names(g.session, g.scope, people),
    )  # fmt: skip


@pages.post("/patrols/<uuid:patrol_id>/passes")
def pass_patrol(patrol_id: UUID) -> Response:
    """Tick a stop whose tag cannot be read."""
    look()
    back = url_for("portal.patrol", patrol_id=patrol_id)
    try:
        service.pass_stop(g.session, g.scope, plan_id=patrol_id, position_id=parse(forms.text("position")))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Noted."), back)


@pages.post("/patrols/<uuid:patrol_id>/end")
def end_patrol(patrol_id: UUID) -> Response:
    """Walk it no more."""
    back = url_for("portal.patrols")
    try:
        service.end_patrol(g.session, g.scope, plan_id=patrol_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Planned no more."), back)


@pages.get("/reading-rounds")
def reading_rounds() -> str:
    """Answer: which registers are read by hand this month, and which are missing?"""
    node = look()
    page = service.reading_rounds(g.session, g.scope, organisations=below(node), cursor=asked())
    return render_template(
        "workorders/hosting/rounds.html", found=page.items, next=following(page), may_plan=_may_plan()
    )


@pages.route("/reading-rounds/new", methods=["GET", "POST"])
def new_round() -> Any:
    """Plan a reading round."""
    node = look()
    points = service.registers_without_line(g.session, g.scope, organisations=below(node))
    places = network.positions_by_id(g.session, g.scope, {one.position_id for one in points})
    options = [(show(one.id), _register(one, places.get(one.position_id))) for one in points]
    page = Page(
        _("New reading round"), _("Which registers without a line are read by which day of the month?"),
        [{"link": url_for("portal.reading_rounds"), "name": _("Reading rounds")}], _("Plan it"),
        [Field("name", _("Name")), Field("due_day", _("Due on day"), 25, "number", hint=_("1 to 28")),
         *_contract_field(), Field("points", _("Registers"), [], "checks", options=options, is_half=False)],
        aside="" if options else _("Every register here is read by itself."),
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        new = NewRound(
            forms.text("name"), [parse(one) for one in request.form.getlist("points")], forms.whole("due_day") or 0,
            g.zone, _contract(),
        )  # fmt: skip
        made = service.plan_round(g.session, g.scope, new=new)
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Planned."), url_for("portal.reading_round", round_id=made.id))


@pages.get("/reading-rounds/<uuid:round_id>")
def reading_round(round_id: UUID) -> str:
    """Answer: what is still to be read?"""
    look()
    found = service.reading_round(g.session, g.scope, round_id=round_id)
    places = network.positions_by_id(g.session, g.scope, {one.point.position_id for one in found.stops})
    return render_template("workorders/hosting/round.html", found=found, places=places, may_plan=_may_plan())


@pages.post("/reading-rounds/<uuid:round_id>/readings")
def read_register(round_id: UUID) -> Response:
    """Keep what a register shows."""
    look()
    back = url_for("portal.reading_round", round_id=round_id)
    try:
        value = forms.number("value")
        if value is None:
            raise Refused("a reading is a number", field="value", remedy="type what the register shows")
        service.read_register(g.session, g.scope, round_id=round_id, point_id=parse(forms.text("point")), value=value,
                              is_sure=forms.checked("sure"))  # fmt: skip
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Read."), back)


@pages.post("/reading-rounds/<uuid:round_id>/end")
def end_round(round_id: UUID) -> Response:
    """Read it no more."""
    back = url_for("portal.reading_rounds")
    try:
        service.end_round(g.session, g.scope, round_id=round_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Planned no more."), back)


def _may_plan() -> bool:
    return g.scope.holds(Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)


def _contract_field() -> list[Field]:
    found = service.contracts(g.session, g.scope, on=today(), limit=200).items
    options = [("", _("no contract")), *((show(one.id), f"{one.number} {one.title}") for one in found)]
    return [
        Field(
            "contract",
            _("For the contract"),
            kind="select",
            options=options,
            is_required=False,
            is_half=False,
        )
    ]


def _contract() -> UUID | None:
    typed = forms.maybe("contract")
    return parse(typed) if typed else None


def _register(point: Any, place: Any) -> str:
    return f"{named(place)} · {named(point)}" if place else named(point)
