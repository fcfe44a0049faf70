"""Which plants are planned together and what they agreed to; the cables and pipes between them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _

from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from backend.network import service as network
from backend.optimisation import service
from backend.optimisation.rules.model.document import UNITS
from backend.optimisation.service import joining
from backend.optimisation.service.joining import Agreed, NewLine
from portal import forms
from portal.address import asked, following
from portal.billing.words import coin
from portal.forms import Field, Page
from portal.navigation import look
from portal.optimisation import plan
from portal.optimisation.drawing import PER_H
from portal.optimisation.together import may_ask
from portal.pages import done, pages, refused
from portal.words import CARRIERS, named_here, shown_unit

AMOUNT = {"step": "any", "min": "0"}


@pages.get("/together/members", endpoint="coordination_members")
def list_members() -> str:
    """Answer: which plants are planned together, and what may flow between them?"""
    node = look()
    known = joining.members(g.session, g.scope, organisation_id=node.id)
    in_it = {plant.id: named_here(at) for _member, plant, at in known}
    page = joining.lines(g.session, g.scope, organisation_id=node.id, cursor=asked())
    plants = plan.plants_of(node)
    names = {plant.id: named_here(at) for plant, at in plants}
    return render_template(
        "optimisation/members.html", node=node, at=show(node.id), may_ask=may_ask(node), next=following(page),
        members=[{"one": one, "name": in_it[plant.id], "plant": plant, "may": may_join(plant),
                  "currency": network.site_of(g.session, g.scope, plant.site_id).currency}
                 for one, plant, _at in known],
        others=[{"name": names[plant.id], "plant": plant, "may": may_join(plant)}
                for plant, _at in plants if plant.id not in in_it],
        lines=[_line(one, names) for one in page.items], back=url_for("portal.together", at=show(node.id)),
    )  # fmt: skip


@pages.route("/together/members/<uuid:plant_id>", methods=["GET", "POST"], endpoint="join_coordination")
def join(plant_id: UUID) -> Any:
    """Let a plant join, or change what it agreed to."""
    look()
    plant = service.described(g.session, g.scope, plant_id=plant_id).plant
    site = network.site_of(g.session, g.scope, plant.site_id)
    found = joining.member(g.session, g.scope, plant_id=plant_id)
    before = Agreed(found.bears, found.refusals_a_month, found.counters_most) if found else Agreed()
    home = url_for("portal.coordination_members", at=request.args.get("at"))
    page = Page(
        title=_("What %(name)s agrees to", name=named_here(network.position(g.session, g.scope, plant.site_id))),
        question=_("It is planned together with others, and may be asked for targets"),
        steps=[{"name": _("Members and lines"), "link": home}], button=_("Agree to this"),
        fields=[
            Field("bears", _("Borne for a target beyond what is paid [%(money)s]", money=coin(site.currency)),
                  f"{before.bears:.2f}", "number", attributes={"step": "0.01", "min": "0"}, is_half=False,
                  hint=_("a target that costs more may be refused as too dear")),
            Field("refusals_a_month", _("Refusals a month for reasons of its own"), before.refusals_a_month, "number",
                  attributes={"step": "1", "min": "0"}),
            Field("counters_most", _("Counters to one target, at most"), before.counters_most, "number",
                  attributes={"step": "1", "min": "0"}),
        ],
        removal=(url_for("portal.leave_coordination", plant_id=plant_id, at=request.args.get("at")),
                 _("Plan it alone again")) if found else None,
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        agreed = Agreed(
            Decimal(repr(forms.number("bears") or 0.0)), forms.whole("refusals_a_month") or 0,
            forms.whole("counters_most") or 0,
        )  # fmt: skip
        joining.join(g.session, g.scope, plant_id=plant_id, agreed=agreed)
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("It is planned together with the others from the next round on."), home)


@pages.post("/together/members/<uuid:plant_id>/leave", endpoint="leave_coordination")
def leave(plant_id: UUID) -> Any:
    """Let a plant be planned alone again."""
    look()
    home = url_for("portal.coordination_members", at=request.args.get("at"))
    try:
        joining.leave(g.session, g.scope, plant_id=plant_id)
    except EnerfieldError as error:
        return refused(error, home)
    return done(_("It is planned alone from now on; what it accepted before stands."), home)


@pages.route("/together/lines/new", methods=["GET", "POST"], endpoint="new_exchange_line")
def new_line() -> Any:
    """Tell of a cable or pipe between two plants."""
    node = look()
    home = url_for("portal.coordination_members", at=show(node.id))
    plants = [(show(plant.id), named_here(at)) for plant, at in plan.plants_of(node)]
    page = Page(
        title=_("Add a line"), question=_("A cable or pipe between two plants below %(name)s", name=named_here(node)),
        steps=[{"name": _("Members and lines"), "link": home}], button=_("Add the line"),
        fields=[
            Field("name", _("Name"), is_half=False),
            Field("carrier", _("Carrier"), "electricity", "select", options=[(one, CARRIERS[one]) for one in UNITS],
                  is_half=False),
            Field("one_id", _("One end"), kind="select", options=plants),
            Field("other_id", _("Other end"), plants[1][0] if len(plants) > 1 else "", "select", options=plants),
            Field("most", _("At most from one to the other"), "", "number", attributes=AMOUNT, hint=_per_hour()),
            Field("most_back", _("At most back"), "0", "number", attributes=AMOUNT, hint=_per_hour()),
            Field("share", _("What arrives of what is sent, in percent"), "100", "number",
                  attributes={"step": "any", "min": "0", "max": "100"}),
            Field("fee", _("Fee per unit sent"), "0", "number", attributes=AMOUNT),
        ],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        joining.add_line(g.session, g.scope, organisation_id=node.id, new=_new())
    except EnerfieldError as error:
        error.value = None if error.field in ("one_id", "other_id") else error.value
        return forms.show(page, error)
    return done(_("The line is there from the next round on."), home)


@pages.post("/together/lines/<uuid:line_id>/end", endpoint="end_exchange_line")
def end_line(line_id: UUID) -> Any:
    """Say that a line is no longer there."""
    look()
    home = url_for("portal.coordination_members", at=request.args.get("at"))
    try:
        joining.end_line(g.session, g.scope, line_id=line_id)
    except EnerfieldError as error:
        return refused(error, home)
    return done(_("It is gone; rounds that were made keep it."), home)


def _per_hour() -> str:
    return _("kW of electricity, heat or cooling; else the carrier's unit an hour")


def may_join(plant: Any) -> bool:
    """Tell whether the asker lets this plant join and leave."""
    return any(plant.organisation_id in g.scope.where(role) for role in joining.ASKERS)


def _new() -> NewLine:
    arrives = forms.number("share") or 0.0
    if not 0 < arrives <= 100:
        raise Refused(_("Something arrives, at most all of it"), field="share", remedy=_("type 1 to 100"))
    return NewLine(
        forms.text("name"), forms.among("carrier", UNITS), parse(forms.text("one_id")), parse(forms.text("other_id")),
        forms.number("most") or 0.0, forms.number("most_back") or 0.0, arrives / 100,
        forms.number("fee") or 0.0,
    )  # fmt: skip


def _line(one: Any, names: dict[UUID, str]) -> dict[str, Any]:
    unit = UNITS[one.carrier]
    return {
        "one": one, "ends": (names.get(one.one_id, "–"), names.get(one.other_id, "–")),
        "unit": shown_unit(PER_H.get(unit, f"{unit}/h")), "lost": 100 * (1 - one.share), "per": shown_unit(unit),
    }  # fmt: skip
