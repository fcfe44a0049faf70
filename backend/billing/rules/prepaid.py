"""How long a prepaid balance lasts. Pure."""

from __future__ import annotations

from decimal import Decimal


def daily(used: Decimal, days: int, billed: Decimal, billed_days: int) -> Decimal | None:
    """Return what a day comes to [currency]: since the last bill and under it together, None where no day is known.

    used: since the last bill, over so many days; billed: the last bill, over so many days
    """
    whole = days + billed_days
    return (used + billed) / whole if whole > 0 else None


def days_left(left: Decimal, a_day: Decimal | None, credit: Decimal | None = None) -> int | None:
    """Return for how many whole days a balance and its emergency credit last; None where nothing is used.

    7.90 left at 2.00 a day last 3 days; with 5.00 of emergency credit 6
    """
    if a_day is None or a_day <= 0:
        return None
    return int(max(left + (credit or Decimal(0)), Decimal(0)) // a_day)
