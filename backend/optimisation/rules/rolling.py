"""The next plan from the one before: where its units stand then, and what it is likely to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.plan import Plan
from backend.optimisation.rules.planning import Task, plan
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.sheet import Key
from backend.optimisation.rules.units.base import Unit
from backend.optimisation.rules.units.converter import Converter
from backend.optimisation.rules.units.exchange import Supply
from backend.optimisation.rules.units.storage import Storage


def roll(task: Task, before: Plan) -> Plan:
    """Return the plan of a task, begun from what the plan before it had decided for the same hours."""
    return plan(replace(task, hint=hint(before, task.horizon)))


def hint(before: Plan, horizon: Horizon) -> Mapping[Key, Floats]:
    """Return what a plan says of being on and off at the steps of another horizon; its last step holds on."""
    passed = (horizon.start - before.horizon.start).total_seconds() / 3600
    places = np.searchsorted(before.horizon.ends_h, horizon.starts_h + passed + 1e-9, side="right")
    places = np.minimum(places, before.horizon.steps - 1)
    return {key: values[places] for key, values in before.quantities.items() if key[1] == "on"}


def stand(plant: Plant, before: Plan, steps: int, measured: Mapping[str, float] | None = None) -> Plant:
    """Return a plant as the first `steps` steps of a plan leave it.

    measured: contents of stores by name, where a sensor says better [unit]
    """
    read = measured or {}
    return replace(plant, units=tuple(_stands(unit, before, steps, read) for unit in plant.units))


def _stands(unit: Unit, before: Plan, steps: int, measured: Mapping[str, float]) -> Unit:
    if isinstance(unit, Storage):
        content = measured.get(unit.name, float(before.quantities[(unit.name, "content")][steps - 1]))
        return replace(unit, content=min(max(content, unit.least * unit.capacity), unit.most * unit.capacity))
    if isinstance(unit, Supply) and unit.charges:
        return _peak(unit, before, steps)
    if isinstance(unit, Converter):
        rate = float(before.quantities[(unit.name, "rate")][steps - 1])
        unit = replace(unit, was_at=rate if np.isfinite(unit.ramp) else None)
        return _switched(unit, before, steps)
    return unit


def _peak(unit: Supply, before: Plan, steps: int) -> Supply:
    rate = before.quantities[(unit.name, "rate")][:steps]
    charges = []
    for charge in unit.charges:
        counted = rate if charge.counts is None else rate[charge.counts[:steps]]
        charges.append(replace(charge, so_far=max(charge.so_far, float(counted.max(initial=0.0)))))
    return replace(unit, charges=tuple(charges))


def _switched(unit: Converter, before: Plan, steps: int) -> Converter:
    if unit.commitment is None:
        return unit
    on = before.quantities[(unit.name, "on")][:steps] > 0.5
    now = bool(on[-1])
    changes = np.flatnonzero(on != now)
    hours = before.horizon.hours[:steps]
    if changes.size:
        since = float(hours[int(changes[-1]) + 1 :].sum())
    else:
        carried = unit.commitment.since_h if unit.commitment.was_on == now else 0.0
        since = float(hours.sum()) + carried
    return replace(unit, commitment=replace(unit.commitment, was_on=now, since_h=since))
