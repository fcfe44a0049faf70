"""How well it runs: efficiency of plant and networks, and use made comparable by weather and production."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.analysis.rules.regression import Form
from backend.analysis.service import efficiency, intensity
from mobile_api.analysis.blueprint import blp
from mobile_api.analysis.days import DaysQuery, carrier, days
from mobile_api.billing.schemas import local_day
from mobile_api.fields import Id, PageQuery, Schema, few, instant, page_of

MOST_PLANTS, MOST_SPECIFICS, MOST_DAYS, MOST_TERMS, MOST_METERS = 2_000, 1_000, 1_100, 12, 100


class BandSchema(Schema):
    """Hours of a range of load (shares of full load). ratio: output over input in them, null where too few."""

    low = ma.fields.Float(metadata={"example": 0.5})
    high = ma.fields.Float(metadata={"example": 0.6})
    hours = ma.fields.Integer(metadata={"example": 120})
    ratio = ma.fields.Float(attribute="value", allow_none=True, metadata={"example": 0.92})


class PlantRunSchema(ma.Schema):
    """A place where energy goes in and other energy comes out. ratio: efficiency, or COP where is_cop."""

    position_id = Id(attribute="position.id")
    name = ma.fields.String(attribute="position.name", metadata={"example": "Gas boiler"})
    kind = ma.fields.String(attribute="make.value", metadata={"example": "boiler"})
    is_cop = ma.fields.Boolean()
    ratio = ma.fields.Float(attribute="ratio.value", allow_none=True, metadata={"example": 0.93})
    in_kwh = ma.fields.Float(attribute="ratio.in_kwh", metadata={"example": 52_000.0})
    out_kwh = ma.fields.Float(attribute="ratio.out_kwh", metadata={"example": 48_360.0})
    full_kw = ma.fields.Float(metadata={"example": 900.0})
    input_points = few(Id(), MOST_METERS, attribute="input_ids")
    output_points = few(Id(), MOST_METERS, attribute="output_ids")
    bands = few(ma.fields.Nested(BandSchema), 10)


class CarrierNetworkSchema(ma.Schema):
    """A carrier as a whole: fed in and taken out [unit], and the share that arrived."""

    carrier = ma.fields.String(attribute="carrier.value", metadata={"example": "heat"})
    unit = ma.fields.String(metadata={"example": "kWh"})
    fed = ma.fields.Float(metadata={"example": 480_000.0})
    taken = ma.fields.Float(metadata={"example": 441_000.0})
    share = ma.fields.Float(allow_none=True, metadata={"example": 0.919})


class SpecificSchema(ma.Schema):
    """Use of a carrier [unit] over an area, heads, or an amount of a product."""

    carrier = ma.fields.String(attribute="carrier.value", metadata={"example": "electricity"})
    basis = ma.fields.String(metadata={"example": "area"})
    product = ma.fields.String(metadata={"example": ""})
    unit = ma.fields.String(metadata={"example": "kWh"})
    per = ma.fields.String(metadata={"example": "m2"})
    amount = ma.fields.Float(metadata={"example": 61_000.0})
    size = ma.fields.Float(metadata={"example": 8_500.0})
    value = ma.fields.Float(metadata={"example": 7.18})


class EfficiencySchema(Schema):
    """How well it ran. lacking: what would have to be said (see drivers) for more specific uses."""

    plants = few(ma.fields.Nested(PlantRunSchema), MOST_PLANTS)
    networks = few(ma.fields.Nested(CarrierNetworkSchema), 8)
    specifics = few(ma.fields.Nested(SpecificSchema), MOST_SPECIFICS)
    lacking = few(ma.fields.String(), 3)


class IntensityQuery(DaysQuery):
    """Of which carrier."""

    carrier = carrier(required=True)


class FitTermSchema(Schema):
    """A term of a fit: base, heating, cooling, slope, or a factor's name. error null: the data do not tell it."""

    name = ma.fields.String(metadata={"example": "heating"})
    value = ma.fields.Float(metadata={"example": 412.5})
    error = ma.fields.Function(
        lambda one: one.error if one.error < 1e300 else None,
        metadata={"type": ["number", "null"], "example": 8.1},
    )
    t = ma.fields.Function(
        lambda one: one.t if abs(one.t) < 1e300 else None,
        metadata={"type": ["number", "null"], "example": 50.9},
    )


class FitSchema(Schema):
    """How use depends on weather and production. Change points in °C; fitted_at null: fitted for this answer."""

    form = ma.fields.String(attribute="fit.form.value", metadata={"enum": [one.value for one in Form]})
    first = local_day("2025-10-01")
    until = local_day("2026-10-01")
    fitted_at = instant(allow_none=True)
    heating_c = ma.fields.Float(attribute="fit.heating_c", allow_none=True, metadata={"example": 15.2})
    cooling_c = ma.fields.Float(attribute="fit.cooling_c", allow_none=True, metadata={"example": None})
    terms = few(ma.fields.Nested(FitTermSchema), MOST_TERMS, attribute="fit.terms")
    n = ma.fields.Integer(attribute="fit.quality.n", metadata={"example": 365})
    r2 = ma.fields.Float(attribute="fit.quality.r2", metadata={"example": 0.91})
    adjusted_r2 = ma.fields.Float(attribute="fit.quality.adjusted_r2", metadata={"example": 0.909})
    cv_rmse = ma.fields.Float(attribute="fit.quality.cv_rmse", metadata={"example": 0.11})
    nmbe = ma.fields.Float(attribute="fit.quality.nmbe", metadata={"example": 0.0})
    left_out = ma.fields.Integer(metadata={"description": "Days that lacked something.", "example": 2})


class ComparedDaySchema(Schema):
    """A day: used, expected by the fit, and what was saved up to its end [unit]."""

    day = local_day("2026-10-01")
    used = ma.fields.Float(metadata={"example": 1510.0})
    expected = ma.fields.Float(allow_none=True, metadata={"example": 1580.0})
    saved_so_far = ma.fields.Float(allow_none=True, metadata={"example": 70.0})


class IntensitySchema(ma.Schema):
    """Use of days made comparable. normalised: in the weather and with the production of the baseline's same days."""

    carrier = ma.fields.String(attribute="carrier.value", metadata={"example": "electricity"})
    unit = ma.fields.String(metadata={"example": "kWh"})
    used = ma.fields.Float(metadata={"example": 46_800.0})
    normalised = ma.fields.Float(allow_none=True, metadata={"example": 45_100.0})
    saving = ma.fields.Float(
        attribute="saved.saving", allow_none=True, dump_default=None, metadata={"example": 2100.0}
    )
    saving_share = ma.fields.Float(
        attribute="saved.share", allow_none=True, dump_default=None, metadata={"example": 0.043}
    )
    saving_band = ma.fields.Float(attribute="saved.error", allow_none=True, dump_default=None, metadata={
        "description": "Half the band the saving lies in with 90 %.", "example": 900.0})  # fmt: skip
    heating_degree_days = ma.fields.Float(attribute="heating", allow_none=True, metadata={"example": 84.0})
    cooling_degree_days = ma.fields.Float(attribute="cooling", allow_none=True, metadata={"example": 3.5})
    baseline = ma.fields.Nested(FitSchema, allow_none=True)
    reason = ma.fields.Function(lambda one: one.reason.message if one.reason else None, metadata={
        "type": ["string", "null"], "description": "Why there is no baseline."})  # fmt: skip
    doubts = few(ma.fields.String(), 6)
    days = few(ma.fields.Nested(ComparedDaySchema), MOST_DAYS, attribute="compared")


class KeptFitSchema(ma.Schema):
    """A fit that was made by schedule."""

    id = Id()
    carrier = ma.fields.String(attribute="carrier.value", metadata={"example": "heat"})
    unit = ma.fields.String(metadata={"example": "kWh"})
    first = local_day("2025-10-01")
    until = local_day("2026-10-01")
    form = ma.fields.Function(lambda one: one.document["form"], metadata={"type": "string", "example": "3PH"})
    r2 = ma.fields.Function(
        lambda one: one.document["quality"]["r2"], metadata={"type": "number", "example": 0.91}
    )
    cv_rmse = ma.fields.Function(
        lambda one: one.document["quality"]["cv_rmse"], metadata={"type": "number", "example": 0.11}
    )
    fitted_at = instant()


class FitsMadeSchema(Schema):
    """How many fits were made."""

    fits = ma.fields.Integer(metadata={"example": 3})


@blp.route("/efficiency")
class Efficiency(MethodView):
    """Plant and networks."""

    @blp.arguments(DaysQuery, location="query")
    @blp.response(200, EfficiencySchema)
    def get(self, asked: dict[str, Any]) -> Any:
        """Return efficiency, COP by load, and use per area, head and product (managers, dispatchers, operators)."""
        return efficiency.efficiency_of(g.session, g.scope, **days(asked))


@blp.route("/intensity")
class Intensity(MethodView):
    """Use against what it depends on."""

    @blp.arguments(IntensityQuery, location="query")
    @blp.response(200, IntensitySchema)
    def get(self, asked: dict[str, Any]) -> Any:
        """Return use made comparable, its fit and what was saved against it (managers, dispatchers, operators)."""
        return intensity.intensity_of(g.session, g.scope, carrier=asked["carrier"], **days(asked))


@blp.route("/organisations/<id:organisation>/fits")
class Fits(MethodView):
    """Fits that are kept."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(KeptFitSchema))
    def get(self, page: dict[str, Any], organisation: UUID) -> Any:
        """List the fits of an organisation, those of the latest days first (managers, dispatchers, operators)."""
        return intensity.fits(g.session, g.scope, organisation_id=organisation, **page)

    @blp.response(200, FitsMadeSchema)
    def post(self, organisation: UUID) -> Any:
        """Fit the last twelve months anew at once, rather than on Sunday (managers, dispatchers, operators)."""
        return {"fits": len(intensity.refit(g.session, g.scope, organisation_id=organisation))}
