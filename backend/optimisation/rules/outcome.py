"""A plan's unit beside what was counted: energies over the quarter hours that were, and what the difference costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.optimisation.rules.horizon import Floats


@dataclass(frozen=True)
class Line:
    """One unit or demand.

    sort: supply, sale, demand, unit; planned, actual: amounts over the hours counted [unit], None where none were
    known: share of the hours so far that were counted; deviation_money: what it cost more than planned [currency]
    planned_money, actual_money: of supplies and sales, what was paid (below zero: earned) [currency]
    """

    name: str
    carrier: str
    unit: str
    sort: str
    known: float
    planned: float | None
    actual: float | None
    planned_money: float | None
    actual_money: float | None
    deviation_money: float | None

    @property
    def is_traded(self) -> bool:
        """Tell whether money changes hands."""
        return self.sort in ("supply", "sale")

    def said(self) -> dict[str, Any]:
        """Return it as plain values."""
        return dict(vars(self))


def line(
    name: str, carrier: str, unit: str, sort: str, both: tuple[Floats, Floats], price: Floats
) -> Line:  # fmt: skip
    """Return a unit's line. both: planned and actual rates on quarter hours [unit per hour]; price: [currency per unit]

    What a supply takes or a demand uses more costs its price; what a unit gives or a sale sells more earns it.
    """
    planned, actual = both
    known = np.isfinite(actual) & np.isfinite(planned)
    share = float(known.mean()) if known.size else 0.0
    if not known.any():
        return Line(name, carrier, unit, sort, share, None, None, None, None, None)
    amounts = (float(planned[known].sum()) / 4, float(actual[known].sum()) / 4)
    sign = -1.0 if sort in ("sale", "unit") else 1.0
    priced = known & np.isfinite(price)
    money = [sign * float(values[priced] @ price[priced]) / 4 for values in (planned, actual)]
    deviation = money[1] - money[0] if priced.any() else None
    paid: tuple[float | None, float | None] = (
        (money[0], money[1]) if sort in ("supply", "sale") else (None, None)
    )
    return Line(name, carrier, unit, sort, share, *amounts, *paid, deviation)
