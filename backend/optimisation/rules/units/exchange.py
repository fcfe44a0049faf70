"""What comes in from outside and goes out: grid, gas, water; and wind and sun."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backend.optimisation.rules.horizon import Flags, Horizon, Values
from backend.optimisation.rules.sheet import Opposites, Sheet
from backend.optimisation.rules.units.base import Fault, number


@dataclass(frozen=True, eq=False)
class DemandCharge:
    """A price on the highest mean rate of the month, of which part may already be reached.

    price: [currency per kW] still to be charged for what the peak grows
    so_far: the month's peak until now [kW]: below it nothing more is owed
    counts: steps the charge looks at, all where not given
    """

    price: float = number(least=0)
    so_far: float = number(0.0, least=0)
    counts: Flags | None = None


@dataclass(frozen=True, eq=False)
class Supply:
    """A carrier bought from outside.

    price: [currency per unit of the carrier]
    most, least: bounds of the rate [unit per hour]
    co2_kg: emitted per unit [kg]
    """

    name: str
    carrier: str
    price: Values = number()
    most: Values = number(float("inf"), least=0, endless=True)
    least: Values = number(0.0, least=0)
    co2_kg: Values = number(0.0)
    charges: tuple[DemandCharge, ...] = ()

    @property
    def carriers(self) -> tuple[str, ...]:
        """The carrier that is bought."""
        return (self.carrier,)

    def write(self, sheet: Sheet) -> None:
        """Write: cost Σ price·rate·h, and Σ charge·(peak - so far) with rate_t <= so far + growth."""
        hours = sheet.horizon.hours
        rate = sheet.columns((self.name, "rate"), self.least, self.most, np.asarray(self.price) * hours)
        sheet.flow(self.name, self.carrier, rate)
        sheet.emissions.append((rate, sheet.horizon.fill(self.co2_kg) * hours))
        if np.isfinite(self.most).all():
            sheet.in_hand(self.carrier, rate, -1, self.most)
        for nth, charge in enumerate(self.charges):
            growth = sheet.columns((self.name, f"growth{nth or ''}"), 0, np.inf, charge.price, count=1)
            steps = rate if charge.counts is None else rate[charge.counts]
            rows = sheet.rows(-np.inf, charge.so_far, steps.size)
            sheet.put(rows, steps, 1)
            sheet.put(rows, growth, -1)

    def faults(self, horizon: Horizon) -> Iterator[Fault]:
        """Yield bounds that cross, and demand charges whose steps do not fit."""
        if (horizon.fill(self.least) > horizon.fill(self.most)).any():
            yield "least", self.least, "is above the most that can be bought", "lower it, or raise `most`"
        for charge in self.charges:
            if charge.counts is not None and charge.counts.shape != (horizon.steps,):
                yield "charges", charge.counts.size, "marks another number of steps", "mark every step"


@dataclass(frozen=True, eq=False)
class Sale:
    """A carrier sold to outside.

    price: [currency per unit], may be below zero
    most: [unit per hour]
    against: the supply at the same connection, with which it cannot run at once
    """

    name: str
    carrier: str
    price: Values = number()
    most: Values = number(least=0)
    against: str | None = None

    @property
    def carriers(self) -> tuple[str, ...]:
        """The carrier that is sold."""
        return (self.carrier,)

    def write(self, sheet: Sheet) -> None:
        """Write: earns Σ price·rate·h."""
        earned = -np.asarray(self.price) * sheet.horizon.hours
        rate = sheet.columns((self.name, "rate"), 0, self.most, earned)
        sheet.flow(self.name, self.carrier, rate, -1)
        sheet.in_hand(self.carrier, rate, 1)

    def faults(self, horizon: Horizon) -> Iterator[Fault]:
        """Yield nothing: the bounds of its numbers say it all."""
        return iter(())


@dataclass(frozen=True, eq=False)
class Renewable:
    """What wind or sun offer.

    available: [unit per hour]
    curtailable: may give less than is offered, at `curtail_cost` [currency per unit not taken]
    """

    name: str
    carrier: str
    available: Values = number(least=0)
    curtailable: bool = True
    curtail_cost: Values = number(0.0)

    @property
    def carriers(self) -> tuple[str, ...]:
        """The carrier it gives to."""
        return (self.carrier,)

    def write(self, sheet: Sheet) -> None:
        """Write: 0 <= rate <= available (equal where it cannot be curtailed); cost Σ price·(available - rate)·h."""
        offered = sheet.horizon.fill(self.available)
        cost = (
            sheet.horizon.fill(self.curtail_cost) * sheet.horizon.hours if self.curtailable else 0 * offered
        )
        rate = sheet.columns((self.name, "rate"), 0 if self.curtailable else offered, offered, -cost)
        sheet.flow(self.name, self.carrier, rate)
        sheet.offset += float(cost @ offered)

    def faults(self, horizon: Horizon) -> Iterator[Fault]:
        """Yield nothing: the bounds of its numbers say it all."""
        return iter(())


def connections(sheet: Sheet, supplies: dict[str, Supply], sales: list[Sale]) -> Iterator[Opposites]:
    """Yield each sale and the supply it cannot run beside, with the largest rates each may have."""
    for sale in sales:
        if sale.against is not None:
            supply = supplies[sale.against]
            yield Opposites(
                (sale.name, "direction"),
                sheet.places[(supply.name, "rate")],
                sheet.places[(sale.name, "rate")],
                sheet.horizon.fill(supply.most),
                sheet.horizon.fill(sale.most),
            )
