"""What a customer's account came to over a period: from balance to balance, entry by entry. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backend.billing.rules.documents.bill import Party
from backend.billing.rules.ledger import Cause


@dataclass(frozen=True)
class StatementEntry:
    """What moved the account: above nothing the customer owes more.

    number: of a bill or note; corrects: of the bill a note corrects; way: of a payment; text: reference or reason
    """

    booked_on: date
    cause: Cause
    amount: Decimal
    text: str
    number: str | None = None
    corrects: str | None = None
    way: str | None = None
    due_on: date | None = None


@dataclass(frozen=True)
class Statement:
    """A customer's account with a seller in one currency, local days [first, until).

    ledger: what the ledger says of the customer at the end: receivables less credit
    """

    seller: Party
    customer: Party
    currency: str
    first: date
    until: date
    opening: Decimal
    entries: Sequence[StatementEntry]
    ledger: Decimal

    def balances(self) -> list[Decimal]:
        """Return the balance behind each entry."""
        found, balance = [], self.opening
        for entry in self.entries:
            balance += entry.amount
            found.append(balance)
        return found

    @property
    def closing(self) -> Decimal:
        """What the customer owes at the end; below nothing: their credit."""
        return self.opening + sum((entry.amount for entry in self.entries), Decimal(0))
