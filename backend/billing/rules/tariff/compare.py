"""What a customer's past use would have cost under several tariffs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.billing.rules.tariff.grid import Span
from backend.billing.rules.tariff.lines import Rating
from backend.billing.rules.tariff.plan import compile
from backend.billing.rules.tariff.series import Facts, Series
from backend.billing.rules.tariff.tariff import Tariff
from backend.kernel.errors import Refused
from backend.kernel.money import Money, total


@dataclass(frozen=True)
class Cost:
    """What the periods cost under one tariff: a rating of each, or why there is none."""

    tariff: Tariff
    ratings: tuple[Rating, ...]
    refused: Refused | None = None

    @property
    def total(self) -> Money:
        """The sum over the periods."""
        return total((rating.total for rating in self.ratings), self.tariff.currency)

    def by_component(self) -> dict[str, Money]:
        """Return the sum of each component over the periods."""
        sums: dict[str, Money] = {}
        for rating in self.ratings:
            for code, amount in rating.by_component().items():
                sums[code] = sums[code] + amount if code in sums else amount
        return sums

    def by_kind(self) -> dict[str, Money]:
        """Return the sum of each kind of component (energy, demand, standing, …), without what lies within others."""
        sums: dict[str, Money] = {}
        for line in (line for rating in self.ratings for line in rating.lines if not line.is_included):
            sums[line.kind] = sums[line.kind] + line.amount if line.kind in sums else line.amount
        return sums


@dataclass(frozen=True)
class Comparison:
    """Costs in the order the tariffs were named; those that could not be rated are in `left_out`."""

    periods: tuple[Span, ...]
    costs: tuple[Cost, ...]
    left_out: tuple[Cost, ...]

    @property
    def cheapest(self) -> Cost:
        """The tariff with the lowest total; of equal ones the first."""
        return min(self.costs, key=lambda cost: cost.total.amount)

    def cheapest_of_each(self) -> list[Cost]:
        """Return the cheapest tariff of each period."""
        return [
            min(self.costs, key=lambda cost: cost.ratings[number].total.amount)
            for number in range(len(self.periods))
        ]

    def differences(self, cost: Cost, other: Cost) -> Mapping[str, Money]:
        """Return by how much `cost` is dearer than `other`, by kind of component; what is equal is left out."""
        here, there, nothing = cost.by_kind(), other.by_kind(), Money(Decimal(0), cost.tariff.currency)
        apart = {kind: here.get(kind, nothing) - there.get(kind, nothing) for kind in {**here, **there}}
        return {kind: amount for kind, amount in apart.items() if amount}


def compare(tariffs: Sequence[Tariff], series: Series, facts: Facts, periods: Sequence[Span]) -> Comparison:
    """Rate the same use under each tariff, period after period, each handing on what it leaves behind.

    periods: ascending local dates, usually months; series must cover them all.
    A tariff that cannot be rated (a fact is missing, no prices for a date) is left out with its reason.
    Raises Refused where tariffs are of several currencies or carriers, or none can be rated.
    """
    if len({(tariff.currency, tariff.carrier) for tariff in tariffs}) != 1:
        raise Refused("only tariffs of one carrier and currency can be compared", field="tariffs")
    costs = [_cost(tariff, series, facts, periods) for tariff in tariffs]
    rated = tuple(cost for cost in costs if cost.refused is None)
    if not rated:
        raise costs[0].refused or Refused("nothing to compare", field="tariffs")
    return Comparison(tuple(periods), rated, tuple(cost for cost in costs if cost.refused is not None))


def _cost(tariff: Tariff, series: Series, facts: Facts, periods: Sequence[Span]) -> Cost:
    ratings: list[Rating] = []
    opening = facts.opening
    try:
        for span in periods:
            given = Facts(facts.values, facts.months, opening)
            ratings.append(compile(tariff, span, series.length_us).rate(series, given))
            opening = ratings[-1].closing
    except Refused as refused:
        return Cost(tariff, (), refused)
    return Cost(tariff, tuple(ratings))
