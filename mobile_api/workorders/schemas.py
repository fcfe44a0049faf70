"""Shapes of work orders and visits, and of what is said about them."""

from __future__ import annotations

import marshmallow as ma

from backend.workorders.rules import faults, machine
from backend.workorders.rules.checklist import MOST_ITEMS
from backend.workorders.service.learned import MOST_CARDS
from backend.workorders.service.look import LOOKED
from backend.workorders.service.needs import MOST as MOST_PARTS
from mobile_api.fields import MONEY, Id, PageQuery, Schema, few, instant, within
from mobile_api.workorders.upkeep import WorkCardSchema, WorkHealthSchema, WorkPartSchema

STATUSES = [one.value for one in machine.OrderStatus]
FAULTS = list(faults.BY_CODE)
_NEWEST = {"description": f"The newest {LOOKED}, the oldest of these first."}
_SKILLS = 50
_CREW = 20
_POINTS_OF_ISOLATION = 100
WORDS = ma.validate.Length(1, 2000)


class WorkClockSchema(ma.Schema):
    """A service-level clock as it stands; times in seconds of service."""

    started_at = instant()
    due_at = instant(allow_none=True)
    stopped_at = instant(allow_none=True)
    used_s = ma.fields.Function(lambda clock: round(clock.used.total_seconds()), metadata={"type": "integer"})
    promised_s = ma.fields.Function(
        lambda clock: round(clock.promised.total_seconds()), metadata={"type": "integer"}
    )
    is_paused = ma.fields.Boolean()
    is_breached = ma.fields.Boolean()


class WorkVisitSchema(ma.Schema):
    """One technician's trip."""

    id = Id()
    work_order_id = Id()
    technician_id = Id()
    companions = few(ma.fields.String(), _CREW)
    status = ma.fields.String(
        attribute="status.value", metadata={"enum": [one.value for one in machine.VisitStatus]}
    )
    rev = ma.fields.Integer()
    planned_start = instant()
    planned_end = instant()
    accepted_at = instant(allow_none=True)
    arrived_at = instant(allow_none=True)
    ended_at = instant(allow_none=True)
    outcome = ma.fields.String(allow_none=True)


class WorkOrderSchema(ma.Schema):
    """A work order. Amounts in the site's currency."""

    id = Id()
    organisation_id = Id()
    customer_id = Id(allow_none=True)
    number = ma.fields.String(metadata={"example": "W26-000123"})
    kind = ma.fields.String(attribute="kind.value")
    source = ma.fields.String(attribute="source.value")
    status = ma.fields.String(attribute="status.value", metadata={"enum": STATUSES})
    cycle = ma.fields.Integer(metadata={"description": "Counts reopenings."})
    rev = ma.fields.Integer()
    position_id = Id()
    device_id = Id(allow_none=True)
    alarm_id = Id(allow_none=True)
    carrier = ma.fields.Function(lambda one: one.carrier.value if one.carrier else None,
                                 metadata={"type": ["string", "null"]})  # fmt: skip
    fault_class = ma.fields.String(allow_none=True, metadata={"enum": [*FAULTS, None]})
    priority = ma.fields.Integer(allow_none=True)
    title = ma.fields.String()
    title_zh = ma.fields.String(
        allow_none=True,
        metadata={"description": "Of orders that alarms and plans raised; people write one title."},
    )
    description = ma.fields.String(allow_none=True)
    reported_at = instant()
    checklist_id = Id(allow_none=True)
    needs_permit = ma.fields.Boolean()
    skills = few(ma.fields.String(), _SKILLS)
    duration_min = ma.fields.Integer()
    window_starts_at = instant(allow_none=True)
    window_ends_at = instant(allow_none=True)
    hold_reason = ma.fields.String(allow_none=True)
    hold_until = instant(allow_none=True)
    estimate = ma.fields.Decimal(as_string=True, allow_none=True, metadata=MONEY)
    cost = ma.fields.Decimal(as_string=True, allow_none=True, metadata=MONEY)
    problem_code = ma.fields.String(allow_none=True)
    cause_code = ma.fields.String(allow_none=True)
    remedy_code = ma.fields.String(allow_none=True)
    downtime_from = instant(allow_none=True)
    downtime_to = instant(allow_none=True)
    merged_into_id = Id(allow_none=True)
    follow_up_of_id = Id(allow_none=True)
    rating = ma.fields.Integer(allow_none=True)
    rating_comment = ma.fields.String(allow_none=True)
    is_rehearsal = ma.fields.Boolean()


class WorkOrderRowSchema(ma.Schema):
    """A work order with its visits and clocks."""

    order = ma.fields.Nested(WorkOrderSchema)
    place = ma.fields.Function(lambda row: row.position.name if row.position else None,
                               metadata={"type": ["string", "null"]})  # fmt: skip
    visits = few(ma.fields.Nested(WorkVisitSchema), LOOKED, metadata=_NEWEST)
    clocks = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Nested(WorkClockSchema))


class WorkEventSchema(ma.Schema):
    """One thing that happened to it."""

    id = Id()
    visit_id = Id(allow_none=True)
    cycle = ma.fields.Integer()
    command = ma.fields.String()
    before = ma.fields.String(allow_none=True)
    after = ma.fields.String(allow_none=True)
    actor_kind = ma.fields.String()
    actor_id = Id(allow_none=True)
    reason = ma.fields.String(allow_none=True)
    occurred_at = instant()
    received_at = instant()


class WorkPhotoSchema(ma.Schema):
    """A photo or signature; its bytes are here once `arrived_at` is set."""

    id = Id()
    role = ma.fields.String()
    sha256 = ma.fields.String()
    size = ma.fields.Integer()
    mime = ma.fields.String()
    taken_at = instant()
    arrived_at = instant(allow_none=True)


class WorkCommentSchema(ma.Schema):
    """A remark."""

    id = Id()
    text = ma.fields.String()
    is_public = ma.fields.Boolean()
    at = instant()
    author_id = Id(allow_none=True)


class WorkAnswerSchema(ma.Schema):
    """The answer to an item of the check-list."""

    item = ma.fields.String()
    value = ma.fields.Raw()
    is_failed = ma.fields.Boolean()
    note = ma.fields.String(allow_none=True)
    answered_at = instant()
    repair_id = Id(allow_none=True)


class WorkPermitSchema(ma.Schema):
    """Leave to work on a plant part for a time."""

    id = Id()
    kind = ma.fields.String()
    isolation = few(ma.fields.Dict(), _POINTS_OF_ISOLATION)
    issued_at = instant()
    expires_at = instant()
    confirmed_at = instant(allow_none=True)
    handed_back_at = instant(allow_none=True)


class WorkVerificationSchema(ma.Schema):
    """What telemetry said about the repair."""

    id = Id()
    cycle = ma.fields.Integer()
    attempt = ma.fields.Integer()
    started_at = instant()
    ends_at = instant()
    verdict = ma.fields.String(
        allow_none=True, metadata={"enum": ["verified", "failed", "inconclusive", None]}
    )
    because = ma.fields.Dict(allow_none=True)
    first_good_at = instant(allow_none=True)
    decided_at = instant(allow_none=True)


class WorkLookedSchema(WorkOrderRowSchema):
    """A work order with all that belongs to it, and the commands the asker may give now."""

    events = few(ma.fields.Nested(WorkEventSchema), LOOKED, metadata=_NEWEST)
    photos = few(ma.fields.Nested(WorkPhotoSchema), LOOKED, metadata=_NEWEST)
    comments = few(ma.fields.Nested(WorkCommentSchema), LOOKED, metadata=_NEWEST)
    answers = few(ma.fields.Nested(WorkAnswerSchema), MOST_ITEMS)
    needed = few(
        ma.fields.Nested(WorkPartSchema), MOST_PARTS, metadata={"description": "Parts the job will take."}
    )
    cards = few(ma.fields.Nested(WorkCardSchema), MOST_CARDS)
    health = ma.fields.Nested(WorkHealthSchema, allow_none=True)
    permits = few(ma.fields.Nested(WorkPermitSchema), LOOKED, metadata=_NEWEST)
    verifications = few(ma.fields.Nested(WorkVerificationSchema), LOOKED, metadata=_NEWEST)
    possible = few(ma.fields.String(), len(machine.MOVES))


class WorkMachineSchema(ma.Schema):
    """The state machines of orders and visits, hold reasons, classes of fault."""

    order = ma.fields.Dict()
    visit = ma.fields.Dict()
    hold_reasons = few(ma.fields.String(), 50)
    fault_classes = few(ma.fields.Dict(), len(FAULTS))


class OrderQuery(PageQuery):
    """Which orders; without a status, every one that is not over."""

    status = ma.fields.List(ma.fields.String(validate=ma.validate.OneOf(STATUSES)), load_default=None)
    priority = ma.fields.List(ma.fields.Integer(validate=ma.validate.Range(1, 4)), load_default=None)
    position = Id(load_default=None)
    device = Id(load_default=None)
    alarm = Id(
        load_default=None, metadata={"description": "That this alarm opened, reopened, or was added to."}
    )
    technician = Id(load_default=None)
    search = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 100))


class WorkReportSchema(Schema):
    """A fault. `id` may be made by the caller (UUIDv7), so that sending it again changes nothing."""

    id = Id(load_default=None)
    position_id = Id(required=True)
    device_id = Id(load_default=None)
    title = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 200), metadata={"example": "No heat"}
    )
    description = ma.fields.String(load_default=None, validate=WORDS)
    fault_class = ma.fields.String(load_default=None, validate=ma.validate.OneOf(FAULTS))
    is_another = ma.fields.Boolean(
        load_default=False,
        metadata={
            "description": "What is open there is another fault; without it the report is added to that order."
        },
    )


class WorkReportedSchema(ma.Schema):
    """The order, and whether it is new: a fault that is known already takes the report as evidence."""

    order = ma.fields.Nested(WorkOrderSchema)
    is_new = ma.fields.Boolean()


class WorkTriageSchema(Schema):
    """What kind of fault it is and how grave; priority: from safety and customers affected where it is left out."""

    fault_class = ma.fields.String(required=True, validate=ma.validate.OneOf(FAULTS))
    priority = ma.fields.Integer(load_default=None, validate=ma.validate.Range(1, 4))
    estimate = ma.fields.Decimal(
        places=2,
        load_default=None,
        allow_none=True,
        validate=within(0, 10**9),
        as_string=True,
        metadata=MONEY,
    )
    skills = few(ma.fields.String(validate=ma.validate.Length(1, 60)), _SKILLS, load_default=list)
    duration_min = ma.fields.Integer(load_default=None, validate=ma.validate.Range(5, 1440))
    base_rev = ma.fields.Integer(load_default=None)


class WorkReasonSchema(Schema):
    """Why."""

    reason = ma.fields.String(required=True, validate=WORDS)


class WorkPostponeSchema(Schema):
    """Why, and until when."""

    reason = ma.fields.String(required=True, validate=ma.validate.OneOf(machine.HOLD_REASONS))
    until = instant(required=True)


class WorkTargetSchema(Schema):
    """The order it is merged into."""

    target_id = Id(required=True)


class WorkSeenSchema(Schema):
    """Whether it works again, and what was seen."""

    works = ma.fields.Boolean(required=True)
    seen = ma.fields.String(required=True, validate=WORDS, metadata={"example": "Radiators are warm"})


class WorkRatingSchema(Schema):
    """How it went."""

    stars = ma.fields.Integer(required=True, validate=ma.validate.Range(1, 5))
    text = ma.fields.String(load_default=None, validate=ma.validate.Length(0, 1000))


class WorkScheduleSchema(Schema):
    """Who goes when. visit_id: the planned visit to move"""

    technician_id = Id(required=True)
    start = instant(required=True)
    end = instant(load_default=None)
    companions = few(Id(), _CREW, load_default=list)
    visit_id = Id(load_default=None)


class WorkCommentNewSchema(Schema):
    """A remark."""

    text = ma.fields.String(required=True, validate=WORDS)
    is_public = ma.fields.Boolean(load_default=False)


class WorkPermitNewSchema(Schema):
    """Leave to work for a time, at most a day."""

    kind = ma.fields.String(required=True, metadata={"example": "electrical"})
    expires_at = instant(required=True)
    isolation = few(ma.fields.Dict(keys=ma.fields.String()), _POINTS_OF_ISOLATION, load_default=list)


class WorkEmergencySchema(Schema):
    """Who goes at once."""

    fault_class = ma.fields.String(required=True, validate=ma.validate.OneOf(FAULTS))
    technician_id = Id(required=True)
    start = instant(load_default=None)


class VisitQuery(PageQuery):
    """Which visits: those of a period."""

    start = instant(required=True)
    end = instant(required=True)
    technician = Id(load_default=None)


class WorkPlannedSchema(ma.Schema):
    """A visit with its order."""

    visit = ma.fields.Nested(WorkVisitSchema)
    order = ma.fields.Nested(WorkOrderSchema)


class ChecklistSchema(ma.Schema):
    """A version of a check-list."""

    id = Id()
    organisation_id = Id()
    code = ma.fields.String()
    version = ma.fields.Integer()
    name = ma.fields.String()
    name_zh = ma.fields.String(allow_none=True)
    fault_classes = few(ma.fields.String(), len(FAULTS))
    items = few(ma.fields.Dict(), MOST_ITEMS)


class FailureCodeSchema(ma.Schema):
    """A word for what was wrong, why, or what helped."""

    id = Id()
    kind = ma.fields.String(metadata={"enum": ["problem", "cause", "remedy"]})
    code = ma.fields.String()
    name = ma.fields.String()
    name_zh = ma.fields.String(allow_none=True)
    fault_classes = few(ma.fields.String(), len(FAULTS))
