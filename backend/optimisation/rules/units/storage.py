"""What keeps a carrier for later: battery, hot water, ice, a water tank."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backend.optimisation.rules.horizon import Horizon, Values
from backend.optimisation.rules.sheet import RESERVE, Opposites, Sheet, Soft
from backend.optimisation.rules.units.base import Fault, number


@dataclass(frozen=True, eq=False)
class Storage:
    """A store. It never charges and discharges at once (`planning` sees to that).

    capacity: what it holds when full [unit of the carrier]; least, most: bounds of the content, shares of it
    charge_most, discharge_most: at its terminals [unit per hour]
    charge_share, discharge_share: efficiencies, content per what goes in, what comes out per content
    loss_per_h: share of the content lost in an hour
    content: at the start [unit]; None: free, and the end has as much as the start
    final_least: content asked for at the end [unit]; final_value: what each unit left at the end is worth [currency]
    wear: cost of ageing per unit discharged [currency]: price of the cells / (cycles in their life × depth × capacity)
    """

    name: str
    carrier: str
    capacity: float = number(least=0)
    charge_most: Values = number(least=0)
    discharge_most: Values = number(least=0)
    charge_share: float = number(1.0, least=1e-6, most=1)
    discharge_share: float = number(1.0, least=1e-6, most=1)
    loss_per_h: float = number(0.0, least=0, most=1)
    least: float = number(0.0, least=0, most=1)
    most: float = number(1.0, least=0, most=1)
    content: float | None = number(0.0, least=0)
    final_least: float = number(0.0, least=0)
    final_value: float = number(0.0)
    wear: Values = number(0.0, least=0)

    @property
    def carriers(self) -> tuple[str, ...]:
        """The carrier it keeps."""
        return (self.carrier,)

    def write(self, sheet: Sheet) -> None:
        """Write: content_t = (1 - loss)^h·content_(t-1) + share·charge·h - discharge·h/share."""
        hours, (name, steps) = sheet.horizon.hours, (self.name, sheet.horizon.steps)
        charge = sheet.columns((name, "charge"), 0, self.charge_most)
        out = sheet.columns((name, "discharge"), 0, self.discharge_most, np.asarray(self.wear) * hours)
        content = sheet.columns((name, "content"), self.least * self.capacity, self.most * self.capacity)
        if self.final_least > self.least * self.capacity:
            row = sheet.rows(self.final_least, np.inf, 1)
            sheet.put(row, content[-1:], 1)
            sheet.softs.append(
                Soft(
                    "final content",
                    name,
                    "",
                    rows=row,
                    below=RESERVE,
                    most=self.final_least,
                    carrier=self.carrier,
                )
            )
        if self.final_value:
            sheet.charge(content[-1:], -self.final_value)
        kept = (1 - self.loss_per_h) ** hours
        right = np.zeros(steps)
        if self.content is not None:
            right[0] = kept[0] * self.content
        rows = sheet.rows(right, right)
        sheet.put(rows, content, 1)
        sheet.put(rows[1:], content[:-1], -kept[1:])
        if self.content is None:
            sheet.put(rows[:1], content[-1:], -kept[:1])
        sheet.put(rows, charge, -self.charge_share * hours)
        sheet.put(rows, out, hours / self.discharge_share)
        sheet.flow(name, self.carrier, charge, -1)
        sheet.flow(name, self.carrier, out)
        limits = (sheet.horizon.fill(self.charge_most), sheet.horizon.fill(self.discharge_most))
        lossless = self.charge_share * self.discharge_share == 1
        sheet.opposites.append(Opposites((name, "direction"), charge, out, *limits, lossless))
        if self.carrier in sheet.margins:
            self._in_hand(sheet, charge, out, content)

    def _in_hand(self, sheet: Sheet, charge: np.ndarray, out: np.ndarray, content: np.ndarray) -> None:
        """Write what it could give beyond the plan: by its terminals, and by what is in it at the step's end."""
        hours = sheet.horizon.hours
        more = sheet.columns((self.name, "in_hand"), 0, np.inf)
        rows = sheet.rows(-np.inf, self.discharge_most)
        sheet.put(rows, more, 1)
        sheet.put(rows, out, 1)
        sheet.put(rows, charge, -1)
        rows = sheet.rows(-np.inf, -self.least * self.capacity * self.discharge_share / hours)
        sheet.put(rows, more, 1)
        sheet.put(rows, content, -self.discharge_share / hours)
        sheet.in_hand(self.carrier, more, 1)

    def faults(self, horizon: Horizon) -> Iterator[Fault]:
        """Yield contents that cannot be: outside its bounds, or out of reach at the end."""
        lower, upper = self.least * self.capacity, self.most * self.capacity
        if lower > upper:
            yield "least", self.least, f"is above most {self.most:g}", "lower it"
        if self.content is not None and not lower - 1e-6 <= self.content <= upper + 1e-6:
            remedy = "read the sensor again, or widen least and most"
            yield "content", self.content, f"lies outside {lower:g} to {upper:g}", remedy
        if self.final_least > upper:
            yield "final_least", self.final_least, f"is more than it may hold, {upper:g}", "lower it"
        elif self.content is not None:
            can = self.reachable(horizon)
            if self.final_least > can + 1e-6:
                remedy = "ask for less, or plan over a longer horizon"
                yield (
                    "final_least",
                    self.final_least,
                    f"cannot be reached: at most {can:g} by the end",
                    remedy,
                )

    def reachable(self, horizon: Horizon) -> float:
        """Return the highest content at the end, charging all the time [unit]."""
        held = float(self.content or 0.0)
        gained = horizon.fill(self.charge_most) * horizon.hours * self.charge_share
        for kept, more in zip((1 - self.loss_per_h) ** horizon.hours, gained, strict=True):
            held = min(kept * held + more, self.most * self.capacity)
        return held
