"""What one more unit would cost at each interval: the price side of a tariff, for who decides when to draw.

Components that charge for an amount (energy) add their price, shares that are not included add theirs, demands are
told apart as prices on a month's highest load. Standing charges, minima and power factors do not depend on when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.components.demand import Demand
from backend.billing.rules.tariff.components.energy import Energy
from backend.billing.rules.tariff.components.prices import price_of
from backend.billing.rules.tariff.components.share import Share
from backend.billing.rules.tariff.components.spot import Spot
from backend.billing.rules.tariff.grid import Grid, Span
from backend.billing.rules.tariff.plan import compile
from backend.billing.rules.tariff.segment import Draft, Pieces
from backend.billing.rules.tariff.series import Facts
from backend.billing.rules.tariff.tariff import Tariff
from backend.kernel.errors import Refused

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Peak:
    """A price on the highest load of a month.

    price: [currency per `unit` and month]; minutes: over which the load is meant
    counts: which intervals it looks at, one flag for each of the grid; least: load that is charged anyway [unit]
    """

    code: str
    price: float
    unit: str
    minutes: int
    counts: NDArray[np.bool_]
    least: float = 0.0


@dataclass(frozen=True)
class Marginal:
    """Prices over a grid.

    prices: of one more `unit` on the register [currency per unit], (intervals,); what feeding in earns is below zero
    remarks: in words, what these prices leave out
    """

    grid: Grid
    unit: str
    prices: Floats
    peaks: tuple[Peak, ...]
    remarks: tuple[str, ...]


def marginal(
    tariff: Tariff, span: Span, length_us: int, facts: Mapping[str, Decimal] | None = None, register: str = "import"
) -> Marginal:  # fmt: skip
    """Return what one more unit on a register costs at each interval of some local dates.

    raises Refused where the tariff has no prices for a date, asks for what `facts` do not say, or goes by spot prices
    """
    plan = compile(tariff, span, length_us)
    added = _Added(register, Facts(dict(facts or {})), np.zeros(len(plan.grid)))
    for stretch in plan.stretches:
        draft = Draft(added.facts, stretch.part.months(None), stretch.part.days, {})
        own: dict[str, Any] = {}
        for ready in stretch.ready:
            own[ready.component.code] = added.take(
                ready.component, getattr(ready.rater, "pieces", None), draft, own
            )
            added.keep_within(own[ready.component.code], stretch.part.mask)
        added.prices += sum((one for one in own.values() if isinstance(one, np.ndarray)), np.zeros(1))
    if not added.units:
        raise Refused(
            f"tariff '{tariff.code}' charges for no amount on '{register}'", field="tariff", value=tariff.code,
            remedy="name a tariff with an energy component",
        )  # fmt: skip
    if len(added.units) > 1:
        units = ", ".join(sorted(added.units))
        raise Refused(f"tariff '{tariff.code}' charges per {units}", field="tariff", value=tariff.code)
    return Marginal(
        plan.grid, added.units.pop(), added.prices, tuple(added.peaks), tuple(dict.fromkeys(added.remarks))
    )


class _Added:
    """Prices as components add to them."""

    def __init__(self, register: str, facts: Facts, prices: Floats) -> None:
        self.register, self.facts, self.prices = register, facts, prices
        self.units: set[str] = set()
        self.peaks: list[Peak] = []
        self.remarks: list[str] = []

    def take(self, component: Any, pieces: Pieces | None, draft: Draft, own: Mapping[str, Any]) -> Any:
        """Return what a component adds: an array of prices, the peaks it makes, or None for what it leaves alone."""
        if isinstance(component, Share):
            return None if component.included else self._share(component, draft, own)
        if getattr(component, "of", None) not in (self.register, "net") or pieces is None:
            return None
        if isinstance(component, Spot):
            raise Refused(
                f"'{component.code}' goes by spot prices, which are not known ahead", field="tariff",
                value=component.code, remedy="plan with a tariff whose prices are known",
            )  # fmt: skip
        if not isinstance(component, Energy | Demand):
            return None
        if component.when is not None:
            self.remarks.append(f"'{component.code}' holds under a condition and is counted as if it did")
        if component.blocks is not None:
            self.remarks.append(f"'{component.code}' steps its price: its last block is counted")
        return self._energy(component, pieces, draft) if isinstance(component, Energy) else self._demand(
            component, pieces, draft
        )  # fmt: skip

    def keep_within(self, made: Any, mask: NDArray[np.bool_]) -> None:
        """Let peaks count in the dates of their version only: a demand is measured over all of a billing period."""
        for peak in made if isinstance(made, list) else ():
            peak.counts[:] &= mask

    def _energy(self, energy: Energy, pieces: Pieces, draft: Draft) -> Floats:
        factor = terms.product(energy.times, draft)
        if energy.base is not None:
            factor *= terms.value(energy.base, draft)
        sign = -1 if energy.pays or (self.register == "export" and energy.of == "net") else 1
        self.units.add(energy.unit)
        return sign * float(factor) * _placed(energy, pieces, draft)

    def _demand(self, demand: Demand, pieces: Pieces, draft: Draft) -> list[Peak]:
        least = float(terms.product(demand.at_least, draft)) if demand.at_least else 0.0
        made = [
            Peak(demand.code, float(price_of(demand.price, code, _last(demand), draft)), demand.unit, demand.minutes,
                 pieces.label == index, least)
            for index, code in enumerate(pieces.codes)
        ]  # fmt: skip
        self.peaks += made
        return made

    def _share(self, share: Share, draft: Draft, own: Mapping[str, Any]) -> Floats | None:
        rate = float(terms.value(share.rate, draft))
        bases = [own[code] for code in share.of if isinstance(own.get(code), np.ndarray)]
        grown = [peak for code in share.of if isinstance(own.get(code), list) for peak in own[code]]
        for peak in grown:
            at = next(place for place, one in enumerate(self.peaks) if one is peak)
            self.peaks[at] = Peak(
                peak.code, peak.price * (1 + rate), peak.unit, peak.minutes, peak.counts, peak.least
            )
        return np.asarray(rate * np.sum(bases, axis=0)) if bases else None


def _last(component: Energy | Demand) -> int:
    return len(component.blocks.limits) if component.blocks else 0


def _placed(energy: Energy, pieces: Pieces, draft: Draft) -> Floats:
    """Return the price of each interval by its price period, zero outside the component's days."""
    by_code: Sequence[float] = [
        float(price_of(energy.price, code, _last(energy), draft)) for code in pieces.codes
    ]
    return np.append(np.asarray(by_code, dtype=float), 0.0)[pieces.label]
