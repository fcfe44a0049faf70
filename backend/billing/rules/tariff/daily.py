"""What was used each day, by price period: what a bill's chart shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.billing.rules.tariff.components.energy import Energy, EnergyRater
from backend.billing.rules.tariff.components.spot import Spot, SpotRater
from backend.billing.rules.tariff.grid import Ints
from backend.billing.rules.tariff.plan import Plan
from backend.billing.rules.tariff.segment import Pieces
from backend.billing.rules.tariff.series import Series


@dataclass(frozen=True)
class Daily:
    """What was counted each day. periods: codes; amounts: a row a price period, a number a local date [unit]."""

    unit: str
    periods: tuple[str, ...]
    amounts: Sequence[Sequence[float]]


def daily(plan: Plan, series: Series) -> Daily | None:
    """Add up one customer's intervals by price period and date, as the first component that charges for them sees it.

    Amounts are as metered, before factors such as losses. None for a tariff that charges for no amount.
    """
    counting = [
        (ready.component, ready.rater.pieces)
        for stretch in plan.stretches for ready in stretch.ready if isinstance(ready.rater, EnergyRater | SpotRater)
        and isinstance(ready.component, Energy | Spot)
    ]  # fmt: skip
    if not counting:
        return None
    first = counting[0][0]
    amounts = series.amounts(first.of, plan.grid)[0]
    sums: dict[str, Ints] = {}
    for component, pieces in counting:
        if component.code == first.code:
            _add(sums, amounts, pieces)
    unit = float(series.per_quantum(first.unit))
    return Daily(first.unit, tuple(sums), [(row * unit).tolist() for row in sums.values()])


def _add(sums: dict[str, Ints], amounts: Ints, pieces: Pieces) -> None:
    """Add a segment's amounts to the sums of each price period and date."""
    days = pieces.grid.span.days
    for index, code in enumerate(pieces.codes):
        inside = pieces.label == index
        found = np.zeros(days, dtype=np.int64)
        np.add.at(found, pieces.grid.day[inside], amounts[inside])
        sums[code] = sums[code] + found if code in sums else found
