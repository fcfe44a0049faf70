"""A payment provider reached over HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from backend.billing.ports import Asked, GiveBack, Order
from backend.infra.signed import SignedPost


@dataclass
class HttpProvider:
    """A provider. call_back: below it stands where it says what became of an order [address]."""

    server: SignedPost
    call_back: str

    def ask(self, order: Order) -> Asked:
        """Hand in an order; raises Unavailable when the provider does not answer as agreed."""
        payment, pay_url = self.server.post("orders", {
            "operator": str(order.operator_id), "intent": str(order.intent_id), "amount": str(order.amount),
            "currency": order.currency, "text": order.text, "call_back": f"{self.call_back}/provider-calls",
        }, "payment", "pay_url")  # fmt: skip
        return Asked(payment, pay_url)

    def give_back(self, order: GiveBack) -> str:
        """Have money given back; raises Unavailable, and Refused where the provider will not."""
        (refund,) = self.server.post("refunds", {
            "operator": str(order.operator_id), "refund": str(order.refund_id), "payment": order.provider_id,
            "amount": str(order.amount), "currency": order.currency, "text": order.text,
            "call_back": f"{self.call_back}/provider-refunds",
        }, "refund")  # fmt: skip
        return refund
