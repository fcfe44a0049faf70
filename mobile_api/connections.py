"""How the field is reached: connections and their health, dead letters, devices waiting for adoption."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.metering import service
from mobile_api.fields import Area, Id, PageQuery, Schema, instant, page_of

blp = Area("connections", __name__, description="Connections to the field and what they could not take.")


class ConnectionSchema(Schema):
    """A way into the field, and what it is doing now."""

    id = Id()
    organisation_id = Id()
    name = ma.fields.String()
    protocol = ma.fields.String(metadata={"example": "modbus"})
    is_enabled = ma.fields.Boolean()
    is_simulated = ma.fields.Boolean()
    is_silent = ma.fields.Boolean(metadata={"description": "Quiet for longer than it should be."})
    channels = ma.fields.Integer(metadata={"description": "Points read through it."})
    readings_per_minute = ma.fields.Float(metadata={"description": "Over the last five minutes."})
    contact_at = instant(allow_none=True)
    error = ma.fields.String(allow_none=True, metadata={"description": "What is wrong, in words."})
    error_since = instant(allow_none=True)
    missed = ma.fields.Integer(metadata={"description": "Readings known to be lost (sequence gaps)."})


class DeadLetterQuery(PageQuery):
    """Which dead letters."""

    connection = Id(load_default=None)
    settled = ma.fields.Boolean(
        load_default=False, metadata={"description": "Those already dealt with instead of the open ones."}
    )


class DeadLetterSchema(Schema):
    """Input that could not be taken."""

    id = Id()
    organisation_id = Id()
    connection_id = Id(allow_none=True)
    received_at = instant()
    address = ma.fields.String(metadata={"description": "Topic, register or path it came by."})
    payload = ma.fields.Method(
        "_payload", metadata={"type": "string", "format": "byte", "description": "As it came, base 64."}
    )
    reason = ma.fields.String()
    attempts = ma.fields.Integer()
    settled_at = instant(allow_none=True)
    outcome = ma.fields.String(allow_none=True)

    def _payload(self, letter: Any) -> str:
        return base64.b64encode(letter.payload).decode()


class SightingSchema(Schema):
    """A device or tag seen on the wire that nothing reads yet."""

    id = Id()
    organisation_id = Id()
    connection_id = Id()
    address = ma.fields.String()
    sample = ma.fields.Dict(metadata={"description": "What it said."})
    first_seen_at = instant()
    last_seen_at = instant()


class AdoptionSchema(Schema):
    """Into which point a sighted device is read, and how."""

    point_id = Id(required=True)
    address = ma.fields.Dict(required=True, metadata={"description": "In the protocol's own words."})
    decoding = ma.fields.Dict(load_default=dict)
    scale = ma.fields.Float(load_default=1.0)
    offset = ma.fields.Float(load_default=0.0)


class ChannelSchema(Schema):
    """How a point is read."""

    id = Id()
    connection_id = Id()
    point_id = Id()
    address = ma.fields.Dict()
    scale = ma.fields.Float()
    offset = ma.fields.Float()
    is_enabled = ma.fields.Boolean()


@blp.route("/connections")
class Connections(MethodView):
    """All connections."""

    @blp.response(200, ConnectionSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List connections with their last contact, error and rate."""
        return [_connection(view) for view in service.list_connections(g.session, g.scope)]


@blp.route("/dead-letters")
class DeadLetters(MethodView):
    """What could not be taken."""

    @blp.arguments(DeadLetterQuery, location="query")
    @blp.response(200, page_of(DeadLetterSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List input that could not be taken, the newest first."""
        return service.list_dead_letters(
            g.session, g.scope, connection_id=wanted["connection"], settled=wanted["settled"],
            cursor=wanted["cursor"], limit=wanted["limit"],
        )  # fmt: skip


@blp.route("/dead-letters/<id:letter>")
class OneDeadLetter(MethodView):
    """One of them."""

    @blp.response(200, DeadLetterSchema)
    def get(self, letter: UUID) -> Any:
        """Return one dead letter with its payload."""
        return service.dead_letter(g.session, g.scope, letter)

    @blp.response(200, DeadLetterSchema)
    def delete(self, letter: UUID) -> Any:
        """Dismiss it: nobody needs what it says. It is kept, as dismissed."""
        return service.settle_dead_letter(g.session, g.scope, letter_id=letter, outcome="dismissed")


@blp.route("/dead-letters/<id:letter>/replay")
class Replay(MethodView):
    """Another try."""

    @blp.response(202, DeadLetterSchema)
    def post(self, letter: UUID) -> Any:
        """Have it tried again after its mapping was mended; a worker does it within seconds."""
        return service.ask_for_replay(g.session, g.scope, letter_id=letter)


@blp.route("/sightings")
class Sightings(MethodView):
    """Devices seen."""

    @blp.response(200, SightingSchema(many=True))
    def get(self) -> Any:
        """List devices and tags seen on the wire that wait for adoption."""
        return [sighting for sighting, _ in service.list_sightings(g.session, g.scope)]


@blp.route("/sightings/<id:sighting>")
class OneSighting(MethodView):
    """One of them."""

    @blp.response(204)
    def delete(self, sighting: UUID) -> None:
        """Dismiss it: it is none of ours."""
        service.dismiss_sighting(g.session, g.scope, sighting_id=sighting)


@blp.route("/sightings/<id:sighting>/adoption")
class Adoption(MethodView):
    """Taking one in."""

    @blp.arguments(AdoptionSchema)
    @blp.response(201, ChannelSchema)
    def post(self, given: dict[str, Any], sighting: UUID) -> Any:
        """Read the device into a point from now on."""
        point_id = given.pop("point_id")
        channel = service.NewChannel(**given)
        return service.adopt_sighting(
            g.session, g.scope, sighting_id=sighting, point_id=point_id, channel=channel
        )


def _connection(view: Any) -> dict[str, Any]:
    own = ("id", "organisation_id", "name", "protocol", "is_enabled", "is_simulated")
    said = ("contact_at", "error", "error_since")
    return (
        {name: getattr(view.connection, name) for name in own}
        | {name: getattr(view.state, name, None) for name in said}
        | {"missed": view.state.missed if view.state else 0}
        | {name: getattr(view, name) for name in ("is_silent", "channels", "readings_per_minute")}
    )
