"""Sites that have what others lack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backend.optimisation.rules import catalogue
from backend.optimisation.rules.coordination.region import Line, Region
from backend.optimisation.rules.planning import Task
from backend.optimisation.rules.solver import Limits
from backend.optimisation.rules.units.commitment import Commitment
from backend.optimisation.rules.units.exchange import Renewable, Sale
from tests.backend.optimisation.scene import gas, grid, task


def office(power: float = 50.0, price: float = 1.0) -> Task:
    """Return a site that buys power, for two hours."""
    return task(grid(price, most=500), demand={"electricity": [power, power]}, steps=2)


def roof(sun: float = 80.0, power: float = 20.0) -> Task:
    """Return a site with more sun than it needs, which the grid takes for little."""
    units = (grid(1.0, most=500), Sale("feed-in", "electricity", 0.3, 500, against="grid"),
             Renewable("pv", "electricity", np.array([sun, sun])))  # fmt: skip
    return task(*units, demand={"electricity": [power, power]}, steps=2)


def cable(one: str, other: str, most: float = 1000.0, **more: float) -> Line:
    """Return a cable between two sites."""
    return Line(f"{one}-{other}", "electricity", one, other, most, most, **more)


def meshed(tasks: dict[str, Task], most: float = 1000.0) -> Region:
    """Return sites each of which has a cable to every other."""
    names = list(tasks)
    lines = [cable(a, b, most) for nth, a in enumerate(names) for b in names[nth + 1 :]]
    return Region(tasks, tuple(lines))


def mixed(seed: int, sites: int = 3, steps: int = 6) -> Region:
    """Return sites drawn by chance, with engines, boilers, batteries and sun, joined for power and heat."""
    chance = np.random.default_rng(seed)
    tasks = {}
    for nth in range(sites):
        units = [
            grid(chance.uniform(0.4, 1.5, steps), most=400), gas(chance.uniform(0.25, 0.4)),
            Sale("feed-in", "electricity", 0.2, 400, against="grid"),
            catalogue.boiler("boiler", 300, chance.uniform(0.8, 0.95)),
            Renewable("pv", "electricity", chance.uniform(0, 80, steps)),
        ]  # fmt: skip
        if nth % 2 == 0:
            rule = Commitment(0.5, start_cost=chance.uniform(2, 12))
            units.append(catalogue.chp("engine", 80, 0.4, 0.45, cost=0.02, commitment=rule))
        else:
            units.append(catalogue.battery("battery", 60, 20, content=30, price_per_kwh=900, cycles=6000))
        demand = {"electricity": chance.uniform(10, 100, steps), "heat": chance.uniform(5, 90, steps)}
        plain = task(*units, demand=demand, steps=steps, disposable=frozenset({"heat"}))
        tasks["ABCDEFGH"[nth]] = replace(plain, limits=Limits(1e-7, 30))
    names = list(tasks)
    lines = []
    for one, other in zip(names, names[1:], strict=False):
        lines += [
            Line(f"cable {one}{other}", "electricity", one, other, 60.0, 40.0, 0.98, fee=0.01),
            Line(f"pipe {one}{other}", "heat", one, other, 30.0, 30.0, 0.9),
        ]
    return Region(tasks, tuple(lines))


def document(name: str, price: float, load: float, *, spare: float = 0.0) -> dict[str, Any]:
    """Return a plant that buys power for a constant load, and has a gas engine where there is some to spare."""
    units: list[dict[str, Any]] = [
        {"kind": "supply", "name": "Grid", "carrier": "electricity", "price": price, "most": 500},
    ]
    if spare:
        units += [
            {"kind": "supply", "name": "Gas", "carrier": "gas", "price": 0.1, "most": 5000},
            {"kind": "converter", "name": "Engine", "inputs": {"gas": 2.5}, "outputs": {"electricity": 1.0},
             "capacity": spare},
        ]  # fmt: skip
    return {
        "name": name, "demands": [{"carrier": "electricity", "name": "Load", "base": load}], "units": units,
        "hours": 4, "fine_h": 2,
    }  # fmt: skip
