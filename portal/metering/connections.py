"""Connections, dead letters and devices seen: what talks to us, what is silent, what could not be taken."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse
from backend.kernel.scope import Role
from backend.kernel.units import Carrier, PointKind
from backend.metering import service
from backend.network import service as network
from portal import wires
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.terms import QUANTITIES
from portal.words import named_here as named

KEEPERS = (Role.ADMINISTRATOR, Role.OPERATOR)
LINES = 40
"""Positions offered when a device is adopted; the search finds the others."""


@pages.get("/connections")
def connections() -> str:
    """Answer: what talks to us, what is silent, and why?"""
    look()
    rows = [wires.row(one) for one in service.list_connections(g.session, g.scope)]
    rows.sort(
        key=lambda row: ({"act": 0, "attention": 1, "unknown": 2, "good": 3}[row["state"]], row["name"])
    )
    return render_template("metering/connections.html", connections=rows)


@pages.get("/connections/<uuid:connection_id>")
def connection(connection_id: UUID) -> str:
    """Show one connection with its channels."""
    found = next(
        (one for one in service.list_connections(g.session, g.scope) if one.connection.id == connection_id),
        None,
    )
    channels = service.channels_of(g.session, g.scope, connection_id)
    latest = service.latest_values(g.session, g.scope, point_ids=[point.id for _channel, point in channels])
    rows = [
        {
            "name": named(point), "carrier": point.carrier.value, "address": wires.compact(channel.address),
            "link": url_for("portal.point", point_id=point.id), "at": _at(latest.get(point.id)),
        }
        for channel, point in channels
    ]  # fmt: skip
    return render_template("metering/connection.html", connection=wires.row(found), channels=rows)


@pages.get("/dead-letters")
def dead_letters() -> str:
    """Answer: what could not be taken, and why?"""
    look()
    page = service.list_dead_letters(g.session, g.scope, cursor=request.args.get("after") or None, limit=20)
    names = {one.connection.id: one.connection.name for one in service.list_connections(g.session, g.scope)}
    letters = [
        {
            "id": one.id, "reason": one.reason, "received_at": one.received_at, "attempts": one.attempts,
            "address": one.address, "payload": _readable(one.payload), "connection": names.get(one.connection_id, ""),
        }
        for one in page.items
    ]  # fmt: skip
    following = page.next_cursor and url_for(
        "portal.dead_letters", at=request.args.get("at"), after=page.next_cursor
    )
    return render_template(
        "metering/dead_letters.html",
        letters=letters,
        next=following,
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
    rows = [
        {
            "id": one.id, "address": one.address, "connection": connection.name,
            "first_seen_at": one.first_seen_at, "last_seen_at": one.last_seen_at,
            "sample_text": json.dumps(one.sample, ensure_ascii=False, indent=1),
            "suggested_name": one.address.strip("/").rsplit("/", 1)[-1],
        }
        for one, connection in service.list_sightings(g.session, g.scope)
    ]  # fmt: skip
    places = network.list_positions(g.session, g.scope, limit=200).items if rows else []
    return render_template(
        "metering/sightings.html", sightings=rows, positions=[(place.id, named(place)) for place in places],
        may_act=g.scope.holds(*KEEPERS),
    )  # fmt: skip


@pages.post("/sightings/<uuid:sighting_id>/adopt")
def adopt(sighting_id: UUID) -> Response:
    """Read a device that was seen into a new point from now on."""
    form, back = request.form, url_for("portal.sightings")
    try:
        quantity = form.get("quantity", "")
        if quantity not in QUANTITIES:
            raise Refused("this quantity is not known", field="quantity", value=quantity)
        new = service.NewPoint(
            name=form.get("name", "").strip()[:200], carrier=Carrier(form.get("carrier", "")), quantity=quantity,
            unit=form.get("unit", ""), kind=PointKind(form.get("kind", "")),
        )  # fmt: skip
        waiting = service.list_sightings(g.session, g.scope)
        sighting, connection = next(pair for pair in waiting if pair[0].id == sighting_id)
        point = service.create_point(g.session, g.scope, position_id=parse(form.get("position", "")), new=new)
        channel = service.NewChannel(address=_channel_address(sighting, connection.protocol.value))
        service.adopt_sighting(
            g.session, g.scope, sighting_id=sighting_id, point_id=point.id, channel=channel
        )
    except EnerfieldError as error:
        return refused(error, back)
    except (ValueError, StopIteration):
        return refused(Refused(_("This was adopted or dismissed meanwhile, or a choice is missing.")), back)
    return done(_("Adopted. Its values appear within a minute."), url_for("portal.point", point_id=point.id))


@pages.post("/sightings/<uuid:sighting_id>/dismiss")
def dismiss_sighting(sighting_id: UUID) -> Response:
    """Say that a device that was seen is none of ours."""
    service.dismiss_sighting(g.session, g.scope, sighting_id=sighting_id)
    return done(_("Dismissed."), url_for("portal.sightings"))


def _readable(payload: bytes) -> str:
    """Return a payload as text, indented where it is JSON, as hexadecimal where it is neither."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return payload[:2000].hex(" ")
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=1)[:4000]
    except ValueError:
        return text[:4000]


def _channel_address(sighting: Any, protocol: str) -> dict[str, Any]:
    """Return the address of the channel that will read what was seen, in the words of its protocol."""
    sample = sighting.sample if isinstance(sighting.sample, dict) else {}
    if isinstance(sample.get("channel"), dict):
        return dict(sample["channel"])
    if protocol == "sparkplug":
        return {name: sample[name] for name in ("node", "device", "metric") if sample.get(name)}
    if protocol == "mqtt":
        return {"device": sample.get("device", sighting.address), "path": sample.get("member", "")}
    return {"node": sighting.address}


def _at(value: Any) -> Any:
    return value.read_at if value is not None else None
