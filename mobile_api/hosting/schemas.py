"""Shapes of hosted operation as partners see them."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

import marshmallow as ma

from backend.kernel.units import Carrier
from backend.workorders.rules.tickets import TicketKind, TicketStatus, shown
from backend.workorders.service.hosting import Duty
from mobile_api.fields import Id, PageQuery, Schema, few, instant

MOST_OPEN = 200
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
_ZONE = {"example": "Asia/Shanghai"}
_TIME = ma.validate.Regexp(r"([01]\d|2[0-3]):[0-5]\d\Z")


def _zone(value: str) -> None:
    if value not in available_timezones():
        raise ma.ValidationError("Not a time zone.")


class HostingContractSchema(Schema):
    """What is run for a customer. patrols, rounds: so many are owed a month; no position: all that are supplied."""

    id = Id(dump_only=True)
    organisation_id = Id(required=True, metadata={"description": "Who runs it."})
    customer_id = Id(required=True)
    number = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 60), metadata={"example": "LW-T-001"}
    )
    title = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 200), metadata={"example": "Plant rooms"}
    )
    position_ids = ma.fields.List(Id(), load_default=list, validate=ma.validate.Length(max=100))
    carriers = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf([one.value for one in Carrier])), load_default=list,
        validate=ma.validate.Length(max=len(Carrier)),
    )  # fmt: skip
    patrols = ma.fields.Integer(load_default=0, validate=ma.validate.Range(0, 310), metadata={"example": 20})
    rounds = ma.fields.Integer(load_default=0, validate=ma.validate.Range(0, 31), metadata={"example": 1})
    fee = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=500))
    starts_on = ma.fields.Date(required=True, metadata={"example": "2026-01-01"})
    ends_on = ma.fields.Date(load_default=None, allow_none=True)


class ShareSchema(ma.Schema):
    """So many of so many."""

    part = ma.fields.Integer()
    whole = ma.fields.Integer()
    percent = ma.fields.Float(allow_none=True)


class HostingUseSchema(ma.Schema):
    """Use of a carrier; null where nothing is known."""

    carrier = ma.fields.String()
    unit = ma.fields.String()
    amount = ma.fields.Float(allow_none=True)
    last_month = ma.fields.Float(allow_none=True)
    last_year = ma.fields.Float(allow_none=True)


class OpenPointSchema(ma.Schema):
    """An order that was not over."""

    number = ma.fields.String()
    title = ma.fields.String()
    status = ma.fields.String()
    since = ma.fields.String()


class HostingMonthSchema(ma.Schema):
    """A month as it was written when it was over, or as it stands. alarms: priority -> count."""

    month = ma.fields.String(metadata={"example": "2026-10"})
    zone = ma.fields.String(metadata=_ZONE)
    contract = ma.fields.String()
    customer = ma.fields.String()
    operator = ma.fields.String()
    made_at = ma.fields.String()
    currency = ma.fields.String()
    use = few(ma.fields.Nested(HostingUseSchema), 100)
    alarms = ma.fields.Dict(keys=ma.fields.Integer(), values=ma.fields.Integer())
    orders = ma.fields.Integer()
    repairs = ma.fields.Integer()
    response = ma.fields.Nested(ShareSchema)
    restoration = ma.fields.Nested(ShareSchema)
    first_time = ma.fields.Nested(ShareSchema)
    inspections = ma.fields.Nested(ShareSchema)
    patrols = ma.fields.Nested(ShareSchema)
    stops = ma.fields.Nested(ShareSchema)
    rounds = ma.fields.Nested(ShareSchema)
    registers = ma.fields.Nested(ShareSchema)
    open = ma.fields.Integer(metadata={"description": "How many orders were not over."})
    open_points = few(ma.fields.Nested(OpenPointSchema), MOST_OPEN)
    cost = ma.fields.String(metadata={"example": "1234.50"})


class MonthQuery(Schema):
    """Which local month."""

    month = ma.fields.String(required=True, validate=ma.validate.Regexp(_MONTH.pattern + r"\Z"),
                             metadata={"example": "2026-10"})  # fmt: skip


class DutyShiftSchema(ma.Schema):
    """Somebody on duty. before_id: whom it was planned for, after a swap."""

    id = Id()
    organisation_id = Id()
    person_id = Id()
    duty = ma.fields.String(attribute="duty.value", metadata={"enum": [one.value for one in Duty]})
    starts_at = instant()
    ends_at = instant()
    before_id = Id(allow_none=True)
    swap_reason = ma.fields.String(allow_none=True)


class NewShiftSchema(Schema):
    """Who, for what, on which local day from when until when; until no later than from: the next day."""

    organisation_id = Id(required=True)
    person_id = Id(required=True)
    duty = ma.fields.String(required=True, validate=ma.validate.OneOf([one.value for one in Duty]))
    on = ma.fields.Date(required=True, metadata={"example": "2026-11-28"})
    begins = ma.fields.String(required=True, validate=_TIME, metadata={"example": "08:00"})
    ends = ma.fields.String(required=True, validate=_TIME, metadata={"example": "20:00"})
    zone = ma.fields.String(required=True, validate=_zone, metadata=_ZONE)


class SwapSchema(Schema):
    """Who does it instead, and why."""

    person_id = Id(required=True)
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 300), metadata={"example": "ill"})


class SpanQuery(PageQuery):
    """Which period; organisation: one node alone."""

    organisation = Id(load_default=None)
    start = instant(required=True)
    end = instant(required=True)


class TicketStepSchema(ma.Schema):
    """A step of a ticket."""

    text = ma.fields.String()
    done_at = ma.fields.String(allow_none=True)
    done_by = ma.fields.String(allow_none=True)


class TicketSchema(ma.Schema):
    """A work or switching ticket."""

    id = Id()
    organisation_id = Id()
    kind = ma.fields.String(attribute="kind.value", metadata={"enum": [one.value for one in TicketKind]})
    number = ma.fields.Function(lambda one: shown(one.kind, one.year, one.number),
                                metadata={"type": "string", "example": "ST-2026-0007"})  # fmt: skip
    status = ma.fields.String(
        attribute="status.value", metadata={"enum": [one.value for one in TicketStatus]}
    )
    title = ma.fields.String()
    position_id = Id(allow_none=True)
    work_order_id = Id(allow_none=True)
    steps = few(ma.fields.Nested(TicketStepSchema), 100)
    issued_at = instant()
    issued_by = Id(allow_none=True)
    approved_at = instant(allow_none=True)
    approved_by = Id(allow_none=True)
    ended_at = instant(allow_none=True)
    void_reason = ma.fields.String(allow_none=True)


class NewTicketSchema(Schema):
    """What is done, step by step. zone: whose year the number belongs to."""

    organisation_id = Id(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf([one.value for one in TicketKind]))
    title = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    steps = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(1, 500)), required=True, validate=ma.validate.Length(1, 100),
        metadata={"example": ["open breaker Q2", "prove dead", "earth"]},
    )  # fmt: skip
    zone = ma.fields.String(load_default="UTC", validate=_zone, metadata=_ZONE)
    position_id = Id(load_default=None)
    work_order_id = Id(load_default=None)


class TicketActionSchema(Schema):
    """What is done with it. place: of the step that is ticked, from 0; reason: why it is void."""

    action = ma.fields.String(
        required=True, validate=ma.validate.OneOf(["approve", "tick", "finish", "void"])
    )
    place = ma.fields.Integer(load_default=0, validate=ma.validate.Range(0, 99))
    reason = ma.fields.String(load_default="", validate=ma.validate.Length(max=500))


class PatrolPlanSchema(Schema):
    """A route. weekdays: 0 Monday … 6 Sunday; begins, ends: local time."""

    id = Id(dump_only=True)
    contract_id = Id(load_default=None, allow_none=True)
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    checklist_id = Id(required=True)
    stops = ma.fields.List(Id(), required=True, validate=ma.validate.Length(1, 60))
    weekdays = ma.fields.List(
        ma.fields.Integer(validate=ma.validate.Range(0, 6)), required=True, validate=ma.validate.Length(1, 7)
    )
    begins = ma.fields.String(load_default="08:00", validate=_TIME)
    ends = ma.fields.String(load_default="12:00", validate=_TIME)
    duration_min = ma.fields.Integer(load_default=60, validate=ma.validate.Range(5, 1440))


class RoundSchema(Schema):
    """Registers read each month until a day of it."""

    id = Id(dump_only=True)
    contract_id = Id(load_default=None, allow_none=True)
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    point_ids = ma.fields.List(Id(), required=True, validate=ma.validate.Length(1, 200))
    due_day = ma.fields.Integer(required=True, validate=ma.validate.Range(1, 28), metadata={"example": 25})
    zone = ma.fields.String(required=True, validate=_zone, metadata=_ZONE)


class RoundStopSchema(ma.Schema):
    """A register and this month's reading of it, in its unit."""

    point_id = Id(attribute="point.id")
    unit = ma.fields.String(attribute="point.unit")
    read_at = instant(allow_none=True)
    value = ma.fields.Float(allow_none=True)


class RoundProgressSchema(ma.Schema):
    """How far a round is this month. Phones read with the field operation `point.read`, which counts too."""

    id = Id(attribute="round.id")
    name = ma.fields.String(attribute="round.name")
    due_on = ma.fields.Date()
    is_late = ma.fields.Boolean()
    done = ma.fields.Integer()
    stops = few(ma.fields.Nested(RoundStopSchema), 200)
