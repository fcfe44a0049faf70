"""The map with its list, the technician's first page, and the drill-down to one position."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import g, jsonify, render_template, request, url_for
from werkzeug.wrappers import Response

from backend.alarms import service as alarms
from backend.assets import service as assets
from backend.assets.service import About
from backend.kernel import clock
from backend.kernel.paging import Page
from backend.network import service
from backend.workorders import service as work
from backend.workorders.rules.machine import OVER, OrderStatus
from portal import cartography, figures, places
from portal.address import asked, following, view_of_request
from portal.assets import views, words
from portal.navigation import below, look, may_acknowledge
from portal.pages import pages
from portal.sites import offered_at
from portal.tags import desk
from portal.terms import POSITION_KINDS, word
from portal.words import named_here as named


@pages.get("/map")
def network_map() -> str:
    """Answer: where do things stand, what feeds them, and which need somebody?"""
    node = look()
    organisations, states = below(node), places.states(node)
    text = request.args.get("q", "").strip()[:100]
    listed, following_places = places.rows(organisations, states, text)
    return render_template(
        "network/map.html", drawn=cartography.draw(places.layers(organisations, states), places.source(node)),
        places=listed, next=following_places, text=text,
    )  # fmt: skip


@pages.get("/map.json")
def map_data() -> Response:
    """Give the map's own vectors as GeoJSON."""
    node = look()
    return jsonify(places.layers(below(node), places.states(node), places.box_asked()))


@pages.get("/today")
def today() -> str:
    """Answer a technician: what do I do next, and where?"""
    node = look()
    wanted = alarms.AlarmFilter(organisation_id=node.id) if node else alarms.AlarmFilter()
    page = alarms.alarms(g.session, g.scope, wanted, limit=20)
    listed, following_places = places.rows(below(node), {})
    return render_template(
        "assets/today.html",
        alarms=page.items,
        may_act=may_acknowledge(),
        places=listed,
        next=following_places,
        visits=_my_visits(),
    )


def _my_visits() -> list[dict[str, Any]]:
    """Return the asker's visits that are not over, from a day back to a week ahead, the next one first."""
    now = clock.now()
    found = work.list_visits(
        g.session, g.scope, start=now - timedelta(days=1), end=now + timedelta(days=7),
        technician_id=g.scope.actor_id, limit=200,
    ).items  # fmt: skip
    ahead = [(visit, order) for visit, order in found if visit.ended_at is None and order.status not in OVER]
    where = service.positions_by_id(g.session, g.scope, {order.position_id for _visit, order in ahead})
    return [
        {
            "order": order, "visit": visit, "is_late": visit.planned_end < now,
            "place": named(where[order.position_id]) if order.position_id in where else "",
        }
        for visit, order in ahead
    ]  # fmt: skip


@pages.get("/positions/<uuid:position_id>")
def position(position_id: UUID) -> str:
    """Answer: what is measured here, where does it go, what is wrong, what stands here?"""
    found = service.position(g.session, g.scope, position_id)
    g.zone = service.site_of(g.session, g.scope, position_id).timezone
    view = view_of_request(g.zone)
    children = service.children(g.session, g.scope, found.id, cursor=asked("below"))
    devices = assets.list_devices_at(g.session, g.scope, found.id, cursor=asked("devices"), limit=20)
    documents, more_documents = views.documents_of(About(position_id=found.id))
    record = assets.life_at(g.session, g.scope, found.id, cursor=asked("earlier"), limit=12)
    open_here = alarms.alarms(g.session, g.scope, alarms.AlarmFilter(position_id=found.id), limit=8)
    return render_template(
        "network/position.html", position=found, view=view, steps=places.way_to(found)[:-1],
        owner=places.owner(found), children=[_child(one) for one in children.items],
        more_children=following(children, "below"), alarms=open_here.items, devices=_standing(devices.items),
        more_devices=_more_standing(devices), record_lines=views.record_of(record.items, of_position=True),
        earlier=following(record, "earlier"), documents=documents, more_documents=more_documents,
        document_kinds=list(words.DOCUMENT_KINDS.items()),
        about={"position": found.id}, may_mend=may_change(found),
        offered=offered_at(found), tags=desk.tags_at(found.id), repairs=_repairs(found.id),
        **figures.of_position(found, view),
    )  # fmt: skip


def _child(one: Any) -> dict[str, Any]:
    kept = {name: value for name, value in request.args.items() if name in {"span", "on", "until", "compare"}}
    return {
        "name": named(one), "kind": word(POSITION_KINDS, one.kind), "carriers": one.carriers,
        "link": url_for("portal.position", position_id=one.id, **kept),
    }  # fmt: skip


def _standing(found: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "link": url_for("portal.device", device_id=device.id), "manufacturer": device.manufacturer,
            "model": device.model, "serial_number": device.serial_number,
            "installed_at": installation.installed_at,
        }
        for installation, device in found
        if installation.removed_at is None
    ]  # fmt: skip


def _more_standing(page: Page[Any]) -> str | None:
    """Return where more devices stand that are here now: they come before those that were."""
    is_last_here = bool(page.items) and page.items[-1][0].removed_at is None
    return following(page, "devices") if is_last_here else None


def _repairs(position_id: UUID) -> list[Any]:
    """Return the newest work orders of a position, whatever became of them."""
    wanted = work.OrderFilter(statuses=list(OrderStatus), position_ids=[position_id])
    return [row.order for row in work.orders(g.session, g.scope, wanted, limit=8).items]


def may_change(found: Any) -> bool:
    """Tell whether the asker works at a position: puts things up there, adds documents."""
    return views.may_mend() and found.organisation_id in g.scope.staff_organisations
