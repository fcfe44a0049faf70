"""When a bill that is still growing is worth a warning: against what such a period usually comes to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import NamedTuple

MORE = Fraction(5, 4)
"""A quarter more than usual is high."""

LAST = 3
"""So many bills say what is usual."""


class PastBill(NamedTuple):
    """A bill with its notes: what it came to [currency], over how many days."""

    total: Decimal
    days: int


def usual(last: Sequence[PastBill], year_ago: PastBill | None, days: int) -> Decimal | None:
    """Return what a period of so many days usually comes to, to the cent; None where no bill tells.

    The median of the last bills, or the same period of last year where that was more: a winter is dearer than the
    autumn before it, and nobody wants to be told so each year. last: the newest first
    """
    a_day = [Fraction(one.total) / one.days for one in last[:LAST] if one.days > 0]
    found = [median(a_day)] if a_day else []
    if year_ago is not None and year_ago.days > 0:
        found.append(Fraction(year_ago.total) / year_ago.days)
    if not found:
        return None
    whole = max(found) * days
    return (Decimal(whole.numerator) / Decimal(whole.denominator)).quantize(Decimal("0.01"))


def is_high(projected: Decimal, usually: Decimal | None, more: Fraction = MORE) -> bool:
    """Tell whether a bill will be high: more than so many times what is usual. Without a usual one, none is."""
    return usually is not None and usually > 0 and Fraction(projected) > Fraction(usually) * more
