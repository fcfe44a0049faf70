"""How the field is reached: connections and their health, dead letters, devices waiting for adoption."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import current_app, g
from flask.views import MethodView

from backend.kernel.errors import NotFound
from backend.metering import service
from backend.metering.service.commissioning import PERIODS, SPOKEN, Protocol
from backend.metering.service.trials import REMEDIES, WORDS
from mobile_api.channels import ChannelSchema, MeterSchema
from mobile_api.fields import Area, Id, PageQuery, Schema, instant, page_of

blp = Area("connections", __name__, description="Connections to the field and what they could not take.")


_NAME = ma.validate.Length(1, 200)


def _seconds(period: str, said: str, default: float | None = None) -> ma.fields.Float:
    low, high = PERIODS[period]
    kept = {} if default is None else {"load_default": default}
    return ma.fields.Float(
        validate=ma.validate.Range(low, high), metadata={"description": f"{said} [s]."}, **kept
    )


class ConnectionSchema(Schema):
    """A way into the field, and what it is doing now."""

    id = Id()
    organisation_id = Id()
    name = ma.fields.String()
    name_zh = ma.fields.String(allow_none=True)
    protocol = ma.fields.String(metadata={"example": "modbus"})
    address = ma.fields.Dict(metadata={"description": "Where and how, in the protocol's own words."})
    poll_seconds = ma.fields.Float()
    timeout_seconds = ma.fields.Float()
    silence_seconds = ma.fields.Float()
    has_key = ma.fields.Boolean(metadata={"description": "HTTP: a key was issued."})
    is_enabled = ma.fields.Boolean()
    is_simulated = ma.fields.Boolean()
    is_silent = ma.fields.Boolean(metadata={"description": "Quiet for longer than it should be."})
    channels = ma.fields.Integer(metadata={"description": "Points read through it."})
    readings_per_minute = ma.fields.Float(metadata={"description": "Over the last five minutes."})
    contact_at = instant(allow_none=True)
    error = ma.fields.String(allow_none=True, metadata={"description": "What is wrong, in words."})
    error_since = instant(allow_none=True)
    missed = ma.fields.Integer(metadata={"description": "Readings known to be lost (sequence gaps)."})


class NewConnectionSchema(Schema):
    """What is said of a connection; its address in the protocol's own words (ingest/<protocol>/README)."""

    organisation_id = Id(required=True, metadata={"description": "Whose it is."})
    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "Pump hall gateway"})
    name_zh = ma.fields.String(
        load_default=None, allow_none=True, validate=_NAME, metadata={"example": "泵房网关"}
    )
    protocol = ma.fields.Enum(
        Protocol,
        by_value=True,
        required=True,
        validate=ma.validate.OneOf(SPOKEN),
        metadata={"example": "modbus"},
    )
    address = ma.fields.Dict(
        load_default=dict,
        metadata={
            "description": "modbus: host, port, scan; opcua: url, policy, mode, user, secret_name; mqtt: url, messages,"
            " share; sparkplug: url, group, host_id; http: nothing.",
            "example": {"host": "192.168.1.50", "port": 502},
        },
    )
    poll_seconds = _seconds("poll_seconds", "How often channels are read", 10.0)
    timeout_seconds = _seconds("timeout_seconds", "How long one answer may take", 1.0)
    silence_seconds = _seconds("silence_seconds", "How long it may be quiet", 120.0)


class ConnectionChangeSchema(Schema):
    """What is said otherwise of a connection; what is left out stays."""

    name = ma.fields.String(validate=_NAME, metadata={"example": "Pump hall gateway"})
    name_zh = ma.fields.String(allow_none=True, validate=_NAME)
    address = ma.fields.Dict(metadata={"example": {"host": "192.168.1.51", "port": 502}})
    poll_seconds = _seconds("poll_seconds", "How often channels are read")
    timeout_seconds = _seconds("timeout_seconds", "How long one answer may take")
    silence_seconds = _seconds("silence_seconds", "How long it may be quiet")
    is_enabled = ma.fields.Boolean(metadata={"description": "Switched on or off."})


class KeySchema(Schema):
    """A gateway's new key. It is shown this once; we keep only its SHA-256."""

    key = ma.fields.String(metadata={"example": "enf_…"})


class NewTrialSchema(Schema):
    """What is tried."""

    unit = ma.fields.Integer(
        load_default=None, allow_none=True, validate=ma.validate.Range(0, 255),
        metadata={"description": "Modbus unit to ask; null: the first that is read, else 1."},
    )  # fmt: skip


class TrialSchema(Schema):
    """Whether a connection's other side answered when it was tried last."""

    connection_id = Id()
    unit = ma.fields.Integer(allow_none=True)
    asked_at = instant()
    answered_at = instant(allow_none=True, metadata={"description": "Null while a worker is looking."})
    is_under_way = ma.fields.Function(
        service.is_under_way, metadata={"type": "boolean", "description": "A worker may still answer."}
    )
    outcome = ma.fields.Function(
        lambda trial: trial.outcome and trial.outcome.value,
        metadata={"type": ["string", "null"], "enum": [*(one.value for one in WORDS), None]},
    )
    words = ma.fields.Function(
        lambda trial: trial.outcome and WORDS[trial.outcome], metadata={"type": ["string", "null"]}
    )
    remedy = ma.fields.Function(
        lambda trial: trial.outcome and REMEDIES.get(trial.outcome), metadata={"type": ["string", "null"]}
    )
    detail = ma.fields.Dict(
        allow_none=True, metadata={"description": "milliseconds; unit, families; messages."}
    )


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
    known = ma.fields.Dict(
        keys=ma.fields.String(), allow_none=True,
        metadata={"description": "What a new try knows beside the bytes: when it came, its metrics' names."},
    )  # fmt: skip
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


@blp.route("/connections")
class Connections(MethodView):
    """All connections."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(ConnectionSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List connections with their last contact, error and rate."""
        return service.list_connections(g.session, g.scope, **page).each(_connection)

    @blp.arguments(NewConnectionSchema)
    @blp.response(201, ConnectionSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Add a way into the field (administrators, operators); workers follow it within seconds."""
        made = service.add_connection(
            g.session, g.scope, current_app.guide, organisation_id=given.pop("organisation_id"),
            new=service.NewConnection(**given),
        )  # fmt: skip
        return _one(made.id)


@blp.route("/connections/<id:connection>")
class OneConnection(MethodView):
    """One of them."""

    @blp.response(200, ConnectionSchema)
    def get(self, connection: UUID) -> dict[str, Any]:
        """Return one connection."""
        return _one(connection)

    @blp.arguments(ConnectionChangeSchema)
    @blp.response(200, ConnectionSchema)
    def patch(self, given: dict[str, Any], connection: UUID) -> dict[str, Any]:
        """Say otherwise how it is reached, or switch it on or off (administrators, operators)."""
        is_enabled = given.pop("is_enabled", None)
        service.change_connection(g.session, g.scope, current_app.guide, connection_id=connection, **given)
        if is_enabled is not None:
            service.enable_connection(g.session, g.scope, connection_id=connection, is_enabled=is_enabled)
            g.session.flush()
        return _one(connection)

    @blp.response(204)
    def delete(self, connection: UUID) -> None:
        """Remove it, where nothing hangs on it; else 409, and it can be switched off."""
        service.remove_connection(g.session, g.scope, connection_id=connection)


@blp.route("/connections/<id:connection>/key")
class Key(MethodView):
    """A pushing gateway's key."""

    @blp.response(201, KeySchema)
    def post(self, connection: UUID) -> dict[str, str]:
        """Issue a key for an HTTP gateway, shown once; the one before stops working at once."""
        return {"key": service.issue_gateway_key(g.session, g.scope, connection_id=connection)}

    @blp.response(204)
    def delete(self, connection: UUID) -> None:
        """Revoke the key: nobody can push here until another is issued."""
        service.revoke_gateway_key(g.session, g.scope, connection_id=connection)


@blp.route("/connections/<id:connection>/trial")
class Trial(MethodView):
    """Does it answer?"""

    @blp.arguments(NewTrialSchema)
    @blp.response(202, TrialSchema)
    def post(self, given: dict[str, Any], connection: UUID) -> Any:
        """Have a worker call the other side now, for 3 s at most (administrators); ask for the answer with GET."""
        return service.ask_for_trial(g.session, g.scope, connection_id=connection, **given)

    @blp.response(200, TrialSchema)
    def get(self, connection: UUID) -> Any:
        """Return what the last trial found."""
        trial = service.last_trial(g.session, g.scope, connection)
        if trial is None:
            raise NotFound("this connection was not tried yet", remedy="POST here first")
        return trial


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

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(SightingSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List devices and tags seen on the wire that wait for adoption."""
        return service.list_sightings(g.session, g.scope, **page).each(lambda row: row[0])


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
        return service.adopt(
            g.session, g.scope, current_app.guide, sighting_id=sighting, point_id=point_id,
            new=service.NewChannel(**given),
        )  # fmt: skip


@blp.route("/sightings/<id:sighting>/meter")
class AdoptedMeter(MethodView):
    """Taking a whole meter in."""

    @blp.arguments(MeterSchema)
    @blp.response(201, ChannelSchema(many=True))
    def post(self, given: dict[str, Any], sighting: UUID) -> Any:
        """Read a meter seen behind a Modbus gateway by its family, into new points at a position."""
        position_id = given.pop("position_id")
        meter = service.Meter(**given | {"measures": tuple(given["measures"])})
        return service.adopt_meter(
            g.session, g.scope, current_app.guide, sighting_id=sighting, position_id=position_id, meter=meter
        )


def _one(connection_id: UUID) -> dict[str, Any]:
    return _connection(service.connection_view(g.session, g.scope, connection_id))


def _connection(view: Any) -> dict[str, Any]:
    own = (
        "id",
        "organisation_id",
        "name",
        "name_zh",
        "protocol",
        "address",
        *PERIODS,
        "is_enabled",
        "is_simulated",
    )
    said = ("contact_at", "error", "error_since")
    return (
        {name: getattr(view.connection, name) for name in own}
        | {name: getattr(view.state, name, None) for name in said}
        | {"missed": view.state.missed if view.state else 0, "has_key": view.connection.key_hash is not None}
        | {name: getattr(view, name) for name in ("is_silent", "channels", "readings_per_minute")}
    )
