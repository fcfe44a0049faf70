"""The operator's first page: what runs, and how well."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from flask import g, render_template, url_for
from flask_babel import gettext as _

from backend.alarms import service as alarms
from backend.kernel import clock, paging
from backend.kernel.periods import Period
from backend.kernel.units import unit
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
LEVEL = "level"
"""Quantity of how full a store is."""
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
    at = service.points_at(g.session, g.scope, [place.id for place in places])
    latest = figures.latest_of([point for points in at.values() for point in points])
    counting = {place_id: _counting(points) for place_id, points in at.items()}
    until = clock.now().replace(minute=0, second=0, microsecond=0)
    sums = service.sums_of_many(
        g.session, g.scope, points=[point for points in counting.values() for point in points],
        period=Period(until - BACK, until), zone=g.zone,
    )  # fmt: skip
    return [
        _unit(place, sites.get(place.site_id), at[place.id], latest, _share(counting[place.id], sums))
        for place in places
        if place.id in at
    ]


def _positions(organisations: frozenset[Any]) -> list[Any]:
    listed = partial(
        network.list_positions, g.session, g.scope, organisations=organisations, limit=paging.MOST
    )
    return list(paging.every(lambda cursor: listed(cursor=cursor)))


def _unit(
    place: Any, site: Any, points: list[Any], latest: dict[Any, dict[str, Any]], share: float | None
) -> dict[str, Any]:
    state = next((latest[point.id] for point in points if point.kind.value == "state"), None)
    ratio = next((latest[point.id] for point in points if point.quantity in RATIOS), None)
    values = [
        latest[point.id] | {"name": short(named(point))}
        for point in points
        if point.kind.value == "instant" and point.quantity not in RATIOS
    ]
    light, words = _flow_of_store(points, latest) or _state(state, values)
    if light == "idle":  # what stands still has no efficiency
        ratio = share = None
    if ratio is not None:
        share = None
    return {
        "plant": named(site) if site else "", "name": named(place), "readings": values[:SHOWN], "state": light,
        "state_words": words, "link": url_for("portal.position", position_id=place.id),
        "efficiency": ratio["value"] if ratio else share,
        "efficiency_words": plain(ratio["value"], 2) if ratio and ratio["value"] is not None
        else f"{share * 100:.0f} %" if share is not None else "",
        "efficiency_name": _("COP") if ratio else _("of the energy taken, last 24 h"),
    }  # fmt: skip


def _flow_of_store(points: list[Any], latest: dict[Any, dict[str, Any]]) -> tuple[str, str] | None:
    """Return which way a store works, where a power or its state says that it does: it does not run like a machine."""
    if not any(point.quantity == LEVEL for point in points):
        return None
    power = {"in": 0.0, "out": 0.0}
    for point in points:
        value = latest[point.id]
        if value["value"] is None or value["is_stale"]:
            continue
        if point.kind.value == "state" and value["value"] > 0:
            return "good", _("charging")
        if unit(point.unit).dimension == "power":
            power[point.direction.value] += value["value"]
    if max(power.values()) <= 0:
        return None
    return "good", _("charging") if power["in"] > power["out"] else _("discharging")


def _state(state: Any, values: list[dict[str, Any]]) -> tuple[str, str]:
    """Return a light and words: from the state point, else from whether values are fresh."""
    if state is not None:
        if state["value"] is None or state["is_stale"]:
            return "unknown", _("state unknown")
        return ("good", _("running")) if state["value"] > 0 else ("idle", _("standing still"))
    if not values or all(value["is_stale"] for value in values):
        return "unknown", _("no fresh value")
    return "good", _("measured")


def _counting(points: list[Any]) -> list[Any]:
    """Return the registers of energy taken and given, where their ratio says how well a unit runs; else none.

    A store gives back later what it takes now, so a day says nothing about it.
    """
    counting = [point for point in points if point.kind.value == "register" and point.unit == "kWh"]
    ways = {point.direction.value for point in counting}
    stores = any(point.quantity == LEVEL for point in points)
    burns = any(point.unit == "m3" and point.carrier.value == "gas" for point in points)
    return [] if stores or burns or ways != {"in", "out"} else counting


def _share(counting: list[Any], sums: dict[Any, float]) -> float | None:
    """Return energy out over energy in, where both were counted."""
    taken = sum(sums.get(point.id, 0.0) for point in counting if point.direction.value == "in")
    given = sum(sums.get(point.id, 0.0) for point in counting if point.direction.value == "out")
    return given / taken if taken > 0 else None
