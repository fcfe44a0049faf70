"""The operator's first page: what runs, and how well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import g, render_template, url_for
from flask_babel import gettext as _

from backend.alarms import service as alarms
from backend.kernel import clock
from backend.kernel.periods import Period
from backend.metering import service
from backend.network import service as network
from portal import figures
from portal.navigation import below, look, may_acknowledge
from portal.pages import pages
from portal.words import named_here as named
from portal.words import plain, short

UNITS = ("unit", "plant")
SHOWN = 6
"""Values of the moment shown on a unit's card; its page has all."""
RATIOS = ("coefficient of performance", "efficiency")
BACK = timedelta(hours=24)


@pages.get("/plant")
def plant() -> str:
    """Answer: what runs, what stands still, and how well does it run?"""
    node = look()
    wanted = alarms.AlarmFilter(organisation_id=node.id)
    return render_template(
        "assets/plant.html", node=node, units=_units(node), may_act=may_acknowledge(),
        alarms=alarms.alarms(g.session, g.scope, wanted, limit=10).items,
    )  # fmt: skip


def _units(node: Any) -> list[dict[str, Any]]:
    organisations = below(node)
    places = [one for one in _positions(organisations) if one.kind.value in UNITS]
    sites = network.positions_by_id(g.session, g.scope, {one.site_id for one in places})
    found = []
    for place in places:
        points = list(service.list_points(g.session, g.scope, position_id=place.id, limit=100).items)
        if points:
            found.append(_unit(place, sites.get(place.site_id), points))
    return found


def _positions(organisations: frozenset[Any]) -> list[Any]:
    found, cursor = [], None
    while True:
        page = network.list_positions(
            g.session, g.scope, organisations=organisations, cursor=cursor, limit=200
        )
        found.extend(page.items)
        if page.next_cursor is None:
            return found
        cursor = page.next_cursor


def _unit(place: Any, site: Any, points: list[Any]) -> dict[str, Any]:
    latest = figures.latest_of(points)
    state = next((latest[point.id] for point in points if point.kind.value == "state"), None)
    ratio = next((latest[point.id] for point in points if point.quantity in RATIOS), None)
    values = [
        latest[point.id] | {"name": short(named(point))}
        for point in points
        if point.kind.value == "instant" and point.quantity not in RATIOS
    ]
    light, words = _state(state, values)
    if light == "idle":  # what stands still has no efficiency
        ratio = None
    share = _share(points) if ratio is None and light != "idle" else None
    return {
        "plant": named(site) if site else "", "name": named(place), "readings": values[:SHOWN], "state": light,
        "state_words": words, "link": url_for("portal.position", position_id=place.id),
        "efficiency": ratio["value"] if ratio else share,
        "efficiency_words": plain(ratio["value"], 2) if ratio and ratio["value"] is not None
        else f"{share * 100:.0f} %" if share is not None else "",
        "efficiency_name": _("COP") if ratio else _("of the energy taken, last 24 h"),
    }  # fmt: skip


def _state(state: Any, values: list[dict[str, Any]]) -> tuple[str, str]:
    """Return a light and words: from the state point, else from whether values are fresh."""
    if state is not None:
        if state["value"] is None or state["is_stale"]:
            return "unknown", _("state unknown")
        return ("good", _("running")) if state["value"] > 0 else ("idle", _("standing still"))
    if not values or all(value["is_stale"] for value in values):
        return "unknown", _("no fresh value")
    return "good", _("measured")


def _share(points: list[Any]) -> float | None:
    """Return energy out over energy in of the last day, where both are counted in kWh; None otherwise.

    A store gives back later what it takes now, so a day says nothing about it.
    """
    counting = [point for point in points if point.kind.value == "register" and point.unit == "kWh"]
    ways = {point.direction.value for point in counting}
    stores = any(point.quantity == "level" for point in points)
    if (
        stores
        or ways != {"in", "out"}
        or any(point.unit == "m3" and point.carrier.value == "gas" for point in points)
    ):
        return None
    until = clock.now().replace(minute=0, second=0, microsecond=0)
    sums = service.sums_of_many(
        g.session, g.scope, points=counting, period=Period(until - BACK, until), zone=g.zone
    )
    taken = sum(sums.get(point.id, 0.0) for point in counting if point.direction.value == "in")
    given = sum(sums.get(point.id, 0.0) for point in counting if point.direction.value == "out")
    return given / taken if taken > 0 else None
