"""Shapes of forecasts as partners see them. Amounts are those of a step, in the target's unit."""

from __future__ import annotations

import math
from typing import Any

import marshmallow as ma

from backend.forecasting.service import LEVELS, Method, Source, Untrained, Verdict, Why
from backend.forecasting.service.targets import LONGEST_H, MOST_TERMS, STEPS
from backend.forecasting.service.weather import LEADS_H as WEATHER_LEADS_H
from backend.forecasting.service.weather import SOURCES
from backend.kernel.units import Carrier
from mobile_api.fields import Id, PageQuery, Schema, few, instant

MOST_STEPS = LONGEST_H * 4
MOST_RUNGS = len(Method)
_NAME = ma.validate.Length(1, 200)


def known(value: float | None) -> float | None:
    """Return a number, None where it is none."""
    return None if value is None or not math.isfinite(value) else round(value, 6)


class TermSchema(Schema):
    """One point that counts."""

    point_id = Id(required=True)
    sign = ma.fields.Integer(
        load_default=1, validate=ma.validate.OneOf([1, -1]),
        metadata={"description": "1 is added, -1 taken off.", "example": 1},
    )  # fmt: skip


class PlantSchema(Schema):
    """Where modules stand and look; what is not known is left out."""

    latitude = ma.fields.Float(required=True, validate=ma.validate.Range(-90, 90), metadata={"example": 30.3})
    longitude = ma.fields.Float(
        required=True, validate=ma.validate.Range(-180, 180), metadata={"example": 121.2}
    )
    tilt_deg = ma.fields.Float(
        load_default=None, allow_none=True, validate=ma.validate.Range(0, 90),
        metadata={"description": "From horizontal [°].", "example": 12.0},
    )  # fmt: skip
    azimuth_deg = ma.fields.Float(
        load_default=None, allow_none=True, validate=ma.validate.Range(0, 360),
        metadata={"description": "From north, clockwise [°].", "example": 180.0},
    )  # fmt: skip
    peak_kw = ma.fields.Float(
        load_default=None, allow_none=True, validate=ma.validate.Range(0, 1e7), metadata={"example": 2600.0}
    )


class TargetSchema(Schema):
    """Something that is forecast."""

    id = Id()
    organisation_id = Id()
    position_id = Id()
    name = ma.fields.String(metadata={"example": "Electricity of the district"})
    name_zh = ma.fields.String(allow_none=True, metadata={"example": "全区用电"})
    carrier = ma.fields.Enum(Carrier, by_value=True)
    unit = ma.fields.String(metadata={"example": "kWh", "description": "Of the amount of a step."})
    source = ma.fields.Enum(Source, by_value=True, metadata={"example": "load"})
    step_minutes = ma.fields.Integer(metadata={"example": 60})
    horizon_hours = ma.fields.Integer(metadata={"example": 48})
    floor = ma.fields.Float(allow_none=True, metadata={"example": 0.0})
    ceiling = ma.fields.Float(allow_none=True)
    weather_place_id = Id(allow_none=True)
    plant = ma.fields.Nested(PlantSchema, allow_none=True)
    is_simulated = ma.fields.Boolean()
    created_at = instant()
    ended_at = instant(allow_none=True)
    retrain_asked_at = instant(allow_none=True, metadata={"description": "A new model is wanted since."})
    failing_since = instant(allow_none=True, metadata={"description": "No forecast can be made since."})
    missing = ma.fields.Function(
        lambda one: one.failing["missing"] if one.failing else None,
        metadata={
            "type": ["string", "null"], "enum": [*(why.value for why in Why), None],
            "description": "What is not there to forecast from.",
        },
    )  # fmt: skip
    untrained_since = instant(allow_none=True, metadata={"description": "No model can be trained since."})
    untrained_why = ma.fields.Function(
        lambda one: one.untrained["why"] if one.untrained else None,
        metadata={
            "type": ["string", "null"], "enum": [*(why.value for why in Untrained), None],
            "description": "Why the last try to train came to nothing.",
        },
    )  # fmt: skip


class NewTargetSchema(Schema):
    """Something to be forecast from now on: points of one carrier, added up."""

    position_id = Id(required=True, metadata={"description": "The site or place it stands at."})
    name = ma.fields.String(
        required=True, validate=_NAME, metadata={"example": "Electricity of the district"}
    )
    name_zh = ma.fields.String(
        load_default=None, allow_none=True, validate=_NAME, metadata={"example": "全区用电"}
    )
    terms = ma.fields.List(
        ma.fields.Nested(TermSchema), required=True, validate=ma.validate.Length(1, MOST_TERMS)
    )
    source = ma.fields.Enum(Source, by_value=True, load_default=Source.LOAD, metadata={"example": "load"})
    step_minutes = ma.fields.Integer(
        load_default=60, validate=ma.validate.OneOf(STEPS), metadata={"example": 60}
    )
    horizon_hours = ma.fields.Integer(
        load_default=48, validate=ma.validate.Range(1, LONGEST_H), metadata={"example": 48}
    )
    floor = ma.fields.Float(load_default=0.0, allow_none=True, metadata={"example": 0.0})
    ceiling = ma.fields.Float(load_default=None, allow_none=True)
    weather_place_id = Id(load_default=None, allow_none=True)
    plant = ma.fields.Nested(PlantSchema, load_default=None, allow_none=True)


class TargetChangeSchema(Schema):
    """What is said otherwise of a target; what is left out stays. Points, place, source and steps always stay."""

    name = ma.fields.String(validate=_NAME, metadata={"example": "Electricity of the district"})
    name_zh = ma.fields.String(allow_none=True, validate=_NAME, metadata={"example": "全区用电"})
    horizon_hours = ma.fields.Integer(validate=ma.validate.Range(1, LONGEST_H), metadata={"example": 72})
    floor = ma.fields.Float(allow_none=True, metadata={"example": 0.0})
    ceiling = ma.fields.Float(allow_none=True, metadata={"example": 1250.0})
    weather_place_id = Id(allow_none=True)
    plant = ma.fields.Nested(PlantSchema, allow_none=True)


class TargetQuery(PageQuery):
    """Which of what is forecast."""

    organisation = Id(load_default=None, metadata={"description": "Of this one and those below."})
    carrier = ma.fields.Enum(Carrier, by_value=True, load_default=None)


class PassedSchema(Schema):
    """A better rung of the ladder, and why it was not taken."""

    method = ma.fields.String(metadata={"enum": [one.value for one in Method], "example": "model"})
    why = ma.fields.String(metadata={"enum": [one.value for one in Why], "example": "weather_stale"})
    facts = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Float(),
        metadata={"example": {"hours": 40.0, "limit_hours": 36.0}},
    )


class ForecastHeadSchema(Schema):
    """A forecast without its amounts."""

    id = Id()
    target_id = Id()
    issued_at = instant()
    starts_at = instant()
    step_minutes = ma.fields.Integer(metadata={"example": 60})
    steps = ma.fields.Integer(metadata={"example": 48})
    method = ma.fields.Enum(Method, by_value=True, metadata={"example": "model"})
    passed = few(ma.fields.Nested(PassedSchema), MOST_RUNGS)
    model_id = Id(allow_none=True)
    known_until = instant(
        allow_none=True, metadata={"description": "End of the newest amount it was made from."}
    )
    weather_known_at = instant(
        allow_none=True, metadata={"description": "When its weather was foretold; null: without weather."}
    )


class ForecastSchema(Schema):
    """A forecast: for each step the quantiles of its amount [unit], never falling from left to right."""

    id = Id(attribute="forecast_id")
    target_id = Id()
    issued_at = instant()
    starts_at = instant(attribute="start")
    step_minutes = ma.fields.Integer(metadata={"example": 60})
    unit = ma.fields.String(metadata={"example": "kWh"})
    levels = ma.fields.Function(
        lambda _one: list(LEVELS),
        metadata={
            "type": "array", "items": {"type": "number"}, "maxItems": len(LEVELS), "example": list(LEVELS),
            "description": "The columns of values.",
        },
    )  # fmt: skip
    values = ma.fields.Function(
        lambda one: [[known(value) for value in row] for row in one.values.tolist()],
        metadata={
            "type": "array", "maxItems": MOST_STEPS, "description": "One row a step.",
            "items": {"type": "array", "items": {"type": ["number", "null"]}, "maxItems": len(LEVELS)},
        },
    )  # fmt: skip
    method = ma.fields.Enum(Method, by_value=True, metadata={"example": "model"})
    passed = few(ma.fields.Nested(PassedSchema), MOST_RUNGS)
    model_id = Id(allow_none=True)
    known_until = instant(allow_none=True)
    weather_known_at = instant(allow_none=True)


class WindowQuery(Schema):
    """A stretch of time, half-open."""

    start = instant(required=True, metadata={"example": "2026-11-01T00:00:00Z"})
    end = instant(required=True, metadata={"example": "2026-11-08T00:00:00Z"})


class KnownQuery(WindowQuery):
    """A stretch of time, as it was foreseen by an instant."""

    known_at = instant(
        load_default=None, metadata={"description": "Only what was issued by then; without it, now."}
    )


class ScoresSchema(Schema):
    """How far a method missed on held days [unit of a step]."""

    mae = ma.fields.Float(metadata={"example": 12.5, "description": "Mean absolute error of the median."})
    pinball = ma.fields.Float(
        metadata={"example": 4.1, "description": "Mean pinball loss over the quantiles."}
    )
    coverage_80 = ma.fields.Float(
        metadata={"example": 0.8, "description": "Share of amounts inside the 80 % band."}
    )
    skill = ma.fields.Float(
        allow_none=True,
        metadata={"example": 0.31, "description": "Against the better of yesterday and last week."},
    )
    values = ma.fields.Integer(metadata={"example": 504})
    first = ma.fields.String(metadata={"format": "date-time", "example": "2026-11-01T00:00:00+00:00"})
    last = ma.fields.String(metadata={"format": "date-time", "example": "2026-11-22T00:00:00+00:00"})


class ModelSchema(Schema):
    """A trained model, and what became of it."""

    id = Id()
    number = ma.fields.Integer(metadata={"example": 3})
    trained_at = instant()
    known_from = instant()
    known_until = instant(metadata={"description": "End of the newest amount it was trained on."})
    took_s = ma.fields.Float(metadata={"example": 12.4})
    verdict = ma.fields.Enum(Verdict, by_value=True, metadata={"example": "champion"})
    champion_from = instant(allow_none=True)
    champion_until = instant(allow_none=True)
    scores = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf([one.value for one in Method])),
        values=ma.fields.Nested(ScoresSchema),
        metadata={"description": "Rolling backtest, by method."},
    )
    champion_scores = ma.fields.Nested(
        ScoresSchema, allow_none=True, metadata={"description": "Of the champion then, on the same days."}
    )
    asked_by = Id(allow_none=True, metadata={"description": "Who wanted it; null: it was time."})


class AccuracySchema(Schema):
    """How far issued forecasts missed, at leads up to `lead_h` hours."""

    lead_h = ma.fields.Integer(metadata={"example": 24})
    mae = ma.fields.Float(metadata={"example": 12.5})
    pinball = ma.fields.Float(metadata={"example": 4.1})
    coverage_80 = ma.fields.Float(metadata={"example": 0.79})
    skill_day = ma.fields.Float(allow_none=True, metadata={"example": 0.3})
    skill_week = ma.fields.Float(allow_none=True, metadata={"example": 0.25})
    values = ma.fields.Integer(metadata={"example": 2000})


class PlaceSchema(Schema):
    """A place whose weather is kept."""

    id = Id(dump_only=True)
    organisation_id = Id(required=True)
    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "Weather station"})
    name_zh = ma.fields.String(
        load_default=None, allow_none=True, validate=_NAME, metadata={"example": "气象站"}
    )
    latitude = ma.fields.Float(required=True, validate=ma.validate.Range(-90, 90), metadata={"example": 30.3})
    longitude = ma.fields.Float(
        required=True, validate=ma.validate.Range(-180, 180), metadata={"example": 121.2}
    )
    source = ma.fields.String(
        load_default="file", validate=ma.validate.OneOf(SOURCES), metadata={"example": "file"}
    )
    is_simulated = ma.fields.Boolean(dump_only=True)
    asked_at = instant(dump_only=True, allow_none=True)
    error = ma.fields.String(
        dump_only=True, allow_none=True, metadata={"description": "What hindered the last delivery."}
    )


class PlaceQuery(PageQuery):
    """Which places."""

    organisation = Id(load_default=None, metadata={"description": "Of this one and those below."})


class WeatherFileSchema(Schema):
    """A file of weather as a multipart body: CSV or EPW."""

    file = ma.fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class TakenSchema(Schema):
    """What was taken."""

    deliveries = ma.fields.Integer(
        metadata={"example": 2, "description": "Stretches of weather that are new."}
    )


class WeatherErrorSchema(Schema):
    """How far weather forecasts were off, at leads up to `lead_h` hours; in the variable's unit."""

    variable = ma.fields.String(metadata={"example": "temperature_c"})
    lead_h = ma.fields.Integer(metadata={"example": 24, "enum": list(WEATHER_LEADS_H)})
    mae = ma.fields.Float(metadata={"example": 1.2})
    bias = ma.fields.Float(metadata={"example": -0.1, "description": "Forecast less observed, mean."})
    values = ma.fields.Integer(metadata={"example": 720})


def as_target(given: dict[str, Any]) -> dict[str, Any]:
    """Return what a body says as the service takes it."""
    said = dict(given)
    said["points"] = {one["point_id"]: one["sign"] for one in said.pop("terms")}
    return said
