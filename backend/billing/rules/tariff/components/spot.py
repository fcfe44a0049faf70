"""Charges at a price of its own for each interval: spot, day-ahead and half-hourly prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.components.base import Charge, Component, Objection, Rater
from backend.billing.rules.tariff.document import FLAG, TEXT, said
from backend.billing.rules.tariff.grid import Ints
from backend.billing.rules.tariff.schedule import Schedule
from backend.billing.rules.tariff.segment import Draft, Pieces, Segment, decimal
from backend.billing.rules.tariff.series import Series
from backend.billing.rules.tariff.terms import TERMS, Term
from backend.kernel import units
from backend.kernel.errors import Refused

MILLIONTHS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Spot(Component):
    """The amount of each interval on register `of`, times `times`, at the interval's own price.

    prices: name of the prices in `Series.prices`; pays: what is fed in earns
    The line shows the amount and the cost; its one price would be a mean, so it has none.
    """

    prices: str = said(TEXT)
    unit: str = said(TEXT)
    of: str = said(TEXT, "import")
    times: tuple[Term, ...] = said(TERMS, ())
    pays: bool = said(FLAG, False)

    @property
    def register(self) -> str:  # type: ignore[override]  # of each component, not of the kind
        return self.of

    def prepare(self, segment: Segment) -> Rater:
        return SpotRater(self, segment.pieces(self.part(segment), None))

    def facts(self) -> set[str]:
        return terms.names(self.times)

    def objections(self, schedules: Mapping[str, Schedule], earlier: Sequence[str]) -> Iterator[Objection]:
        try:
            units.unit(self.unit)
        except Refused as refused:
            yield Objection("unit", self.unit, refused.message, refused.remedy)


@dataclass(frozen=True)
class SpotRater(Rater):
    """Spot ready for a segment: its intervals sorted into price periods."""

    spot: Spot
    pieces: Pieces

    def measure(self, series: Series) -> Sequence[tuple[int, int, Fraction]]:
        """Return each customer's amount [quanta], cost [quanta × millionths], and units a quantum."""
        grid = self.pieces.grid
        amounts = series.amounts(self.spot.of, grid)
        prices = np.where(self.pieces.label == 0, series.price_of_each(self.spot.prices, grid), 0)
        used = self.pieces.sums(amounts)[:, 0].tolist()
        unit = series.per_quantum(self.spot.unit)
        return [(amount, cost, unit) for amount, cost in zip(used, _products(amounts, prices), strict=True)]

    def charges(self, counted: tuple[int, int, Fraction], draft: Draft) -> list[Charge]:
        amount, cost, unit = counted
        factor = unit * Fraction(terms.product(self.spot.times, draft))
        sign = -1 if self.spot.pays else 1
        return [
            Charge(
                quantity=decimal(amount * factor),
                unit=self.spot.unit,
                price=None,
                intervals=self.pieces.ranges[0],
                cost=decimal(sign * cost * factor / MILLIONTHS),
            )
        ]


def _products(amounts: Ints, prices: Ints) -> list[int]:
    """Return the exact sum of amount × price for each row, by whole numbers of any size where 64 bits may not do."""
    reach = int(np.abs(amounts).max(initial=0)) * int(np.abs(prices).max(initial=0)) * amounts.shape[1]
    if reach < 2**62:
        found: list[int] = (amounts @ prices).tolist()
        return found
    return [sum(a * p for a, p in zip(row, prices.tolist(), strict=True)) for row in amounts.tolist()]
