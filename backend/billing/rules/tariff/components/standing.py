"""Charges for time: per day, month, year, heating season; times a capacity, an area, a number of flats."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.components.base import Charge, Component, Objection, Rater
from backend.billing.rules.tariff.document import TEXT, one_of, said
from backend.billing.rules.tariff.grid import Part
from backend.billing.rules.tariff.schedule import Schedule
from backend.billing.rules.tariff.segment import Draft, Segment, decimal
from backend.billing.rules.tariff.terms import TERM, TERMS, Term


@dataclass(frozen=True, kw_only=True)
class Standing(Component):
    """`price` × `times` × how many `per` the part is, by its days.

    per: day; month (billing months, Part.months); year; season (the whole stretch of `between`); period (once a bill)
    times: numbers and facts that are multiplied (capacity_kva, area_m2); unit: of their product, as on the bill
    """

    price: Term = said(TERM)
    per: str = said(one_of(("day", "month", "year", "season", "period")), "month")
    times: tuple[Term, ...] = said(TERMS, ())
    unit: str = said(TEXT, "")

    def prepare(self, segment: Segment) -> Rater:
        return _Rater(self, self.part(segment))

    def facts(self) -> set[str]:
        return terms.names([self.price, *self.times])

    def objections(self, schedules: Mapping[str, Schedule], earlier: Sequence[str]) -> Iterator[Objection]:
        if self.per == "season" and len(self.between) != 1:
            yield Objection(
                "between", None, "a charge per season needs the season's dates", "write 11-15..03-15"
            )


@dataclass(frozen=True)
class _Rater(Rater):
    standing: Standing
    part: Part

    def charges(self, counted: Any, draft: Draft) -> list[Charge]:
        said = self.standing
        quantity = terms.product(said.times, draft) * decimal(self._count(draft))
        unit = f"{said.unit}·{said.per}" if said.unit else said.per
        return [Charge(quantity, unit, terms.value(said.price, draft))]

    def _count(self, draft: Draft) -> Fraction:
        if self.standing.per == "day":
            return Fraction(self.part.days)
        if self.standing.per == "month":
            return self.part.months(draft.facts.months)
        if self.standing.per == "year":
            return sum(
                (Fraction(1, 366 if calendar.isleap(on.year) else 365) for on in self.part.dates), Fraction(0)
            )
        if self.standing.per == "season":
            return sum((Fraction(1, _season_days(self.standing, on)) for on in self.part.dates), Fraction(0))
        return Fraction(self.part.days, self.part.grid.span.days)


def _season_days(standing: Standing, on: date) -> int:
    """Return how many days the season that holds `on` has."""
    first, last = standing.between[0]
    began = on.year if (on.month, on.day) >= first else on.year - 1
    ended = began if first <= last else began + 1
    return (_day_of(ended, last) - _day_of(began, first)).days + 1


def _day_of(year: int, month_day: tuple[int, int]) -> date:
    """Return a date of a year; 29 February is the 28th where there is none."""
    month, day = month_day
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
