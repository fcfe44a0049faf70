"""Shapes of analysis as partners see them. Days are local, periods half-open; no data is null, never zero."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from backend.analysis.rules.asking import By, Compare, ViewName
from backend.billing.rules.documents.schedule import MOST_RECIPIENTS, Every, Form
from backend.billing.service import Road
from backend.kernel.units import Carrier
from mobile_api.billing.paper_schemas import LOCALES, DocumentDeliverySchema, DocumentScheduleEndSchema
from mobile_api.billing.schemas import local_day, words
from mobile_api.fields import Id, Schema, few, instant

MOST_ROWS, MOST_BUCKETS, MOST_DAYS = 20_000, 30_000, 1_100
FLOWING = [one.value for one in Carrier if one is not Carrier.ENVIRONMENT]


def number(example: float, **said: Any) -> ma.fields.Float:
    """Return the field of a number."""
    return ma.fields.Float(metadata={"example": example}, **said)


class AskQuery(Schema):
    """Whose energy, in which local days, of what. Without carrier, all; under: a place and all below it."""

    organisation = Id(required=True)
    first = local_day("2026-10-01", required=True)
    until = local_day("2026-11-01", required=True)
    carrier = ma.fields.Enum(Carrier, by_value=True, load_default=None, metadata={"example": "electricity"})
    under = Id(load_default=None, metadata={"description": "A place; what stands below it counts."})


class HabitsQuery(AskQuery):
    """The same, of one meter where it is named."""

    meter = Id(load_default=None, metadata={"description": "A point."})


class ConsumptionQuery(HabitsQuery):
    """The same, against which days, told apart by what.

    compare: before (the stretch directly before), year (the same days last year, by weekday and holiday), custom
    (against_first, against_until), none
    """

    compare = ma.fields.Enum(
        Compare, by_value=True, load_default=Compare.BEFORE, metadata={"example": "year"}
    )
    against_first = local_day("2025-10-01", load_default=None)
    against_until = local_day("2025-11-01", load_default=None)
    by = ma.fields.Enum(By, by_value=True, load_default=By.CARRIER, metadata={"example": "category"})


class FlowsQuery(AskQuery):
    """The same; uses by category or by organisation."""

    by = ma.fields.Enum(
        By, by_value=True, load_default=By.CATEGORY, metadata={"example": "category"},
        validate=ma.validate.OneOf([By.CATEGORY, By.ORGANISATION], error="Not category or organisation."),
    )  # fmt: skip


class FileQuery(ConsumptionQuery):
    """The same, as which kind of file, in which language (the asker's without it)."""

    format = ma.fields.Enum(Form, by_value=True, load_default=Form.PDF, metadata={"example": "xlsx"})
    locale = ma.fields.String(
        load_default=None, validate=ma.validate.OneOf(LOCALES), metadata={"example": "zh"}
    )


class AnalysedStretchSchema(ma.Schema):
    """Instants [start, end)."""

    start = instant()
    end = instant()


class AnalysedRowSchema(ma.Schema):
    """A part of a total [unit of its group]. key: 'rest' for what is not told apart, else a category or an id.

    moved: change like with like; null where the meters did not count throughout both periods
    """

    key = ma.fields.String(metadata={"example": "lighting"})
    name = ma.fields.String(metadata={"example": "Lighting and sockets"})
    now = number(939434.72, allow_none=True)
    before = number(939666.08, allow_none=True)
    moved = number(-231.36, allow_none=True)
    estimated = number(12.5)


class AnalysedBucketSchema(ma.Schema):
    """An hour, day or month, and what stands against it."""

    start = instant()
    now = number(141525.8, allow_none=True)
    before = number(179275.5, allow_none=True)


class AnalysedWeatherSchema(ma.Schema):
    """Degree days [K d] of both periods, and the weather's part in the change (null where the fit is poor)."""

    heating = number(135.2)
    heating_before = number(1.3)
    cooling = number(0.0)
    cooling_before = number(3.8)
    fit = number(0.87)
    by_weather = number(-221399.0, allow_none=True)


class AnalysedGroupSchema(ma.Schema):
    """What was used of one carrier. now − before = sum of the rows' moved + unlike, exactly.

    covered: share of the period the meters cover; silent: meters without data; disagreeing: meters whose sub-meters
    count more than they do; folded: sub-meters that stay with the meter above since they lack data
    """

    carrier = ma.fields.String(metadata={"enum": FLOWING})
    unit = ma.fields.String(metadata={"example": "kWh"})
    now = number(4442517.1, allow_none=True)
    before = number(4768279.4, allow_none=True)
    energy_gj = number(15993.06, allow_none=True)
    estimated = number(0.0)
    unlike = number(0.0)
    covered = number(1.0)
    silent = ma.fields.Integer(metadata={"example": 0})
    disagreeing = ma.fields.Integer(metadata={"example": 0})
    folded = ma.fields.Integer(metadata={"example": 0})
    rows = few(ma.fields.Nested(AnalysedRowSchema), MOST_ROWS)
    series = few(ma.fields.Nested(AnalysedBucketSchema), MOST_BUCKETS)
    weather = ma.fields.Nested(AnalysedWeatherSchema, allow_none=True)


class ConsumptionSchema(ma.Schema):
    """What was used. unlike_days: days without their like last year; is_running: full hours so far."""

    zone = ma.fields.String(metadata={"example": "Asia/Shanghai"})
    grain = ma.fields.String(metadata={"enum": ["hour", "day", "month"]})
    now = few(ma.fields.Nested(AnalysedStretchSchema), MOST_DAYS)
    before = few(ma.fields.Nested(AnalysedStretchSchema), MOST_DAYS)
    unlike_days = ma.fields.Integer(metadata={"example": 0})
    is_running = ma.fields.Boolean(metadata={"example": False})
    groups = few(ma.fields.Nested(AnalysedGroupSchema), 30)


class AnalysedFlowSchema(ma.Schema):
    """A flow [unit]. kinds: source, carrier, plant, use, loss, unmetered, conversion, surroundings, delivered, …"""

    source_kind = ma.fields.String(metadata={"example": "carrier"})
    source = ma.fields.String(metadata={"example": "Electricity"})
    target_kind = ma.fields.String(metadata={"example": "use"})
    target = ma.fields.String(metadata={"example": "Lighting and sockets"})
    amount = number(939434.72)


class AnalysedFlowsSchema(ma.Schema):
    """Flows that balance at every carrier and plant. estimated, covered: shares; silent: meters without data."""

    unit = ma.fields.String(metadata={"example": "kWh"})
    estimated = number(0.0)
    covered = number(1.0)
    silent = ma.fields.Integer(metadata={"example": 0})
    flows = few(ma.fields.Nested(AnalysedFlowSchema), MOST_ROWS)


class AnalysedFlowViewSchema(ma.Schema):
    """Flows of energy, and of water."""

    parts = few(ma.fields.Nested(AnalysedFlowsSchema), 2)


class AnalysedLoadSchema(ma.Schema):
    """Base, peak and mean of the whole hours; duration: hours from the highest down."""

    base = number(4279.7)
    peak = number(9640.7)
    peak_at = instant()
    low = number(3943.7)
    low_at = instant()
    mean = number(5971.1)
    factor = number(0.619, allow_none=True)
    whole_hours = ma.fields.Integer(metadata={"example": 744})
    hours = ma.fields.Integer(metadata={"example": 744})
    duration = few(number(9640.7), MOST_BUCKETS)


class HabitDaySchema(ma.Schema):
    """A local day: 24 hours from midnight on (null: not known, or an hour that did not happen), and its sum."""

    day = local_day("2026-10-14")
    amount = number(154344.5, allow_none=True)
    covered = number(1.0)
    hours = few(number(5671.1, allow_none=True), 24)


class HabitsSchema(ma.Schema):
    """When it is used. power_unit: of hours and load; unit: of the days' amounts; silent: meters without data."""

    zone = ma.fields.String(metadata={"example": "Asia/Shanghai"})
    carrier = ma.fields.String(allow_none=True, metadata={"enum": FLOWING})
    unit = ma.fields.String(metadata={"example": "kWh"})
    power_unit = ma.fields.String(metadata={"example": "kW"})
    estimated = number(0.0)
    covered = number(1.0)
    silent = ma.fields.Integer(metadata={"example": 0})
    load = ma.fields.Nested(AnalysedLoadSchema, allow_none=True)
    days = few(ma.fields.Nested(HabitDaySchema), MOST_DAYS)


class AnalysisScheduleSchema(Schema):
    """A view that is made for each period that is over, and goes out by mail or to a folder of the server.

    filters: what the view is asked besides its days: compare, by, carrier, under, meter
    """

    id = Id(dump_only=True)
    organisation_id = Id(required=True)
    view = ma.fields.Enum(ViewName, by_value=True, required=True, metadata={"example": "consumption"})
    filters = ma.fields.Dict(
        keys=words(40, "compare"), values=words(100, "year"), load_default=dict,
        metadata={"example": {"compare": "year", "by": "category"}},
    )  # fmt: skip
    every = ma.fields.Enum(Every, by_value=True, required=True, metadata={"example": "month"})
    starts_on = local_day("2026-11-01", required=True)
    ends_on = local_day("2027-11-01", load_default=None, allow_none=True)
    forms = ma.fields.List(
        ma.fields.Enum(Form, by_value=True), required=True, validate=ma.validate.Length(1, len(Form)),
        metadata={"example": ["pdf", "xlsx"]},
    )  # fmt: skip
    locale = ma.fields.String(load_default="en", validate=ma.validate.OneOf(LOCALES))
    road = ma.fields.Enum(Road, by_value=True, required=True, metadata={"example": "mail"})
    recipients = ma.fields.List(
        words(254, "energy@park.example"), load_default=list, validate=ma.validate.Length(max=MOST_RECIPIENTS),
        metadata={"example": ["energy@park.example"]},
    )  # fmt: skip


class AnalysisScheduleShownSchema(AnalysisScheduleSchema):
    """A schedule as it is told."""

    forms = few(ma.fields.String(), len(Form))


class AnalysisScheduleEndSchema(DocumentScheduleEndSchema):
    """No period that begins on this local day or later is made."""


class AnalysisDeliverySchema(DocumentDeliverySchema):
    """What became of a period; error: why it did not go out, and it is tried again at next_try_at."""
