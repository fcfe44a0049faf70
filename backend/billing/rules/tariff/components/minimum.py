"""What is charged at least: a top-up where other components come to less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.blocks import new_years, year_of
from backend.billing.rules.tariff.components.base import Charge, Component, Objection, Rater
from backend.billing.rules.tariff.components.share import unknown_components
from backend.billing.rules.tariff.document import TEXT, many, one_of, said
from backend.billing.rules.tariff.grid import Part
from backend.billing.rules.tariff.schedule import Schedule
from backend.billing.rules.tariff.segment import Draft, Segment, decimal
from backend.billing.rules.tariff.terms import TERM, TERMS, Term


@dataclass(frozen=True, kw_only=True)
class Minimum(Component):
    """The components `of` come to at least `price` × `times` per month, or per calendar year.

    A year's top-up stands on the bill that ends with the year; what earlier bills came to is carried along.
    """

    of: tuple[str, ...] = said(many(TEXT))
    price: Term = said(TERM)
    times: tuple[Term, ...] = said(TERMS, ())
    per: str = said(one_of(("month", "year")), "month")

    is_splittable: ClassVar[bool] = False

    def prepare(self, segment: Segment) -> Rater:
        return _Rater(self, self.part(segment))

    def facts(self) -> set[str]:
        return terms.names([self.price, *self.times])

    def cuts(self, first: date, last: date) -> list[date]:
        return new_years(first, last) if self.per == "year" else []

    def objections(self, schedules: Mapping[str, Schedule], earlier: Sequence[str]) -> Iterator[Objection]:
        yield from unknown_components(self.of, earlier)


@dataclass(frozen=True)
class _Rater(Rater):
    minimum: Minimum
    part: Part

    def charges(self, counted: Any, draft: Draft) -> list[Charge]:
        least = terms.product([self.minimum.price, *self.minimum.times], draft)
        came_to = draft.sum(self.minimum.of)
        if self.minimum.per == "month":
            least *= decimal(self.part.months(draft.facts.months))
        else:
            last = self.part.dates[-1]
            key = f"{self.minimum.code}.charged.{year_of(last)}"
            came_to += draft.state.pop(key, Decimal(0))
            if (last + timedelta(days=1)).year == last.year:
                draft.state[key] = came_to
                return []
        short = max(least - came_to, Decimal(0))
        return [Charge(short, "", Decimal(1))] if short else []
