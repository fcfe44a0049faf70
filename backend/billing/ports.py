"""What billing asks of the outside world."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class Order:
    """A payment asked for. operator_id and intent_id come back with the provider's call."""

    operator_id: UUID
    intent_id: UUID
    amount: Decimal
    currency: str
    text: str


@dataclass(frozen=True)
class Asked:
    """What the provider made of an order: its own name of it, and where the customer pays."""

    provider_id: str
    pay_url: str


class PaymentProvider(Protocol):
    """Takes payments of customers, and says by a signed call what became of them (see rules.signing)."""

    def ask(self, order: Order) -> Asked:
        """Hand in an order; asked again with the same one, return the same. Raises Unavailable."""
