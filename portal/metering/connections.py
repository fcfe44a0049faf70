"""Connections, dead letters and devices seen: what talks to us, what is silent, what could not be taken."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import show
from backend.kernel.scope import Role
from backend.kernel.units import Carrier, PointKind
from backend.metering import service
from portal import wires
from portal.address import asked, following
from portal.forms import said
from portal.metering.commissioning import around
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.picking import maybe_picked, picked
from portal.terms import QUANTITIES
from portal.words import named_here as named

KEEPERS = (Role.ADMINISTRATOR, Role.OPERATOR)
LINES = 40
"""Positions offered when a device is adopted; the search finds the others."""


@pages.get("/connections")
def connections() -> str:
    """Answer: what talks to us, what is silent, and why?"""
    look()
    page = service.list_connections(g.session, g.scope, cursor=asked())
    rows = [wires.row(one) for one in page.items]
    if page.next_cursor and not asked():
        rows = wires.silent() + [row for row in rows if row["state"] != "act"]
    rows.sort(
        key=lambda row: ({"act": 0, "attention": 1, "unknown": 2, "good": 3}[row["state"]], row["name"])
    )
    return render_template(
        "metering/connections.html", connections=rows, next=following(page), may_write=g.scope.holds(*KEEPERS)
    )


@pages.get("/connections/<uuid:connection_id>")
def connection(connection_id: UUID) -> str:
    """Show one connection with its channels."""
    found = service.connection_view(g.session, g.scope, connection_id)
    channels = service.list_channels(g.session, g.scope, connection_id, cursor=asked())
    keys = [point.id for _channel, point in channels.items]
    known = service.latest_values(g.session, g.scope, point_ids=keys) if keys else []
    latest = {one.point_id: one for one in known}
    rows = [
        {
            "name": named(point), "carrier": point.carrier.value, "address": wires.place_on_wire(channel.address),
            "link": url_for("portal.point", point_id=point.id), "at": _at(latest.get(point.id)),
            "is_enabled": channel.is_enabled, "edit": url_for("portal.edit_channel", channel_id=channel.id),
        }
        for channel, point in channels.items
    ]  # fmt: skip
    return render_template(
        "metering/connection.html",
        connection=wires.row(found),
        channels=rows,
        next=following(channels),
        **around(connection_id),
    )


@pages.get("/dead-letters")
def dead_letters() -> str:
    """Answer: what could not be taken, and why?"""
    look()
    page = service.list_dead_letters(g.session, g.scope, cursor=asked(), limit=20)
    via = {one.connection_id for one in page.items if one.connection_id}
    names = {one.id: named(one) for one in service.connections_by_id(g.session, g.scope, via).values()}
    letters = [
        {
            "id": one.id, "reason": one.reason, "received_at": one.received_at, "attempts": one.attempts,
            "address": one.address, "payload": _readable(one.payload, one.known),
            "connection": names.get(one.connection_id, ""),
        }
        for one in page.items
    ]  # fmt: skip
    return render_template(
        "metering/dead_letters.html",
        letters=letters,
        next=following(page),
        may_act=g.scope.holds(*KEEPERS, Role.DISPATCHER),
    )


@pages.post("/dead-letters/<uuid:letter_id>")
def settle_dead_letter(letter_id: UUID) -> Response:
    """Replay a dead letter through the mapping as it is now, or dismiss it."""
    back = url_for("portal.dead_letters")
    try:
        if request.form.get("action") != "replay":
            service.settle_dead_letter(g.session, g.scope, letter_id=letter_id, outcome="dismissed")
            return done(_("Dismissed; it is kept in the history."), back)
        service.ask_for_replay(g.session, g.scope, letter_id=letter_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("It is being replayed. If it fails again it stays here with the new reason."), back)


@pages.get("/sightings")
def sightings() -> str:
    """Answer: what is new on the wire?"""
    look()
    page = service.list_sightings(g.session, g.scope, cursor=asked(), limit=20)
    rows = [
        {
            "id": one.id, "address": one.address, "connection": named(connection),
            "first_seen_at": one.first_seen_at, "last_seen_at": one.last_seen_at,
            "sample_text": json.dumps(one.sample, ensure_ascii=False, indent=1),
            "suggested_name": one.address.strip("/").rsplit("/", 1)[-1], "meter": _meter_link(one, connection),
        }
        for one, connection in page.items
    ]  # fmt: skip
    return render_template(
        "metering/sightings.html", sightings=rows, may_act=g.scope.holds(*KEEPERS),
        next=following(page),
    )  # fmt: skip


@pages.post("/sightings/<uuid:sighting_id>/adopt")
def adopt(sighting_id: UUID) -> Response:
    """Read a device that was seen into a point there is, or a new one, from now on."""
    form, back = request.form, url_for("portal.sightings")
    try:
        sighting = service.sighting(g.session, g.scope, sighting_id)
        connection = service.connection(g.session, g.scope, sighting.connection_id)
        point_id = maybe_picked("point", "point") or _new_point(form).id
        channel = service.NewChannel(address=_channel_address(sighting, connection.protocol.value))
        service.adopt(
            g.session, g.scope, current_app.guide, sighting_id=sighting_id, point_id=point_id, new=channel
        )
    except EnerfieldError as error:
        error.message, error.remedy = said(error), None
        return refused(error, back)
    except ValueError:
        return refused(Refused(_("This was adopted or dismissed meanwhile, or a choice is missing.")), back)
    return done(_("Adopted. Its values appear within a minute."), url_for("portal.point", point_id=point_id))


@pages.post("/sightings/<uuid:sighting_id>/dismiss")
def dismiss_sighting(sighting_id: UUID) -> Response:
    """Say that a device that was seen is none of ours."""
    service.dismiss_sighting(g.session, g.scope, sighting_id=sighting_id)
    return done(_("Dismissed."), url_for("portal.sightings"))


def _readable(payload: bytes, known: Any = None) -> str:
    """Return a payload as text, indented where it is JSON, as hexadecimal where it is neither.

    known: what was understood of it when it came, shown instead of bytes
    """
    if known is not None:
        return json.dumps(known, ensure_ascii=False, indent=1)[:4000]
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return payload[:2000].hex(" ")
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=1)[:4000]
    except ValueError:
        return text[:4000]


def _new_point(form: Any) -> Any:
    """Make the point a form of adoption describes."""
    quantity = form.get("quantity", "")
    if quantity not in QUANTITIES:
        raise Refused("this quantity is not known", field="quantity", value=quantity)
    new = service.NewPoint(
        name=form.get("name", "").strip()[:200], carrier=Carrier(form.get("carrier", "")), quantity=quantity,
        unit=form.get("unit", ""), kind=PointKind(form.get("kind", "")),
    )  # fmt: skip
    return service.create_point(g.session, g.scope, position_id=picked("position", "kept_place"), new=new)


def _meter_link(sighting: Any, connection: Any) -> str:
    """Return where a meter seen behind a Modbus gateway is taken in by its family; empty for other protocols."""
    sample = sighting.sample if isinstance(sighting.sample, dict) else {}
    if connection.protocol.value != "modbus" or not isinstance(sample.get("unit"), int):
        return ""
    return url_for(
        "portal.new_meter", connection_id=connection.id, unit=sample["unit"], sighting=show(sighting.id),
        seen=sample.get("families") or [],
    )  # fmt: skip


def _channel_address(sighting: Any, protocol: str) -> dict[str, Any]:
    """Return the address of the channel that will read what was seen, in the words of its protocol."""
    sample = sighting.sample if isinstance(sighting.sample, dict) else {}
    if isinstance(sample.get("channel"), dict):
        return dict(sample["channel"])
    if protocol == "sparkplug":
        return {name: sample[name] for name in ("node", "device", "metric") if sample.get(name)}
    if protocol == "mqtt":
        return {"device": sample.get("device", sighting.address), "path": sample.get("member", "")}
    return {"tag" if protocol == "http" else "node": sighting.address}


def _at(value: Any) -> Any:
    return value.read_at if value is not None else None
