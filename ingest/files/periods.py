"""Readings given with the period they belong to, as meter exports of many makers write them. Pure.

A row says a value, and the start and end of its period (or its end alone). Values may be amounts, or a
cumulative register whose amount is the step from the row before, with resets at a known time of day.
Rows may come newest first, several times over, with gaps, overlaps and nonsense: what can be trusted is
kept, what cannot is named. A register that runs backwards without a reset, a negative amount or an
instant that cannot be read spoils the whole file, since nothing tells which rows are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from backend.kernel.errors import Refused
from ingest.files.series import Report

Row = tuple[float, datetime | None, datetime]
"""Value, start (None where only ends are given), end."""


@dataclass(frozen=True)
class Habits:
    """What the maker's files are like.

    is_cumulative: values are a register's; may_reset: it may begin at zero again, between
    `reset_from` and `reset_to` of the day; copies: each row comes so often
    newest_first: rows run backwards; gap_seconds: a gap up to this is no gap [s]
    """

    is_cumulative: bool = False
    may_reset: bool = False
    reset_from: time = time(0, 0)
    reset_to: time = time(23, 59, 59, 999_999)
    copies: int = 1
    newest_first: bool = False
    ends_only: bool = False
    gap_seconds: float = 0.0

    def resets_at(self, instant: datetime) -> bool:
        """Tell whether the register may begin anew at an instant; the window may span midnight."""
        clock = instant.time()
        if self.reset_from <= self.reset_to:
            return self.may_reset and self.reset_from <= clock <= self.reset_to
        return self.may_reset and (clock >= self.reset_from or clock <= self.reset_to)


@dataclass(frozen=True)
class Period:
    """An amount and the period it belongs to."""

    amount: float
    start: datetime
    end: datetime


def periods(rows: Sequence[Row], habits: Habits, report: Report) -> list[Period]:
    """Return the amounts that can be trusted, oldest first; rows left out go to the report.

    raises Refused where the whole file cannot be trusted
    """
    ordered = list(enumerate(rows, start=1))[:: habits.copies]
    if habits.newest_first:
        ordered.reverse()
    result: list[Period] = []
    before: Row | None = None
    for number, (value, start, end) in ordered:
        if habits.ends_only:
            start = before[2] if before is not None else None
        belongs = (
            start is not None or habits.is_cumulative
        )  # the first end alone is left out, whatever it says
        if (value < 0 and belongs) or (not habits.is_cumulative and value != value):
            raise Refused(f"row {number}: {value} is negative", field="value", value=value)
        amount = _amount(number, value, start, before, habits, report)
        is_sound = _is_sound(number, start, end, before, habits, report)
        if not (start is not None and start >= end):
            before = (value, start, end)
        if amount is not None and start is not None and is_sound:
            result.append(Period(amount, start, end))
    return result


def _amount(
    number: int, value: float, start: datetime | None, before: Row | None, habits: Habits, report: Report
) -> float | None:
    if not habits.is_cumulative:
        if start is None:
            report.add(number, "start", value, "the first end alone does not say where its period began")
        return value
    if before is None:
        report.add(number, "value", value, "the first reading of a register is no amount")
        return None
    step = value - before[0]
    if step >= 0:
        return step
    if start is not None and habits.resets_at(start):
        return value
    raise Refused(
        f"row {number}: the register runs back from {before[0]:g} to {value:g}", field="value", value=value,
        remedy="say when it may be reset",
    )  # fmt: skip


def _is_sound(
    number: int, start: datetime | None, end: datetime, before: Row | None, habits: Habits, report: Report
) -> bool:
    if start is None:
        return False
    if start >= end:
        report.add(number, "end", end, "the period ends before it begins")
        return False
    if before is None:
        return True
    gap = (start - before[2]).total_seconds()
    if gap < 0:
        report.add(number, "start", start, "the period overlaps the one before")
        return False
    if gap > habits.gap_seconds:
        report.add(number, "start", start, f"{gap:g} s are missing before this period")
        return not habits.is_cumulative
    return True
