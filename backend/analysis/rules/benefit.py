"""What it cost and earned, and what a measure returns. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from backend.kernel.errors import Refused

MOST_YEARS = 60


@dataclass(frozen=True)
class Share:
    """A part of an amount that belongs to a period. days of `of` days."""

    days: int
    of: int

    def part(self, amount: Decimal) -> Decimal:
        """Return that part, to the cent; nothing of what has no days yet."""
        if not self.of:
            return Decimal("0.00")
        whole = Fraction(amount) * self.days / self.of
        return (Decimal(whole.numerator) / Decimal(whole.denominator)).quantize(Decimal("0.01"))


def share(starts_on: date, ends_on: date, first: date, until: date) -> Share:
    """Return which part of [starts_on, ends_on) lies in [first, until): what is supplied is earned day by day."""
    days = (min(ends_on, until) - max(starts_on, first)).days
    return Share(max(days, 0), (ends_on - starts_on).days)


@dataclass(frozen=True)
class Investment:
    """A measure. outlay: paid at the start; yearly: saved a year; years: how long it serves; rate: of discount."""

    outlay: Decimal
    yearly: Decimal
    years: int
    rate: Decimal

    def __post_init__(self) -> None:
        if self.outlay <= 0:
            raise Refused(
                "a measure costs something",
                field="outlay",
                value=str(self.outlay),
                remedy="write what was paid",
            )
        if not 1 <= self.years <= MOST_YEARS:
            raise Refused(f"a measure serves 1 to {MOST_YEARS} years", field="years", value=self.years)
        if not 0 <= self.rate < 1:
            raise Refused(
                "a rate of discount lies between 0 and 1",
                field="rate",
                value=str(self.rate),
                remedy="0.06 is 6 %",
            )


@dataclass(frozen=True)
class Return:
    """What comes of it. payback [a]: simple, None where it never pays back; irr None where there is none."""

    payback: float | None
    npv: Decimal
    irr: float | None


def returns(one: Investment) -> Return:
    """Return simple payback, net present value and internal rate of return; what is saved comes at each year's end."""
    flows = [-float(one.outlay), *([float(one.yearly)] * one.years)]
    payback = float(one.outlay / one.yearly) if one.yearly > 0 else None
    npv = Decimal(str(round(present(flows, float(one.rate)), 2)))
    return Return(payback, npv, rate_of_return(flows))


def present(flows: Sequence[float], rate: float) -> float:
    """Return the present value of flows, one a year from now on."""
    return math.fsum(flow / (1 + rate) ** year for year, flow in enumerate(flows))


def rate_of_return(flows: Sequence[float]) -> float | None:
    """Return the rate at which flows are worth nothing; None where none from −99 % to 1000 % is that."""
    low, high = -0.99, 10.0
    if present(flows, low) < 0 or present(flows, high) > 0:
        return None
    for _ in range(200):
        middle = (low + high) / 2
        if present(flows, middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
