"""Why a bill differs from an earlier one: days, use, prices, tariff, and what follows from these. Pure.

Lines of one component, price period and block are set against each other. Of their difference

- days: what the earlier bill would have come to over as many days as the later one, less what it came to;
- use: the change of quantity beyond that, at the earlier price;
- price: the later quantity at the later price less at the earlier one;
- tariff: components that only one of the bills has;
- follows: taxes, discounts, minimums and rounding, which are worked out from the others.

Each part is rounded to the cent but for the last of a line, which is what is left: together they are the difference,
exactly. Prices are what amount and quantity say, so one that moves a line by a cent at most has not changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from backend.kernel.errors import Refused

FOLLOWING = frozenset({"share", "power_factor", "minimum", "credit", "settlement", "rounding", "adjustment"})
"""Kinds of line that are worked out from others, or written by hand."""

TIMELESS = frozenset({"demand"})
"""Kinds whose quantity does not grow with the days: a peak is a peak."""

CENT = Decimal("0.01")
NOTHING = Decimal(0)


class ComparedLine(NamedTuple):
    """A line of a bill, as far as it is compared: quantity [its unit] and amount [currency]."""

    component: str
    kind: str
    period: str | None
    block: int | None
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True)
class ComparedBill:
    """A bill with its notes: how many days it is over, and its lines, without those included in others."""

    days: int
    lines: tuple[ComparedLine, ...]

    def __post_init__(self) -> None:
        if self.days < 1:
            raise Refused("a bill is over one day at least", field="days", value=self.days)

    @property
    def total(self) -> Decimal:
        """What it comes to."""
        return sum((line.amount for line in self.lines), NOTHING)


@dataclass(frozen=True)
class Difference:
    """By how much the later bill is dearer, and why; the parts sum to the whole."""

    days: Decimal
    use: Decimal
    price: Decimal
    tariff: Decimal
    follows: Decimal

    @property
    def whole(self) -> Decimal:
        """All of it."""
        return self.days + self.use + self.price + self.tariff + self.follows


class _Sum(NamedTuple):
    quantity: Decimal = NOTHING
    amount: Decimal = NOTHING

    @property
    def price(self) -> Fraction | None:
        return Fraction(self.amount) / Fraction(self.quantity) if self.quantity else None


Key = tuple[str, str | None, int | None]


def compare(before: ComparedBill, now: ComparedBill) -> Difference:
    """Return why `now` differs from `before`."""
    parts: dict[str, Decimal] = defaultdict(Decimal)
    both = {line.component for line in before.lines} & {line.component for line in now.lines}
    kinds = {line.component: line.kind for line in (*before.lines, *now.lines)}
    then, later = _summed(before.lines), _summed(now.lines)
    for key in dict.fromkeys([*then, *later]):
        one, two = then.get(key, _Sum()), later.get(key, _Sum())
        if kinds[key[0]] in FOLLOWING:
            parts["follows"] += two.amount - one.amount
        elif key[0] not in both:
            parts["tariff"] += two.amount - one.amount
        else:
            growth = Fraction(0) if kinds[key[0]] in TIMELESS else Fraction(now.days, before.days) - 1
            for name, amount in _split(one, two, growth).items():
                parts[name] += amount
    return Difference(parts["days"], parts["use"], parts["price"], parts["tariff"], parts["follows"])


def _summed(lines: Iterable[ComparedLine]) -> Mapping[Key, _Sum]:
    found: dict[Key, _Sum] = {}
    for line in lines:
        key = (line.component, line.period, line.block)
        known = found.get(key, _Sum())
        found[key] = _Sum(known.quantity + line.quantity, known.amount + line.amount)
    return found


def _split(one: _Sum, two: _Sum, growth: Fraction) -> dict[str, Decimal]:
    """Split the difference of a line; growth: of the days, 0.1 is a tenth more."""
    days = _cents(Fraction(one.amount) * growth)
    left = two.amount - one.amount - days
    first, last = one.price, two.price
    if (
        first is None
        or last is None
        or abs(first * Fraction(two.quantity) - Fraction(two.amount)) <= Fraction(CENT)
    ):
        return {"days": days, "use": left}
    use = _cents((Fraction(two.quantity) - Fraction(one.quantity) * (1 + growth)) * first)
    return {"days": days, "use": use, "price": left - use}


def _cents(exact: Fraction) -> Decimal:
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(CENT)
