"""Shapes of plants and plans. Rates in the carrier's unit per hour (kW, m3/h), money in the plan's currency."""

from __future__ import annotations

import marshmallow as ma

from backend.optimisation.rules.targets import Kind
from backend.optimisation.service import PlanKind, PlanStatus
from mobile_api.fields import Id, PageQuery, Schema, few, instant

MOST_STEPS, MOST_UNITS, MOST_ACTIONS = 800, 200, 5000

DOCUMENT = {
    "name": "Energy centre",
    "demands": [{"carrier": "electricity", "name": "Site load", "base": 300}],
    "units": [
        {"kind": "supply", "name": "Grid", "carrier": "electricity", "price": 0.7, "most": 5000},
        {"kind": "battery", "name": "Battery", "capacity_kwh": 400, "power_kw": 100, "price_per_kwh": 900,
         "cycles": 6000, "level": "01KASG2V3W4X5Y6Z7A8B9C0D1E"},
    ],
}  # fmt: skip


class PlantModelSchema(Schema):
    """The plant of a site."""

    id = Id(required=True)
    site_id = Id(required=True)
    site = ma.fields.String(required=True, metadata={"example": "Energy centre"})
    organisation_id = Id(required=True)
    is_active = ma.fields.Boolean(required=True, metadata={"description": "Planned for by the clock."})


class PlantModelTextSchema(Schema):
    """What a plant is: units with their figures, bound to points (see `backend/optimisation/README.md`)."""

    document = ma.fields.Dict(required=True, metadata={"example": DOCUMENT})


class PlantModelDocumentSchema(PlantModelTextSchema):
    """The same, and from when on it holds."""

    valid_from = instant(
        load_default=None, allow_none=True,
        metadata={"description": "From when on; null: from now.", "example": "2026-11-27T00:00:00+08:00"},
    )  # fmt: skip


class PlantModelVersionSchema(Schema):
    """What was said of a plant, from an instant on."""

    id = Id(required=True)
    plant_id = Id(required=True)
    number = ma.fields.Integer(required=True, metadata={"example": 1})
    valid_from = instant(required=True)
    document = ma.fields.Dict(required=True, metadata={"example": DOCUMENT})
    created_at = instant(required=True)


class PlantModelSwitchSchema(Schema):
    """Whether a plant is planned for by the clock."""

    is_active = ma.fields.Boolean(required=True, metadata={"example": True})


class CheckedPlantSchema(Schema):
    """A document that reads well."""

    units = ma.fields.Integer(required=True, metadata={"example": 12})
    carriers = few(ma.fields.String(), 10, required=True, metadata={"example": ["electricity", "heat"]})


class OperationPlanQuerySchema(PageQuery):
    """Which plans."""

    plant_id = Id(load_default=None, metadata={"description": "Of one plant."})
    kind = ma.fields.Enum(PlanKind, by_value=True, load_default=None)


class OperationInputSchema(Schema):
    """What a plan rests on."""

    name = ma.fields.String(required=True, metadata={"example": "price of Grid"})
    known_at = instant(required=True)
    quality = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["measured", "agreed", "forecast", "fallback", "assumed"]),
        metadata={"example": "forecast"},
    )
    remark = ma.fields.String(required=True, metadata={"example": "tariff grid-intake, from 2026-01-01"})
    oldest_s = ma.fields.Float(
        allow_none=True, metadata={"description": "Age beyond which it is not planned with [s]."}
    )


class OperationPlanSchema(Schema):
    """A plan without its hours."""

    id = Id(required=True)
    plant_id = Id(required=True)
    kind = ma.fields.Enum(PlanKind, by_value=True, required=True)
    starts_at = instant(required=True)
    ends_at = instant(required=True)
    made_at = instant(required=True)
    status = ma.fields.Enum(PlanStatus, by_value=True, required=True)
    said = ma.fields.String(
        required=True,
        metadata={
            "description": "How far to rely on it, or why there is none.",
            "example": "Optimal to within 0.01%",
        },
    )
    gap = ma.fields.Float(
        allow_none=True, metadata={"description": "(cost - bound) / cost.", "example": 0.0001}
    )
    cost = ma.fields.Float(allow_none=True, metadata={"example": 66237.3})
    bound = ma.fields.Float(allow_none=True, metadata={"description": "The lowest possible cost."})
    idle_cost = ma.fields.Float(allow_none=True, metadata={"description": "Were everything at rest."})
    rules_cost = ma.fields.Float(allow_none=True, metadata={"description": "Under fixed priorities."})
    co2_kg = ma.fields.Float(allow_none=True, metadata={"example": 56400})
    currency = ma.fields.String(required=True, metadata={"example": "CNY"})
    took_s = ma.fields.Float(required=True, metadata={"example": 2.4})


class ProblemPartSchema(Schema):
    """One thing that is wrong with a plan's inputs."""

    field = ma.fields.String(allow_none=True, metadata={"example": "content of Battery"})
    value = ma.fields.Raw(allow_none=True)
    message = ma.fields.String(required=True, metadata={"example": "it was read 3 h ago"})
    remedy = ma.fields.String(allow_none=True, metadata={"example": "mend its sensor, or bind one"})


class PlannedActionSchema(Schema):
    """What a unit does over steps, and why: `template` with `values` in it, an English sentence."""

    unit = ma.fields.String(required=True, metadata={"example": "Battery"})
    first = ma.fields.Integer(required=True, metadata={"example": 0})
    last = ma.fields.Integer(required=True, metadata={"example": 3})
    template = ma.fields.String(required=True)
    values = ma.fields.Dict(required=True)


class PlannedFlowSchema(Schema):
    """What a unit gives to a carrier's balance, below zero what it takes [unit per hour]."""

    unit = ma.fields.String(required=True, metadata={"example": "Battery"})
    carrier = ma.fields.String(required=True, metadata={"example": "electricity"})
    rates = few(ma.fields.Float(), MOST_STEPS, required=True)


class PlannedQuantitySchema(Schema):
    """A unit's own figure: `content`, `on`, `rate`, …"""

    unit = ma.fields.String(required=True, metadata={"example": "Battery"})
    quantity = ma.fields.String(required=True, metadata={"example": "content"})
    values = few(ma.fields.Float(), MOST_STEPS, required=True)


class PlannedCarrierSchema(Schema):
    """What must be given of a carrier, and what one more unit would cost."""

    carrier = ma.fields.String(required=True, metadata={"example": "heat"})
    unit = ma.fields.String(required=True, metadata={"example": "kWh"})
    demand = few(ma.fields.Float(), MOST_STEPS, required=True)
    price = few(
        ma.fields.Float(allow_nan=False, allow_none=True), MOST_STEPS, required=True,
        metadata={"description": "[currency per unit]; empty where not known."},
    )  # fmt: skip


class AgreedTargetSchema(Schema):
    """A target the plant accepted, and what this plan may use of it [kWh, m3; kW of a peak; kg of CO2]."""

    id = ma.fields.String(required=True)
    kind = ma.fields.String(
        required=True, metadata={"enum": [one.value for one in Kind], "example": "energy"}
    )
    carrier = ma.fields.String(
        required=True, metadata={"description": "Empty for CO2, which counts all.", "example": "electricity"}
    )
    most = ma.fields.Float(required=True, metadata={"description": "Over the whole time.", "example": 50000})
    begins_at = instant(required=True)
    ends_at = instant(required=True)
    allowed = ma.fields.Float(
        required=True,
        metadata={"description": "In this plan; a peak binds every plan alike.", "example": 1250},
    )
    used = ma.fields.Float(
        allow_none=True, metadata={"description": "Counted by meters before.", "example": 9200}
    )
    filled = ma.fields.Float(
        allow_none=True, metadata={"description": "Taken for quarter hours no meter knows.", "example": 100}
    )
    left = ma.fields.Float(allow_none=True, metadata={"example": 40700})
    known = ma.fields.Float(
        allow_none=True,
        metadata={"description": "Share of the time before that meters know.", "example": 0.99},
    )
    by_need = ma.fields.Boolean(
        allow_none=True,
        metadata={
            "description": "The rest is spread by what is usual; false: evenly, nothing is known of it."
        },
    )


class WholeOperationPlanSchema(OperationPlanSchema):
    """A plan with its hours; a failed one has its problems instead."""

    problems = few(ma.fields.Nested(ProblemPartSchema), 200, required=True)
    inputs = few(ma.fields.Nested(OperationInputSchema), 500, required=True)
    tariffs = few(ma.fields.Dict(), MOST_UNITS, required=True)
    targets = few(ma.fields.Nested(AgreedTargetSchema), 50, required=True)
    shortfalls = few(ma.fields.Dict(), 500, required=True)
    actions = few(ma.fields.Nested(PlannedActionSchema), MOST_ACTIONS, required=True)
    hours = few(
        ma.fields.Float(), MOST_STEPS, required=True, metadata={"description": "Length of each step [h]."}
    )
    flows = few(ma.fields.Nested(PlannedFlowSchema), 3 * MOST_UNITS, required=True)
    quantities = few(ma.fields.Nested(PlannedQuantitySchema), 8 * MOST_UNITS, required=True)
    carriers = few(ma.fields.Nested(PlannedCarrierSchema), 10, required=True)


class ChangesSchema(Schema):
    """What is otherwise; what is left out stays."""

    price_factor = ma.fields.Float(
        load_default=1.0, metadata={"description": "On electricity prices.", "example": 1.2}
    )
    load_factor = ma.fields.Float(load_default=1.0, metadata={"example": 1.0})
    sun_factor = ma.fields.Float(load_default=1.0, metadata={"example": 0.8})
    comfort = ma.fields.Float(
        load_default=1.0, metadata={"description": "How far load may wait, of the model's."}
    )
    out = few(
        ma.fields.String(), MOST_UNITS, load_default=(),
        metadata={"description": "Names of units out of service.", "example": []},
    )  # fmt: skip
    co2_price = ma.fields.Float(
        load_default=None, allow_none=True, metadata={"description": "[currency per t]", "example": 100}
    )
    with_targets = ma.fields.Boolean(
        load_default=True, metadata={"description": "Keep to the targets the plan was bound by, too."}
    )


class WhatIfSchema(Schema):
    """A plan under changes beside the present one; nothing is kept."""

    status = ma.fields.Enum(PlanStatus, by_value=True, required=True)
    said = ma.fields.String(required=True, metadata={"example": "Optimal to within 0.30%"})
    cost = ma.fields.Float(required=True, metadata={"example": 77050})
    difference = ma.fields.Float(required=True, metadata={"description": "More than the present plan costs."})
    co2_kg = ma.fields.Float(required=True)
    flows = few(ma.fields.Nested(PlannedFlowSchema), 3 * MOST_UNITS, required=True)


class OperationScheduleSchema(Schema):
    """An accepted plan. superseded_at: another took its place."""

    id = Id(required=True)
    plant_id = Id(required=True)
    plan_id = Id(required=True)
    starts_at = instant(required=True)
    ends_at = instant(required=True)
    accepted_at = instant(required=True)
    accepted_by = Id(allow_none=True)
    superseded_at = instant(allow_none=True)


class OperationOutcomeLineSchema(Schema):
    """A unit or demand: what was planned and counted of it, and what the difference cost."""

    name = ma.fields.String(required=True, metadata={"example": "Grid"})
    carrier = ma.fields.String(required=True, metadata={"example": "electricity"})
    unit = ma.fields.String(required=True, metadata={"example": "kWh"})
    sort = ma.fields.String(required=True, metadata={"example": "supply"})
    known = ma.fields.Float(required=True, metadata={"description": "Share of the hours that were counted."})
    planned = ma.fields.Float(allow_none=True)
    actual = ma.fields.Float(allow_none=True)
    planned_money = ma.fields.Float(allow_none=True)
    actual_money = ma.fields.Float(allow_none=True)
    deviation_money = ma.fields.Float(allow_none=True)


class OperationOutcomeSchema(Schema):
    """A plan against what was counted, over the hours of it that are over."""

    plan_id = Id(required=True)
    starts_at = instant(required=True)
    ends_at = instant(required=True)
    planned = ma.fields.Float(allow_none=True)
    actual = ma.fields.Float(allow_none=True)
    deviation = ma.fields.Float(allow_none=True)
    lines = few(ma.fields.Nested(OperationOutcomeLineSchema), 2 * MOST_UNITS, required=True)
    made_at = instant(required=True)
