"""The map with its list, the technician's first page, and the drill-down to one position."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, jsonify, render_template, request, url_for
from werkzeug.wrappers import Response

from backend.alarms import service as alarms
from backend.assets import service as assets
from backend.network import service
from portal import cartography, figures, places
from portal.address import view_of_request
from portal.navigation import below, look, may_acknowledge
from portal.pages import pages
from portal.terms import POSITION_KINDS, word
from portal.words import named_here as named


@pages.get("/map")
def network_map() -> str:
    """Answer: where do things stand, what feeds them, and which need somebody?"""
    node = look()
    organisations, states = below(node), places.states(node)
    parts = places.layers(organisations, states)
    return render_template(
        "network/map.html", drawn=cartography.draw(parts, places.source(node)),
        places=places.rows(organisations, parts, states),
    )  # fmt: skip


@pages.get("/map.json")
def map_data() -> Response:
    """Give the map's own vectors as GeoJSON."""
    node = look()
    return jsonify(places.layers(below(node), places.states(node)))


@pages.get("/today")
def today() -> str:
    """Answer a technician: what needs me, and where is it?"""
    node = look()
    wanted = alarms.AlarmFilter(organisation_id=node.id) if node else alarms.AlarmFilter()
    page = alarms.alarms(g.session, g.scope, wanted, limit=20)
    return render_template(
        "assets/today.html",
        alarms=page.items,
        may_act=may_acknowledge(),
        places=places.rows(below(node), None, {}),
    )


@pages.get("/positions/<uuid:position_id>")
def position(position_id: UUID) -> str:
    """Answer: what is measured here, where does it go, what is wrong, what stands here?"""
    found = service.position(g.session, g.scope, position_id)
    g.zone = service.site_of(g.session, g.scope, position_id).timezone
    view = view_of_request(g.zone)
    open_here = alarms.alarms(g.session, g.scope, alarms.AlarmFilter(position_id=found.id), limit=8)
    return render_template(
        "network/position.html", position=found, view=view, steps=places.way_to(found)[:-1],
        owner=places.owner(found), children=[_child(one) for one in service.children(g.session, g.scope, found.id)],
        alarms=open_here.items, devices=_devices(found.id), **figures.of_position(found, view),
    )  # fmt: skip


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
