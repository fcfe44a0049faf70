"""Places on pages: the map's layers and states, the list beside the map, and the way down to a position."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, url_for
from flask_babel import gettext as _

from backend.alarms import service as alarms
from backend.kernel.ids import show
from backend.network import service
from backend.tenancy import service as tenancy
from portal import cartography, navigation
from portal.terms import POSITION_KINDS, word
from portal.words import named_here as named

PLACES = 200
"""So many places stand in the list beside the map; the search finds the others."""


def layers(organisations: frozenset[UUID], states: dict[str, str]) -> dict[str, Any]:
    """Return the map of some organisations: their positions, on the network of all the asker sees."""
    found = service.map_layers(g.session, g.scope, organisations)["features"]
    if organisations != g.scope.organisations:
        positions = [one for one in found if one["properties"]["layer"] == "position"]
        everything = service.map_layers(g.session, g.scope, g.scope.organisations)["features"]
        found = [one for one in everything if one["properties"]["layer"] != "position"] + positions
    return cartography.collect({"features": found}, states)


def source(node: Any) -> str:
    """Return the address of the map's data."""
    return url_for("portal.map_data", at=show(node.id)) if node else url_for("portal.map_data")


def states(node: Any) -> dict[str, str]:
    """Return the state of each position with an open alarm, and of its site, by the id as shown."""
    if node is None:
        return {}
    page = alarms.alarms(g.session, g.scope, alarms.AlarmFilter(organisation_id=node.id), limit=200)
    where = service.positions_by_id(g.session, g.scope, {alarm.position_id for alarm in page.items})
    found: dict[str, str] = {}
    for alarm in page.items:
        state = "act" if alarm.priority == 1 else "attention"
        place = where.get(alarm.position_id)
        for key in {show(alarm.position_id), show(place.site_id) if place else ""}:
            found[key] = "act" if "act" in (state, found.get(key)) else "attention"
    return found


def rows(
    organisations: frozenset[UUID], parts: dict[str, Any] | None, states: dict[str, str]
) -> list[dict[str, Any]]:
    """Return the list beside the map: the troubled places first, then sites before what stands on them."""
    spots = parts["positions"]["features"] if parts else []
    where = {one["properties"]["id"]: one["geometry"]["coordinates"] for one in spots}
    found = service.list_positions(g.session, g.scope, organisations=organisations, limit=PLACES).items
    sites = service.positions_by_id(g.session, g.scope, {one.site_id for one in found})
    listed = [_row(one, sites.get(one.site_id), states, where) for one in found]
    return sorted(listed, key=lambda row: (-cartography.RANK[row["state"]], row["depth"], row["name"]))


def _row(one: Any, site: Any, states: dict[str, str], where: dict[str, Any]) -> dict[str, Any]:
    state = states.get(show(one.id), "good")
    is_site = site is None or site.id == one.id
    return {
        "name": named(one), "other_name": one.name, "code": one.code, "kind": word(POSITION_KINDS, one.kind),
        "owner": "" if is_site else named(site), "carriers": one.carriers, "state": state,
        "state_words": {"good": _("in order"), "attention": _("alarm"), "act": _("urgent alarm")}[state],
        "link": url_for("portal.position", position_id=one.id), "place": where.get(show(one.id)),
        "depth": str(one.path).count("."),
    }  # fmt: skip


def way_to(found: Any) -> list[dict[str, str]]:
    """Return the way down to a position: its organisation's page, then the positions from the site to it."""
    first = owner(found)
    steps = [first] if first and navigation.is_staff() else []
    for one in service.way_to(g.session, g.scope, found):
        steps.append({"name": named(one), "link": url_for("portal.position", position_id=one.id)})
    return steps


def owner(found: Any) -> dict[str, str] | None:
    """Return who a position belongs to, and make that the organisation of the page."""
    if found.organisation_id not in g.scope.organisations:
        return None
    node = tenancy.organisation(g.session, g.scope, found.organisation_id)
    g.organisation = node
    page = "overview" if navigation.is_staff() else "home"
    return {"name": named(node), "link": url_for(f"portal.{page}", at=show(node.id))}
