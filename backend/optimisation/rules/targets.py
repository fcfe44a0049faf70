"""What a site keeps to because it agreed to: a peak of what it buys, an energy, CO2, over a stretch of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from backend.kernel.errors import Refused
from backend.optimisation.rules.horizon import Flags, Floats, Horizon, Ints
from backend.optimisation.rules.plan import Plan
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.sheet import DEMAND, Sheet, Soft
from backend.optimisation.rules.units.exchange import Supply


class Kind(StrEnum):
    """What a target counts."""

    PEAK = "peak"
    ENERGY = "energy"
    CO2 = "co2"


@dataclass(frozen=True)
class Target:
    """A most that something may come to between two instants.

    most: the highest mean rate bought [carrier's unit per hour], what is bought in all [carrier's unit], CO2 [kg]
    carrier: which one is bought; '' for CO2, which counts all that is bought and made
    begins_at, ends_at: UTC, half-open; steps count that begin between them
    so_far: what is already used up of an energy or of CO2
    """

    kind: Kind
    most: float
    begins_at: datetime
    ends_at: datetime
    carrier: str = ""
    so_far: float = 0.0

    @property
    def subject(self) -> str:
        """What it is about, in words."""
        return {Kind.PEAK: f"the peak of {self.carrier} bought", Kind.ENERGY: f"{self.carrier} bought"}.get(
            self.kind, "CO2"
        )

    def unit(self, plant: Plant) -> str:
        """Return the unit of its amounts."""
        if self.kind == Kind.CO2:
            return "kg"
        of = plant.carriers[self.carrier]
        return of if self.kind == Kind.ENERGY else "kW" if of == "kWh" else f"{of}/h"

    def counts(self, horizon: Horizon) -> Flags:
        """Return which steps of a horizon it looks at [steps]."""
        first, last = ((at - horizon.start) / timedelta(hours=1) for at in (self.begins_at, self.ends_at))
        return np.asarray((horizon.starts_h >= first - 1e-9) & (horizon.starts_h < last - 1e-9))

    def check(self, plant: Plant, horizon: Horizon) -> None:
        """Raise Refused for a target that no plan over this horizon could be measured by."""
        if not (np.isfinite(self.most) and self.most >= 0):
            raise Refused("a target is a number from 0 up", field="most", value=self.most, remedy="give one")
        if self.kind != Kind.CO2 and not self._supplies(plant):
            raise Refused(
                f"nothing here buys {self.carrier or 'a carrier without a name'}",
                field="carrier",
                value=self.carrier,
                remedy="use one of "
                + ", ".join(sorted({u.carrier for u in plant.units if isinstance(u, Supply)})),
            )
        if not self.counts(horizon).any():
            raise Refused(
                "the target lies outside the hours that are planned",
                field="begins_at",
                value=f"{self.begins_at:%Y-%m-%d %H:%M}",
                remedy="plan over its hours",
            )

    def write(self, sheet: Sheet, plant: Plant) -> Ints:
        """Write one column that is at least what the target counts, at most what it allows; returns it."""
        steps = self.counts(sheet.horizon)
        left = max(self.most - (0.0 if self.kind == Kind.PEAK else self.so_far), 0.0)
        total = sheet.columns((f"target {self.kind} {self.carrier}", "total"), 0, left, count=1)
        unit = self.unit(plant)
        sheet.softs.append(Soft("target", self.subject, unit, columns=total, above=DEMAND))
        if self.kind == Kind.PEAK:
            rows = sheet.rows(-np.inf, 0, int(steps.sum()))
            for unit_ in self._supplies(plant):
                sheet.put(rows, sheet.places[(unit_.name, "rate")][steps], 1)
            sheet.put(rows, np.repeat(total, rows.size), -1)
            return total
        row = sheet.rows(-np.inf, 0, 1)
        sheet.put(row, total, -1)
        if self.kind == Kind.ENERGY:
            for unit_ in self._supplies(plant):
                sheet.put(row, sheet.places[(unit_.name, "rate")][steps], sheet.horizon.hours[steps])
        else:
            for columns, kg in sheet.emissions:
                sheet.put(row, columns[steps], kg[steps])
        return total

    def reached(self, plan: Plan, plant: Plant) -> float:
        """Return what a plan comes to, what is used up already included [its unit]."""
        steps = self.counts(plan.horizon)
        bought = np.zeros(int(steps.sum()))
        for unit in self._supplies(plant):
            bought = bought + plan.quantities[(unit.name, "rate")][steps]
        if self.kind == Kind.PEAK:
            return float(bought.max(initial=0.0))
        if self.kind == Kind.ENERGY:
            return self.so_far + float(bought @ plan.horizon.hours[steps])
        return self.so_far + float(_emitted(plan, plant)[steps].sum())

    def _supplies(self, plant: Plant) -> list[Supply]:
        return [unit for unit in plant.units if isinstance(unit, Supply) and unit.carrier == self.carrier]


def _emitted(plan: Plan, plant: Plant) -> Floats:
    """Return what a plan emits at each step [kg]."""
    total = np.zeros(plan.horizon.steps)
    for unit in plant.units:
        kg = getattr(unit, "co2_kg", None)
        if kg is not None and (unit.name, "rate") in plan.quantities:
            total = total + plan.horizon.fill(kg) * plan.quantities[(unit.name, "rate")] * plan.horizon.hours
    return total
