"""The map with its list, and the drill-down to one position."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.alarms import service as alarms
from backend.assets import service as assets
from backend.kernel.ids import show
from backend.kernel.scope import Role
from backend.network import service
from backend.tenancy import service as tenancy
from portal import cartography, navigation
from portal.address import View, view_of_request
from portal.pages import pages
from portal.setup import named
from portal.terms import POSITION_KINDS, word

PLACES = 200
"""So many places stand in the list beside the map; the search finds the others."""


@pages.get("/map")
def network_map() -> str:
    """Answer: where do things stand, what feeds them, and which need somebody?"""
    node = look()
    organisations = below(node)
    states = position_states(node)
    parts = layers(organisations, states)
    return render_template(
        "network/map.html", drawn=cartography.draw(parts, map_source(node)), places=places(organisations, parts, states)
    )


@pages.get("/map.json")
def map_data() -> Response:
    """Give the map's own vectors as GeoJSON."""
    node = look()
    parts = layers(below(node), position_states(node))
    return jsonify(parts)


@pages.get("/today")
def today() -> str:
    """Answer a technician: what needs me, and where is it?"""
    node = look()
    page = alarms.list_alarms(g.session, g.scope, alarms.AlarmFilter(organisation_id=node.id), limit=20)
    return render_template(
        "assets/today.html", alarms=page.items, may_act=may_acknowledge(), places=places(below(node), None, {}),
    )  # fmt: skip


@pages.get("/positions/<uuid:position_id>")
def position(position_id: UUID) -> str:
    """Answer: what is measured here, where does it go, what is wrong, what stands here?"""
    from portal.metering.figures import of_position

    found = service.position(g.session, g.scope, position_id)
    site = service.site_of(g.session, g.scope, position_id)
    g.zone = site.timezone
    view = view_of_request(site.timezone)
    wanted = alarms.AlarmFilter(position_id=found.id)
    return render_template(
        "network/position.html", position=found, view=view, steps=_steps(found)[:-1], owner=_owner(found),
        children=[_child(one) for one in service.children(g.session, g.scope, found.id)],
        alarms=alarms.list_alarms(g.session, g.scope, wanted, limit=8).items, devices=_devices(found.id),
        **of_position(found, view),
    )  # fmt: skip


def look(view: View | None = None) -> Any:
    """Return the organisation the page is about, and remember it and its time zone for the frame."""
    g.organisation = navigation.here((view or view_of_request()).at)
    g.zone = zone_of(g.organisation)
    return g.organisation


def zone_of(node: Any) -> str:
    """Return the time zone of an organisation: that of its first site, or of the first site the asker sees."""
    if node is None:
        return "UTC"
    found = service.sites(g.session, g.scope)
    mine = [site for site, _position in found if site.organisation_id == node.id]
    return (mine or [site for site, _position in found] or [None])[0].timezone if found else "UTC"


def below(node: Any) -> frozenset[UUID]:
    """Return the ids of an organisation and all below it."""
    return frozenset(one.id for one in tenancy.subtree(g.session, g.scope, node.id)) if node else frozenset()


def layers(organisations: frozenset[UUID], states: dict[str, str]) -> dict[str, Any]:
    """Return the map of some organisations: their positions, on the network of all the asker sees."""
    found = service.map_layers(g.session, g.scope, organisations)["features"]
    if organisations != g.scope.organisations:
        positions = [one for one in found if one["properties"]["layer"] == "position"]
        everything = service.map_layers(g.session, g.scope, g.scope.organisations)["features"]
        found = [one for one in everything if one["properties"]["layer"] != "position"] + positions
    return cartography.collect({"features": found}, states)


def map_source(node: Any) -> str:
    """Return the address of the map's data."""
    return url_for("portal.map_data", at=show(node.id)) if node else url_for("portal.map_data")


def position_states(node: Any) -> dict[str, str]:
    """Return the state of each position with an open alarm, by its shown id."""
    if node is None:
        return {}
    page = alarms.list_alarms(g.session, g.scope, alarms.AlarmFilter(organisation_id=node.id), limit=200)
    states: dict[str, str] = {}
    for alarm in page.items:
        worst = "act" if alarm.priority == 1 else "attention"
        key = show(alarm.position_id)
        states[key] = "act" if "act" in (worst, states.get(key)) else "attention"
    return states


def places(
    organisations: frozenset[UUID], parts: dict[str, Any] | None, states: dict[str, str]
) -> list[dict[str, Any]]:
    """Return the list beside the map, the troubled places first."""
    where = {one["properties"]["id"]: one["geometry"]["coordinates"] for one in (parts or {"positions": {"features": []}})["positions"]["features"]}  # fmt: skip
    owners = {}
    rows = []
    found = service.list_positions(g.session, g.scope, organisations=organisations, limit=PLACES).items
    for one in found:
        if one.organisation_id not in owners:
            owners[one.organisation_id] = _owner_name(one.organisation_id)
        state = states.get(show(one.id), "good")
        rows.append(
            {
                "name": named(one), "other_name": one.name, "code": one.code, "kind": word(POSITION_KINDS, one.kind),
                "owner": owners[one.organisation_id], "carriers": one.carriers, "state": state,
                "state_words": {"good": _("in order"), "attention": _("alarm"), "act": _("urgent alarm")}[state],
                "link": url_for("portal.position", position_id=one.id), "place": where.get(show(one.id)),
            }
        )  # fmt: skip
    return sorted(rows, key=lambda row: -cartography.RANK[row["state"]])


def may_acknowledge() -> bool:
    """Tell whether the asker may acknowledge alarms."""
    return g.scope.holds(Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.TECHNICIAN, Role.ADMINISTRATOR)


def _steps(found: Any) -> list[dict[str, str]]:
    """Return the way down to a position: its organisation's overview, then the positions above it."""
    owner = _owner(found)
    steps = [owner] if owner and navigation.is_staff() else []
    for one in service.way_to(g.session, g.scope, found):
        steps.append({"name": named(one), "link": url_for("portal.position", position_id=one.id)})
    return steps


def way_to(found: Any) -> list[dict[str, str]]:
    """Return the way down to a position, itself included, as the trail shows it."""
    return _steps(found)


def _owner(found: Any) -> dict[str, str] | None:
    if found.organisation_id not in g.scope.organisations:
        return None
    node = tenancy.organisation(g.session, g.scope, found.organisation_id)
    g.organisation = node
    page = "overview" if navigation.is_staff() else "home"
    return {"name": named(node), "link": url_for(f"portal.{page}", at=show(node.id))}


def _owner_name(organisation_id: UUID) -> str:
    if organisation_id not in g.scope.organisations:
        return ""
    return named(tenancy.organisation(g.session, g.scope, organisation_id))


def _child(one: Any) -> dict[str, Any]:
    kept = {name: value for name, value in request.args.items() if name in {"span", "on", "until", "compare"}}
    return {
        "name": named(one), "kind": word(POSITION_KINDS, one.kind), "carriers": one.carriers,
        "link": url_for("portal.position", position_id=one.id, **kept),
    }  # fmt: skip


def _devices(position_id: UUID) -> list[dict[str, Any]]:
    return [
        {
            "manufacturer": device.manufacturer, "model": device.model, "serial_number": device.serial_number,
            "installed_at": installation.installed_at,
        }
        for installation, device in assets.devices_at(g.session, g.scope, position_id)
        if installation.removed_at is None
    ]  # fmt: skip
