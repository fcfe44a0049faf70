"""A stretch of a billing period under one version of a tariff, and one customer's bill as it is drawn up in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backend.billing.rules.tariff.calendar import Calendar
from backend.billing.rules.tariff.grid import Grid, Ints, Part, Span
from backend.billing.rules.tariff.schedule import Names, Schedule, within
from backend.billing.rules.tariff.series import Facts
from backend.kernel.errors import Refused

PLACES = Decimal("0.000001")
LENGTHS = ("months", "days")
"""Names that stand for how long a segment is, wherever a tariff may name a fact."""


@dataclass(frozen=True)
class Pieces:
    """Intervals sorted into price periods, in a form that adds them up quickly.

    codes: price periods that occur, in the schedule's order; names: of each
    label: index in `codes` of every interval, -1 outside
    """

    codes: tuple[str, ...]
    names: tuple[Names | None, ...]
    label: NDArray[np.int16]
    grid: Grid

    @cached_property
    def _runs(self) -> tuple[Ints, Ints, Ints]:
        """Return where runs of one label begin, their order by label, and where each label begins in that order."""
        begins = np.flatnonzero(np.diff(self.label, prepend=-2))
        labels = self.label[begins]
        order = np.argsort(labels, kind="stable")
        firsts = np.searchsorted(labels[order], np.arange(len(self.codes)))
        return begins, order, firsts

    def sums(self, amounts: Ints) -> Ints:
        """Add up amounts, (customers, intervals) -> (customers, codes) [quanta]."""
        begins, order, firsts = self._runs
        if not self.codes:
            return np.zeros((amounts.shape[0], 0), dtype=np.int64)
        return np.add.reduceat(np.add.reduceat(amounts, begins, axis=1)[:, order], firsts, axis=1)

    @cached_property
    def ranges(self) -> tuple[Ints, ...]:
        """The stretches of time of each code [µs UTC]."""
        return tuple(self.grid.ranges(self.label == index) for index in range(len(self.codes)))


@dataclass(frozen=True)
class Segment:
    """Local dates of a billing period that lie under one version of a tariff.

    version: date it is valid from; whole: the grid of the billing period
    """

    span: Span
    version: date
    whole: Grid
    schedules: Mapping[str, Schedule]
    calendar: Calendar
    _labels: dict[str, NDArray[np.int16]] = field(default_factory=dict)

    def part(self, months: Iterable[int], between: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> Part:
        """Return the days of the segment in these months and between these dates of the year; none says all."""
        whole = self.whole_part(months, between)
        is_mine = [self.span.start <= on < self.span.end for on in self.whole.span.dates()]
        return Part(self.whole, whole.is_in & np.array(is_mine))

    def whole_part(
        self, months: Iterable[int], between: Iterable[tuple[tuple[int, int], tuple[int, int]]]
    ) -> Part:
        """Return such days of the whole billing period, for what is measured over all of it (demand)."""
        wanted, ends = set(months), list(between)
        is_in = [
            (not wanted or on.month in wanted)
            and (not ends or any(within((on.month, on.day), each) for each in ends))
            for on in self.whole.span.dates()
        ]
        return Part(self.whole, np.array(is_in))

    def pieces(self, part: Part, schedule: str | None) -> Pieces:
        """Sort a part's intervals into the price periods of a schedule; without one they are of one kind."""
        if schedule is None:
            label = np.where(part.mask, 0, -1).astype(np.int16)
            return Pieces(("",), (None,), label, self.whole)
        labels = np.where(part.mask, self._label(schedule), -1)
        there = np.unique(labels[labels >= 0])
        place = np.full(len(self.schedules[schedule].codes) + 1, -1, dtype=np.int16)
        place[there] = np.arange(len(there))
        periods = self.schedules[schedule].periods
        codes = tuple(self.schedules[schedule].codes[index] for index in there)
        return Pieces(codes, tuple(periods[code] for code in codes), place[labels], self.whole)

    def _label(self, schedule: str) -> NDArray[np.int16]:
        if schedule not in self._labels:
            self._labels[schedule] = label(self.whole, self.schedules[schedule], self.calendar)
        return self._labels[schedule]


def label(grid: Grid, schedule: Schedule, calendar: Calendar) -> NDArray[np.int16]:
    """Return the price period of each interval, as an index in the schedule's codes.

    Raises Refused where an interval lies in two price periods, or in none.
    """
    days = schedule.days([(on, calendar.kind(on)) for on in grid.span.dates()])
    table = np.stack(days).astype(np.int16)
    found = table[grid.day, grid.minute]
    last = np.minimum(grid.minute + grid.length_us // 60_000_000, 1440) - 1
    changes = np.cumsum(np.diff(table, axis=1, prepend=table[:, :1]) != 0, axis=1)
    if (torn := np.flatnonzero(changes[grid.day, last] != changes[grid.day, grid.minute])).size:
        minute = int(grid.minute[torn[0]])
        raise Refused(
            f"the interval from {minute // 60:02}:{minute % 60:02} lies in two price periods",
            field="length_us",
            value=grid.length_us,
            remedy="rate shorter intervals",
        )
    if (found < 0).any():
        on = grid.span.dates()[int(grid.day[int(np.argmin(found))])]
        raise Refused(f"no price period holds on {on} at some hour", field="schedules", value=on.isoformat())
    return found


@dataclass
class Draft:
    """One customer's bill while it is drawn up.

    months, days: how long the segment is [billing months, days]
    state: what earlier bills left behind, as it becomes what this one does
    amounts: what each component came to in this segment so far; measured: what energy and demand components
      counted [their unit]
    """

    facts: Facts
    months: Fraction
    days: int
    state: dict[str, Decimal]
    amounts: dict[str, Decimal] = field(default_factory=dict)
    measured: dict[str, Decimal] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Decimal:
        """Return what a name in the tariff stands for: something counted before, the segment's length, or a fact."""
        if name in self.measured:
            return self.measured[name]
        if name in LENGTHS:
            return Decimal(self.days) if name == "days" else decimal(self.months)
        return self.facts[name]

    def sum(self, components: Iterable[str]) -> Decimal:
        """Return what some components came to in this segment."""
        return sum((self.amounts.get(code, Decimal(0)) for code in components), Decimal(0))


def decimal(value: Fraction) -> Decimal:
    """Return a fraction as a number: exact where it ends within six places, else rounded to them."""
    found = Decimal(value.numerator) / value.denominator
    rounded = found.quantize(PLACES)
    return rounded.normalize() + 0 if rounded == found else rounded
