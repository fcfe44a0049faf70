"""One device: its life, where it stands, its documents; the steps that lead on; and an exchange in one go."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.alarms import service as alarms
from backend.assets import service
from backend.assets.rules import life
from backend.assets.service import About, DeviceStatus
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse
from backend.metering import service as metering
from backend.network import service as network
from portal import figures, navigation, places
from portal.address import asked, following
from portal.assets import views, words
from portal.navigation import look
from portal.pages import done, own_path, pages, refused
from portal.picking import maybe_picked
from portal.terms import word
from portal.words import named_here as named


@pages.get("/devices/<uuid:device_id>")
def device(device_id: UUID) -> str:
    """Answer: what is this, how is it, what has it been through, and what can be done with it?"""
    found = service.device(g.session, g.scope, device_id)
    here = _here(device_id)
    if here is not None:
        g.zone = network.site_of(g.session, g.scope, here.id).timezone
    wholes = service.devices_by_id(g.session, g.scope, {found.parent_id} if found.parent_id else set())
    mine = found.organisation_id in g.scope.organisations
    record = service.life_of(g.session, g.scope, device_id, cursor=asked("earlier"))
    documents, more_documents = views.documents_of(About(device_id=device_id))
    parts = service.parts_of(g.session, g.scope, device_id, cursor=asked("parts"), limit=20)
    return render_template(
        "assets/device.html", device=found, title=views.title_of(found), status=views.status_of(found),
        steps=_trail(here), here=here, alarms=_alarms(here), points=_points(here),
        record_lines=views.record_of(record.items), more_record=following(record, "earlier"), documents=documents,
        more_documents=more_documents, document_kinds=list(words.DOCUMENT_KINDS.items()),
        about={"device": device_id}, parts=[_linked(one) for one in parts.items], more_parts=following(parts, "parts"),
        whole=[_linked(one) for one in wholes.values()], onward=_onward(found),
        is_standing=found.status in life.STANDING, may_edit=views.may_edit() and mine,
        may_mend=views.may_mend() and mine, can_be_put_up=DeviceStatus.INSTALLED in {
            step.target for step in life.possible(found.status)},
    )  # fmt: skip


def _here(device_id: UUID) -> Any:
    """Return where a device stands now; None where it stands nowhere."""
    newest = service.places_of(g.session, g.scope, device_id, limit=1).items
    return next((place for installation, place in newest if installation.removed_at is None), None)


@pages.route("/assets/new", methods=["GET", "POST"])
def new_device() -> str | Response:
    """Enter a device in the register."""
    node = look()
    if request.method == "POST":
        try:
            made = service.register_device(
                g.session, g.scope, organisation_id=node.id, **_plate(), purchase=_purchase(),
                status=DeviceStatus(views.said("status") or "stored"),
            )  # fmt: skip
        except EnerfieldError as error:
            return refused(error, request.full_path)
        return done(_("Entered in the register."), url_for("portal.device", device_id=made.id))
    beginnings = [
        (status.value, word(words.STATUSES, status)) for status in DeviceStatus if status in life.BEGINNINGS
    ]
    return render_template("assets/new_device.html", node=node, beginnings=beginnings)


@pages.post("/devices/<uuid:device_id>/step")
def take_device_step(device_id: UUID) -> Response:
    """Take a step of its life."""
    back = url_for("portal.device", device_id=device_id)
    try:
        service.take_step(
            g.session,
            g.scope,
            device_id=device_id,
            step=request.form.get("step", ""),
            reason=views.said("reason"),
        )
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Written into its life."), back)


@pages.post("/devices/<uuid:device_id>/place")
def place_device(device_id: UUID) -> Response:
    """Put it up at a position, named by its id or code."""
    back = url_for("portal.device", device_id=device_id)
    try:
        place = _position(request.form.get("position", ""))
        zone = network.site_of(g.session, g.scope, place).timezone
        service.install(
            g.session, g.scope, device_id=device_id, position_id=place, at=views.instant_of("at", zone),
            reason=views.said("reason"),
        )  # fmt: skip
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Installed."), back)


@pages.post("/devices/<uuid:device_id>/removal")
def remove_device(device_id: UUID) -> Response:
    """Take it down."""
    back = url_for("portal.device", device_id=device_id)
    try:
        service.remove(
            g.session,
            g.scope,
            device_id=device_id,
            at=views.instant_of("at", "UTC"),
            reason=views.said("reason"),
        )
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Taken down."), back)


@pages.post("/devices/<uuid:device_id>/change")
def change_device(device_id: UUID) -> Response:
    """Say otherwise what it is and how it was bought."""
    back = url_for("portal.device", device_id=device_id)
    try:
        bought = _purchase()
        service.change_device(
            g.session, g.scope, device_id=device_id, **_plate(), purchased_on=bought.on, purchase_cost=bought.cost,
            purchase_currency=bought.currency, supplier=bought.supplier, warranty_until=bought.warranty_until,
        )  # fmt: skip
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Saved."), back)


@pages.route("/devices/<uuid:device_id>/exchange", methods=["GET", "POST"])
def exchange_device(device_id: UUID) -> str | Response:
    """Put another device up in its place, with what the registers of both showed."""
    found = service.device(g.session, g.scope, device_id)
    here = _here(device_id)
    if here is None:
        return redirect(url_for("portal.device", device_id=device_id))
    g.zone = network.site_of(g.session, g.scope, here.id).timezone
    registers = [one for one in _points_at(here.id) if one.kind.value == "register"]
    if request.method == "POST":
        try:
            service.exchange_device(
                g.session, g.scope, position_id=here.id, removed_id=found.id, installed=_successor(),
                at=views.instant_of("at", g.zone), registers=_swaps(registers), reason=views.said("reason"),
            )  # fmt: skip
        except EnerfieldError as error:
            return refused(error, request.path)
        return done(_("Exchanged."), url_for("portal.position", position_id=here.id))
    stored = service.DeviceFilter(statuses=(DeviceStatus.STORED,))
    latest = figures.latest_of(registers)
    return render_template(
        "assets/exchange.html", device=found, title=views.title_of(found), here=here,
        registers=[{"point": one, "name": named(one), "unit": one.unit, "shown": latest[one.id]["value"]}
                   for one in registers],
        spare=bool(service.list_assets(g.session, g.scope, stored, limit=1).items),
    )  # fmt: skip


def _trail(here: Any) -> list[dict[str, str]]:
    if here is not None:
        return places.way_to(here)
    return [{"name": _("Assets"), "link": url_for("portal.assets")}] if navigation.is_staff() else []


def _alarms(here: Any) -> Any:
    if here is None:
        return []
    return alarms.alarms(g.session, g.scope, alarms.AlarmFilter(position_id=here.id), limit=6).items


def _points_at(position_id: UUID) -> list[Any]:
    return list(metering.list_points(g.session, g.scope, position_id=position_id, limit=30).items)


def _points(here: Any) -> list[dict[str, Any]]:
    """Return what is measured where the device stands, each with its value of the moment."""
    points = _points_at(here.id) if here is not None else []
    latest = figures.latest_of(points)
    return [
        latest[one.id] | {"name": named(one), "link": url_for("portal.point", point_id=one.id)}
        for one in points
    ]


def _onward(device: Any) -> list[tuple[str, str]]:
    """Return the steps the asker may take from here that need no place."""
    return [
        (step.name, word(words.STEPS, step.name))
        for step in life.possible(device.status)
        if step.name not in life.WITH_A_PLACE and g.scope.holds(*step.roles)
    ]


def _linked(device: Any) -> dict[str, Any]:
    return {
        "title": views.title_of(device), "serial": device.serial_number, "status": views.status_of(device),
        "link": url_for("portal.device", device_id=device.id),
    }  # fmt: skip


def _plate() -> dict[str, Any]:
    names = ("manufacturer", "model", "serial_number")
    return {name: request.form.get(name, "") for name in names} | {"family": views.said("family")}


def _purchase() -> service.Purchase:
    return service.Purchase(
        views.day("purchased_on"), views.number("purchase_cost"), views.said("purchase_currency"),
        views.said("supplier"), views.day("warranty_until"),
    )  # fmt: skip


def _position(text: str) -> UUID:
    """Return the position an id or code names."""
    wanted = text.strip()
    try:
        return network.position(g.session, g.scope, parse(wanted)).id
    except EnerfieldError:
        hits = service.search(g.session, g.scope, text=wanted, kinds=["position"], limit=50)
    exact = [one.id for one in hits if wanted.lower() in {(one.row.code or "").lower(), one.row.name.lower()}]
    if len(exact) != 1:
        raise Refused(
            _("no single position is called '%(text)s'", text=wanted[:60]), field="position",
            remedy=_("use its code, or its id"),
        )  # fmt: skip
    return exact[0]


def _successor() -> Any:
    """Return the device that takes the place: one in store, or one that enters the register with this."""
    chosen = maybe_picked("installed", "stored_device")
    return chosen or service.NewDevice(**_plate(), purchase=service.Purchase())


def _swaps(registers: list[Any]) -> list[service.RegisterSwap]:
    swaps = []
    for point in registers:
        final, initial = views.number(f"final-{point.id}"), views.number(f"initial-{point.id}")
        if final is not None:
            swaps.append(service.RegisterSwap(point.id, float(final), float(initial or 0)))
    return swaps


def back_to(about: About) -> str:
    """Return the page of what a document belongs to."""
    if about.device_id is not None:
        return url_for("portal.device", device_id=about.device_id)
    if about.position_id is not None:
        return url_for("portal.position", position_id=about.position_id)
    return own_path(url_for("portal.customer", customer_id=about.customer_id))
