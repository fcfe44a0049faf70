"""Documents on schedule: which periods are over, and when a delivery that failed is tried again. Pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from backend.kernel.errors import Refused


class Paper(StrEnum):
    """What is made: of an operator, (a statement) of one customer, (bills) of either."""

    AGEING = "ageing"
    STATEMENT = "statement"
    RUN_SUMMARY = "run_summary"
    TAX = "tax"
    BILLS = "bills"


class Every(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Form(StrEnum):
    """As what kind of file."""

    PDF = "pdf"
    XLSX = "xlsx"
    CSV = "csv"


FORMS = {
    Paper.AGEING: frozenset(Form), Paper.STATEMENT: frozenset(Form), Paper.RUN_SUMMARY: frozenset(Form),
    Paper.TAX: frozenset({Form.XLSX, Form.CSV}), Paper.BILLS: frozenset({Form.PDF}),
}  # fmt: skip
"""What a paper can be made as."""

MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}
MOST_AT_ONCE = 12
"""So many periods that were missed are made up for at a time."""

ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")
MOST_RECIPIENTS = 20

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=6)


@dataclass(frozen=True)
class Span:
    """Local days [first, until)."""

    first: date
    until: date


def span(every: Every, starts_on: date, number: int) -> Span:
    """Return the period of a number, from 0, counted from the first one's first day."""
    return Span(_step(every, starts_on, number), _step(every, starts_on, number + 1))


def due(every: Every, starts_on: date, ends_on: date | None, known: int, today: date) -> list[Span]:
    """Return the periods that are over by a local day and not `known` yet: the next of them, MOST_AT_ONCE at most.

    known: how many of the first ones were made; ends_on: no period that begins on that day or later is made
    """
    found = []
    for number in range(known, known + MOST_AT_ONCE):
        one = span(every, starts_on, number)
        if one.until > today or (ends_on is not None and one.first >= ends_on):
            break
        found.append(one)
    return found


def demand_sendable(
    every: Every, starts_on: date, ends_on: date | None, recipients: Sequence[str], *, by_mail: bool
) -> None:
    """Raise Refused where a schedule's days or addresses cannot be."""
    if by_mail != bool(recipients) or len(recipients) > MOST_RECIPIENTS:
        raise Refused(
            f"mail has 1 to {MOST_RECIPIENTS} recipients, a folder none",
            field="recipients",
            value=len(recipients),
        )
    wrong = [one for one in recipients if len(one) > 254 or not ADDRESS.fullmatch(one)]
    if wrong:
        raise Refused("this is no address for mail", field="recipients", value=wrong[0][:254])
    if ends_on is not None and ends_on < starts_on:
        raise Refused("it ends before it starts", field="ends_on", value=ends_on.isoformat())
    if every in MONTHS and starts_on.day > 28:
        raise Refused("a period of months begins on a day every month has", field="starts_on",
                      value=starts_on.isoformat(), remedy="begin on the 1st to the 28th")  # fmt: skip


def wait(tries: int) -> timedelta:
    """Return how long after a try (1 for the first) the next one is: 5, 10, 20 … minutes, 6 h at most."""
    return min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT)


def _step(every: Every, on: date, steps: int) -> date:
    if every in MONTHS:
        place = on.year * 12 + on.month - 1 + steps * MONTHS[every]
        year, month = divmod(place, 12)
        return date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1]))
    return on + timedelta(days=steps * (7 if every is Every.WEEK else 1))
