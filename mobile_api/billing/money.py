"""Payments: cash, bank files, a provider's calls, refunds."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

import structlog
from flask import current_app, g, request
from flask.views import MethodView

from backend.billing.rules import signing
from backend.billing.service import payments, providers
from backend.billing.service.providers import Told, ToldBack
from backend.kernel import clock
from backend.kernel.db import confine
from backend.kernel.errors import Unauthenticated
from backend.tenancy import service as tenancy
from mobile_api.billing import schemas as shape
from mobile_api.billing.blueprint import blp
from mobile_api.fields import PageQuery, page_of

_log = structlog.get_logger(__name__)


def signed(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a view be reached only by what the provider signed. Why another call is not taken is for the log alone."""

    @wraps(view)
    def checked(*args: Any, **named: Any) -> Any:
        secret, flaw = current_app.settings.payment_secret, "no provider is set up"
        if secret is not None:
            header, body = request.headers.get(signing.HEADER, ""), request.get_data(cache=True)
            flaw = signing.flaw(secret, header, body, clock.now_us() // 1_000_000)
        if flaw is not None:
            _log.warning("a payment provider's call was not taken", why=flaw)
            raise Unauthenticated("this call is not taken")
        return view(*args, **named)

    return checked


def _as_operator(operator_id: UUID) -> Any:
    """Confine the transaction to the operator a signed call speaks of."""
    scope = tenancy.system_scope(g.session, operator_id, reason="a payment provider's call")
    confine(g.session, scope)
    return scope


@blp.route("/payments")
class Payments(MethodView):
    """Payments."""

    @blp.arguments(shape.PaymentQuery, location="query")
    @blp.response(200, page_of(shape.PaymentSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List payments, the newest first; customers see their own."""
        return payments.payments(g.session, g.scope, customer_id=query.pop("customer"), **query)

    @blp.arguments(shape.CashPaymentSchema)
    @blp.response(201, shape.PaymentSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Take cash; it pays the oldest bills first (managers, administrators)."""
        return payments.take_cash(g.session, g.scope, **new)


@blp.route("/payments/<id:payment_id>")
class OnePayment(MethodView):
    """One payment."""

    @blp.response(200, shape.PaymentSchema)
    def get(self, payment_id: UUID) -> Any:
        """Show a payment."""
        return payments.payment(g.session, g.scope, payment_id=payment_id)


@blp.route("/payments/<id:payment_id>/assignment")
class Assignment(MethodView):
    """Whose a payment is."""

    @blp.arguments(shape.PaymentAssignSchema)
    @blp.response(200, shape.PaymentSchema)
    def post(self, said: dict[str, Any], payment_id: UUID) -> Any:
        """Say whose a payment is that nobody was found for (managers, administrators)."""
        return payments.assign(g.session, g.scope, payment_id=payment_id, **said)


@blp.route("/bank-files")
class BankFiles(MethodView):
    """Statements of the bank."""

    @blp.arguments(shape.NewBankFileSchema, location="files")
    @blp.response(201, shape.BankFileTakenSchema)
    def post(self, sent: dict[str, Any]) -> Any:
        """Take what a statement brought (CSV, camt.053); known lines are left out (managers, administrators)."""
        file = sent.pop("file")
        name, content = getattr(file, "filename", None) or "statement", _bytes(file)
        return payments.import_bank_file(g.session, g.scope, name=name, content=content, **sent)


def _bytes(file: Any) -> bytes:
    found: bytes | str = file.read() if hasattr(file, "read") else file
    return found if isinstance(found, bytes) else str(found).encode()


@blp.route("/refunds")
class Refunds(MethodView):
    """Credit given back."""

    @blp.arguments(shape.RefundSchema)
    @blp.response(201, shape.RefundSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Give a customer's credit back, at most what there is (managers, administrators)."""
        return _refund(payments.refund(g.session, g.scope, **new), None)

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.RefundSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List refunds, the newest first, with how far the provider is (managers, administrators)."""
        found = payments.refunds(g.session, g.scope, **page)
        given = providers.refunds_by_id(g.session, g.scope, refund_ids=[one.id for one in found.items])
        return found.each(lambda one: _refund(one, given.get(one.id)))


def _refund(one: Any, given: Any) -> dict[str, Any]:
    told = {column.key: getattr(one, column.key) for column in one.__table__.columns}
    return told | {"payment_id": given and given.payment_id, "status": given.status.value if given else "paid",
                   "failure": given and given.reason}  # fmt: skip


@blp.route("/payments/<id:payment_id>/refunds")
class PaymentRefunds(MethodView):
    """What a provider gives back."""

    @blp.arguments(shape.ProviderRefundSchema)
    @blp.response(201, shape.RefundSchema)
    def post(self, new: dict[str, Any], payment_id: UUID) -> Any:
        """Give back by the provider what came by it, at most the customer's credit (managers, administrators)."""
        made = providers.give_back(g.session, g.scope, payment_id=payment_id, **new)
        return _refund(made, providers.refunds_by_id(g.session, g.scope, refund_ids=[made.id])[made.id])


@blp.route("/intents")
class Intents(MethodView):
    """Payments by the provider."""

    @blp.arguments(shape.NewPaymentIntentSchema)
    @blp.response(201, shape.PaymentIntentSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Ask the payment provider for a payment; answers where it is made (customers, managers, administrators)."""
        return providers.ask(g.session, g.scope, current_app.payments, **new)


@blp.route("/provider-calls")
class ProviderCalls(MethodView):
    """What the provider says."""

    @signed
    @blp.doc(security=[])
    @blp.arguments(shape.ProviderCallSchema)
    @blp.response(200, shape.PaymentIntentSchema)
    def post(self, said: dict[str, Any]) -> Any:
        """Take the provider's signed word on a payment; told again, nothing happens again."""
        scope = _as_operator(said["operator"])
        told = Told(said["intent"], said["payment"], said["status"] == "paid", said["amount"], said["currency"],
                    said["paid_on"])  # fmt: skip
        return providers.take_call(g.session, scope, told=told)


@blp.route("/provider-refunds")
class ProviderRefunds(MethodView):
    """What the provider says of refunds."""

    @signed
    @blp.doc(security=[])
    @blp.arguments(shape.ProviderRefundCallSchema)
    @blp.response(200, shape.RefundToldSchema)
    def post(self, said: dict[str, Any]) -> Any:
        """Take the provider's signed word on a refund; told again, nothing happens again."""
        scope = _as_operator(said["operator"])
        told = ToldBack(said["refund"], said["provider_refund"], said["status"] == "paid", said["amount"],
                        said["currency"], said["settled_on"], said["reason"])  # fmt: skip
        return providers.take_refund_call(g.session, scope, told=told)
