"""Make points and say otherwise what they are called and count for; how one is read, on its own page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask_babel import gettext as _

from backend.kernel.errors import EnerfieldError
from backend.kernel.ids import show
from backend.kernel.scope import Role
from backend.kernel.units import UNITS, Carrier, PointKind
from backend.metering import service
from backend.network import service as network
from portal import forms, places, wires
from portal.forms import Field, Page
from portal.metering.commissioning import at
from portal.pages import done, pages
from portal.picking import maybe_picked, pick
from portal.sites import may_keep
from portal.terms import CATEGORIES, POINT_KINDS, QUANTITIES
from portal.words import CARRIERS, shown_unit
from portal.words import named_here as named

KEEPERS = (Role.ADMINISTRATOR, Role.OPERATOR)
LENGTHS = (5, 15, 30, 60)


@pages.route("/positions/<uuid:position_id>/points/new", methods=["GET", "POST"])
def new_point(position_id: UUID) -> Any:
    """Say what is measured at a place."""
    place = network.position(g.session, g.scope, position_id)
    g.scope.demand(place.organisation_id, *KEEPERS)
    page = Page(
        _("New point"), _("What is measured at %(name)s?", name=named(place)), places.way_to(place), _("Add the point"),
        [*_names(None), *_measured(place), *_counts_for(place, None)],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        made = service.create_point(
            g.session, g.scope, position_id=place.id,
            new=service.NewPoint(
                carrier=Carrier(forms.among("carrier", CARRIERS)), quantity=forms.among("quantity", QUANTITIES),
                unit=forms.among("unit", UNITS), kind=PointKind(forms.among("kind", POINT_KINDS)),
                direction=service.Direction(forms.among("direction", service.Direction)),
                interval_minutes=int(forms.among("interval_minutes", LENGTHS)), **_said(place),
            ),
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(
        _("%(name)s is added. Next: say how it is read.", name=named(made)),
        f"{url_for('portal.point', point_id=made.id)}#read",
    )


@pages.route("/points/<uuid:point_id>/edit", methods=["GET", "POST"])
def edit_point(point_id: UUID) -> Any:
    """Say otherwise what a point is called and counts for; what was measured stays as it was measured."""
    found = service.point(g.session, g.scope, point_id)
    g.scope.demand(found.organisation_id, *KEEPERS)
    place = network.position(g.session, g.scope, found.position_id)
    back = {"name": named(found), "link": url_for("portal.point", point_id=found.id)}
    page = Page(
        _("Edit %(name)s", name=named(found)),
        _("Carrier, quantity, unit and kind stay: what was measured rests on them."), [*places.way_to(place), back],
        _("Save"), [*_names(found), *_counts_for(place, found)],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        service.change_point(g.session, g.scope, point_id=found.id, **_said(place))
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Saved."), back["link"])


def how_it_is_read(found: Any) -> dict[str, Any] | None:
    """Return what a point's page says to staff of how it is read, and the ways that could read it; None to others."""
    if found.organisation_id not in g.scope.staff_organisations:
        return None
    channels = [
        {
            "name": named(connection), "link": at(connection.id), "address": wires.place_on_wire(channel.address),
            "is_enabled": channel.is_enabled,
            "edit": may_keep(channel.organisation_id) and url_for("portal.edit_channel", channel_id=channel.id),
        }
        for channel, connection in service.channels_of_point(g.session, g.scope, found.id).items
    ]  # fmt: skip
    may_write = may_keep(found.organisation_id)
    ways = []
    if may_write and not channels:
        ways = [
            {
                "name": named(view.connection),
                "link": url_for("portal.new_channel", connection_id=view.connection.id, point=show(found.id)),
            }
            for view in service.list_connections(g.session, g.scope, limit=200).items
            if may_keep(view.connection.organisation_id)
        ]  # fmt: skip
    return {"channels": channels, "ways": ways, "may_write": may_write, "id": show(found.id)}


def _names(found: Any) -> list[Field]:
    return [
        Field("name", _("Name in English"), found.name if found else "", attributes={"maxlength": "200"}),
        Field("name_zh", _("Name in Chinese"), (found.name_zh if found else "") or "", is_required=False),
    ]  # fmt: skip


def _measured(place: Any) -> list[Field]:
    carrier = (place.carriers or ["electricity"])[0]
    return [
        Field("carrier", _("Carrier"), carrier, "select", options=list(CARRIERS.items())),
        Field("quantity", _("Quantity"), "active energy", "select", options=list(QUANTITIES.items())),
        Field("unit", _("Unit"), "kWh", "select",
              options=[(symbol, shown_unit(symbol) or _("number")) for symbol in UNITS]),
        Field("kind", _("Kind"), "register", "select", options=list(POINT_KINDS.items())),
        Field("direction", _("Direction"), "in", "select",
              options=[("in", _("taken in")), ("out", _("delivered"))]),
        Field("interval_minutes", _("Interval"), 15, "select",
              options=[(n, _("%(minutes)s min", minutes=n)) for n in LENGTHS], hint=_("length of its amounts")),
    ]  # fmt: skip


def _counts_for(place: Any, found: Any) -> list[Field]:
    any_step = {"step": "any"}
    return [
        Field("category", _("Category"), (found.category if found else "") or "", "select",
              options=[("", "–"), *CATEGORIES.items()], hint=_("what it is used for")),
        pick("parent", _("Part of"), "meter_above", found.parent_id if found else "", under=place.site_id,
             like=found.id if found else None, empty=_("nothing: it stands for itself"),
             hint=_("the meter above this sub-meter")),
        Field("dial", _("Rolls over at"), _shown(found, "dial"), "number", is_required=False, attributes=any_step,
              hint=_("first value its register cannot show, such as 1000000")),
        Field("low", _("Lowest plausible value"), _shown(found, "low"), "number", is_required=False,
              attributes=any_step),
        Field("high", _("Highest plausible value"), _shown(found, "high"), "number", is_required=False,
              attributes=any_step),
        Field("is_total", _("Counts in the totals of site and organisation"),
              "1" if found and found.is_total else "", "check", is_half=False,
              hint=_("main meters do, sub-meters do not")),
        Field("is_settled", _("Bills rest on it"), "1" if found and found.is_settled else "", "check", is_half=False),
    ]  # fmt: skip


def _shown(found: Any, name: str) -> str:
    value = getattr(found, name) if found else None
    return "" if value is None else f"{value:.10g}"


def _said(place: Any) -> dict[str, Any]:
    return {
        "name": forms.text("name"), "name_zh": forms.maybe("name_zh"), "category": forms.maybe("category"),
        "parent_id": maybe_picked("parent", "meter_above", under=place.site_id), "dial": forms.number("dial"),
        "low": forms.number("low"), "high": forms.number("high"),
        "is_total": forms.checked("is_total"), "is_settled": forms.checked("is_settled"),
    }  # fmt: skip
