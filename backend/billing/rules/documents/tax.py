"""Output tax by bill and rate, as an authority or its software is told. Credit notes are below nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backend.billing.rules.documents.bill import Names, Party

ZERO = Decimal(0)


@dataclass(frozen=True)
class TaxLine:
    """The tax of a rate on a bill or note; rate: 0.13 is 13 %, 0 where nothing was taxed, with what the bill came to.

    base: what was taxed; total: of the whole bill, tax included; corrects: number of the bill a note corrects
    """

    number: str
    kind: str
    issued_on: date
    starts_on: date
    ends_on: date
    customer: Party
    contract: str
    corrects: str | None
    component: str
    name: Names
    rate: Decimal
    base: Decimal
    tax: Decimal
    total: Decimal
    currency: str


@dataclass(frozen=True)
class TaxExport:
    """Output tax of what an operator issued in local days [first, until). ledger: currency -> taxes booked for it."""

    seller: Party
    first: date
    until: date
    lines: Sequence[TaxLine]
    ledger: Mapping[str, Decimal]

    def by_rate(self) -> list[tuple[str, str, Decimal, Decimal, Decimal]]:
        """Return rows of currency, component, rate, base, tax."""
        sums: dict[tuple[str, str, Decimal], tuple[Decimal, Decimal]] = {}
        for line in self.lines:
            key = (line.currency, line.component, line.rate)
            base, tax = sums.get(key, (ZERO, ZERO))
            sums[key] = (base + line.base, tax + line.tax)
        return [(*key, *sums[key]) for key in sorted(sums)]

    def tax(self, currency: str) -> Decimal:
        """Return all tax of a currency."""
        return sum((line.tax for line in self.lines if line.currency == currency), ZERO)
