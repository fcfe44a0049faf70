"""From a rating to what stands on a bill and in the ledger. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from backend.billing.rules.ledger import RECEIVABLE, SUPPLY, TAX, Posting
from backend.billing.rules.tariff import Line

SHARE = "share"
"""The kind of component that is a share of others: above nothing a tax or surcharge, below it a discount."""


@dataclass(frozen=True)
class Posted:
    """What a bill moves: all of it, and what of that is owed on to others (taxes, surcharges)."""

    total: Decimal
    tax: Decimal


def account_of(kind: str, price: Decimal | None) -> str:
    """Return the account a line is posted to: taxes and surcharges are owed on, all else is income."""
    return TAX if kind == SHARE and price is not None and price > 0 else SUPPLY


def is_tax(line: Line) -> bool:
    """Tell whether a line is a tax or surcharge."""
    return account_of(line.kind, line.price) == TAX


def sides(
    total: Decimal, others: Mapping[str, Decimal], currency: str, customer: UUID
) -> tuple[Posting, ...]:
    """Return the sides of the entry of a bill: the customer owes it all, the income is what stands on no other account.

    total: negative for one that is owed back; a bill of nothing has no sides
    others: account -> what of it is posted there: taxes, fees, opening balances
    """
    income = total - sum(others.values(), Decimal(0))
    given = [
        (RECEIVABLE, total),
        *((account, -others[account]) for account in sorted(others)),
        (SUPPLY, -income),
    ]
    return tuple(Posting(account, amount, currency, customer) for account, amount in given if amount)


def tax_of(lines: Iterable[tuple[str, Decimal]]) -> Decimal:
    """Sum the taxes of lines given as (account, amount); included ones too, since income does not hold them."""
    return sum((amount for account, amount in lines if account == TAX), Decimal(0))
