"""Money: an exact amount with its currency, how it is rounded, and how it is split without losing a cent."""

from __future__ import annotations

import decimal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from backend.kernel.errors import Refused

CURRENCIES = {"CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "AUD": 2, "CAD": 2, "CHF": 2, "HKD": 2, "JPY": 0}
"""Currency (ISO 4217) -> decimal places of its smallest coin in accounts."""


class How(StrEnum):
    """Which neighbour a rounded value goes to."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


_MODES = {
    How.HALF_UP: decimal.ROUND_HALF_UP,
    How.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    How.DOWN: decimal.ROUND_DOWN,
    How.UP: decimal.ROUND_UP,
}
_EXACT = decimal.Context(prec=60, traps=[decimal.InvalidOperation, decimal.DivisionByZero])


@dataclass(frozen=True, slots=True)
class Rounding:
    """Round to whole multiples of `to` (0.01 a cent, 0.1 a jiao, 5 five units), the way of `how`.

    Half up, down and up are meant by size: -0.5 rounds half up to -1, down to 0.
    """

    to: Decimal = Decimal("0.01")
    how: How = How.HALF_UP

    def __post_init__(self) -> None:
        if not (self.to.is_finite() and self.to > 0):
            raise Refused(
                "a value is rounded to multiples of something above zero", field="to", value=self.to
            )

    def __call__(self, value: Decimal) -> Decimal:
        """Return the multiple of `to` that stands for `value`; what rounds to nothing is 0, not -0."""
        if self.to.as_tuple().digits == (1,):  # a power of ten: one step, and the usual case
            rounded = value.quantize(self.to, _MODES[self.how], _EXACT)
        else:
            steps = _EXACT.divide(value, self.to).quantize(Decimal(1), _MODES[self.how], _EXACT)
            rounded = _EXACT.multiply(steps, self.to)
        return rounded or abs(rounded)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in a currency. Amounts of two currencies neither add nor compare."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in CURRENCIES:
            raise Refused(
                f"unknown currency '{self.currency}'",
                field="currency",
                value=self.currency,
                remedy="use one of " + ", ".join(CURRENCIES),
            )
        if not self.amount.is_finite():
            raise Refused("an amount of money is a finite number", field="amount", value=str(self.amount))

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def rounded(self, rounding: Rounding | None = None) -> Money:
        """Round, by default to the currency's smallest coin, half up."""
        return Money((rounding or coin(self.currency))(self.amount), self.currency)

    def split(self, weights: Sequence[Decimal | int], unit: Decimal | None = None) -> list[Money]:
        """Split by weights in whole multiples of `unit` (the smallest coin): the parts sum to the amount.

        Raises Refused where the amount is no multiple of the unit.
        """
        unit = unit or coin(self.currency).to
        steps = self.amount / unit
        if steps != steps.to_integral_value():
            raise Refused(f"{self} is not a whole number of {unit}", field="amount", value=str(self.amount))
        return [Money(part * unit, self.currency) for part in split(int(steps), weights)]

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise Refused(f"{self} and {other} are of two currencies", field="currency", value=other.currency)
        return other.amount


def coin(currency: str) -> Rounding:
    """Return the rounding to a currency's smallest coin, half up."""
    return Rounding(Decimal(1).scaleb(-CURRENCIES[currency]))


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Add up amounts of one currency; nothing at all is zero."""
    result = Money(Decimal(0), currency)
    for amount in amounts:
        result = result + amount
    return result


def split(amount: int, weights: Sequence[Decimal | int]) -> list[int]:
    """Split a whole amount by weights, by largest remainder; the parts sum to the amount.

    amount: may be negative; weights: >= 0, not all zero. Equal remainders go to the earlier part.
    """
    shares = [Fraction(weight) for weight in weights]
    whole = sum(shares, Fraction(0))
    if whole <= 0 or min(shares) < 0:
        raise Refused("weights must not be negative, nor all zero", field="weights")
    exact = [share * abs(amount) / whole for share in shares]
    parts = [value.numerator // value.denominator for value in exact]
    left = abs(amount) - sum(parts)
    for index in sorted(range(len(parts)), key=lambda i: parts[i] - exact[i])[:left]:
        parts[index] += 1
    return parts if amount >= 0 else [-part for part in parts]


def fit(amounts: Sequence[Decimal], rounding: Rounding) -> list[Decimal]:
    """Round amounts so that they sum to their rounded sum, by largest remainder; each moves by less than one step.

    amounts: exact, of either sign; returns multiples of the rounding's step
    """
    exact = [Fraction(amount) / Fraction(rounding.to) for amount in amounts]
    steps = [value.numerator // value.denominator for value in exact]
    left = int(rounding(sum(amounts, Decimal(0))) / rounding.to) - sum(steps)
    for index in sorted(range(len(exact)), key=lambda i: steps[i] - exact[i])[:left]:
        steps[index] += 1
    return [step * rounding.to for step in steps]
