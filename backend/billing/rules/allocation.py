"""What money pays: the oldest bills first, what is left stays the customer's credit. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from backend.kernel.errors import Refused


@dataclass(frozen=True)
class OpenBill:
    """A bill that is not paid in full. open: what is left, above nothing."""

    bill_id: UUID
    due_on: date
    serial: tuple[int, int]
    open: Decimal


@dataclass(frozen=True)
class Allocated:
    """What each bill got of an amount, and what is left of it."""

    parts: tuple[tuple[UUID, Decimal], ...]
    rest: Decimal

    @property
    def paid(self) -> Decimal:
        """What the bills got together."""
        return sum((amount for _, amount in self.parts), Decimal(0))


def allocate(amount: Decimal, bills: Sequence[OpenBill], first: frozenset[UUID] = frozenset()) -> Allocated:
    """Pay bills with an amount: those named first, then by the day they are due, then by number.

    raises Refused for an amount that is not above nothing
    """
    if amount <= 0:
        raise Refused("a payment is above nothing", field="amount", value=str(amount))
    parts, left = [], amount
    for bill in sorted(bills, key=lambda one: (one.bill_id not in first, one.due_on, one.serial)):
        part = min(left, bill.open)
        if part > 0:
            parts.append((bill.bill_id, part))
            left -= part
    return Allocated(tuple(parts), left)
