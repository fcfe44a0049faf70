"""From a plant model and what holds for some hours to the plant that is planned."""

from __future__ import annotations

import numpy as np

from backend.optimisation.rules.model.changes import Changes, changed
from backend.optimisation.rules.model.document import PlantModel
from backend.optimisation.rules.model.given import Given
from backend.optimisation.rules.model.units import Switched
from backend.optimisation.rules.planning import Task
from backend.optimisation.rules.plant import Emissions, Plant
from backend.optimisation.rules.solver import Limits

KG_PER_T = 1000


def build(model: PlantModel, given: Given, changes: Changes | None = None, currency: str = "CNY") -> Plant:
    """Return the plant of these hours; units out of service are left out.

    raises Refused where a unit asks for what is not given
    """
    changes = changes or Changes()
    given = changed(given, changes, model.electric)
    units = tuple(
        unit.build(given, changes) for unit in model.units if not unit.is_out and unit.name not in changes.out
    )
    there = {unit.name for unit in units}
    price = model.co2_price if changes.co2_price is None else changes.co2_price
    cap = float("inf") if model.co2_cap_kg is None else model.co2_cap_kg
    groups = tuple(left for group in model.either if len(left := tuple(n for n in group if n in there)) > 1)
    return Plant(
        model.carriers, dict(given.demand), units, currency, frozenset(model.disposable),
        Emissions(price / KG_PER_T, cap), groups, {c: m for c, m in given.margins.items() if np.any(m > 0)},
    )  # fmt: skip


def task(
    model: PlantModel, given: Given, changes: Changes | None = None, *, currency: str = "CNY",
    limits: Limits | None = None,
) -> Task:  # fmt: skip
    """Return what is to be planned."""
    plant = build(model, given, changes, currency)
    return Task(plant, given.horizon, given.made_at, given.inputs, limits or Limits(model.gap, model.seconds))


def switched(model: PlantModel) -> list[Switched]:
    """Return the units of which it matters whether they run now."""
    return [one for one in model.units if isinstance(one, Switched) and one.is_switched()]
