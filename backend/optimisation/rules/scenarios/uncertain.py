"""What may come: scenarios of demand, sun, wind and prices, and the task they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from backend.kernel.errors import Refused
from backend.optimisation.rules import checking
from backend.optimisation.rules.horizon import Horizon, Values
from backend.optimisation.rules.planning import Task
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.scenarios.drawing import Dependence, Forecast, paths, reduced
from backend.optimisation.rules.sheet import Key
from backend.optimisation.rules.units.base import Unit
from backend.optimisation.rules.units.exchange import Renewable, Sale, Supply

_DRAWN = 400
"""Courses drawn for each set of scenarios; what is kept stands for them."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """A course the day may take: what differs from the plant as it stands.

    probability: all scenarios' sum to 1
    demand: by carrier; available: of sun and wind, by unit; price: of supplies and sales, by unit
    """

    probability: float
    demand: Mapping[str, Values] = field(default_factory=dict)
    available: Mapping[str, Values] = field(default_factory=dict)
    price: Mapping[str, Values] = field(default_factory=dict)

    def applied(self, plant: Plant) -> Plant:
        """Return the plant as this scenario has it."""
        return replace(
            plant,
            demand={**plant.demand, **self.demand},
            units=tuple(self._unit(unit) for unit in plant.units),
        )

    def _unit(self, unit: Unit) -> Unit:
        if isinstance(unit, Renewable) and unit.name in self.available:
            return replace(unit, available=self.available[unit.name])
        if isinstance(unit, Supply | Sale) and unit.name in self.price:
            return replace(unit, price=self.price[unit.name])
        return unit


@dataclass(frozen=True, eq=False)
class Uncertain:
    """What is to be planned, and what may come.

    ahead: supplies and sales whose rate is settled now (the day-ahead purchase)
    """

    task: Task
    scenarios: tuple[Scenario, ...]
    ahead: frozenset[str] = frozenset()

    def mean(self) -> Task:
        """Return the task of the scenarios' mean, which a plan without scenarios would take for certain."""
        horizon, of = self.task.horizon, self.scenarios
        means: list[dict[str, Values]] = []
        for what in ("demand", "available", "price"):
            names = {name for one in of for name in getattr(one, what)}
            means.append(
                {
                    name: np.asarray(
                        sum(one.probability * horizon.fill(getattr(one, what)[name]) for one in of)
                    )
                    for name in names
                }
            )
        return replace(self.task, plant=Scenario(1.0, *means).applied(self.task.plant))

    def tasks(self) -> list[Task]:
        """Return the task of each scenario."""
        return [replace(self.task, plant=one.applied(self.task.plant)) for one in self.scenarios]

    def check(self) -> None:
        """Raise Refused for scenarios that do not belong together, BadInput for one that cannot be planned."""
        total = sum(one.probability for one in self.scenarios)
        if not self.scenarios or min(one.probability for one in self.scenarios) <= 0 or abs(total - 1) > 1e-6:
            raise Refused(
                f"the scenarios' probabilities sum to {total:g}",
                field="scenarios",
                value=total,
                remedy="give each one above 0, and 1 in all",
            )
        for what in ("demand", "available", "price"):
            if len({frozenset(getattr(one, what)) for one in self.scenarios}) > 1:
                raise Refused(
                    f"not every scenario says the same series' {what}",
                    field=f"scenarios.{what}",
                    remedy="give each scenario every series that differs in one of them",
                )
        known = {unit.name for unit in self.task.plant.units if isinstance(unit, Supply | Sale)}
        for name in sorted(self.ahead - known):
            raise Refused(
                f"{name} is neither a supply nor a sale", field="ahead", value=name, remedy="name one that is"
            )
        for task in self.tasks():
            checking.check(task.plant, task.horizon, task.inputs, task.made_at)


def foreseen(
    forecasts: Mapping[Key, Forecast], horizon: Horizon, keep: int, *, dependence: Dependence, seed: int
) -> tuple[Scenario, ...]:
    """Return a few scenarios that stand for what forecasts leave open, the likeliest first.

    forecasts: by what they are of and its name: ('demand', carrier), ('available', unit), ('price', unit)
    dependence: its table's rows and columns in the forecasts' order
    """
    drawn = paths(list(forecasts.values()), horizon, _DRAWN, dependence=dependence, seed=seed)
    found = []
    for course, probability in zip(*reduced(drawn, keep), strict=True):
        said: dict[str, dict[str, Values]] = {"demand": {}, "available": {}, "price": {}}
        for (what, name), values in zip(forecasts, drawn[course], strict=True):
            said[what][name] = values
        found.append(Scenario(float(probability), **said))
    return tuple(found)
