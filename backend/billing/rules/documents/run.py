"""What a bill run came to: by tariff and component, what it left out, and how the ledger has it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backend.billing.rules.documents.bill import Names, Party

ZERO = Decimal(0)


@dataclass(frozen=True)
class ComponentSum:
    """What a component of a tariff came to. is_included: part of others; is_tax: a tax or surcharge."""

    tariff: str
    status: str
    currency: str
    component: str
    name: Names
    unit: str
    bills: int
    quantity: Decimal
    amount: Decimal
    is_included: bool
    is_tax: bool


@dataclass(frozen=True)
class TariffSum:
    """So many bills of a tariff, and what they come to."""

    tariff: str
    currency: str
    status: str
    bills: int
    total: Decimal


@dataclass(frozen=True)
class LeftOut:
    """A contract a run could not bill."""

    contract: str
    customer: Party
    reason: str


@dataclass(frozen=True)
class RunSummary:
    """A bill run. posted, posted_tax: currency -> what its bills moved on receivables and on taxes owed."""

    seller: Party
    day: date
    status: str
    issued_on: date | None
    tariffs: Sequence[TariffSum]
    components: Sequence[ComponentSum]
    left_out: Sequence[LeftOut]
    posted: Mapping[str, Decimal]
    posted_tax: Mapping[str, Decimal]

    def currencies(self) -> list[str]:
        """Return the currencies its bills are in."""
        return sorted({one.currency for one in self.tariffs})

    def total(self, currency: str, status: str | None = None) -> Decimal:
        """Return what the bills of a currency come to, all or those of a status."""
        return sum(
            (one.total for one in self.tariffs if one.currency == currency and status in (None, one.status)),
            ZERO,
        )

    def lines(self, currency: str) -> Decimal:
        """Return what the lines come to that are not part of others."""
        return sum(
            (one.amount for one in self.components if one.currency == currency and not one.is_included), ZERO
        )

    def tax(self, currency: str, status: str) -> Decimal:
        """Return the taxes and surcharges of bills of a status, those within prices too."""
        found = (
            one for one in self.components if one.currency == currency and one.status == status and one.is_tax
        )
        return sum((one.amount for one in found), ZERO)
