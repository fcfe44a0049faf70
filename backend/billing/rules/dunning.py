"""When a customer is reminded of a bill, and how firmly; and how a debt is paid in parts. Pure.

One level at a time, never two within a week; nobody is reminded of a debt that is disputed, or that a plan they keep
pays.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from backend.kernel.errors import Refused
from backend.kernel.money import Money

APART = timedelta(days=7)
"""At least this lies between two reminders."""


@dataclass(frozen=True)
class Step:
    """A level of reminder: from so many days after the bill was due, at a fee."""

    level: int
    after_days: int
    fee: Decimal = Decimal(0)


MOST_LEVELS = 6
LARGEST_FEE = Decimal(1000)
LADDER = (Step(1, 7), Step(2, 21, Decimal("5.00")), Step(3, 35, Decimal("10.00")))


def ladder(said: Sequence[tuple[int, Decimal]]) -> tuple[Step, ...]:
    """Return the steps an operator reminds by, given as (days after the bill was due, fee), the mildest first.

    raises Refused where they are none or too many, do not come after one another, or a fee is no amount to the cent
    """
    if not 1 <= len(said) <= MOST_LEVELS:
        raise Refused(f"there are 1 to {MOST_LEVELS} reminders", field="steps", value=len(said))
    before = 0
    for level, (after_days, fee) in enumerate(said, start=1):
        if not before < after_days <= 365:
            raise Refused(
                f"reminder {level} comes {after_days} days after the bill was due", field="steps", value=after_days,
                remedy="each comes later than the one before, within a year",
            )  # fmt: skip
        if not (fee.is_finite() and 0 <= fee <= LARGEST_FEE and fee == fee.quantize(Decimal("0.01"))):
            raise Refused(
                f"the fee of reminder {level} is no amount", field="steps", value=str(fee),
                remedy=f"0 to {LARGEST_FEE}, to the cent",
            )  # fmt: skip
        before = after_days
    return tuple(Step(level, days, fee) for level, (days, fee) in enumerate(said, start=1))


@dataclass(frozen=True)
class Debt:
    """A bill that is not paid in full. level, told_on: of the last reminder; is_held: disputed, or a plan is kept."""

    due_on: date
    open: Decimal
    level: int = 0
    told_on: date | None = None
    is_held: bool = False


def next_step(
    debt: Debt, today: date, ladder: Sequence[Step] = LADDER, least: Decimal = Decimal(1)
) -> Step | None:
    """Return the reminder that is due today, None where none is. least: smaller debts are not worth one."""
    if debt.is_held or debt.open < least:
        return None
    if debt.told_on is not None and today < debt.told_on + APART:
        return None
    following = next((step for step in ladder if step.level > debt.level), None)
    if following is None or today < debt.due_on + timedelta(days=following.after_days):
        return None
    return following


@dataclass(frozen=True)
class Instalment:
    """A part of a debt and the day it is due."""

    due_on: date
    amount: Decimal


def plan(debt: Money, parts: int, first_on: date) -> list[Instalment]:
    """Split a debt into equal monthly parts from a day on: to the cent, and together all of it.

    A day a month does not have (31 April) becomes its last.
    """
    if not 2 <= parts <= 36:
        raise Refused("a debt is paid in 2 to 36 parts", field="parts", value=parts)
    if debt.amount <= 0 or debt.rounded() != debt:
        raise Refused("this is no debt", field="amount", value=str(debt.amount))
    amounts = debt.split([1] * parts)
    if not amounts[-1]:
        raise Refused("the parts would be below a cent", field="parts", value=parts)
    return [Instalment(_months_on(first_on, n), one.amount) for n, one in enumerate(amounts)]


def is_kept(instalments: Sequence[Instalment], paid: Decimal, today: date, grace_days: int = 3) -> bool:
    """Tell whether what was paid covers the parts that were due some days ago."""
    latest = today - timedelta(days=grace_days)
    return paid >= sum((one.amount for one in instalments if one.due_on <= latest), Decimal(0))


def spread(instalments: Sequence[Instalment], paid: Decimal) -> list[Decimal]:
    """Return what of each part is paid, where an amount was paid in all: the parts due first are paid first."""
    found, left = [], max(paid, Decimal(0))
    for one in instalments:
        part = min(left, one.amount)
        found.append(part)
        left -= part
    return found


def _months_on(day: date, months: int) -> date:
    month = day.year * 12 + day.month - 1 + months
    year, number = divmod(month, 12)
    return date(year, number + 1, min(day.day, calendar.monthrange(year, number + 1)[1]))
