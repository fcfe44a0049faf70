"""What phones in the field hold and send (backend/field/README.md is the contract)."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, current_app, g, request, url_for
from flask.views import MethodView

from backend.field import service
from backend.field.rules.operation import MOST_BYTES
from backend.field.service.row import iso
from backend.kernel import clock
from backend.kernel.errors import Refused
from mobile_api.fields import Area, Id, PageQuery, Schema, instant, page_of

blp = Area(
    "field", __name__, url_prefix="/field", description="The field app: push, pull, uploads, conflicts."
)

SIGNATURE = "Enerfield-Signature"


@blp.after_request
def _sign(response: Response) -> Response:
    """Mark every answer of ours, refusals too."""
    response.headers[SIGNATURE] = "1"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


class BatchSchema(Schema):
    """Operations of a phone, at most 50 or 256 kB; each is described in the contract."""

    batch_id = ma.fields.String(required=True, validate=ma.validate.Length(1, 80))
    device_id = ma.fields.String(required=True, validate=ma.validate.Length(1, 80))
    boot_id = ma.fields.String(validate=ma.validate.Length(1, 80))
    mono_ms = ma.fields.Float(metadata={"description": "The phone's monotonic clock as it sent this [ms]."})
    sent_at = ma.fields.String(
        validate=ma.validate.Length(max=40),
        metadata={"description": "The phone's wall clock as it sent this."},
    )
    operations = ma.fields.List(
        ma.fields.Dict(keys=ma.fields.String()), required=True, validate=ma.validate.Length(0, 50),
        metadata={"example": [{
            "op_id": "01KASG2V3W4X5Y6Z7A8B9C0D1E", "device_id": "phone-1", "seq": 1, "entity": "work_order",
            "entity_id": "01KASG2V3W4X5Y6Z7A8B9C0D1F", "command": "comment", "args": {"text": "Pump replaced"},
            "base_rev": 7, "deps": [], "occurred_at": "2026-11-27T08:00:00.000Z", "mono_ms": 812000, "boot_id": "b1",
            "clock_offset_ms": 0, "tz": "Asia/Shanghai", "geo": None, "evidence": [], "schema": 1, "app": "1.0",
        }]},
    )  # fmt: skip


class SyncAnswerSchema(ma.Schema):
    """One result for each operation, in their order."""

    server_time = ma.fields.String(required=True)
    results = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()), required=True)


@blp.route("/push")
class Push(MethodView):
    """Operations."""

    @blp.arguments(BatchSchema)
    @blp.response(200, SyncAnswerSchema)
    @blp.alt_response(409, description="An earlier request of this phone is still being worked on.")
    @blp.alt_response(422, description="An op_id came again with other content.")
    def post(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Take operations, each once, each with its own answer."""
        if (size := len(request.get_data())) > MOST_BYTES:
            raise Refused(
                "a batch has at most 256 kB", field="operations", value=size, remedy="send fewer at a time"
            )
        if request.headers.get("Idempotency-Key", batch["batch_id"]) != batch["batch_id"]:
            raise Refused("the key of a batch is its batch_id", field="Idempotency-Key",
                          value=request.headers["Idempotency-Key"][:80], remedy="send the batch's own id")  # fmt: skip
        results = service.push(
            g.session,
            g.scope,
            current_app.files,
            device_id=batch["device_id"],
            operations=batch["operations"],
            sent=batch,
        )
        return {"server_time": iso(clock.now()), "results": results}


class PullQuery(Schema):
    """Where to go on."""

    cursor = ma.fields.String(load_default=None, validate=ma.validate.Length(max=120))
    device_id = ma.fields.String(load_default=None, validate=ma.validate.Length(max=80))


class RowSchema(ma.Schema):
    """A row to keep."""

    entity = ma.fields.String(required=True)
    id = ma.fields.String(required=True)
    rev = ma.fields.Integer(required=True)
    row = ma.fields.Dict(required=True)


class PulledSchema(ma.Schema):
    """What is new."""

    server_time = ma.fields.String(required=True)
    cursor = ma.fields.String(required=True)
    scope_epoch = ma.fields.String(required=True)
    schema = ma.fields.Integer(required=True)
    more = ma.fields.Boolean(required=True)
    rows = ma.fields.List(ma.fields.Nested(RowSchema), required=True)
    tombstones = ma.fields.List(ma.fields.Dict(), required=True)
    leaves = ma.fields.List(ma.fields.Dict(), required=True)
    wanted = ma.fields.List(
        ma.fields.Dict(),
        required=True,
        metadata={"description": "Photos this phone registered and never sent."},
    )


@blp.route("/pull")
class Pull(MethodView):
    """What is new."""

    @blp.arguments(PullQuery, location="query")
    @blp.response(200, PulledSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return the next part of what a phone is to know."""
        return service.as_dict(service.pull(g.session, g.scope, **query))


@blp.route("/ping")
class Ping(MethodView):
    """Whether we are there."""

    @blp.response(200, Schema.from_dict({"server_time": ma.fields.String(required=True)}, name="Pong"))
    def get(self) -> dict[str, Any]:
        """Say that it is us, and what time it is here."""
        return {"server_time": iso(clock.now())}


# --- photos


class UploadSchema(Schema):
    """A photo that is to come."""

    sha256 = ma.fields.String(required=True, validate=ma.validate.Regexp("^[0-9a-f]{64}$"))
    size = ma.fields.Integer(required=True, validate=ma.validate.Range(1))
    mime = ma.fields.String(required=True, metadata={"example": "image/jpeg"})


class UploadState(ma.Schema):
    """How far a photo is. state: here, waiting, refused"""

    state = ma.fields.String(required=True)
    offset = ma.fields.Integer()
    reason = ma.fields.String()


class UploadQuery(Schema):
    """Which photos: up to 100 hashes, separated by commas."""

    sha256 = ma.fields.String(required=True, validate=ma.validate.Length(64, 6_600))


@blp.route("/uploads")
class Uploads(MethodView):
    """Photos on their way."""

    @blp.arguments(UploadSchema)
    @blp.response(201, UploadState, headers={"Location": {"description": "Where to send the bytes."}})
    @blp.alt_response(200, schema=UploadState, description="The bytes are here already.")
    def post(self, new: dict[str, Any]) -> Any:
        """Begin to send a photo, or learn that it is here."""
        begun = service.begin(g.session, g.scope, **new)
        if begun.upload is None:
            return {"state": "here"}, 200
        place = url_for("field.Upload", upload_id=begun.upload.id)
        return {"state": "waiting", "offset": begun.upload.received}, 201, {"Location": place}

    @blp.arguments(UploadQuery, location="query")
    @blp.response(200, Schema.from_dict({"here": ma.fields.Dict(required=True), "server_time": ma.fields.String()},
                                        name="UploadsHere"))  # fmt: skip
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Tell which photos are here."""
        hashes = [one for one in query["sha256"].split(",") if one][:100]
        return {"here": service.here(g.session, g.scope, hashes=hashes), "server_time": iso(clock.now())}


@blp.route("/uploads/<id:upload_id>")
class Upload(MethodView):
    """One photo on its way (tus 1.0 shape)."""

    @blp.response(200, headers={"Upload-Offset": {"description": "Bytes that are safe."}})
    def head(self, upload_id: UUID) -> Response:
        """Tell how far it is."""
        upload = service.where(g.session, g.scope, folder=_folder(), upload_id=upload_id)
        return Response(headers={"Upload-Offset": str(upload.received), "Upload-Length": str(upload.size)})

    @blp.response(200, UploadState)
    @blp.alt_response(409, description="This is not the next piece; ask where it stands.")
    @blp.alt_response(460, description="The piece did not arrive as it was sent.")
    def patch(self, upload_id: UUID) -> Any:
        """Take the next piece, at most 256 kB. Headers: Upload-Offset, Upload-Checksum (sha256, base64)."""
        # a foreign one is 404 before anything is read
        service.where(g.session, g.scope, folder=_folder(), upload_id=upload_id)
        upload = service.take(
            g.session, g.scope, current_app.files, folder=_folder(), upload_id=upload_id,  # type: ignore[attr-defined]  # ours
            offset=_offset(), piece=request.get_data(cache=False), sha256=_checksum(),
        )  # fmt: skip
        headers = {"Upload-Offset": str(upload.received)}
        if upload.refused is not None:
            return {"state": "refused", "offset": 0, "reason": upload.refused}, 200, headers
        state = "here" if upload.stored_sha256 else "waiting"
        return {"state": state, "offset": upload.received}, 200, headers


def _folder() -> Path:
    return Path(current_app.settings.home) / "uploads"  # type: ignore[attr-defined]  # ours


def _offset() -> int:
    try:
        return int(request.headers["Upload-Offset"])
    except (KeyError, ValueError):
        raise Refused("say where this piece begins", field="Upload-Offset",
                      value=request.headers.get("Upload-Offset", "")[:20]) from None  # fmt: skip


def _checksum() -> bytes | None:
    said = request.headers.get("Upload-Checksum")
    if not said:
        return None
    kind, _, value = said.partition(" ")
    try:
        if kind.lower() != "sha256":
            raise ValueError(kind)
        return base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        raise Refused(
            "a checksum is written 'sha256 <base64>'", field="Upload-Checksum", value=said[:80]
        ) from None


# --- being told


class SubscriptionKeys(Schema):
    """Keys of a browser's subscription."""

    p256dh = ma.fields.String(required=True, validate=ma.validate.Length(80, 100))
    auth = ma.fields.String(required=True, validate=ma.validate.Length(16, 40))


class SubscriptionSchema(Schema):
    """Where a phone is told of news."""

    device_id = ma.fields.String(required=True, validate=ma.validate.Length(1, 80))
    endpoint = ma.fields.Url(required=True, schemes={"https"})
    keys = ma.fields.Nested(SubscriptionKeys, required=True)
    locale = ma.fields.String(load_default="en", validate=ma.validate.OneOf(["en", "zh"]))


class DeviceQuery(Schema):
    """Which phone."""

    device_id = ma.fields.String(required=True, validate=ma.validate.Length(1, 80))


@blp.route("/push-key")
class PushKey(MethodView):
    """The key phones subscribe with."""

    @blp.response(200, Schema.from_dict({"key": ma.fields.String(required=True)}, name="PushKey"))
    def get(self) -> dict[str, str]:
        """Return our public key (VAPID, base64url)."""
        return {"key": current_app.pusher.public_key()}  # type: ignore[attr-defined]  # ours


@blp.route("/subscriptions")
class Subscriptions(MethodView):
    """Where phones are told."""

    @blp.arguments(SubscriptionSchema)
    @blp.response(201)
    def post(self, new: dict[str, Any]) -> None:
        """Tell this phone of news from now on."""
        keys = new.pop("keys")
        service.subscribe(g.session, g.scope, p256dh=keys["p256dh"], auth=keys["auth"], **new)

    @blp.arguments(DeviceQuery, location="query")
    @blp.response(204)
    def delete(self, query: dict[str, Any]) -> None:
        """Tell it nothing any more."""
        service.unsubscribe(g.session, g.scope, device_id=query["device_id"])


# --- conflicts


class ConflictSchema(ma.Schema):
    """What a phone and the office said differently; both are kept."""

    id = Id()
    organisation_id = Id()
    person_id = Id()
    op_id = Id()
    entity = ma.fields.String()
    entity_id = Id()
    kind = ma.fields.String(metadata={"enum": ["state", "same_field", "tag_taken", "deleted"]})
    command = ma.fields.String()
    mine = ma.fields.Dict(metadata={"description": "What the phone said."})
    theirs = ma.fields.Dict(metadata={"description": "What stood here."})
    raised_at = instant()
    resolved_at = instant(allow_none=True)
    resolved_by = Id(allow_none=True)
    resolution = ma.fields.String(allow_none=True)


class ConflictQuery(PageQuery):
    """Which conflicts."""

    all = ma.fields.Boolean(load_default=False, metadata={"description": "Settled ones too."})


class ResolutionSchema(Schema):
    """Which of the two holds."""

    resolution = ma.fields.String(required=True, validate=ma.validate.OneOf(["mine", "theirs"]))


@blp.route("/conflicts")
class Conflicts(MethodView):
    """Conflicts between phones and the office."""

    @blp.arguments(ConflictQuery, location="query")
    @blp.response(200, page_of(ConflictSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List conflicts, the newest first."""
        return service.conflicts(
            g.session, g.scope, only_open=not query["all"], cursor=query["cursor"], limit=query["limit"]
        )


@blp.route("/conflicts/<id:conflict_id>/resolution")
class Resolution(MethodView):
    """Settling one."""

    @blp.arguments(ResolutionSchema)
    @blp.response(200, ConflictSchema)
    def post(self, given: dict[str, Any], conflict_id: UUID) -> Any:
        """Pick what the phone said, or what stood here."""
        return service.resolve(g.session, g.scope, conflict_id=conflict_id, **given)
