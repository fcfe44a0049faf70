"""From when to when a bill goes: billing periods of a calendar, cut where a contract begins or ends. Pure.

All dates are local and half-open: a period of November is [1 November, 1 December).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from backend.billing.rules.tariff import Span
from backend.kernel.errors import Refused

LENGTHS = (1, 2, 3, 6, 12)


@dataclass(frozen=True)
class BillingCalendar:
    """Bills go from a day of a month to the same day some months later.

    months: length of a period; day: it begins on (1 … 28, so that every month has it)
    first: month a year's first period begins in (1 … months)
    """

    months: int = 1
    day: int = 1
    first: int = 1

    def __post_init__(self) -> None:
        if self.months not in LENGTHS:
            raise Refused(
                f"bills of {self.months} months are not written", field="months", value=self.months,
                remedy="use " + ", ".join(map(str, LENGTHS)),
            )  # fmt: skip
        if not 1 <= self.day <= 28:
            raise Refused("a period begins on day 1 to 28", field="day", value=self.day)
        if not 1 <= self.first <= self.months:
            raise Refused(
                f"a year's first period begins in month 1 to {self.months}", field="first", value=self.first
            )

    def period(self, on: date) -> Span:
        """Return the period a date lies in."""
        month = on.year * 12 + on.month - 1 - (on.day < self.day)
        begin = month - (month - (self.first - 1)) % self.months
        return Span(self._border(begin), self._border(begin + self.months))

    def _border(self, month: int) -> date:
        return date(month // 12, month % 12 + 1, self.day)


@dataclass(frozen=True)
class Part:
    """What of a period a contract ran. months: so many billing months it counts as (a standing charge's share)."""

    span: Span
    months: Fraction


def part(period: Span, calendar: BillingCalendar, starts_on: date, ends_on: date | None) -> Part | None:
    """Cut a period to a contract's dates; None where it did not run in it.

    A part counts as its days' share of the period: moved in on 16 November, half a month.
    """
    start = max(period.start, starts_on)
    end = period.end if ends_on is None else min(period.end, ends_on)
    if end <= start:
        return None
    own = Span(start, end)
    return Part(own, Fraction(calendar.months * own.days, period.days))


def due(calendar: BillingCalendar, starts_on: date, ends_on: date | None, until: date) -> Iterator[Span]:
    """Yield the periods of a contract that are over on the day `until`, the oldest first."""
    period = calendar.period(starts_on)
    while period.end <= until and (ends_on is None or period.start < ends_on):
        yield period
        period = calendar.period(period.end)
