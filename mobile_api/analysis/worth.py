"""What it is worth: money, standard coal, CO2, measures, and where an organisation stands among others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.analysis.rules.factors import Kind
from backend.analysis.rules.peers import Width
from backend.analysis.service import benchmark, benefit
from backend.billing.rules import numbering
from mobile_api.analysis.blueprint import blp
from mobile_api.analysis.days import DaysQuery, days
from mobile_api.billing.schemas import exact, local_day
from mobile_api.fields import Id, Schema, few, instant

MOST_BILLS, MOST_COUNTED, MOST_PLACES = 500, 200, 2_000


class CurrencyBenefitSchema(Schema):
    """Income and cost of one currency, without taxes."""

    currency = ma.fields.String(metadata={"example": "CNY"})
    income = exact()
    cost = exact()
    profit = exact()


class EarnedSchema(ma.Schema):
    """A bill, or what is not billed yet (bill_id null). net: without taxes; counted: of these days."""

    bill_id = Id(allow_none=True)
    number = ma.fields.Function(
        lambda one: numbering.shown(one.year, one.serial) if one.bill_id else None,
        metadata={"type": ["string", "null"], "example": "2026-000042"},
    )
    customer_id = Id()
    contract = ma.fields.String(metadata={"example": "LW-E-001"})
    starts_on = local_day("2026-10-01")
    ends_on = local_day("2026-11-01")
    currency = ma.fields.String(metadata={"example": "CNY"})
    net = exact()
    counted = exact()


class SpentSchema(ma.Schema):
    """What was bought through a meter in local days [first, until), without taxes; else the reason why not."""

    point_id = Id()
    first = local_day("2026-10-01")
    until = local_day("2026-11-01")
    net = exact(allow_none=True)
    currency = ma.fields.String(metadata={"example": "CNY"})
    missing = ma.fields.Integer(metadata={"description": "Intervals that count as nothing.", "example": 0})
    reason = ma.fields.String(allow_none=True)


class CountedSchema(ma.Schema):
    """What an amount of a carrier [its base unit] counts as in a calendar year: kgce, or kg of CO2."""

    carrier = ma.fields.String(attribute="carrier.value", metadata={"example": "electricity"})
    kind = ma.fields.String(attribute="kind.value", metadata={"enum": [one.value for one in Kind]})
    year = ma.fields.Integer(metadata={"example": 2026})
    amount = ma.fields.Float(metadata={"example": 120_000.0})
    value = ma.fields.Float(allow_none=True, metadata={"example": 63_672.0})
    factor = ma.fields.Float(attribute="used.factor.value", dump_default=None, allow_none=True,
                             metadata={"example": 0.5306})  # fmt: skip
    source = ma.fields.String(attribute="used.factor.source", dump_default=None, allow_none=True)
    is_older = ma.fields.Boolean(attribute="used.is_older", dump_default=None, allow_none=True, metadata={
        "description": "None is published for that year: the nearest earlier one counts."})  # fmt: skip


class ReturnSchema(Schema):
    """A measure and what it returns. payback [a]; irr: a share."""

    id = Id()
    name = ma.fields.String(metadata={"example": "LED lamps"})
    begun_on = local_day("2026-03-01")
    currency = ma.fields.String(metadata={"example": "CNY"})
    outlay = exact()
    yearly = exact()
    payback = ma.fields.Float(allow_none=True, metadata={"example": 4.0})
    npv = exact()
    irr = ma.fields.Float(allow_none=True, metadata={"example": 0.214})


class BenefitSchema(Schema):
    """What came of these days. money, earned, billed and spent are null for who does not keep the accounts."""

    money = few(ma.fields.Nested(CurrencyBenefitSchema), 20, allow_none=True)
    earned = few(ma.fields.Nested(EarnedSchema), MOST_BILLS, allow_none=True)
    billed = few(ma.fields.Nested(EarnedSchema), MOST_BILLS, allow_none=True)
    bills_left = ma.fields.Integer(metadata={"description": "Bills counted but not listed.", "example": 0})
    spent = few(ma.fields.Nested(SpentSchema), MOST_BILLS, allow_none=True)
    counted = few(ma.fields.Nested(CountedSchema), MOST_COUNTED)
    measures = few(ma.fields.Nested(ReturnSchema), MOST_BILLS)


class PeerPlaceSchema(ma.Schema):
    """Where an organisation stood in local days [first, until): its own use per unit, and what is told of others.

    width, others, lower, middle, upper, quarter are null where fewer than five others can be compared with, or one of
    them outweighs the rest.
    """

    organisation_id = Id()
    carrier = ma.fields.String(attribute="carrier.value", metadata={"example": "electricity"})
    basis = ma.fields.String(attribute="basis.value", metadata={"example": "area"})
    product = ma.fields.String(metadata={"example": ""})
    first = local_day("2026-10-01")
    until = local_day("2026-11-01")
    value = ma.fields.Float(metadata={"example": 9.4})
    unit = ma.fields.String(metadata={"example": "kWh"})
    weather = ma.fields.Boolean(metadata={"description": "Made comparable by degree days."})
    width = ma.fields.Function(
        lambda one: one.width and one.width.value,
        metadata={"type": ["string", "null"], "enum": [*(one.value for one in Width), None]},
    )
    others = ma.fields.Integer(allow_none=True, metadata={"example": 7})
    lower = ma.fields.Float(allow_none=True, metadata={"example": 7.1})
    middle = ma.fields.Float(allow_none=True, metadata={"example": 9.0})
    upper = ma.fields.Float(allow_none=True, metadata={"example": 12.0})
    quarter = ma.fields.Integer(allow_none=True, metadata={"example": 3})
    quota = ma.fields.Float(allow_none=True, metadata={"example": 9.3})
    quota_source = ma.fields.String(allow_none=True, metadata={"example": "GB/T 51161-2016"})
    made_at = instant()


class RankedSchema(ma.Schema):
    """A place with its rank among all: for those who run the meters."""

    place = ma.fields.Nested(PeerPlaceSchema)
    rank = ma.fields.Integer(attribute="rank.rank", metadata={"example": 3})
    of = ma.fields.Integer(attribute="rank.of", metadata={"example": 9})
    percentile = ma.fields.Float(attribute="rank.percentile", metadata={"example": 25.0})


class RankingSchema(Schema):
    """Places of the period; left: how many are not listed."""

    items = few(ma.fields.Nested(RankedSchema), MOST_PLACES)
    left = ma.fields.Integer(metadata={"example": 0})


class PlacesSchema(Schema):
    """Where one organisation stood, the latest period first."""

    items = few(ma.fields.Nested(PeerPlaceSchema), 200)


@blp.route("/benefit")
class Benefit(MethodView):
    """Money, coal, CO2."""

    @blp.arguments(DaysQuery, location="query")
    @blp.response(200, BenefitSchema)
    def get(self, asked: dict[str, Any]) -> Any:
        """Return income and cost down to bills, standard coal and CO2, measures (managers, dispatchers, operators)."""
        found = benefit.benefit_of(g.session, g.scope, **days(asked))
        sums = [
            {"currency": currency, "income": income, "cost": cost, "profit": income - cost}
            for currency, (income, cost) in found.sums().items()
        ]
        lists = {"earned": found.earned, "billed": found.billed, "spent": found.spent}
        left = sum(max(0, len(some) - MOST_BILLS) for some in lists.values() if some is not None)
        return {
            "money": None if found.earned is None else sums, "bills_left": left,
            "counted": found.counted[:MOST_COUNTED],
            **{name: None if some is None else some[:MOST_BILLS] for name, some in lists.items()},
            "measures": [vars(one) | vars(back) for one, back in found.measures][:MOST_BILLS],
        }  # fmt: skip


@blp.route("/benchmark")
class Benchmark(MethodView):
    """Ranking."""

    @blp.arguments(DaysQuery, location="query")
    @blp.response(200, RankingSchema)
    def get(self, asked: dict[str, Any]) -> Any:
        """Return the ranking of a whole month or year that is over (managers, dispatchers, operators)."""
        found = benchmark.ranking(g.session, g.scope, **days(asked))
        return {"items": found[:MOST_PLACES], "left": max(0, len(found) - MOST_PLACES)}


@blp.route("/organisations/<id:organisation>/places")
class Places(MethodView):
    """Of one organisation."""

    @blp.response(200, PlacesSchema)
    def get(self, organisation: UUID) -> Any:
        """Return where an organisation stood among others, and against its own past (its customer, too)."""
        return {"items": benchmark.own_places(g.session, g.scope, organisation_id=organisation)}
