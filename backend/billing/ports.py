"""What billing asks of the outside world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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


@dataclass(frozen=True)
class GiveBack:
    """Money to be given back. provider_id: the provider's name of the payment it came by; refund_id: asked once."""

    operator_id: UUID
    refund_id: UUID
    provider_id: str
    amount: Decimal
    currency: str
    text: str


@dataclass(frozen=True)
class InvoiceLine:
    """A line of an invoice: its amount [currency]."""

    name: str
    quantity: Decimal
    unit: str
    amount: Decimal


@dataclass(frozen=True)
class Invoice:
    """A statutory invoice asked for. red_of: the office's number of the one it takes back, then amounts are below
    nothing; tax: of the total."""

    operator_id: UUID
    bill_id: UUID
    bill_number: str
    buyer: str
    issued_on: date
    currency: str
    total: Decimal
    tax: Decimal
    lines: tuple[InvoiceLine, ...]
    red_of: str | None = None


class InvoiceOffice(Protocol):
    """Issues statutory invoices, and red ones that take them back."""

    def issue(self, invoice: Invoice) -> str:
        """Return the invoice's number; asked again for the same bill, return the same.

        raises Unavailable; Refused where the office will not have it, however often it is asked
        """


class PaymentProvider(Protocol):
    """Takes payments of customers, and says by a signed call what became of them (see rules.signing)."""

    def ask(self, order: Order) -> Asked:
        """Hand in an order; asked again with the same one, return the same. Raises Unavailable."""

    def give_back(self, order: GiveBack) -> str:
        """Have money given back; returns the provider's name of it, asked again the same.

        raises Unavailable; Refused where the provider will not do it, however often it is asked
        """
