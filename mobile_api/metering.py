"""What was measured: points, latest values of thousands at once, curves, amounts, overviews."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import marshmallow as ma
import numpy as np
import orjson
from flask import Response, g
from flask.views import MethodView

from backend.kernel import clock
from backend.kernel.errors import Refused
from backend.kernel.periods import Period
from backend.kernel.units import Carrier, PointKind
from backend.metering import service
from backend.metering.service import Direction, Grain
from mobile_api.fields import Area, Id, PageQuery, Schema, few, instant, page_of
from mobile_api.organisations import organisations_under

blp = Area("metering", __name__, description="Points, values, curves and amounts.")

MOST_POINTS = 5000
LONGEST = timedelta(days=3660)
MOST_SAMPLES = 4000
MOST_TOTALS = 100
MOST_PARTS = 200
QUALITY = "0 good, 1 uncertain, 2 bad, 3 substituted, 4 manual."


class PointSchema(Schema):
    """One measured quantity at a position."""

    id = Id()
    position_id = Id()
    organisation_id = Id()
    parent_id = Id(allow_none=True, metadata={"description": "The meter this one is part of."})
    name = ma.fields.String()
    name_zh = ma.fields.String(allow_none=True)
    carrier = ma.fields.Enum(Carrier, by_value=True)
    quantity = ma.fields.String(metadata={"example": "energy"})
    unit = ma.fields.String(metadata={"example": "kWh"})
    kind = ma.fields.Enum(PointKind, by_value=True)
    direction = ma.fields.Function(
        lambda point: point.direction.value,
        metadata={"type": "string", "enum": ["in", "out"], "description": "As seen from the position."},
    )
    category = ma.fields.String(allow_none=True)
    interval_minutes = ma.fields.Integer()
    low = ma.fields.Float(allow_none=True, metadata={"description": "Lowest plausible value [unit]."})
    high = ma.fields.Float(allow_none=True, metadata={"description": "Highest plausible value [unit]."})
    is_settled = ma.fields.Boolean(metadata={"description": "Bills rest on it."})
    is_total = ma.fields.Boolean(metadata={"description": "Counts in totals; sub-meters do not."})
    is_simulated = ma.fields.Boolean()
    error = ma.fields.String(
        allow_none=True,
        metadata={"description": "Why no amounts could be made of its readings; tried again."},
    )
    failing_since = instant(allow_none=True)


_NAME = ma.validate.Length(1, 200)


class PointChangeSchema(Schema):
    """What is said otherwise of a point; what its readings rest on (carrier, unit, kind, …) stays."""

    name = ma.fields.String(validate=_NAME, metadata={"example": "Main meter"})
    name_zh = ma.fields.String(allow_none=True, validate=_NAME, metadata={"example": "总表"})
    category = ma.fields.String(allow_none=True, validate=_NAME, metadata={"example": "power"})
    parent_id = Id(allow_none=True, metadata={"description": "The meter this one is part of."})
    dial = ma.fields.Float(
        allow_none=True, metadata={"description": "First value the register cannot show [unit]."}
    )
    low = ma.fields.Float(allow_none=True, metadata={"description": "Lowest plausible value [unit]."})
    high = ma.fields.Float(allow_none=True, metadata={"description": "Highest plausible value [unit]."})
    is_settled = ma.fields.Boolean(metadata={"description": "Bills rest on it."})
    is_total = ma.fields.Boolean(metadata={"description": "Counts in totals; sub-meters do not."})


class NewPointSchema(Schema):
    """A measured quantity at a position, to be made."""

    position_id = Id(required=True)
    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "Main meter · active energy"})
    name_zh = ma.fields.String(
        load_default=None, allow_none=True, validate=_NAME, metadata={"example": "总表 · 有功电量"}
    )
    carrier = ma.fields.Enum(Carrier, by_value=True, required=True, metadata={"example": "electricity"})
    quantity = ma.fields.String(required=True, validate=_NAME, metadata={"example": "active energy"})
    unit = ma.fields.String(required=True, metadata={"example": "kWh"})
    kind = ma.fields.Enum(PointKind, by_value=True, required=True, metadata={"example": "register"})
    direction = ma.fields.Enum(
        Direction,
        by_value=True,
        load_default=Direction.IN,
        metadata={"description": "As seen from the position."},
    )
    category = ma.fields.String(load_default=None, allow_none=True, validate=_NAME)
    parent_id = Id(
        load_default=None, allow_none=True, metadata={"description": "The meter this one is part of."}
    )
    interval_minutes = ma.fields.Integer(load_default=15, metadata={"enum": [5, 15, 30, 60]})
    dial = ma.fields.Float(
        load_default=None,
        allow_none=True,
        metadata={"description": "First value the register cannot show [unit]."},
    )
    low = ma.fields.Float(
        load_default=None, allow_none=True, metadata={"description": "Lowest plausible value."}
    )
    high = ma.fields.Float(
        load_default=None, allow_none=True, metadata={"description": "Highest plausible value."}
    )
    is_settled = ma.fields.Boolean(load_default=False, metadata={"description": "Bills rest on it."})
    is_total = ma.fields.Boolean(load_default=False, metadata={"description": "Counts in totals."})


class VirtualPartSchema(Schema):
    """One part of a virtual meter: a source, added or taken off, whole or a share of it."""

    source_id = Id(required=True)
    sign = ma.fields.Integer(load_default=1, validate=ma.validate.OneOf([1, -1]), metadata={"example": 1})
    share_from = ma.fields.Float(
        load_default=0.0, validate=ma.validate.Range(0, 1), metadata={"example": 0.0}
    )
    share_to = ma.fields.Float(
        load_default=1.0,
        validate=ma.validate.Range(0, 1),
        metadata={"example": 0.3, "description": "Parts from 0 to 0.3 and from 0.3 to 1 sum to the source."},
    )


class VirtualPartsSchema(Schema):
    """What a virtual meter consists of."""

    parts = few(ma.fields.Nested(VirtualPartSchema), MOST_PARTS)


class VirtualPartsChangeSchema(Schema):
    """What it shall consist of, and from when on its intervals are made."""

    parts = ma.fields.List(
        ma.fields.Nested(VirtualPartSchema), required=True, validate=ma.validate.Length(1, MOST_PARTS)
    )
    since = instant(load_default=None, metadata={"description": "31 days ago when left out."})


class PointQuery(PageQuery):
    """Which points."""

    organisation = Id(load_default=None, metadata={"description": "Of this one and those below."})
    position = Id(load_default=None, metadata={"description": "At this very position."})
    under = Id(load_default=None, metadata={"description": "At this position and those below."})
    carrier = ma.fields.Enum(Carrier, by_value=True, load_default=None)
    kind = ma.fields.Enum(PointKind, by_value=True, load_default=None)
    search = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 100))


class LatestQuery(PageQuery):
    """Of which points; without any, of all one sees."""

    organisation = Id(load_default=None, metadata={"description": "Of this one and those below."})
    under = Id(load_default=None, metadata={"description": "At this position and those below."})


class LatestBodySchema(Schema):
    """Of which points."""

    points = ma.fields.List(Id(), required=True, validate=ma.validate.Length(1, MOST_POINTS))


class LatestSchema(Schema):
    """The newest reading of a point."""

    point_id = Id()
    read_at = instant()
    value = ma.fields.Float(
        allow_none=True, metadata={"description": "[unit of the point]; null: none sent."}
    )
    quality = ma.fields.Integer(metadata={"description": QUALITY})


class PeriodQuery(Schema):
    """From when until when, half open."""

    start = instant(required=True, metadata={"example": "2026-03-01T00:00:00+08:00"})
    end = instant(load_default=None, metadata={"description": "Not included; now when left out."})


class CurveQuery(PeriodQuery):
    """Which stretch, for how wide a screen."""

    width = ma.fields.Integer(
        load_default=800,
        validate=ma.validate.Range(2, MOST_SAMPLES),
        metadata={"description": "Samples at most, about."},
    )


class CurveSchema(Schema):
    """A point over time, fit for a screen: peaks are kept, gaps are gaps."""

    source = ma.fields.String(metadata={"enum": ["readings", "hours", "amounts"]})
    unit = ma.fields.String()
    at_ms = few(ma.fields.Integer(), MOST_SAMPLES, metadata={"description": "Milliseconds since 1970, UTC."})
    value = few(ma.fields.Float(allow_none=True), MOST_SAMPLES, metadata={"description": "Null: no data."})
    low = few(ma.fields.Float(allow_none=True), MOST_SAMPLES, allow_none=True)
    high = few(ma.fields.Float(allow_none=True), MOST_SAMPLES, allow_none=True)


class AmountQuery(PeriodQuery):
    """Which stretch, by what."""

    grain = ma.fields.Enum(
        Grain, load_default=Grain.DAY, metadata={"description": "UTC hour, local day or month."}
    )


class AmountSchema(Schema):
    """What a point counted in one bucket [unit of the point]."""

    start = instant()
    amount = ma.fields.Float()
    estimated = ma.fields.Float(metadata={"description": "The part of it that was not measured."})
    intervals = ma.fields.Integer()


class TotalSchema(Schema):
    """What an organisation supplied (out) or used (in) of one carrier."""

    carrier = ma.fields.Enum(Carrier, by_value=True)
    direction = ma.fields.Function(
        lambda total: total.direction.value, metadata={"type": "string", "enum": ["in", "out"]}
    )
    unit = ma.fields.String()
    today = ma.fields.Float(metadata={"description": "Complete hours of the local day so far."})
    yesterday = ma.fields.Float(metadata={"description": "The same stretch of yesterday."})
    yesterday_whole = ma.fields.Float()
    month = ma.fields.Float(metadata={"description": "The local month so far."})
    rate = ma.fields.Float(allow_none=True, metadata={"description": "What flows now; null: not known."})
    rate_unit = ma.fields.String(allow_none=True)
    meters = ma.fields.Integer()
    silent = ma.fields.Integer(metadata={"description": "Meters without a fresh value."})


class OverviewSchema(Schema):
    """An organisation at a glance."""

    zone = ma.fields.String(metadata={"example": "Asia/Shanghai"})
    counted_until = instant(metadata={"description": "Up to where 'today' is counted."})
    totals = few(ma.fields.Nested(TotalSchema), MOST_TOTALS)


@blp.route("/points")
class Points(MethodView):
    """All points."""

    @blp.arguments(PointQuery, location="query")
    @blp.response(200, page_of(PointSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List points by name, narrowed by any of the filters."""
        wanted["organisations"] = organisations_under(wanted.pop("organisation"))
        return service.list_points(g.session, g.scope, position_id=wanted.pop("position"), **wanted)

    @blp.arguments(NewPointSchema)
    @blp.response(201, PointSchema)
    def post(self, given: dict[str, Any]) -> Any:
        """Make a point at a position (administrators, operators); a channel then says how it is read."""
        position_id = given.pop("position_id")
        return service.create_point(
            g.session, g.scope, position_id=position_id, new=service.NewPoint(**given)
        )


@blp.route("/points/<id:point>")
class OnePoint(MethodView):
    """One of them."""

    @blp.response(200, PointSchema)
    def get(self, point: UUID) -> Any:
        """Return one point."""
        return service.point(g.session, g.scope, point)

    @blp.arguments(PointChangeSchema)
    @blp.response(200, PointSchema)
    def patch(self, given: dict[str, Any], point: UUID) -> Any:
        """Say otherwise what it is called and what it counts for (administrators, operators)."""
        return service.change_point(g.session, g.scope, point_id=point, **given)


@blp.route("/points/<id:point>/parts")
class VirtualParts(MethodView):
    """What a virtual meter consists of."""

    @blp.response(200, VirtualPartsSchema)
    def get(self, point: UUID) -> Any:
        """Return the parts of a virtual meter; none for a real one."""
        return {"parts": service.parts_of(g.session, g.scope, point_id=point)}

    @blp.arguments(VirtualPartsChangeSchema)
    @blp.response(200, VirtualPartsSchema)
    def put(self, given: dict[str, Any], point: UUID) -> Any:
        """Say what a virtual meter consists of (administrators, operators); it is made within seconds."""
        parts = [service.Part(**part) for part in given["parts"]]
        return {
            "parts": service.define_virtual(
                g.session, g.scope, point_id=point, parts=parts, since=given["since"]
            )
        }


@blp.route("/latest")
class Latest(MethodView):
    """What points say now."""

    @blp.arguments(LatestQuery, location="query")
    @blp.response(200, page_of(LatestSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List the newest readings of the points of an organisation or under a position."""
        wanted["organisations"] = organisations_under(wanted.pop("organisation"))
        return service.list_latest_values(g.session, g.scope, **wanted)

    @blp.arguments(LatestBodySchema)
    @blp.response(200, LatestSchema(many=True))
    def post(self, wanted: dict[str, Any]) -> Any:
        """Return the newest reading of the named points; those that are not one's own are left out."""
        return service.latest_values(g.session, g.scope, point_ids=wanted["points"])


@blp.route("/points/<id:point>/curve")
class Curve(MethodView):
    """A point over time."""

    @blp.arguments(CurveQuery, location="query")
    @blp.response(200, CurveSchema)
    def get(self, wanted: dict[str, Any], point: UUID) -> Response:
        """Return a point's curve, with no more samples than the screen has, and every peak."""
        period = period_of(wanted)
        found = service.curve(g.session, g.scope, point_id=point, period=period, width=wanted["width"])
        shown = {"source": found.source, "unit": found.unit, "at_ms": (found.at_us // 1000).tolist()}
        for name in ("value", "low", "high"):
            shown[name] = _plain(getattr(found, name))
        return _json(shown)


@blp.route("/points/<id:point>/amounts")
class Amounts(MethodView):
    """What a point counted."""

    @blp.arguments(AmountQuery, location="query")
    @blp.response(200, AmountSchema(many=True))
    def get(self, wanted: dict[str, Any], point: UUID) -> Any:
        """List a point's amounts by hour, day or month; buckets without any data are left out."""
        period = period_of(wanted)
        return service.amounts(g.session, g.scope, point_id=point, grain=wanted["grain"], period=period)


@blp.route("/organisations/<id:organisation>/overview")
class Overview(MethodView):
    """An organisation at a glance."""

    @blp.response(200, OverviewSchema)
    def get(self, organisation: UUID) -> Any:
        """Return supply and use per carrier: now, today against yesterday, this month."""
        below = organisations_under(organisation)
        assert below is not None
        return service.overview(g.session, g.scope, organisations=below)


def period_of(wanted: dict[str, Any]) -> Period:
    """Return the period somebody asked for; raises Refused where it is longer than ten years."""
    end: datetime = wanted["end"] or clock.now()
    period = Period(wanted["start"], end)
    if end - period.start > LONGEST:
        raise Refused("at most ten years at once", field="start", value=period.start.isoformat())
    return period


def _plain(values: Any) -> list[float | None] | None:
    """Return numbers as JSON takes them: no NaN, no infinity."""
    if values is None:
        return None
    return np.where(np.isfinite(values), values, None).tolist()


def _json(shown: Any) -> Response:
    return Response(orjson.dumps(shown), mimetype="application/json")
