"""What a plant without a plan would do: each unit in its order, one step at a time, knowing nothing of the next.

Cooling first, then heat, water and power: what one carrier takes is demand of those after it. Stores rest, demand does
not move, vehicles charge as they come, engines follow the heat. That is control by fixed priorities: what a plan has
to beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.kernel.errors import Refused
from backend.optimisation.rules.comparing import idle
from backend.optimisation.rules.horizon import Floats
from backend.optimisation.rules.planning import Task
from backend.optimisation.rules.units.base import Unit
from backend.optimisation.rules.units.converter import Converter
from backend.optimisation.rules.units.exchange import Renewable, Sale, Supply
from backend.optimisation.rules.units.flexible import Room

ORDER = ("cooling", "steam", "heat", "water", "electricity", "gas", "fuel")
"""The order in which carriers are met: what each takes is then demand of those after it."""


@dataclass(frozen=True, eq=False)
class Followed:
    """What fixed priorities lead to.

    rates: by unit [unit per hour]; missing: what could not be met, by carrier [unit per hour]
    cost: of what is bought, upkeep, starts and the month's peak [currency]
    """

    rates: dict[str, Floats]
    missing: dict[str, Floats]
    cost: float


def follow(task: Task, order: Sequence[str] = ORDER) -> Followed:
    """Return what fixed priorities do with a task: all steps at once, since none knows of another.

    Minimum times and ramps are not kept, which flatters it. Raises Refused for rooms: they need a thermostat.
    """
    plant = idle(task.plant, task.horizon)
    if any(isinstance(unit, Room) for unit in plant.units):
        raise Refused(
            "rooms have no rule to follow", field="units", remedy="give their heat and cooling as demand"
        )
    needed = {carrier: task.horizon.fill(plant.demand.get(carrier, 0.0)).copy() for carrier in plant.carriers}
    rates: dict[str, Floats] = {}
    for carrier in [name for name in order if name in needed]:
        for unit in plant.units:
            if isinstance(unit, Renewable) and unit.carrier == carrier:
                rates[unit.name] = task.horizon.fill(unit.available)
                needed[carrier] -= rates[unit.name]
        for unit in plant.units:
            if isinstance(unit, Converter) and min(unit.outputs, key=order.index) == carrier:
                rates[unit.name] = _convert(unit, carrier, task, needed)
        for unit in plant.units:
            if isinstance(unit, Supply) and unit.carrier == carrier:
                rates[unit.name] = np.clip(needed[carrier], 0, task.horizon.fill(unit.most))
                needed[carrier] -= rates[unit.name]
            elif isinstance(unit, Sale) and unit.carrier == carrier:
                rates[unit.name] = np.clip(-needed[carrier], 0, task.horizon.fill(unit.most))
                needed[carrier] += rates[unit.name]
    missing = {
        carrier: np.maximum(values, 0.0) for carrier, values in needed.items() if (values > 1e-6).any()
    }
    return Followed(rates, missing, sum(_cost(unit, rates, task) for unit in plant.units))


def _convert(unit: Converter, carrier: str, task: Task, needed: dict[str, Floats]) -> Floats:
    """Run a unit after the carrier that leads it; what it takes and gives besides changes the others' demand."""
    most = unit.capacity * task.horizon.fill(unit.available)
    rate = np.clip(needed[carrier] / unit.outputs[carrier], 0, most)
    if unit.commitment:
        least = unit.commitment.least_load * most
        low = least if carrier in task.plant.disposable else np.zeros(1)
        rate = np.where(rate >= least, rate, np.where(rate > 0, low, 0.0))
        for taken, idle_rate in unit.commitment.idle_inputs.items():
            needed[taken] += idle_rate * (rate > 0)
    for given, factor in unit.outputs.items():
        needed[given] -= factor * rate
    for taken, factor in unit.inputs.items():
        needed[taken] += factor * rate
    return np.asarray(rate)


def _cost(unit: Unit, rates: dict[str, Floats], task: Task) -> float:
    hours, rate = task.horizon.hours, rates.get(unit.name, np.zeros(task.horizon.steps))
    if isinstance(unit, Supply):
        price = np.asarray(unit.price) + task.plant.emissions.price * np.asarray(unit.co2_kg)
        counted = [rate if c.counts is None else rate[c.counts] for c in unit.charges]
        growth = [
            max(float(top.max(initial=0.0)) - c.so_far, 0.0)
            for c, top in zip(unit.charges, counted, strict=True)
        ]
        return float((price * rate) @ hours) + sum(
            c.price * g for c, g in zip(unit.charges, growth, strict=True)
        )
    if isinstance(unit, Sale):
        return -float((np.asarray(unit.price) * rate) @ hours)
    if not isinstance(unit, Converter):
        return 0.0
    cost = float((np.asarray(unit.cost) * rate) @ hours)
    if unit.commitment:
        on = rate > 0
        starts = np.diff(on, prepend=bool(unit.commitment.was_on)) & on
        cost += float(np.sum(np.asarray(unit.commitment.start_cost) * starts))
        cost += float((np.asarray(unit.commitment.hour_cost) * on) @ hours)
    return cost
