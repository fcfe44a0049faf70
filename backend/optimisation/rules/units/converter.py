"""What turns carriers into others: CHP, boiler, heat pump, chiller, pump."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from backend.optimisation.rules.horizon import Horizon, Values
from backend.optimisation.rules.sheet import Sheet
from backend.optimisation.rules.units.base import Fault, number
from backend.optimisation.rules.units.commitment import Commitment


@dataclass(frozen=True, eq=False)
class Converter:
    """A unit that takes carriers and gives others in proportion to its rate.

    inputs, outputs: per 1 of the rate [unit of that carrier per unit of the rate]; the rate usually is that of
        the main output, whose figure then is 1
    capacity: highest rate [unit per hour]; times `available` (1 all there, 0 under repair)
    cost: upkeep [currency per unit of the rate]
    co2_kg: emitted per unit of the rate [kg], beyond what its fuel counts where it is bought
    ramp: how much the rate may change per hour [unit per hour, per hour]; was_at: rate before the first step
    commitment: what holds for being on and off, where that matters
    """

    name: str
    inputs: Mapping[str, Values] = number()
    outputs: Mapping[str, Values] = number()
    capacity: float = number(least=0)
    available: Values = number(1.0, least=0, most=1)
    cost: Values = number(0.0)
    co2_kg: Values = number(0.0)
    ramp: float = number(float("inf"), least=0, endless=True)
    was_at: float | None = None
    commitment: Commitment | None = None

    @property
    def carriers(self) -> tuple[str, ...]:
        """All carriers it takes and gives."""
        idle = self.commitment.idle_inputs if self.commitment else {}
        return (*self.inputs, *self.outputs, *idle)

    def write(self, sheet: Sheet) -> None:
        """Write: carrier balance += (output - input)·rate; what commitment and ramp ask for."""
        hours, most = sheet.horizon.hours, self.capacity * sheet.horizon.fill(self.available)
        rate = sheet.columns((self.name, "rate"), 0, most, np.asarray(self.cost) * hours)
        for carrier in dict.fromkeys((*self.outputs, *self.inputs)):
            factor = np.subtract(self.outputs.get(carrier, 0), self.inputs.get(carrier, 0))
            sheet.flow(self.name, carrier, rate, factor)
        if np.any(self.co2_kg):
            sheet.emissions.append((rate, sheet.horizon.fill(self.co2_kg) * hours))
        on = self.commitment.write(sheet, self.name, rate, most) if self.commitment else None
        self._in_hand(sheet, rate, on, most)
        if np.isfinite(self.ramp):
            self._ramp(sheet, rate, on)

    def _in_hand(self, sheet: Sheet, rate: np.ndarray, on: np.ndarray | None, most: np.ndarray) -> None:
        for carrier, factor in self.outputs.items():
            sheet.in_hand(carrier, rate, -np.asarray(factor), 0.0 if on is not None else most * factor)
            if on is not None:
                sheet.in_hand(carrier, on, most * factor)

    def _ramp(self, sheet: Sheet, rate: np.ndarray, on: np.ndarray | None) -> None:
        """Write |rate_t - rate_(t-1)| <= ramp·h; a start or a stop may in addition take it to its least load."""
        hours = sheet.horizon.hours
        jump = 0.0 if on is None or self.commitment is None else self.commitment.least_load * self.capacity
        allowed = self.ramp * (hours[1:] + hours[:-1]) / 2 + jump
        rows = sheet.rows(-allowed, allowed, hours.size - 1)
        sheet.put(rows, rate[1:], 1)
        sheet.put(rows, rate[:-1], -1)
        if self.was_at is not None:
            first = self.ramp * hours[0] + jump
            sheet.put(sheet.rows(self.was_at - first, self.was_at + first, 1), rate[:1], 1)

    def faults(self, horizon: Horizon) -> Iterator[Fault]:
        """Yield missing outputs, and what is wrong with its commitment."""
        if not self.outputs:
            yield "outputs", "", "gives nothing", "name at least one carrier"
        if self.commitment:
            yield from self.commitment.faults()
