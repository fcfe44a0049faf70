"""Shapes of tags as phones and partners see them."""

from __future__ import annotations

import marshmallow as ma

from backend.assets.service import tags as service
from mobile_api.fields import Id, PageQuery, Schema, instant

STATES, KINDS = ("unbound", "bound", "retired"), ("qr", "rfid", "nfc")
SCHEMES = ("gs1", "nfc", "maker")
SOURCES = ("camera", "nfc", "rfid", "wedge", "typed", "link")
_REASON = ma.validate.Length(1, 500)
CODE = "01KASG2V3W4X5Y6Z7A8B9C0D1E7Q2M9X4K1"


class TagPlaceSchema(Schema):
    """Where the phone was: WGS 84, and how far the fix may be off."""

    longitude = ma.fields.Float(required=True, validate=ma.validate.Range(-180, 180))
    latitude = ma.fields.Float(required=True, validate=ma.validate.Range(-90, 90))
    accuracy_m = ma.fields.Float(
        load_default=0.0, validate=ma.validate.Range(0, 1e7), metadata={"description": "Metres."}
    )


class TagSchema(Schema):
    """One tag and what it is bound to."""

    id = Id(attribute="tag.id")
    organisation_id = Id(attribute="tag.organisation_id")
    kind = ma.fields.String(attribute="tag.kind", metadata={"enum": list(KINDS)})
    state = ma.fields.String(attribute="tag.state", metadata={"enum": list(STATES)})
    short_code = ma.fields.String(
        attribute="tag.short_code", metadata={"description": "What fingers type.", "example": "7Q2M9X4K"}
    )
    payload = ma.fields.Function(
        lambda row: service.payload_of(row.tag.id),
        metadata={"type": "string", "example": f"HTTPS://ENERFIELD.EXAMPLE/T/{CODE}",
                  "description": "What is printed, or written to a chip."},
    )  # fmt: skip
    position_id = Id(attribute="tag.position_id", allow_none=True)
    device_id = Id(attribute="tag.device_id", allow_none=True)
    name = ma.fields.String(metadata={"description": "Of what it is bound to; empty while it is unbound."})
    name_zh = ma.fields.String(allow_none=True)
    place_id = Id(allow_none=True, metadata={"description": "The position, or where the device stands."})
    place = ma.fields.String(allow_none=True)
    place_zh = ma.fields.String(allow_none=True)
    batch_id = Id(attribute="tag.batch_id", allow_none=True)
    bound_at = instant(attribute="tag.bound_at", allow_none=True)
    seen_at = instant(attribute="tag.seen_at", allow_none=True)
    seen_by = ma.fields.String(allow_none=True, metadata={"description": "Name."})
    warnings = ma.fields.Integer(metadata={"description": "Clone warnings nobody has answered."})


class TagQuery(PageQuery):
    """Which tags."""

    state = ma.fields.String(load_default=None, validate=ma.validate.OneOf(STATES))
    kind = ma.fields.String(load_default=None, validate=ma.validate.OneOf(KINDS))
    batch = Id(load_default=None)
    position = Id(load_default=None)
    device = Id(load_default=None)
    text = ma.fields.String(
        load_default=None, validate=ma.validate.Length(1, 100),
        metadata={"description": "Part of a code, another name, or the asset's name."},
    )  # fmt: skip


class TagAliasSchema(Schema):
    """Another name: a GS1 code (hexadecimal EPC, URI, bar code, address), a chip's serial, a maker's code."""

    scheme = ma.fields.String(required=True, validate=ma.validate.OneOf(SCHEMES))
    value = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 200), metadata={"example": "3074257BF7194E4000001A85"}
    )


class NewTagSchema(Schema):
    """A tag that was not printed by us."""

    id = Id(load_default=None, allow_none=True, metadata={"description": "Made by a phone without signal."})
    organisation_id = Id(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))
    aliases = ma.fields.List(
        ma.fields.Nested(TagAliasSchema), load_default=list, validate=ma.validate.Length(max=8)
    )


class TagScanSchema(Schema):
    """What a scanner read: a printed address, a code, a short code, an EPC, a chip's serial, a maker's code."""

    text = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 300),
        metadata={"example": f"HTTPS://ENERFIELD.EXAMPLE/T/{CODE}"},
    )  # fmt: skip


class TagWhatHappenedSchema(Schema):
    """When, where, and the picture that proves it."""

    at = instant(
        load_default=None, allow_none=True, metadata={"description": "Corrected device time; else now."}
    )
    place = ma.fields.Nested(TagPlaceSchema, load_default=None, allow_none=True)
    photo_sha256 = ma.fields.String(
        load_default=None, allow_none=True, validate=ma.validate.Regexp("^[0-9a-f]{64}$"),
        metadata={"example": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    )  # fmt: skip


class TagBindingSchema(TagWhatHappenedSchema):
    """What the tag hangs at: one of position, device, or a second scan (another tag of it, or its serial plate)."""

    position_id = Id(load_default=None, allow_none=True)
    device_id = Id(load_default=None, allow_none=True)
    scanned = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(1, 300),
        metadata={"example": "SN-4711"},
    )
    reason = ma.fields.String(
        load_default=None, allow_none=True, validate=_REASON,
        metadata={"description": "Needed to move a tag that is bound to something else."},
    )  # fmt: skip


class TagRetirementSchema(TagWhatHappenedSchema):
    """Why a tag is taken out of use."""

    reason = ma.fields.String(required=True, validate=_REASON, metadata={"example": "torn"})


class TagSightingSchema(Schema):
    """One scan."""

    id = Id(
        load_default=None,
        allow_none=True,
        metadata={"description": "Made by the phone: sent twice, kept once."},
    )
    at = instant(load_default=None, allow_none=True)
    source = ma.fields.String(required=True, validate=ma.validate.OneOf(SOURCES))
    place = ma.fields.Nested(TagPlaceSchema, load_default=None, allow_none=True, load_only=True)
    actor = ma.fields.String(dump_only=True, allow_none=True, metadata={"description": "Name."})
    longitude = ma.fields.Float(dump_only=True, allow_none=True)
    latitude = ma.fields.Float(dump_only=True, allow_none=True)
    accuracy_m = ma.fields.Float(dump_only=True, allow_none=True)


class TagHappeningSchema(Schema):
    """One thing that happened to a tag."""

    at = instant()
    recorded_at = instant()
    kind = ma.fields.String(metadata={"example": "bound"})
    actor = ma.fields.String(allow_none=True, metadata={"description": "Name."})
    position_id = Id(allow_none=True)
    device_id = Id(allow_none=True)
    name = ma.fields.String(allow_none=True)
    name_zh = ma.fields.String(allow_none=True)
    reason = ma.fields.String(allow_none=True)
    longitude = ma.fields.Float(allow_none=True)
    latitude = ma.fields.Float(allow_none=True)
    accuracy_m = ma.fields.Float(allow_none=True)
    photo_sha256 = ma.fields.String(allow_none=True)


class TagSeenSchema(Schema):
    """One of the two scans of a warning."""

    at = instant()
    longitude = ma.fields.Float()
    latitude = ma.fields.Float()


class TagWarningSchema(Schema):
    """A tag that was seen far apart in a short time: it must have a copy."""

    id = Id()
    tag_id = Id()
    short_code = ma.fields.String()
    distance_m = ma.fields.Float(metadata={"description": "At least, fixes' accuracies taken off [m]."})
    seconds = ma.fields.Float()
    raised_at = instant()
    times = ma.fields.Integer()
    first = ma.fields.Nested(TagSeenSchema)
    second = ma.fields.Nested(TagSeenSchema)
    acknowledged_at = instant(allow_none=True)
    acknowledged_by = ma.fields.String(allow_none=True)
    comment = ma.fields.String(allow_none=True)


class TagWarningQuery(PageQuery):
    """Which warnings."""

    tag = Id(load_default=None)
    open = ma.fields.Boolean(load_default=True, allow_none=True)


class TagAnswerSchema(Schema):
    """What was found out."""

    comment = ma.fields.String(required=True, validate=_REASON)


class TagIndexQuery(Schema):
    """Where the phone stands."""

    cursor = ma.fields.String(load_default=None, validate=ma.validate.Length(max=400))
    limit = ma.fields.Integer(load_default=1000, validate=ma.validate.Range(1, 5000))


class TagIndexSchema(Schema):
    """A page of the index: about 60 bytes a tag."""

    items = ma.fields.List(
        ma.fields.List(ma.fields.String(allow_none=True)),
        metadata={
            "description": "Each `[tag, 'p' position or 'd' device, its id, other names …]`; nulls: forget it."
            " A short code is the tag's last 7 characters and a check character.",
            "example": [["01KASG2V3W4X5Y6Z7A8B9C0D1E", "d", "01KASG2V3W4X5Y6Z7A8B9C0D1F"]],
        },
    )
    cursor = ma.fields.String(metadata={"description": "Send it with the next call, now or tomorrow."})
    is_current = ma.fields.Boolean(metadata={"description": "There is nothing more for now."})
