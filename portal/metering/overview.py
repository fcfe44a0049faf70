"""Overviews of organisations: the manager's region, demand, supply, environment; the customer's home and use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, g, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from backend.alarms import service as alarms
from backend.kernel.ids import show
from backend.kernel.scope import Role
from backend.metering import service
from backend.tenancy import service as tenancy
from portal import cartography, figures, language, places, wires
from portal.address import View, view_of_request
from portal.billing.home import bills_at_home
from portal.figures.organisation import at_of, counted, sums_of
from portal.metering.points import feed_of
from portal.navigation import below, look
from portal.pages import pages
from portal.terms import CATEGORIES, word
from portal.words import CARRIERS
from portal.words import named_here as named

ENVIRONMENT_SHOWN = 6
PARTS_SHOWN = 100


@pages.get("/overview")
def overview() -> str:
    """Answer: is it well? Supply, demand, map, alarms, against the period before."""
    node, view, organisations, points = _start()
    states = places.states(node)
    parts = places.layers(organisations, states)
    counts = alarms.open_counts(g.session, g.scope, organisation_id=node.id)
    rates = service.overview(g.session, g.scope, organisations=organisations)
    parts_below = _parts(node, view, points)
    return render_template(
        "metering/overview.html",
        node=node,
        view=view,
        zone_words=view.zone,
        known=figures.known_carriers(points),
        figures=figures.tiles(view, points, rates),
        health=_health(counts),
        steps=_steps(node),
        balance=figures.balance(view, points, source=_source(view)),
        drawn=cartography.draw(parts, places.source(node)),
        alarms=alarms.alarms(g.session, g.scope, alarms.AlarmFilter(organisation_id=node.id), limit=6).items,
        parts=parts_below[:PARTS_SHOWN],
        parts_left=max(0, len(parts_below) - PARTS_SHOWN),
        parts_title=_parts_title(node),
        environment=_environment(organisations)[:ENVIRONMENT_SHOWN],
    )


@pages.get("/balance.json")
def balance_data() -> Response:
    """Give the curve of supply and demand to the script."""
    return jsonify(figures.balance_json(*_one_way()))


@pages.get("/balance.csv")
def balance_file() -> Response:
    """Give the curve of supply and demand as a file."""
    view, points, way = _one_way()
    name = f"{way or 'balance'}-{view.on.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(figures.balance_csv(view, points, way), mimetype="text/csv", headers=headers)


@pages.get("/green-button.xml")
def balance_feed() -> Response:
    """Give the intervals of the same meters as a Green Button feed."""
    view, points, way = _one_way()
    chosen = [point for point in points if view.carrier in (None, point.carrier)]
    return feed_of(chosen, view, name=way or "balance")


def _one_way() -> tuple[View, list[Any], str | None]:
    """Return the view, its meters and the direction asked for, which none of them leaves."""
    _node, view, _organisations, points = _start()
    way = request.args.get("way")
    way = way if way in {"in", "out"} else None
    return view, [point for point in points if way is None or point.direction.value == way], way


@pages.get("/demand")
def demand() -> str:
    """Answer: who takes how much?"""
    return _list("in", _("Demand"), _("Who takes how much, against the period before"))


@pages.get("/use")
def use() -> str:
    """Answer a customer: where does it go?"""
    return _list("in", _("Use"), _("What each of your meters counted"), with_subs=True)


@pages.get("/supply")
def supply() -> str:
    """Answer: what feeds the region, and how much?"""
    return _list("out", _("Supply"), _("What plants, grid and intakes deliver"))


@pages.get("/environment")
def environment() -> str:
    """Answer: what leaves the stacks and outfalls, and what is the weather?"""
    node = look()
    rows = _environment(below(node))
    groups: dict[Any, dict[str, Any]] = {}
    for row in rows:
        link = url_for("portal.position", position_id=row["position_id"])
        groups.setdefault(row["position_id"], {"name": row["place"], "link": link, "rows": []})[
            "rows"
        ].append(row)
    return render_template("metering/environment.html", node=node, groups=list(groups.values()))


@pages.get("/home")
def home() -> str:
    """Answer a customer: how much this month, is it normal, what flows now?"""
    node = look()
    view = replace(
        view_of_request(g.zone).zoned(g.zone), span="month", compare="before", until=None, carrier=None
    )
    organisations = below(node)
    points = list(service.total_points(g.session, g.scope, organisations=organisations))
    rates = service.overview(g.session, g.scope, organisations=organisations)
    tiles = figures.tiles(view, points, rates, link=url_for("portal.use", at=at_of(node), span="month"))
    for tile in tiles:
        tile["link"] = url_for("portal.use", at=at_of(node), span="month", carrier=tile["carrier"])
    return render_template(
        "metering/home.html", node=node, view=view, figures=tiles, normal=_normal(tiles), uses=_uses(view, points),
        days=figures.balance(view, points, source=_source(view, way="in"), direction="in"),
        alarms=alarms.alarms(g.session, g.scope, limit=5).items, **bills_at_home(organisations),
    )  # fmt: skip


def _start() -> tuple[Any, View, frozenset[Any], list[Any]]:
    node = look()
    view = view_of_request(g.zone)
    organisations = below(node)
    return (
        node,
        view,
        organisations,
        list(service.total_points(g.session, g.scope, organisations=organisations)),
    )


def _list(way: str, title: str, question: str, *, with_subs: bool = False) -> str:
    _node, view, _organisations, everything = _start()
    points = [point for point in everything if point.direction.value == way]
    source = _source(view, way=way)
    return render_template(
        "metering/demand.html", title=title, question=question, view=view, known=figures.known_carriers(points),
        figures=[], balance=figures.balance(view, points, source=source, direction=way),
        groups=figures.rows_of(view, points, _subs(points) if with_subs else ()),
    )  # fmt: skip


def _source(view: View, **more: str) -> str:
    return url_for("portal.balance_data", **view.query(), **more)


def _steps(node: Any) -> list[dict[str, str]]:
    """Return the organisations above, as far as the asker sees them."""
    steps, at = [], node.parent_id
    while at is not None and at in g.scope.organisations:
        above = tenancy.organisation(g.session, g.scope, at)
        steps.insert(0, {"name": named(above), "link": url_for("portal.overview", at=show(above.id))})
        at = above.parent_id
    return steps


def _health(counts: Any) -> dict[str, str]:
    """Return the one sentence a manager reads first."""
    urgent = sum(counts[level].open for level in (1, 2))
    others = sum(counts[level].open for level in (3, 4))
    silent = wires.summary().silent if g.scope.holds(Role.MANAGER, Role.ADMINISTRATOR, Role.DISPATCHER) else 0
    if urgent:
        return {
            "state": "act",
            "words": ngettext("%(num)d urgent alarm is open", "%(num)d urgent alarms are open", urgent),
        }
    if silent:
        return {
            "state": "attention",
            "words": ngettext("%(num)d connection is silent", "%(num)d connections are silent", silent),
        }
    if others:
        return {
            "state": "attention",
            "words": ngettext(
                "Running; %(num)d alarm to look into", "Running; %(num)d alarms to look into", others
            ),
        }
    return {"state": "good", "words": _("Running well; no alarm is open")}


def _parts(node: Any, view: View, points: list[Any]) -> list[dict[str, Any]]:
    """Return the organisations directly below, with their use of the carrier shown and their alarms."""
    known = figures.known_carriers(points)
    carrier = view.carrier.value if view.carrier else (known[0] if known else None)
    if carrier is None:
        return []
    open_by_node = alarms.open_by_organisation(g.session, g.scope, organisation_id=node.id)
    used = [point for point in points if point.carrier.value == carrier and point.direction.value == "in"]
    holders = service.holders(g.session, g.scope, points=used)
    sums = sums_of(view, used)
    rows = []
    for child, under in _children(node):
        mine = [point for point in used if holders[point.id] & under]
        here = {id_: level for one in under for id_, level in open_by_node.get(one, {}).items()}
        rows.append(
            {
                "name": named(child), "link": view.link("portal.overview", at=child.id), "amount": sums.amount(mine),
                "compared": sums.compared(mine), "unit": mine[0].unit if mine else "", "alarms": len(here),
                "worst": min(here.values(), default=4),
            }
        )  # fmt: skip
    return sorted(rows, key=lambda row: -(row["amount"] or 0))


def _children(node: Any) -> list[tuple[Any, set[Any]]]:
    """Return each organisation directly below, with the ids of itself and all below it."""
    nodes = tenancy.subtree(g.session, g.scope, node.id)
    found = {str(one.path): (one, set[Any]()) for one in nodes if one.parent_id == node.id}
    depth = str(node.path).count(".") + 2
    for one in nodes:
        top = ".".join(str(one.path).split(".")[:depth])
        if top in found:
            found[top][1].add(one.id)
    return list(found.values())


def _parts_title(node: Any) -> str:
    return {"region": _("Parks"), "park": _("Enterprises and customers")}.get(node.kind.value, _("Below"))


def _environment(organisations: frozenset[Any]) -> list[dict[str, Any]]:
    """Return what leaves stacks and outfalls, then the weather, each with its place."""
    from backend.kernel.units import Carrier, PointKind
    from backend.network import service as network

    found = service.list_points(
        g.session,
        g.scope,
        organisations=organisations,
        carrier=Carrier.ENVIRONMENT,
        kind=PointKind.INSTANT,
        limit=100,
    )
    points = sorted(found.items, key=lambda point: (not point.unit.startswith("mg"), point.name))
    latest = figures.latest_of(points)
    where = network.positions_by_id(g.session, g.scope, {point.position_id for point in points})
    return [
        latest[point.id] | {"place": named(where[point.position_id]), "position_id": point.position_id}
        for point in points
        if point.position_id in where
    ]


def _normal(tiles: list[dict[str, Any]]) -> dict[str, str]:
    """Return whether this month is as usual: within a tenth of the same days of last month, per carrier."""
    shares = {
        tile["carrier"]: tile["compared"].now / tile["compared"].before
        for tile in tiles
        if tile["compared"].now is not None and tile["compared"].before
    }
    link = {tile["carrier"]: tile["link"] for tile in tiles}
    if not shares:
        return {"state": "unknown", "words": _("Not enough history yet to say what is normal")}
    high = [str(CARRIERS[carrier]) for carrier, share in shares.items() if share > 1.1]
    names = "、".join(high) if language.current() == "zh" else ", ".join(high).lower()
    if high:
        most = {"link": link[max(shares, key=lambda carrier: shares[carrier])]}
        if max(shares.values()) > 1.25:
            said = _("More than usual this month: %(carriers)s", carriers=names)
            return {"state": "attention", "words": said} | most
        said = _("A little more than last month: %(carriers)s", carriers=names)
        return {"state": "attention", "words": said} | most
    return {"state": "good", "words": _("As usual this month")}


def _uses(view: View, points: list[Any]) -> list[dict[str, Any]]:
    """Return what the electricity is used for, from the sub-meters."""
    mains = [
        point for point in points if point.carrier.value == "electricity" and point.direction.value == "in"
    ]
    whole = sums_of(view, mains).amount(mains)
    if not whole:
        return []
    subs = _subs(mains)
    sums = service.sums_of_many(g.session, g.scope, points=subs, period=counted(view), zone=view.zone)
    rows = [_use(sub, sums[sub.id], whole) for sub in subs if sub.id in sums]
    return sorted(rows, key=lambda row: -row["share"])[:6]


def _subs(mains: list[Any]) -> list[Any]:
    """Return the meters directly behind others."""
    ids = {point.id for point in mains}
    return [
        point
        for place in {point.position_id for point in mains}
        for point in service.list_points(g.session, g.scope, under=place, limit=200).items
        if point.parent_id in ids
    ]


def _use(sub: Any, amount: float, whole: float) -> dict[str, Any]:
    name = word(CATEGORIES, sub.category) if sub.category else named(sub)
    share = min(amount / whole, 1.0)
    return {
        "name": name,
        "amount": amount,
        "unit": sub.unit,
        "share": share,
        "carrier": "electricity",
        "title": name,
    }
