"""Time-of-use schedules: which price period an instant belongs to, by date, kind of day and local time.

A schedule is a list of rules; the first that fits decides. Together they must cover every minute of
every day of the year, whatever weekday it falls on and whether it is a holiday.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.billing.rules.tariff.calendar import Calendar, DayKind
from backend.billing.rules.tariff.document import CODE, TEXT, Findings, Form, many, record, said, table, wrong
from backend.kernel.errors import Refused

MINUTES = 1440
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KINDS = (*(str(kind) for kind in DayKind), "rest", "all")
Names = Mapping[str, str]
"""A name by language: {"en": …, "zh": …}."""

NAMES = table(TEXT)


def _hours(value: Any, path: str, findings: Findings) -> tuple[int, int]:
    found = re.fullmatch(r"(\d\d):?([0-5]\d)?-(\d\d):?([0-5]\d)?", str(value))
    start, end = (int(found[i]) * 60 + int(found[i + 1] or 0) for i in (1, 3)) if found else (0, 0)
    if not found or not (start < MINUTES and 0 < end <= MINUTES and start != end):
        raise wrong(
            findings, path, value, f"'{value}' are no hours", "write 08:00-11:30; 22:00-06:00 wraps midnight"
        )
    return start, end


def _clock(hours: tuple[int, int]) -> str:
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in hours)


def _between(value: Any, path: str, findings: Findings) -> tuple[tuple[int, int], tuple[int, int]]:
    found = re.fullmatch(r"(\d\d)-(\d\d)\.\.(\d\d)-(\d\d)", str(value))
    try:
        ends = [date(2000, int(found[i]), int(found[i + 1])) for i in (1, 3)] if found else []
    except ValueError:
        ends = []
    if not ends:
        raise wrong(
            findings, path, value, f"'{value}' are no dates of a year", "write 11-15..03-15, both included"
        )
    return (ends[0].month, ends[0].day), (ends[1].month, ends[1].day)


def _dashed(dates: tuple[tuple[int, int], tuple[int, int]]) -> str:
    return "..".join(f"{month:02}-{day:02}" for month, day in dates)


def _month(value: Any, path: str, findings: Findings) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 12:
        raise wrong(findings, path, value, f"'{value}' is no month", "write 1 to 12")
    return value


def _day(value: Any, path: str, findings: Findings) -> str:
    if value not in (*WEEKDAYS, *KINDS):
        raise wrong(
            findings, path, value, f"unknown day '{value}'", "use one of " + ", ".join((*WEEKDAYS, *KINDS))
        )
    return str(value)


HOURS, BETWEEN = Form(_hours, _clock), Form(_between, _dashed)
MONTH = Form(_month)
MONTHS, DAYS = many(MONTH), many(Form(_day))


@dataclass(frozen=True)
class Rule:
    """When a price period holds. What is left out holds always.

    between: dates of the year, both included, may wrap new year; months: 1 to 12
    days: weekdays, kinds of day, `rest` (weekend or holiday); hours: minutes of the day, may wrap midnight
    """

    period: str = said(TEXT)
    between: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = said(many(BETWEEN), ())
    months: tuple[int, ...] = said(MONTHS, ())
    days: tuple[str, ...] = said(DAYS, ())
    hours: tuple[tuple[int, int], ...] = said(many(HOURS), ())

    def holds_at(self, month_day: tuple[int, int]) -> bool:
        """Tell whether it holds at this time of the year."""
        return (not self.months or month_day[0] in self.months) and (
            not self.between or any(within(month_day, ends) for ends in self.between)
        )

    def holds_on(self, weekday: int, kind: str) -> bool:
        """Tell whether it holds on such a day."""
        return not self.days or not _called(weekday, kind).isdisjoint(self.days)

    def minutes(self) -> NDArray[np.bool_]:
        """Return which of a day's 1440 minutes it holds in."""
        if not self.hours:
            return np.ones(MINUTES, dtype=bool)
        holds = np.zeros(MINUTES, dtype=bool)
        for start, end in self.hours:
            for first, last in [(start, end)] if start < end else [(start, MINUTES), (0, end)]:
                holds[first:last] = True
        return holds


def within(month_day: tuple[int, int], ends: tuple[tuple[int, int], tuple[int, int]]) -> bool:
    """Tell whether a date of the year lies between two, both included; the two may wrap new year."""
    first, last = ends
    return first <= month_day <= last if first <= last else month_day >= first or month_day <= last


def _called(weekday: int, kind: str) -> set[str]:
    """Return all words that mean such a day."""
    words = {kind, WEEKDAYS[weekday], "all"}
    if kind == DayKind.MAKE_UP:
        words.add(str(DayKind.WORKDAY))
    elif kind != DayKind.WORKDAY:
        words.add("rest")
    return words


@dataclass(frozen=True)
class Schedule:
    """A way to divide time into price periods.

    periods: code of each price period and its names; rules: the first that fits decides
    """

    periods: Mapping[str, Names] = said(table(NAMES, CODE))
    rules: tuple[Rule, ...] = said(many(record(Rule)))

    def __post_init__(self) -> None:
        unknown = [rule.period for rule in self.rules if rule.period not in self.periods]
        if unknown:
            raise Refused(
                f"unknown period '{unknown[0]}'",
                field="rules",
                value=unknown[0],
                remedy="use one of " + ", ".join(self.periods),
            )

    @property
    def codes(self) -> tuple[str, ...]:
        """The price periods in the order they are named."""
        return tuple(self.periods)

    def days(self, dates: Sequence[tuple[date, str]]) -> list[NDArray[np.int8]]:
        """Return the index in `codes` of each minute of dates and kinds of day; -1 where no rule holds."""
        alike: dict[tuple[bool, ...], NDArray[np.int8]] = {}
        found = []
        for on, kind in dates:
            holds = tuple(
                rule.holds_at((on.month, on.day)) and rule.holds_on(on.weekday(), kind) for rule in self.rules
            )
            if holds not in alike:
                alike[holds] = self._fill(holds)
            found.append(alike[holds])
        return found

    def _fill(self, holds: Iterable[bool]) -> NDArray[np.int8]:
        filled = np.full(MINUTES, -1, dtype=np.int8)
        for rule, holding in zip(self.rules, holds, strict=True):
            if holding:
                filled[rule.minutes() & (filled < 0)] = self.codes.index(rule.period)
        return filled

    def gaps(self, calendar: Calendar) -> list[str]:
        """Return where no rule holds, in words; nothing where every minute of every day of any year is covered."""
        times: dict[tuple[bool, ...], str] = {}
        for on in (date(2000, 1, 1) + timedelta(days=number) for number in range(366)):
            times.setdefault(tuple(rule.holds_at((on.month, on.day)) for rule in self.rules), f"{on:%m-%d}")
        days: dict[tuple[bool, ...], str] = {}
        for weekday, kind in _days_of(calendar):
            days.setdefault(
                tuple(rule.holds_on(weekday, kind) for rule in self.rules), f"{WEEKDAYS[weekday]}, {kind}"
            )
        return [
            f"{hours} on {at} ({day})"
            for (seasonal, at), (daily, day) in product(times.items(), days.items())
            for hours in _stretches(self._fill(a and b for a, b in zip(seasonal, daily, strict=True)) < 0)
        ]


def _days_of(calendar: Calendar) -> Iterable[tuple[int, str]]:
    """Yield every weekday as every kind of day the calendar may make it."""
    for weekday in range(7):
        yield weekday, str(DayKind.WORKDAY if weekday < 5 else DayKind.WEEKEND)
        if calendar.holidays:
            yield weekday, str(DayKind.HOLIDAY)
        if calendar.make_up and weekday >= 5:
            yield weekday, str(DayKind.MAKE_UP)


def _stretches(missing: NDArray[np.bool_]) -> list[str]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], missing, [False])))).tolist()
    return [_clock((start, end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
