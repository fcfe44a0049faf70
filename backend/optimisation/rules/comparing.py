"""What a plan saves against doing nothing: the same plant with everything that can wait or store left alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from backend.kernel.errors import Refused, Unavailable
from backend.kernel.money import Money
from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.plan import Plan, Status
from backend.optimisation.rules.planning import Task, plan
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.units.flexible import Charging, Shiftable
from backend.optimisation.rules.units.storage import Storage


def idle(plant: Plant, horizon: Horizon) -> Plant:
    """Return a plant whose stores rest, whose demand does not move, and whose vehicles charge as they come."""
    demand = {carrier: horizon.fill(values).copy() for carrier, values in plant.demand.items()}
    for unit in plant.units:
        if isinstance(unit, Charging):
            needed = demand.get(unit.carrier, np.zeros(horizon.steps))
            demand[unit.carrier] = needed + at_once(unit, horizon)
    units = tuple(unit for unit in plant.units if not isinstance(unit, Storage | Shiftable | Charging))
    return replace(plant, demand=demand, units=units, margins={})


def at_once(points: Charging, horizon: Horizon) -> Floats:
    """Return what charging points draw where every vehicle charges in full from when it comes [unit per hour]."""
    drawn = np.zeros(horizon.steps)
    for session in points.sessions:
        stay = slice(session.arrives, session.leaves)
        hours = horizon.hours[stay]
        given = np.minimum(np.cumsum(hours) * session.most * points.share, session.energy)
        drawn[stay] += np.diff(given, prepend=0.0) / (points.share * hours)
    return drawn


def compare(task: Task, found: Plan) -> Plan:
    """Return a plan with what doing nothing would cost; None where that would not meet demand, or cannot be told."""
    try:
        resting = plan(replace(task, plant=idle(task.plant, task.horizon), hint={}, targets=()))
    except (Refused, Unavailable):  # a plan that was found does not fail for what it is compared with
        return replace(found, idle_cost=None)
    cost = None if resting.status == Status.RELAXED else resting.cost
    return replace(found, idle_cost=cost)


def saving(found: Plan) -> Money | None:
    """Return what a compared plan saves, None where nothing can be said."""
    if found.idle_cost is None:
        return None
    return Money(Decimal(repr(found.idle_cost)), found.currency).rounded() - found.money
