"""Spare parts, stores, and the ledger of what moved between them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.assets import service
from backend.assets.service import MovementReason, StoreKind
from mobile_api.assets.blueprint import blp
from mobile_api.fields import Id, PageQuery, Schema, instant, page_of, within
from mobile_api.organisations import organisations_under

_QUANTITY = {
    "type": "string",
    "example": "2.5",
    "description": "Exact, as text, three decimals at most [unit of the part].",
}
_SHAPE = {"pattern": r"^-?\d{1,6}(\.\d{1,3})?$"}
_WORD = ma.validate.Length(1, 200)


def _quantity(low: int = -1_000_000, **said: Any) -> ma.fields.Decimal:
    """Return the field of a quantity."""
    return ma.fields.Decimal(
        places=3, as_string=True, validate=within(low, 1_000_000), metadata=_QUANTITY | _SHAPE, **said
    )


_OPERATION = {"description": "Made once where it happened: sending it again moves nothing twice."}


class PartSchema(Schema):
    """A line of the catalogue."""

    id = Id()
    organisation_id = Id()
    number = ma.fields.String(metadata={"example": "G-DN50"})
    name = ma.fields.String(metadata={"example": "Gasket DN50"})
    name_zh = ma.fields.String(allow_none=True, metadata={"example": "垫片"})
    unit = ma.fields.String(metadata={"example": "pcs"})
    minimum = ma.fields.Decimal(as_string=True, metadata=_QUANTITY)


class StockedPartSchema(Schema):
    """A part and what lies in all stores together."""

    part = ma.fields.Nested(PartSchema)
    quantity = ma.fields.Decimal(as_string=True, metadata=_QUANTITY)


class NewPartSchema(Schema):
    """A part for the catalogue."""

    organisation_id = Id(required=True)
    number = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 60), metadata={"example": "G-DN50"}
    )
    name = ma.fields.String(required=True, validate=_WORD, metadata={"example": "Gasket DN50"})
    name_zh = ma.fields.String(
        load_default=None, allow_none=True, validate=_WORD, metadata={"example": "垫片"}
    )
    unit = ma.fields.String(required=True, validate=ma.validate.Length(1, 20), metadata={"example": "pcs"})
    minimum = _quantity(low=0, load_default=0)


class PartChangeSchema(Schema):
    """What is said otherwise of a part."""

    name = ma.fields.String(validate=_WORD)
    name_zh = ma.fields.String(allow_none=True, validate=_WORD)
    unit = ma.fields.String(validate=ma.validate.Length(1, 20))
    minimum = _quantity(low=0)


class PartQuery(PageQuery):
    """Which parts."""

    text = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 100))
    organisation = Id(load_default=None, metadata={"description": "This one and those below."})
    below_minimum = ma.fields.Boolean(load_default=False)


class StoreSchema(Schema):
    """A warehouse, or the van of a technician."""

    id = Id()
    organisation_id = Id()
    kind = ma.fields.String(attribute="kind.value", metadata={"enum": [kind.value for kind in StoreKind]})
    name = ma.fields.String()
    name_zh = ma.fields.String(allow_none=True)
    person_id = Id(allow_none=True)
    position_id = Id(allow_none=True)


class NewStoreSchema(Schema):
    """A store to be opened."""

    organisation_id = Id(required=True)
    kind = ma.fields.Enum(StoreKind, by_value=True, required=True)
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 120), metadata={"example": "Van 7"})
    name_zh = ma.fields.String(load_default=None, allow_none=True, validate=_WORD)
    person_id = Id(load_default=None, allow_none=True, metadata={"description": "Whose van it is."})
    position_id = Id(load_default=None, allow_none=True)


class StoreQuery(PageQuery):
    """Which stores."""

    person = Id(load_default=None, metadata={"description": "Only their vans."})


class BalanceSchema(Schema):
    """What lies in a store; below zero where more was taken than was booked in."""

    store = ma.fields.Nested(StoreSchema)
    part = ma.fields.Nested(PartSchema)
    quantity = ma.fields.Decimal(as_string=True, metadata=_QUANTITY)


class MovementSchema(Schema):
    """A line of the ledger."""

    id = Id()
    store_id = Id()
    part_id = Id()
    delta = ma.fields.Decimal(as_string=True, metadata=_QUANTITY)
    reason = ma.fields.String(
        attribute="reason.value", metadata={"enum": [reason.value for reason in MovementReason]}
    )
    reference_id = Id(allow_none=True)
    note = ma.fields.String(allow_none=True)
    op_id = Id()
    at = instant()
    recorded_at = instant()
    actor_id = Id(allow_none=True)


class MoveSchema(Schema):
    """How one store's stock of one part changes."""

    store_id = Id(required=True)
    part_id = Id(required=True)
    delta = _quantity(required=True)
    reason = ma.fields.Enum(
        MovementReason,
        by_value=True,
        required=True,
        validate=ma.validate.NoneOf([MovementReason.TRANSFERRED]),
    )


class OperationSchema(Schema):
    """Movements that belong together, such as the parts of one repair."""

    op_id = Id(required=True, metadata=_OPERATION)
    moves = ma.fields.List(ma.fields.Nested(MoveSchema), required=True, validate=ma.validate.Length(1, 100))
    reference_id = Id(load_default=None, allow_none=True, metadata={"description": "What for: a work order."})
    note = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=500))
    at = instant(load_default=None, allow_none=True)


class TransferSchema(Schema):
    """Parts carried from one store to another."""

    op_id = Id(required=True, metadata=_OPERATION)
    from_id = Id(required=True)
    to_id = Id(required=True)
    part_id = Id(required=True)
    quantity = _quantity(low=0, required=True)
    note = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=500))
    at = instant(load_default=None, allow_none=True)


class StockCountSchema(Schema):
    """What somebody counted in a store."""

    op_id = Id(required=True, metadata=_OPERATION)
    part_id = Id(required=True)
    counted = _quantity(low=0, required=True)
    note = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=500))


class DifferenceSchema(Schema):
    """By how much the books were wrong."""

    difference = ma.fields.Decimal(as_string=True, metadata=_QUANTITY)


class LedgerQuery(PageQuery):
    """Which lines."""

    store = Id(load_default=None)
    part = Id(load_default=None)
    reference = Id(load_default=None)


@blp.route("/parts")
class Parts(MethodView):
    """The catalogue."""

    @blp.arguments(PartQuery, location="query")
    @blp.response(200, page_of(StockedPartSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List parts by number, each with what lies in all stores together."""
        nodes = organisations_under(wanted.pop("organisation"))
        found = service.list_parts(g.session, g.scope, organisations=nodes, **wanted)
        return found.each(lambda row: {"part": row[0], "quantity": row[1]})

    @blp.arguments(NewPartSchema)
    @blp.response(201, PartSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Put a part into the catalogue."""
        return service.add_part(g.session, g.scope, **new)


@blp.route("/parts/<id:part>")
class OnePart(MethodView):
    """One of them."""

    @blp.response(200, PartSchema)
    def get(self, part: UUID) -> Any:
        """Return one part."""
        return service.part(g.session, g.scope, part)

    @blp.arguments(PartChangeSchema)
    @blp.response(200, PartSchema)
    def patch(self, said: dict[str, Any], part: UUID) -> Any:
        """Say otherwise what it is called, counted in, and how many should lie there."""
        return service.change_part(g.session, g.scope, part_id=part, **said)


@blp.route("/parts/<id:part>/stock")
class StockOfPart(MethodView):
    """Where it lies."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(BalanceSchema))
    def get(self, page: dict[str, Any], part: UUID) -> Any:
        """List the stores in which a part lies, with how many."""
        return service.stock_of(g.session, g.scope, part, **page)


@blp.route("/stores")
class Stores(MethodView):
    """Where parts lie."""

    @blp.arguments(StoreQuery, location="query")
    @blp.response(200, page_of(StoreSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List warehouses, then vans, by name."""
        found = service.list_stores(g.session, g.scope, person_id=wanted.pop("person"), **wanted)
        return found.each(lambda row: row[0])

    @blp.arguments(NewStoreSchema)
    @blp.response(201, StoreSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Open a warehouse, or the van of a technician."""
        return service.create_store(g.session, g.scope, **new)


@blp.route("/stores/<id:store>/stock")
class StockInStore(MethodView):
    """What lies in it."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(BalanceSchema))
    def get(self, page: dict[str, Any], store: UUID) -> Any:
        """List what lies in a store, by number of the part."""
        return service.stock_in(g.session, g.scope, store, **page)


@blp.route("/stores/<id:store>/counts")
class Counts(MethodView):
    """What was counted."""

    @blp.arguments(StockCountSchema)
    @blp.response(201, DifferenceSchema)
    def post(self, given: dict[str, Any], store: UUID) -> Any:
        """Say how many were counted; the ledger gets the difference."""
        return {"difference": service.count_stock(g.session, g.scope, store_id=store, **given)}


@blp.route("/stock-movements")
class Movements(MethodView):
    """The ledger."""

    @blp.arguments(LedgerQuery, location="query")
    @blp.response(200, page_of(MovementSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List the lines of the ledger, the newest first."""
        ids = {f"{name}_id": wanted.pop(name) for name in ("store", "part", "reference")}
        return service.ledger(g.session, g.scope, **ids, **wanted).each(lambda line: line.movement)

    @blp.arguments(OperationSchema)
    @blp.response(201, MovementSchema(many=True))
    def post(self, given: dict[str, Any]) -> Any:
        """Book movements, once for each op_id; stock may go below zero, which the desk then looks into."""
        moves = [service.Move(**one) for one in given.pop("moves")]
        return service.move_stock(g.session, g.scope, moves=moves, **given)


@blp.route("/stock-transfers")
class Transfers(MethodView):
    """From store to store."""

    @blp.arguments(TransferSchema)
    @blp.response(201, MovementSchema(many=True))
    def post(self, given: dict[str, Any]) -> Any:
        """Carry parts from one store to another."""
        return service.transfer(g.session, g.scope, **given)


@blp.route("/stock-exceptions")
class Exceptions(MethodView):
    """What does not add up."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(BalanceSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List balances below zero: more was taken than was booked in."""
        return service.stock_exceptions(g.session, g.scope, **page)
