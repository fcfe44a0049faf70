"""Payments: cash, bank files, a provider's calls, refunds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app, g, request
from flask.views import MethodView

from backend.billing.rules import signing
from backend.billing.service import payments, providers
from backend.billing.service.providers import Told
from backend.kernel import clock
from backend.kernel.db import confine
from backend.kernel.errors import Unauthenticated
from backend.tenancy import service as tenancy
from mobile_api.billing import schemas as shape
from mobile_api.billing.blueprint import blp
from mobile_api.fields import page_of


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
        return payments.refund(g.session, g.scope, **new)


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

    @blp.doc(security=[])
    @blp.arguments(shape.ProviderCallSchema)
    @blp.response(200, shape.PaymentIntentSchema)
    def post(self, said: dict[str, Any]) -> Any:
        """Take the provider's signed word on a payment; told again, nothing happens again."""
        secret = current_app.settings.payment_secret
        if secret is None:
            raise Unauthenticated("no payment provider is set up here")
        header = request.headers.get(signing.HEADER, "")
        signing.demand_signed(secret, header, request.get_data(cache=True), clock.now_us() // 1_000_000)
        scope = tenancy.system_scope(g.session, said["operator"], reason="a payment provider's call")
        confine(g.session, scope)
        told = Told(said["intent"], said["payment"], said["status"] == "paid", said["amount"], said["currency"],
                    said["paid_on"])  # fmt: skip
        return providers.take_call(g.session, scope, told=told)
