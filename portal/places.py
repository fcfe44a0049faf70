"""Places on pages: the map's layers and states, the list beside the map, and the way down to a position."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask_babel import gettext as _
from geoalchemy2.shape import to_shape

from backend.alarms import service as alarms
from backend.kernel.errors import Refused
from backend.kernel.ids import parse, show
from backend.network import service
from backend.tenancy import service as tenancy
from portal import cartography, navigation
from portal.address import asked, following
from portal.terms import POSITION_KINDS, word
from portal.words import carriers_in_order, in_full
from portal.words import named_here as named

DRAWN = 400
"""So many places are drawn one by one; more are gathered, but for those with an alarm."""
EDGES = ("west", "south", "east", "north")


def layers(
    organisations: frozenset[UUID], states: dict[str, str], box: service.Box | None = None
) -> dict[str, Any]:
    """Return the map of some organisations: their positions, on the network of all the asker sees."""
    found = service.map_layers(
        g.session, g.scope, organisations, box=box, lines_of=g.scope.organisations, but=cartography.INDOORS,
        apart=[parse(one) for one in states if one], limit=DRAWN,
    )  # fmt: skip
    return cartography.collect(found, states)


def box_asked() -> service.Box | None:
    """Return the part of the map that the address asks for; None for all of it."""
    if not any(edge in request.args for edge in EDGES):
        return None
    try:
        return service.Box(**{edge: float(request.args[edge]) for edge in EDGES})
    except (KeyError, ValueError):
        raise Refused("a box has four edges", field="west", remedy="give all four in degrees") from None


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
    organisations: frozenset[UUID], states: dict[str, str], text: str = ""
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the list beside the map, by name, and the address of the next; text: part of a name.

    On the first page the places with an alarm come first, wherever their names would put them.
    """
    page = service.list_positions(
        g.session, g.scope, organisations=organisations, search=text or None, cursor=asked()
    )
    found = list(page.items)
    if states and not text:
        known = service.positions_by_id(g.session, g.scope, {parse(one) for one in states if one})
        troubled = [] if asked() else sorted(known.values(), key=lambda one: one.name)
        found = [*troubled, *(one for one in found if one.id not in known)]
    sites = service.positions_by_id(g.session, g.scope, {one.site_id for one in found})
    listed = [_row(one, sites.get(one.site_id), states) for one in found]
    listed.sort(key=lambda row: -cartography.RANK[row["state"]])
    return listed, following(page)


def _row(one: Any, site: Any, states: dict[str, str]) -> dict[str, Any]:
    spot = None if one.geometry is None else to_shape(one.geometry).representative_point()
    state = states.get(show(one.id), "good")
    is_site = site is None or site.id == one.id
    return {
        "name": named(one), "other_name": one.name, "code": one.code, "kind": word(POSITION_KINDS, one.kind),
        "owner": "" if is_site else named(site), "carriers": carriers_in_order(one.carriers), "state": state,
        "state_words": {"good": _("in order"), "attention": _("alarm"), "act": _("urgent alarm")}[state],
        "link": url_for("portal.position", position_id=one.id), "place": spot and [spot.x, spot.y],
    }  # fmt: skip


def full_names(position_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of places with their sites' before them, as far as the asker sees them."""
    found = service.positions_by_id(g.session, g.scope, set(position_ids))
    sites = service.positions_by_id(g.session, g.scope, {one.site_id for one in found.values()})
    return {id_: in_full(one, sites.get(one.site_id)) for id_, one in found.items()}


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
