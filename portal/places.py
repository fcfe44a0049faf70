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
    """Return the state of each position with an open alarm, by its shown id."""
    if node is None:
        return {}
    page = alarms.alarms(g.session, g.scope, alarms.AlarmFilter(organisation_id=node.id), limit=200)
    found: dict[str, str] = {}
    for alarm in page.items:
        worst = "act" if alarm.priority == 1 else "attention"
        key = show(alarm.position_id)
        found[key] = "act" if "act" in (worst, found.get(key)) else "attention"
    return found


def rows(
    organisations: frozenset[UUID], parts: dict[str, Any] | None, states: dict[str, str]
) -> list[dict[str, Any]]:
    """Return the list beside the map, the troubled places first."""
    spots = parts["positions"]["features"] if parts else []
    where = {one["properties"]["id"]: one["geometry"]["coordinates"] for one in spots}
    owners: dict[UUID, str] = {}
    listed = []
    found = service.list_positions(g.session, g.scope, organisations=organisations, limit=PLACES).items
    for one in found:
        if one.organisation_id not in owners:
            owners[one.organisation_id] = _owner_name(one.organisation_id)
        state = states.get(show(one.id), "good")
        listed.append(
            {
                "name": named(one), "other_name": one.name, "code": one.code, "kind": word(POSITION_KINDS, one.kind),
                "owner": owners[one.organisation_id], "carriers": one.carriers, "state": state,
                "state_words": {"good": _("in order"), "attention": _("alarm"), "act": _("urgent alarm")}[state],
                "link": url_for("portal.position", position_id=one.id), "place": where.get(show(one.id)),
            }
        )  # fmt: skip
    return sorted(listed, key=lambda row: -cartography.RANK[row["state"]])


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


def _owner_name(organisation_id: UUID) -> str:
    if organisation_id not in g.scope.organisations:
        return ""
    return named(tenancy.organisation(g.session, g.scope, organisation_id))
