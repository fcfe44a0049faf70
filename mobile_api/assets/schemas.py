"""Shapes of devices and their lives."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from backend.assets.rules.life import LIFE, WITH_A_PLACE, DeviceStatus
from backend.kernel.units import Carrier
from mobile_api.fields import MONEY, Id, PageQuery, Schema, instant, within

STATUSES = [status.value for status in DeviceStatus]
STEPS = [step.name for step in LIFE if step.name not in WITH_A_PLACE]
NAME = ma.validate.Length(1, 200)
REASON = ma.validate.Length(max=500)
_PLATE = {"example": "SDM630"}
LONGITUDE = {"description": "WGS 84 [degrees].", "example": 121.47}
LATITUDE = {"description": "WGS 84 [degrees].", "example": 31.23}


class AssetDeviceSchema(Schema):
    """A serial-numbered thing. Money is exact, as text; days are local to nobody."""

    id = Id()
    organisation_id = Id()
    parent_id = Id(allow_none=True, metadata={"description": "The device it is part of."})
    family = ma.fields.String(allow_none=True, metadata={"example": "eastron_sdm630"})
    manufacturer = ma.fields.String(metadata={"example": "Eastron"})
    model = ma.fields.String(metadata=_PLATE)
    serial_number = ma.fields.String(metadata={"example": "SN-2023-00A7"})
    status = ma.fields.String(attribute="status.value", metadata={"enum": STATUSES})
    purchased_on = ma.fields.Date(allow_none=True)
    purchase_cost = ma.fields.Decimal(as_string=True, allow_none=True, metadata=MONEY)
    purchase_currency = ma.fields.String(allow_none=True, metadata={"example": "CNY"})
    supplier = ma.fields.String(allow_none=True)
    warranty_until = ma.fields.Date(allow_none=True, metadata={"description": "The last day."})
    commissioned_at = instant(allow_none=True)
    is_simulated = ma.fields.Boolean()
    attributes = ma.fields.Dict(keys=ma.fields.String())


class AssetSchema(Schema):
    """A device and where it stands now, as far as the asker may see."""

    device = ma.fields.Nested(AssetDeviceSchema)
    position_id = Id(attribute="position.id", allow_none=True, dump_default=None)
    place = ma.fields.String(attribute="position.name", allow_none=True, dump_default=None)
    place_zh = ma.fields.String(attribute="position.name_zh", allow_none=True, dump_default=None)
    installed_at = instant(attribute="installation.installed_at", allow_none=True, dump_default=None)
    longitude = ma.fields.Float(allow_none=True, metadata=LONGITUDE)
    latitude = ma.fields.Float(allow_none=True, metadata=LATITUDE)
    distance_m = ma.fields.Float(allow_none=True, metadata={"description": "From the place asked about [m]."})


class DeviceFields(Schema):
    """What is read off the rating plate and the invoice."""

    family = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(1, 60))
    manufacturer = ma.fields.String(required=True, validate=NAME, metadata={"example": "Eastron"})
    model = ma.fields.String(required=True, validate=NAME, metadata=_PLATE)
    serial_number = ma.fields.String(required=True, validate=NAME, metadata={"example": "SN-2023-00A7"})
    purchased_on = ma.fields.Date(load_default=None, allow_none=True, metadata={"example": "2026-03-01"})
    purchase_cost = ma.fields.Decimal(
        places=2, load_default=None, allow_none=True, validate=within(0, 10**11), as_string=True, metadata=MONEY
    )  # fmt: skip
    purchase_currency = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=ma.validate.Regexp("^[A-Z]{3}$"),
        metadata={"example": "CNY"},
    )
    supplier = ma.fields.String(load_default=None, allow_none=True, validate=NAME)
    warranty_until = ma.fields.Date(load_default=None, allow_none=True, metadata={"example": "2028-03-01"})


class NewDeviceSchema(DeviceFields):
    """A device to be entered in the register."""

    organisation_id = Id(required=True, metadata={"description": "Whose register."})
    status = ma.fields.Enum(
        DeviceStatus, by_value=True, load_default=DeviceStatus.STORED,
        metadata={"description": "planned, purchased or stored."},
    )  # fmt: skip
    parent_id = Id(load_default=None, allow_none=True)


class DeviceChangeSchema(Schema):
    """What is said otherwise of a device; what is left out stays."""

    family = ma.fields.String(allow_none=True, validate=ma.validate.Length(1, 60))
    manufacturer = ma.fields.String(validate=NAME)
    model = ma.fields.String(validate=NAME)
    serial_number = ma.fields.String(validate=NAME)
    purchased_on = ma.fields.Date(allow_none=True)
    purchase_cost = ma.fields.Decimal(
        places=2, allow_none=True, validate=within(0, 10**11), as_string=True, metadata=MONEY
    )
    purchase_currency = ma.fields.String(allow_none=True, validate=ma.validate.Regexp("^[A-Z]{3}$"))
    supplier = ma.fields.String(allow_none=True, validate=NAME)
    warranty_until = ma.fields.Date(allow_none=True, metadata={"example": "2028-03-01"})


class DeviceQuery(PageQuery):
    """Which devices."""

    status = ma.fields.List(ma.fields.Enum(DeviceStatus, by_value=True), load_default=None)
    family = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 60))
    carrier = ma.fields.Enum(Carrier, by_value=True, load_default=None)
    text = ma.fields.String(
        load_default=None, validate=ma.validate.Length(1, 100),
        metadata={"description": "Part of maker, model or serial number; at most 200 are looked at."},
    )  # fmt: skip
    organisation = Id(load_default=None, metadata={"description": "This one and those below."})
    position = Id(load_default=None, metadata={"description": "What stands there or below it."})
    warranty_before = ma.fields.Date(load_default=None, metadata={"example": "2027-01-01"})


class NearQuery(Schema):
    """Where one is."""

    longitude = ma.fields.Float(required=True, validate=ma.validate.Range(-180, 180), metadata=LONGITUDE)
    latitude = ma.fields.Float(required=True, validate=ma.validate.Range(-90, 90), metadata=LATITUDE)
    limit = ma.fields.Integer(load_default=20, validate=ma.validate.Range(1, 200))


class LifeStepSchema(Schema):
    """One line of a life record."""

    at = instant(metadata={"description": "When it happened."})
    recorded_at = instant(metadata={"description": "When it was learned of."})
    device_id = Id()
    step = ma.fields.String(metadata={"example": "install"})
    from_status = ma.fields.Method("_from", metadata={"type": ["string", "null"]})
    to_status = ma.fields.String(attribute="to_status.value", metadata={"enum": STATUSES})
    position_id = Id(attribute="position.id", allow_none=True, dump_default=None)
    place = ma.fields.String(attribute="position.name", allow_none=True, dump_default=None)
    reason = ma.fields.String(allow_none=True)
    actor_id = Id(allow_none=True)
    actor = ma.fields.String(allow_none=True, metadata={"description": "Name."})

    def _from(self, step: Any) -> str | None:
        return step.from_status.value if step.from_status else None


class InstallationSchema(Schema):
    """A device stood at a position for a period."""

    id = Id()
    device_id = Id()
    position_id = Id()
    installed_at = instant()
    removed_at = instant(allow_none=True)


class StandingSchema(Schema):
    """A device at a position, now or before."""

    device = ma.fields.Nested(AssetDeviceSchema)
    installation = ma.fields.Nested(InstallationSchema)


class StepSchema(Schema):
    """A step of a device's life that leaves it where it is."""

    step = ma.fields.String(required=True, validate=ma.validate.OneOf(STEPS))
    at = instant(load_default=None, allow_none=True, metadata={"description": "When; now unless said."})
    reason = ma.fields.String(load_default=None, allow_none=True, validate=REASON)


class NewInstallationSchema(Schema):
    """Where a device is put up."""

    position_id = Id(required=True)
    at = instant(required=True)
    commissioned = ma.fields.Boolean(
        load_default=True, metadata={"description": "It goes into service at once."}
    )
    reason = ma.fields.String(load_default=None, allow_none=True, validate=REASON)


class RemovalSchema(Schema):
    """When and why a device is taken down."""

    at = instant(required=True)
    reason = ma.fields.String(load_default=None, allow_none=True, validate=REASON)


class ParentSchema(Schema):
    """The device another is part of; null: none."""

    parent_id = Id(required=True, allow_none=True)


class RegisterSwapSchema(Schema):
    """What the old device last showed of a point and what the new one began with [unit of the point]."""

    point_id = Id(required=True)
    final = ma.fields.Float(
        required=True, validate=ma.validate.Range(-1e15, 1e15), metadata={"example": 48211.4}
    )
    initial = ma.fields.Float(
        load_default=0.0, validate=ma.validate.Range(-1e15, 1e15), metadata={"example": 0.0}
    )


class ExchangeSchema(Schema):
    """One device put up in place of another: one from the register, or one that enters it with this."""

    removed_id = Id(required=True)
    installed_id = Id(load_default=None, allow_none=True)
    new_device = ma.fields.Nested(DeviceFields, load_default=None, allow_none=True)
    at = instant(required=True)
    registers = ma.fields.List(
        ma.fields.Nested(RegisterSwapSchema), load_default=list, validate=ma.validate.Length(max=50)
    )
    reason = ma.fields.String(
        load_default=None, allow_none=True, validate=REASON, metadata={"example": "dial stuck"}
    )

    @ma.validates_schema
    def one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        """Demand exactly one new device."""
        if (data.get("installed_id") is None) == (data.get("new_device") is None):
            raise ma.ValidationError("Give one of installed_id and new_device.", "installed_id")


class BulkSchema(Schema):
    """The same for many devices: a step of their lives, values, attributes."""

    device_ids = ma.fields.List(Id(), required=True, validate=ma.validate.Length(1, 1000))
    step = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(STEPS))
    reason = ma.fields.String(load_default=None, allow_none=True, validate=REASON)
    supplier = ma.fields.String(allow_none=True, validate=NAME)
    family = ma.fields.String(allow_none=True, validate=ma.validate.Length(1, 60))
    warranty_until = ma.fields.Date(allow_none=True, metadata={"example": "2028-03-01"})
    purchased_on = ma.fields.Date(allow_none=True, metadata={"example": "2026-03-01"})
    attributes = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.Length(1, 60)), load_default=None, allow_none=True,
        values=ma.fields.String(allow_none=True, validate=ma.validate.Length(max=500)),
    )  # fmt: skip


class LeftSchema(Schema):
    """A device that was left as it was, and why."""

    device_id = Id()
    code = ma.fields.String(attribute="error.code")
    title = ma.fields.String(attribute="error.message")
    remedy = ma.fields.String(attribute="error.remedy", allow_none=True)


class BulkAnswerSchema(Schema):
    """What became of it."""

    changed = ma.fields.Integer()
    left = ma.fields.List(ma.fields.Nested(LeftSchema))
