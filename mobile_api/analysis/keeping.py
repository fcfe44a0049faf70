"""What operators keep: factors, quotas, measures, purchases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.analysis.rules.factors import Kind
from backend.analysis.rules.peers import Basis
from backend.analysis.service import benefit, keeping
from backend.analysis.service.keeping import NewMeasure, NewPurchase, NewQuota
from mobile_api.analysis.blueprint import blp
from mobile_api.analysis.days import carrier
from mobile_api.billing.schemas import currency, exact, local_day, money, words
from mobile_api.fields import Id, Schema, few, instant, within

MOST = 500
SHARE = {"type": "string", "example": "0.06", "pattern": r"^0(\.\d{1,4})?$"}
FACTOR = {"type": "string", "example": "0.5306", "pattern": r"^\d{1,3}(\.\d{1,6})?$"}


class FactorSchema(Schema):
    """What a unit of a carrier counts as from a local day on: kgce by calorific or equivalent value, or kg of CO2.

    Electricity, heat, cooling and steam per kWh; gas and water per m3.
    """

    id = Id(dump_only=True)
    organisation_id = Id(dump_only=True)
    carrier = carrier(required=True)
    kind = ma.fields.Enum(Kind, by_value=True, required=True, metadata={"example": "co2"})
    from_on = local_day("2026-01-01", required=True)
    value = ma.fields.Decimal(
        places=6, required=True, as_string=True, validate=within(0, 999), metadata=FACTOR
    )
    source = words(200, "green power contract with the supplier", required=True)
    entered_at = instant(dump_only=True)


class QuotaSchema(Schema):
    """What a standard allows a trade to use in a year, per m2, head or unit of product, from a local day on."""

    id = Id(dump_only=True)
    organisation_id = Id(dump_only=True)
    trade = words(80, "office tower", required=True)
    carrier = carrier(required=True)
    basis = ma.fields.Enum(Basis, by_value=True, required=True, metadata={"example": "area"})
    from_on = local_day("2026-01-01", required=True)
    value = ma.fields.Float(required=True, validate=ma.validate.Range(0, 1e9), metadata={"example": 110.0})
    source = words(200, "GB/T 51161-2016", required=True)
    entered_at = instant(dump_only=True)


class EnergyMeasureSchema(Schema):
    """Something done to use less. yearly: saved a year; years: it serves; rate: of discount, 0.06 is 6 %."""

    id = Id(dump_only=True)
    organisation_id = Id(dump_only=True)
    name = words(200, "LED lamps in the halls", required=True)
    carrier = carrier(load_default=None, allow_none=True)
    begun_on = local_day("2026-03-01", required=True)
    outlay = money()
    yearly = money()
    currency = currency(load_default="CNY")
    years = ma.fields.Integer(required=True, validate=ma.validate.Range(1, 60), metadata={"example": 10})
    rate = ma.fields.Decimal(places=4, required=True, as_string=True, validate=within(0, 1), metadata=SHARE)
    entered_at = instant(dump_only=True)


class EnergyMeasureShownSchema(EnergyMeasureSchema):
    """A measure as it is told."""

    outlay = exact()
    yearly = exact()


class PurchaseSchema(Schema):
    """At which tariff what a meter counts is bought, for local days [starts_on, ends_on). facts: as of a contract."""

    id = Id(dump_only=True)
    organisation_id = Id(dump_only=True)
    point_id = Id(required=True)
    tariff_id = Id(required=True)
    starts_on = local_day("2026-01-01", required=True)
    ends_on = local_day("2027-01-01", load_default=None, allow_none=True)
    facts = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.Regexp(r"[a-z_0-9]{1,40}\Z")),
        values=ma.fields.Decimal(places=4, as_string=True, validate=within(0, 10**9),
                                 metadata={"type": "string", "pattern": r"^\d{1,9}(\.\d{1,4})?$"}),
        load_default=dict, validate=ma.validate.Length(max=20), metadata={"example": {"capacity_kva": "6300"}},
    )  # fmt: skip
    entered_at = instant(dump_only=True)


def whole(schema: type[ma.Schema], name: str) -> type[ma.Schema]:
    """Return the shape of all an organisation keeps of a kind: few, since people write them."""
    return Schema.from_dict({"items": few(ma.fields.Nested(schema), MOST)}, name=name)


@blp.route("/organisations/<id:organisation>/factors")
class Factors(MethodView):
    """An operator's own."""

    @blp.response(200, whole(FactorSchema, "Factors"))
    def get(self, organisation: UUID) -> Any:
        """Return the factors that an organisation or those above it say."""
        return {"items": benefit.own_factors(g.session, g.scope, organisation_id=organisation)}

    @blp.arguments(FactorSchema)
    @blp.response(201, FactorSchema)
    def post(self, new: dict[str, Any], organisation: UUID) -> Any:
        """Say a factor, for the organisation and all below it (managers, operators, administrators)."""
        return keeping.record_factor(g.session, g.scope, organisation_id=organisation, **new)


@blp.route("/organisations/<id:organisation>/quotas")
class Quotas(MethodView):
    """What standards allow."""

    @blp.response(200, whole(QuotaSchema, "Quotas"))
    def get(self, organisation: UUID) -> Any:
        """Return the quotas that an organisation or those above it keep."""
        return {"items": keeping.quotas(g.session, g.scope, organisation_id=organisation)}

    @blp.arguments(QuotaSchema)
    @blp.response(201, QuotaSchema)
    def post(self, new: dict[str, Any], organisation: UUID) -> Any:
        """Keep a quota (managers, operators, administrators)."""
        return keeping.record_quota(g.session, g.scope, organisation_id=organisation, new=NewQuota(**new))


@blp.route("/organisations/<id:organisation>/measures")
class Measures(MethodView):
    """What was done to use less."""

    @blp.response(200, whole(EnergyMeasureShownSchema, "Measures"))
    def get(self, organisation: UUID) -> Any:
        """Return the measures of an organisation and all below it; what they return stands under benefit."""
        found = benefit.measures(g.session, g.scope, organisation_id=organisation)
        return {"items": [one for one, _back in found][:MOST]}

    @blp.arguments(EnergyMeasureSchema)
    @blp.response(201, EnergyMeasureShownSchema)
    def post(self, new: dict[str, Any], organisation: UUID) -> Any:
        """Keep a measure (managers, operators, administrators)."""
        return keeping.record_measure(g.session, g.scope, organisation_id=organisation, new=NewMeasure(**new))


@blp.route("/organisations/<id:organisation>/purchases")
class Purchases(MethodView):
    """What is bought through intakes."""

    @blp.response(200, whole(PurchaseSchema, "Purchases"))
    def get(self, organisation: UUID) -> Any:
        """Return what an organisation and those below it buy, and at which tariff."""
        return {"items": keeping.purchases(g.session, g.scope, organisation_id=organisation)}

    @blp.arguments(PurchaseSchema)
    @blp.response(201, PurchaseSchema)
    def post(self, new: dict[str, Any], organisation: UUID) -> Any:
        """Say at which of the organisation's tariffs something is bought (managers, administrators)."""
        facts: dict[str, Decimal] = new.pop("facts")
        said = NewPurchase(**new, facts={name: str(value) for name, value in facts.items()})
        return keeping.record_purchase(g.session, g.scope, organisation_id=organisation, new=said)


def _removal(kind: str, words_: str) -> None:
    """Add the route that takes one of a kind back."""

    @blp.route(f"/{kind}s/<id:{kind}>", endpoint=f"{kind.title()}Removal")
    class Removal(MethodView):
        """One of them."""

        @blp.response(204)
        def delete(self, **asked: UUID) -> None:
            keeping.remove(g.session, g.scope, kind=kind, id_=asked[kind])

        delete.__doc__ = f"Take {words_} back (who may keep one)."


for _kind, _words in (
    ("factor", "an own factor"), ("quota", "a quota"), ("measure", "a measure"), ("purchase", "a purchase"),
):  # fmt: skip
    _removal(_kind, _words)
