"""What a rating comes to: lines that can each be explained, and a total that is their sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backend.billing.rules.tariff.grid import Ints, Span
from backend.kernel.money import Money

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill: quantity × price, rounded where the tariff says, is its amount.

    component, kind: what made it; name: in each language the tariff knows (en, zh)
    period, period_name: time-of-use period; block: 1 for the first; both None where there is none
    quantity [unit], price [currency per unit]; price is None where the amount is no product
    start, end: local dates, half-open; version: date the prices are valid from
    register: which register it was counted on; intervals: (n, 2) stretches of time it rests on [µs UTC]
    note: `brought` or `carried` where credit is moved from or to another bill
    is_included: the amount is part of others (a tax within prices) and not added to the total
    """

    component: str
    kind: str
    name: Names
    quantity: Decimal
    unit: str
    price: Decimal | None
    amount: Money
    start: date
    end: date
    version: date
    period: str | None = None
    period_name: Names | None = None
    block: int | None = None
    register: str | None = None
    intervals: Ints | None = None
    note: str | None = None
    is_included: bool = False


@dataclass(frozen=True, slots=True)
class Rating:
    """What a contract owes under a tariff for a period.

    lines: in the tariff's order; total: their sum, without those that are included in others
    closing: what the next bill needs to know (its `Facts.opening`), by name: use of the year so far, credits, …
    """

    tariff: str
    span: Span
    lines: tuple[Line, ...]
    total: Money
    closing: Mapping[str, Decimal]

    def of(self, component: str) -> Money:
        """Return the sum of a component's lines."""
        amounts = [line.amount.amount for line in self.lines if line.component == component]
        return Money(sum(amounts, Decimal(0)), self.total.currency)

    def by_component(self) -> dict[str, Money]:
        """Return the sum of each component that has lines."""
        return {code: self.of(code) for code in dict.fromkeys(line.component for line in self.lines)}
