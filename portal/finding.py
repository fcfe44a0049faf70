"""One search for places, points, devices, work orders, people and organisations; and the glossary."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.assets import service as assets
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from backend.kernel.scope import Role, Scope
from backend.metering import service as metering
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.tenancy.service import Application
from backend.workorders import service as work
from backend.workorders.rules.machine import OrderStatus
from portal import glossary as words_of_the_trade
from portal import language, navigation
from portal.pages import pages
from portal.places import full_names
from portal.terms import POSITION_KINDS, word
from portal.words import CARRIERS, ROLES, TIERS, titled
from portal.words import named_here as named
from portal.workorders.words import ORDER_STATES

MOST = 12


@pages.get("/search")
def search() -> str | Response:
    """Find anything the asker may see, by name, code, serial number or id."""
    text = (request.args.get("q") or "").strip()[:100]
    if text and (found := _by_id(text)):
        return redirect(found)
    groups = (
        [
            _organisations(text),
            _places(text),
            _points(text),
            _devices(text),
            _orders(text),
            _documents(text),
            _parts(text),
            _people(text),
        ]
        if text
        else []
    )
    return render_template("search.html", q=text, groups=groups)


@pages.get("/help")
def glossary() -> str:
    """Answer: what do the words and marks mean?"""
    is_zh = language.current() == "zh"
    groups = [
        {
            "title": group.title_zh if is_zh else group.title,
            "terms": [
                {
                    "term": one.term_zh if is_zh else one.term,
                    "other": one.term if is_zh and one.term != one.term_zh else "",
                    "meaning": one.meaning_zh if is_zh else one.meaning,
                }
                for one in group.terms
            ],
        }
        for group in words_of_the_trade.groups()
    ]
    return render_template("glossary.html", groups=groups, carriers=list(CARRIERS))


def _by_id(text: str) -> str | None:
    """Return where a typed or scanned id leads; None where it is no id, or nothing the asker sees."""
    try:
        identifier = parse(text)
    except Refused:
        return None
    watching = _in_application(Application.MONITORING)
    looks = (
        (metering.point, "point", "point_id"), (network.position, "position", "position_id"),
        (assets.device, "device", "device_id"),
    )  # fmt: skip
    for look, page, name in looks:
        try:
            look(g.session, watching, identifier)
        except EnerfieldError:
            continue
        return url_for(f"portal.{page}", **{name: identifier})
    return None


def _organisations(text: str) -> dict[str, Any]:
    page = "overview" if navigation.is_staff() else "home"
    found = [
        {
            "name": named(node),
            "under": TIERS[node.kind.value],
            "link": url_for(f"portal.{page}", at=show(node.id)),
        }
        for node in tenancy.find_organisations(g.session, g.scope, text=text, limit=MOST)
    ]
    return {"name": _("Organisations"), "icon": "people", "found": found}


def _places(text: str) -> dict[str, Any]:
    watching = _in_application(Application.MONITORING)
    page = network.list_positions(g.session, watching, search=text, limit=MOST)
    names = full_names(one.id for one in page.items)
    found = [
        {
            "name": names.get(one.id, named(one)), "link": url_for("portal.position", position_id=one.id),
            "under": " · ".join(part for part in (word(POSITION_KINDS, one.kind), one.code) if part),
        }
        for one in page.items
    ]  # fmt: skip
    return {"name": _("Places"), "icon": "place", "found": found}


def _points(text: str) -> dict[str, Any]:
    watching = _in_application(Application.MONITORING)
    items = metering.list_points(g.session, watching, search=text, limit=MOST).items
    where = full_names(one.position_id for one in items)
    found = [
        {
            "name": named(one), "carrier": one.carrier.value, "link": url_for("portal.point", point_id=one.id),
            "under": where.get(one.position_id, ""),
        }
        for one in items
    ]  # fmt: skip
    return {"name": _("Points"), "icon": "use", "found": found}


def _devices(text: str) -> dict[str, Any]:
    found, rows = [], assets.find_devices(g.session, g.scope, text=text, limit=MOST)
    where = full_names(installation.position_id for _device, installation in rows if installation)
    for device, installation in rows:
        link = url_for("portal.device", device_id=device.id)
        under = where.get(installation.position_id, "") if installation else _("in store")
        name = f"{device.manufacturer} {device.model} · {device.serial_number}"
        found.append({"name": name, "under": under, "link": link})
    return {"name": _("Devices"), "icon": "device", "found": found}


def _orders(text: str) -> dict[str, Any]:
    watching = _in_application(Application.MAINTENANCE)
    wanted = work.OrderFilter(statuses=list(OrderStatus), text=text)
    found = [
        {
            "name": titled(row.order), "link": url_for("portal.work_order", order_id=row.order.id),
            "under": " · ".join((row.order.number, str(word(ORDER_STATES, row.order.status)))),
        }
        for row in work.orders(g.session, watching, wanted, limit=MOST).items
    ]  # fmt: skip
    name = _("Work orders") if navigation.is_staff() else _("Your faults")
    return {"name": name, "icon": "orders", "found": found}


def _documents(text: str) -> dict[str, Any]:
    hits = assets.search(g.session, g.scope, text=text, kinds=["document"], limit=MOST)
    found = [
        {
            "name": one.row.title,
            "under": one.row.file_name,
            "link": url_for("portal.document", document_id=one.id),
        }
        for one in hits
    ]
    return {"name": _("Documents and photos"), "icon": "letters", "found": found}


def _parts(text: str) -> dict[str, Any]:
    hits = (
        assets.search(g.session, g.scope, text=text, kinds=["part"], limit=MOST)
        if navigation.is_staff()
        else []
    )
    found = [
        {"name": named(one.row), "under": one.row.number, "link": url_for("portal.parts", q=one.row.number)}
        for one in hits
    ]
    return {"name": _("Parts"), "icon": "parts", "found": found}


def _people(text: str) -> dict[str, Any]:
    if not g.scope.holds(Role.ADMINISTRATOR, Role.MANAGER):
        return {"name": _("People"), "icon": "people", "found": []}
    known: dict[Any, Any] = {}
    for top in tenancy.tops(g.session, g.scope):
        if top.id in g.scope.where(Role.ADMINISTRATOR) | g.scope.where(Role.MANAGER):
            page = tenancy.people(g.session, g.scope, top.id, search=text, limit=MOST)
            known |= {one.id: one for one in page.items}
    held = {one.person_id: one.role for one in tenancy.memberships(g.session, g.scope, list(known))}
    found = [
        {
            "name": one.name, "under": ROLES.get(held.get(one.id), one.email),
            "link": url_for("portal.person_page", person_id=one.id),
        }
        for one in known.values()
    ]  # fmt: skip
    return {"name": _("People"), "icon": "people", "found": found[:MOST]}


def _in_application(application: Application) -> Scope:
    """Return what the asker sees where an application is on: search shows no more than its pages do."""
    return tenancy.scope_of(g.session, g.person, application=application)
