"""How old what is owed is: from what entries of the ledger moved, to open items by age. Pure.

What one thing moved (a bill, a payment, a note) is taken together: a bill that credit paid in part is owed for the
rest. A payment pays the bills it was spread over, the rest of it the oldest; what finds no bill is unapplied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from backend.billing.rules.documents.bill import Party

EDGES = (0, 30, 60, 90)
"""Days overdue at which the next age begins behind: not due, 1-30, 31-60, 61-90, more than 90."""

AGES = len(EDGES) + 1
ZERO = Decimal(0)


@dataclass(frozen=True)
class Item:
    """What a customer's receivable was moved by. due_on: when it is to be paid; None: money that came, or a note."""

    source_id: UUID
    amount: Decimal
    due_on: date | None


@dataclass(frozen=True)
class Aged:
    """What a customer owes by age, AGES amounts; unapplied: at most nothing, money that paid no bill yet."""

    customer_id: UUID
    customer: Party
    currency: str
    ages: Sequence[Decimal]
    unapplied: Decimal

    @property
    def total(self) -> Decimal:
        """What the customer's receivable comes to."""
        return sum(self.ages, ZERO) + self.unapplied


@dataclass(frozen=True)
class Ageing:
    """Receivables of an operator as of the end of a local day. ledger: currency -> what the account says."""

    seller: Party
    as_of: date
    rows: Sequence[Aged]
    ledger: Mapping[str, Decimal]

    def totals(self) -> dict[str, Aged]:
        """Return the sums by currency."""
        found: dict[str, Aged] = {}
        for row in self.rows:
            sums = found.get(row.currency)
            before = sums.ages if sums else [ZERO] * AGES
            found[row.currency] = Aged(
                row.customer_id, Party(""), row.currency, [a + b for a, b in zip(before, row.ages, strict=True)],
                (sums.unapplied if sums else ZERO) + row.unapplied,
            )  # fmt: skip
        return found


def age(due_on: date, as_of: date) -> int:
    """Return the place of an age: 0 for not due, 1 for 1 to 30 days overdue, …"""
    overdue = (as_of - due_on).days
    return sum(overdue > edge for edge in EDGES)


def spread(
    items: Iterable[Item], paid: Mapping[UUID, Sequence[tuple[UUID, Decimal]]], as_of: date
) -> tuple[list[Decimal], Decimal]:
    """Return a customer's open amounts by age, and what is unapplied.

    items: in the ledger's order, several of one source are added; paid: source -> (bill, amount) it was spread over
    """
    sums: dict[UUID, Decimal] = defaultdict(lambda: ZERO)
    due: dict[UUID, date] = {}
    for item in items:
        sums[item.source_id] += item.amount
        if item.due_on is not None:
            due[item.source_id] = item.due_on
    open_ = {source: amount for source, amount in sums.items() if amount > 0}
    rest = ZERO
    for source, amount in sums.items():
        if amount < 0:
            rest += _pay(open_, paid.get(source, ()), -amount)
    oldest = sorted(open_, key=lambda source: (due.get(source, as_of), source))
    rest = _pay(open_, [(source, open_[source]) for source in oldest], rest)
    ages = [ZERO] * AGES
    for source, amount in open_.items():
        ages[age(due.get(source, as_of), as_of)] += amount
    return ages, -rest


def _pay(open_: dict[UUID, Decimal], parts: Iterable[tuple[UUID, Decimal]], amount: Decimal) -> Decimal:
    """Take an amount off open ones, each by its part at most; return what is left of it."""
    for source, part in parts:
        taken = min(part, amount, open_.get(source, ZERO))
        if taken > 0:
            open_[source] -= taken
            amount -= taken
    return amount
