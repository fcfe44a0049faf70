"""One search for places, points, devices, people and organisations; and the glossary."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.assets import service as assets
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from backend.kernel.scope import Role
from backend.metering import service as metering
from backend.network import service as network
from backend.tenancy import service as tenancy
from portal import glossary as words_of_the_trade
from portal import language, navigation
from portal.pages import pages
from portal.terms import POSITION_KINDS, word
from portal.words import CARRIERS, ROLES, TIERS
from portal.words import named_here as named

MOST = 12


@pages.get("/search")
def search() -> str | Response:
    """Find anything the asker may see, by name, code, serial number or id."""
    text = (request.args.get("q") or "").strip()[:100]
    if text and (found := _by_id(text)):
        return redirect(found)
    groups = (
        [_organisations(text), _places(text), _points(text), _devices(text), _people(text)] if text else []
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
    looks = (
        (metering.point, "point", "point_id"), (network.position, "position", "position_id"),
    )  # fmt: skip
    for look, page, name in looks:
        try:
            look(g.session, g.scope, identifier)
        except EnerfieldError:
            continue
        return url_for(f"portal.{page}", **{name: identifier})
    return None


def _organisations(text: str) -> dict[str, Any]:
    wanted, found = text.lower(), []
    page = "overview" if navigation.is_staff() else "home"
    for top in tenancy.tops(g.session, g.scope):
        for node in tenancy.subtree(g.session, g.scope, top.id):
            if wanted in f"{node.name} {node.name_zh or ''}".lower():
                link = url_for(f"portal.{page}", at=show(node.id))
                found.append({"name": named(node), "under": TIERS[node.kind.value], "link": link})
    return {"name": _("Organisations"), "icon": "people", "found": found[:MOST]}


def _places(text: str) -> dict[str, Any]:
    page = network.list_positions(g.session, g.scope, search=text, limit=MOST)
    found = [
        {
            "name": named(one), "link": url_for("portal.position", position_id=one.id),
            "under": " · ".join(part for part in (word(POSITION_KINDS, one.kind), one.code) if part),
        }
        for one in page.items
    ]  # fmt: skip
    return {"name": _("Places"), "icon": "place", "found": found}


def _points(text: str) -> dict[str, Any]:
    page = metering.list_points(g.session, g.scope, search=text, limit=MOST)
    found = [
        {
            "name": named(one), "carrier": one.carrier.value, "link": url_for("portal.point", point_id=one.id),
            "under": _where(one.position_id),
        }
        for one in page.items
    ]  # fmt: skip
    return {"name": _("Points"), "icon": "use", "found": found}


def _devices(text: str) -> dict[str, Any]:
    found = []
    for device, installation in assets.find_devices(g.session, g.scope, text=text, limit=MOST):
        link = url_for("portal.position", position_id=installation.position_id) if installation else ""
        under = _where(installation.position_id) if installation else _("in store")
        name = f"{device.manufacturer} {device.model} · {device.serial_number}"
        found.append({"name": name, "under": under, "link": link})
    return {"name": _("Devices"), "icon": "device", "found": found}


def _people(text: str) -> dict[str, Any]:
    if not g.scope.holds(Role.ADMINISTRATOR, Role.MANAGER):
        return {"name": _("People"), "icon": "people", "found": []}
    wanted, found = text.lower(), []
    for top in tenancy.tops(g.session, g.scope):
        if top.id not in g.scope.where(Role.ADMINISTRATOR) | g.scope.where(Role.MANAGER):
            continue
        people = tenancy.people(g.session, g.scope, top.id, limit=200).items
        held = {
            one.person_id: one.role for one in tenancy.memberships(g.session, g.scope, [p.id for p in people])
        }
        for one in people:
            if wanted in f"{one.name} {one.email}".lower():
                link = url_for("portal.person_page", person_id=one.id)
                found.append(
                    {"name": one.name, "under": ROLES.get(held.get(one.id), one.email), "link": link}
                )
    return {"name": _("People"), "icon": "people", "found": found[:MOST]}


def _where(position_id: Any) -> str:
    return named(network.position(g.session, g.scope, position_id))
