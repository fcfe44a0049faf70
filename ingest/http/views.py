"""POST /api/v1/gateway/readings: a gateway hands over its readings; 2xx means that they are stored."""

from __future__ import annotations

import hashlib
from typing import Any

import marshmallow as ma
import orjson
from flask import Flask, Response, g, request
from flask_smorest import Blueprint
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnsupportedMediaType

from backend.kernel import clock, ids
from backend.kernel.db import confine
from backend.kernel.errors import Refused, Unauthenticated
from backend.kernel.scope import Scope
from backend.metering.rules import ReadingBatch
from backend.metering.service import gateways
from backend.metering.service.gateways import Gateway
from ingest.http.parse import MOST_BYTES, MOST_READINGS, items_of, parse, unpacked
from ingest.mqtt.mapping import QUALITIES
from ingest.plan import Channel

JSON, NDJSON = "application/json", "application/x-ndjson"
TYPES = ("", JSON, NDJSON, "application/ndjson", "application/jsonl")
KEY_LENGTH = 255

blueprint = Blueprint(
    "push", __name__, url_prefix="/api/v1/gateway", description="Gateways that push readings."
)


class RefusedReadingSchema(ma.Schema):
    """A reading that was not taken, and why."""

    index = ma.fields.Integer(required=True, metadata={"description": "Its place in the request, from 0."})
    code = ma.fields.String(required=True)
    message = ma.fields.String(required=True)
    field = ma.fields.String()
    value = ma.fields.Raw()
    remedy = ma.fields.String()


class PushedSchema(ma.Schema):
    """What became of a push; answered after the commit."""

    received = ma.fields.Integer(required=True, metadata={"description": "Readings in the request."})
    stored = ma.fields.Integer(required=True, metadata={"description": "New or revised."})
    unchanged = ma.fields.Integer(required=True, metadata={"description": "There already, with this value."})
    results = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(["stored", "unchanged", "refused"])),
        required=True,
        metadata={"description": "For each reading, in the order of the request."},
    )
    refused = ma.fields.List(ma.fields.Nested(RefusedReadingSchema), required=True)


_INSTANT = {
    "oneOf": [{"type": "string", "format": "date-time"}, {"type": "integer"}],
    "description": "RFC 3339 with an offset, or Unix milliseconds; of intervals as the channel says.",
}
_READING = {
    "type": "object",
    "additionalProperties": False,
    "required": ["value"],
    "oneOf": [{"required": ["read_at"]}, {"required": ["time"]}],
    "properties": {
        "tag": {"type": "string", "description": "Name of a channel of this gateway (or give `point`)."},
        "point": {"type": "string", "description": "Id of a point that a channel of this gateway fills."},
        "read_at": _INSTANT,
        "time": _INSTANT | {"description": "The same under another name; send one of the two."},
        "value": {"type": ["number", "null"], "description": "As the channel's scale expects it."},
        "quality": {"type": "string", "enum": sorted(QUALITIES), "default": "good"},
    },
}
_LIST = {"type": "array", "maxItems": MOST_READINGS, "items": _READING}
_BODY = {
    "required": True,
    "content": {
        JSON: {
            "schema": {
                "oneOf": [
                    _LIST,
                    {"type": "object", "required": ["readings"], "properties": {"readings": _LIST}},
                ]
            },
            "example": {
                "readings": [{"tag": "meter-1.energy", "read_at": "2026-01-31T12:00:00Z", "value": 4711.5}]
            },
        },
        NDJSON: {"schema": {"type": "string", "description": "One reading as JSON per line."}},
    },
}
_KEY = {
    "in": "header", "name": "Idempotency-Key", "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH},
    "description": "Sent again with the same key and content within 48 h, a push gets its first answer.",
}  # fmt: skip


@blueprint.route("/readings", methods=["POST"])
@blueprint.doc(requestBody=_BODY, parameters=[_KEY], security=[{"gateway": []}])
@blueprint.response(200, PushedSchema)
@blueprint.alt_response(400, success=False, description="The request cannot be read.")
@blueprint.alt_response(401, success=False, description="The key opens no gateway.")
@blueprint.alt_response(413, success=False, description="The body is too large.")
@blueprint.alt_response(415, success=False, description="Neither JSON nor NDJSON.")
@blueprint.alt_response(422, success=False, description="Not a list of readings, or a key reused.")
@blueprint.alt_response(503, success=False, description="Nothing was stored; try again.")
def push() -> Response:
    """Store readings, exactly once.

    Up to 10,000 readings as JSON or NDJSON, gzip if you like. Each is answered: stored, unchanged, or
    refused with the reason; good readings are stored whatever their neighbours are. The answer comes
    after the commit. Sending the same again changes nothing.
    """
    request.max_content_length = MOST_BYTES
    session: Session = g.session
    gateway = _gateway(session)
    if request.mimetype not in TYPES:
        raise UnsupportedMediaType
    body = request.get_data(cache=False)
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return _answer(_store(session, gateway, body))
    if not 0 < len(key) <= KEY_LENGTH:
        raise Refused("an idempotency key has 1 to 255 characters", field="Idempotency-Key", value=key[:40])
    about = {"key": key, "body_hash": hashlib.sha256(body).digest()}
    answer = gateways.answer_given(session, g.scope, connection_id=gateway.connection_id, **about)
    if answer is None:
        answer = _store(session, gateway, body)
        gateways.remember_answer(session, g.scope, gateway, answer=answer, **about)
    return _answer(answer)


def register(app: Flask) -> None:
    """Hang the view on the application, and on the API's description where there is one."""
    api = app.extensions.get("enerfield-api")
    if api is None:
        app.register_blueprint(blueprint)
        return
    key = {
        "type": "http",
        "scheme": "bearer",
        "description": "A gateway's own key, from the connections page.",
    }
    api.spec.components.security_scheme("gateway", key)
    api.register_blueprint(blueprint)


def _gateway(session: Session) -> Gateway:
    """Find out who pushes and confine the transaction to them."""
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        raise Unauthenticated("this needs the gateway's key", remedy="send it as a bearer token")
    gateway = gateways.gateway_of_key(session, Scope.public(), key=key.strip())
    g.scope = gateway.scope
    confine(session, gateway.scope)
    return gateway


def _store(session: Session, gateway: Gateway, body: bytes) -> dict[str, Any]:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    items = items_of(unpacked(body, encoding), request.mimetype)
    found = parse(items, _channels(session, gateway), now_us=clock.now_us())
    results = ["refused"] * found.count
    counts = {"stored": 0, "unchanged": 0}
    if len(found.readings):
        r = found.readings
        batch = ReadingBatch(r.point_key, r.read_at_us, r.value, r.quality)
        _, changed = gateways.store_push(session, gateway, batch)
        for position, is_changed in zip(found.positions, changed.tolist(), strict=True):
            results[position] = "stored" if is_changed else "unchanged"
            counts[results[position]] += 1
    return {"received": found.count, **counts, "results": results, "refused": found.refused}


def _channels(session: Session, gateway: Gateway) -> dict[tuple[str, str], Channel]:
    """Return the gateway's channels by tag and by point."""
    channels: dict[tuple[str, str], Channel] = {}
    for row in gateways.gateway_points(session, gateway.scope, connection_id=gateway.connection_id):
        wire = Channel(
            row.key, gateway.connection_id, row.address, scale=row.scale, offset=row.offset, low=row.low,
            high=row.high, kind=row.kind.value,
        )  # fmt: skip
        channels["point", ids.show(row.id)] = wire
        if isinstance(row.address.get("tag"), str):
            channels["tag", row.address["tag"]] = wire
    return channels


def _answer(answer: dict[str, Any]) -> Response:
    return Response(orjson.dumps(answer, option=orjson.OPT_SORT_KEYS), mimetype=JSON)
