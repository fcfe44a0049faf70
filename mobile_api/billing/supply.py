"""Supply: prepaid balances, disconnection for debt and what gives it back; statutory invoices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.billing.rules.disconnection import Against
from backend.billing.service import CutStatus, InvoiceStatus, cuts, invoices, prepaid
from mobile_api.billing.blueprint import blp
from mobile_api.billing.debt_schemas import CustomerQuery
from mobile_api.billing.schemas import currency, exact, local_day
from mobile_api.fields import Id, PageQuery, Schema, few, instant, page_of, within

REASONS = [one.value for one in Against]


class PrepaidBalanceSchema(ma.Schema):
    """What is left of what was paid ahead: booked less used since the last bill. reason: why not counted further."""

    contract_id = Id()
    booked = exact()
    used = exact()
    left = exact()
    until = local_day()
    reason = ma.fields.String(allow_none=True)
    computed_at = instant()


class SupplyCutSchema(ma.Schema):
    """Supply that may be cut for debt; earliest_on: as the customer was told."""

    id = Id()
    organisation_id = Id()
    contract_id = Id()
    customer_id = Id()
    status = ma.fields.String(attribute="status.value", metadata={"enum": [one.value for one in CutStatus]})
    debt = exact()
    currency = currency()
    announced_on = local_day()
    earliest_on = local_day()
    order_id = Id(allow_none=True)
    back_order_id = Id(allow_none=True)
    requested_at = instant(allow_none=True)
    cut_at = instant(allow_none=True)
    ended_at = instant(allow_none=True)


class SupplyCutSeenSchema(ma.Schema):
    """A disconnection, what is owed now, and every reason against doing it now."""

    cut = ma.fields.Nested(SupplyCutSchema)
    owed = exact()
    against = few(ma.fields.String(metadata={"enum": REASONS}), len(REASONS))


class NewSupplyCutSchema(Schema):
    """Whose supply may be cut."""

    contract_id = Id(required=True)


class CutRequestSchema(Schema):
    """The lowest and highest temperature forecast for the next 48 hours [°C]; unknown: nobody is cut."""

    low_c = ma.fields.Float(
        required=True, allow_none=True, validate=within(-80, 60), metadata={"example": 12.0}
    )
    high_c = ma.fields.Float(
        required=True, allow_none=True, validate=within(-80, 60), metadata={"example": 24.0}
    )


class InvoiceQuery(PageQuery):
    """Which statutory invoices."""

    bill = Id(load_default=None)
    status = ma.fields.Enum(InvoiceStatus, by_value=True, load_default=None)


class StatutoryInvoiceSchema(ma.Schema):
    """The statutory invoice of a bill, or the red one of a credit note. attempts, error, due_at: of asking for it."""

    bill_id = Id()
    status = ma.fields.String(metadata={"enum": [one.value for one in InvoiceStatus]})
    is_red = ma.fields.Boolean()
    number = ma.fields.String(allow_none=True)
    reason = ma.fields.String(allow_none=True)
    asked_at = instant()
    issued_at = instant(allow_none=True)
    attempts = ma.fields.Integer(allow_none=True)
    error = ma.fields.String(allow_none=True)
    due_at = instant(allow_none=True)


@blp.route("/contracts/<id:contract_id>/balance")
class Balance(MethodView):
    """What is left of what was paid ahead."""

    @blp.response(200, PrepaidBalanceSchema)
    def get(self, contract_id: UUID) -> Any:
        """Show a prepaid balance with what was used since the last bill; customers see their own."""
        return prepaid.balance(g.session, g.scope, contract_id=contract_id)


@blp.route("/cuts")
class Cuts(MethodView):
    """Disconnections."""

    @blp.arguments(CustomerQuery, location="query")
    @blp.response(200, page_of(SupplyCutSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List disconnections, the newest first; customers see theirs."""
        return cuts.cuts(g.session, g.scope, customer_id=query.pop("customer"), **query)

    @blp.arguments(NewSupplyCutSchema)
    @blp.response(201, SupplyCutSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Tell a customer that supply may be cut for debt (managers, administrators)."""
        return cuts.announce(g.session, g.scope, **new)


@blp.route("/cuts/<id:cut_id>")
class OneCut(MethodView):
    """One disconnection."""

    @blp.response(200, SupplyCutSeenSchema)
    def get(self, cut_id: UUID) -> Any:
        """Show a disconnection with every reason against it now (managers, administrators)."""
        return cuts.seen(g.session, g.scope, cut_id=cut_id)


@blp.route("/cuts/<id:cut_id>/request")
class CutRequest(MethodView):
    """People are asked to cut."""

    @blp.arguments(CutRequestSchema)
    @blp.response(200, SupplyCutSchema)
    def post(self, said: dict[str, Any], cut_id: UUID) -> Any:
        """Ask people to cut supply, by a work order, where no reason speaks against it (managers, administrators)."""
        return cuts.request(g.session, g.scope, cut_id=cut_id, **said)


@blp.route("/cuts/<id:cut_id>/withdrawal")
class CutWithdrawal(MethodView):
    """Supply stays."""

    @blp.response(200, SupplyCutSchema)
    def post(self, cut_id: UUID) -> Any:
        """Leave supply as it is (managers, administrators)."""
        return cuts.withdraw(g.session, g.scope, cut_id=cut_id)


@blp.route("/cuts/<id:cut_id>/carrying-out")
class CutDone(MethodView):
    """Supply was cut."""

    @blp.response(200, SupplyCutSchema)
    def post(self, cut_id: UUID) -> Any:
        """Note that people cut supply (managers, administrators)."""
        return cuts.note_cut(g.session, g.scope, cut_id=cut_id)


@blp.route("/cuts/<id:cut_id>/reconnection")
class Reconnection(MethodView):
    """Supply was given back."""

    @blp.response(200, SupplyCutSchema)
    def post(self, cut_id: UUID) -> Any:
        """Note that people gave supply back (managers, administrators)."""
        return cuts.note_reconnected(g.session, g.scope, cut_id=cut_id)


@blp.route("/invoices")
class Invoices(MethodView):
    """Statutory invoices."""

    @blp.arguments(InvoiceQuery, location="query")
    @blp.response(200, page_of(StatutoryInvoiceSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List statutory invoices with what came of asking for them; customers see those of their bills."""
        bill_id = query.pop("bill")
        return invoices.invoices(g.session, g.scope, bill_id=bill_id, **query).each(
            lambda row: _invoice(*row)
        )


@blp.route("/bills/<id:bill_id>/invoice")
class InvoiceRetry(MethodView):
    """The statutory invoice of a bill."""

    @blp.response(202, StatutoryInvoiceSchema)
    def post(self, bill_id: UUID) -> Any:
        """Ask once more for an invoice the office refused (managers, administrators)."""
        return _invoice(invoices.retry(g.session, g.scope, bill_id=bill_id), 0, None, None)


def _invoice(one: Any, attempts: Any, error: Any, due_at: Any) -> dict[str, Any]:
    told = {column.key: getattr(one, column.key) for column in one.__table__.columns}
    waits = one.status is InvoiceStatus.WAITING
    return told | {"status": one.status.value, "attempts": attempts, "error": error if waits else None,
                   "due_at": due_at if waits else None}  # fmt: skip
