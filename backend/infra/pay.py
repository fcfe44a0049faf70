"""A payment provider reached over HTTP: orders are posted to it, signed as its own calls to us are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from requests import RequestException, Session

from backend.billing.ports import Asked, GiveBack, Order
from backend.billing.rules import signing
from backend.kernel import clock
from backend.kernel.errors import Refused, Unavailable

REFUSALS = range(400, 500)
"""Answers that stay the same however often one asks."""


@dataclass
class HttpProvider:
    """A provider at an address. call_back: below it stands where it says what became of an order [address].

    within_s: it may take so long to answer [s]
    """

    url: str
    secret: str
    call_back: str
    within_s: float = 5.0
    session: Session = field(default_factory=Session)

    def ask(self, order: Order) -> Asked:
        """Hand in an order; raises Unavailable when the provider does not answer as agreed."""
        said = self._post("orders", {
            "operator": str(order.operator_id), "intent": str(order.intent_id), "amount": str(order.amount),
            "currency": order.currency, "text": order.text, "call_back": f"{self.call_back}/provider-calls",
        })  # fmt: skip
        return Asked(_said(said, "payment"), _said(said, "pay_url"))

    def give_back(self, order: GiveBack) -> str:
        """Have money given back; raises Unavailable, and Refused where the provider will not."""
        said = self._post("refunds", {
            "operator": str(order.operator_id), "refund": str(order.refund_id), "payment": order.provider_id,
            "amount": str(order.amount), "currency": order.currency, "text": order.text,
            "call_back": f"{self.call_back}/provider-refunds",
        })  # fmt: skip
        return _said(said, "refund")

    def _post(self, path: str, said: dict[str, str]) -> Any:
        body = json.dumps(said).encode()
        signed = signing.sign(self.secret, clock.now_us() // 1_000_000, body)
        headers = {"Content-Type": "application/json", signing.HEADER: signed}
        try:
            answer = self.session.post(
                f"{self.url}/{path}", data=body, headers=headers, timeout=self.within_s
            )
            if answer.status_code in REFUSALS and answer.status_code not in (401, 408, 429):
                raise Refused(
                    f"the payment provider refuses: {answer.text[:200]}", remedy="settle it with the provider"
                )
            answer.raise_for_status()
            return answer.json()
        except (RequestException, ValueError) as error:
            raise _away() from error


def _said(answer: Any, name: str) -> str:
    try:
        return str(answer[name])
    except (KeyError, TypeError) as error:
        raise _away() from error


def _away() -> Unavailable:
    return Unavailable("the payment provider does not answer", remedy="try again later, or pay by bank")
