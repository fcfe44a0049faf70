"""A payment provider reached over HTTP: orders are posted to it, signed as its own calls to us are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from requests import RequestException, Session

from backend.billing.ports import Asked, Order
from backend.billing.rules import signing
from backend.kernel import clock
from backend.kernel.errors import Unavailable


@dataclass
class HttpProvider:
    """A provider at an address. call_back: where it says what became of an order; within_s: it may take so long [s]."""

    url: str
    secret: str
    call_back: str
    within_s: float = 5.0
    session: Session = field(default_factory=Session)

    def ask(self, order: Order) -> Asked:
        """Hand in an order; raises Unavailable when the provider does not answer as agreed."""
        body = json.dumps({
            "operator": str(order.operator_id), "intent": str(order.intent_id), "amount": str(order.amount),
            "currency": order.currency, "text": order.text, "call_back": self.call_back,
        }).encode()  # fmt: skip
        signed = signing.sign(self.secret, clock.now_us() // 1_000_000, body)
        headers = {"Content-Type": "application/json", signing.HEADER: signed}
        try:
            answer = self.session.post(
                f"{self.url}/orders", data=body, headers=headers, timeout=self.within_s
            )
            answer.raise_for_status()
            said = answer.json()
            return Asked(str(said["payment"]), str(said["pay_url"]))
        except (RequestException, ValueError, KeyError, TypeError) as error:
            raise Unavailable(
                "the payment provider does not answer", remedy="try again later, or pay by bank"
            ) from error
