"""A small park with five carriers, and single units to plan around."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from backend.optimisation.rules import catalogue
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.planning import Task
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.solver import Limits
from backend.optimisation.rules.units.commitment import Commitment
from backend.optimisation.rules.units.exchange import DemandCharge, Renewable, Sale, Supply
from backend.optimisation.rules.units.flexible import Charging, Room, Session, Shiftable
from backend.optimisation.rules.units.storage import Storage

NOON = datetime(2026, 7, 6, 12, tzinfo=UTC)
CARRIERS = {"electricity": "kWh", "heat": "kWh", "cooling": "kWh", "gas": "kWh", "water": "m3"}


def task(*units: Any, demand: dict[str, Any], steps: int = 4, minutes: float = 60, **plant: Any) -> Task:
    """Return a task over equal steps; carriers are the park's five."""
    limits = Limits(gap=1e-6, seconds=30)
    whole = Plant(CARRIERS, {c: np.asarray(v, dtype=float) for c, v in demand.items()}, units, **plant)
    return Task(whole, Horizon.regular(NOON, steps, minutes), NOON, limits=limits)


def grid(price: Any = 1.0, **more: Any) -> Supply:
    """Return a grid connection."""
    return Supply("grid", "electricity", np.asarray(price, dtype=float), **more)


def gas(price: Any = 0.3, **more: Any) -> Supply:
    """Return a gas connection."""
    return Supply("gas", "gas", np.asarray(price, dtype=float), **more)


def park(seed: int, *, steps: int = 24) -> Task:
    """Return a park with every kind of unit, its demand and prices drawn by chance."""
    chance = np.random.default_rng(seed)
    hour = np.arange(steps) % 24
    sun = np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None)
    price = np.where((hour > 7) & (hour < 22), 0.9, 0.3) * chance.uniform(0.9, 1.1, steps)
    demand = {
        "electricity": chance.uniform(300, 700, steps),
        "heat": chance.uniform(100, 500, steps),
        "cooling": chance.uniform(50, 400, steps),
        "water": chance.uniform(5, 30, steps),
    }
    outside = 18 + 12 * sun + chance.normal(0, 1, steps)
    units = (
        grid(price, most=1500, charges=(DemandCharge(10.0, so_far=600.0),), co2_kg=0.55),
        Sale("feed-in", "electricity", 0.25, 500, against="grid"),
        gas(0.32, co2_kg=0.2),
        Supply("main", "water", 0.5, 20.0),
        Renewable("pv", "electricity", 400 * sun),
        catalogue.chp("chp", 300, 0.38, 0.45, cost=0.05, electric_at_least=0.33,
                      commitment=Commitment(0.5, start_cost=40, min_up_h=3, min_down_h=2)),
        catalogue.heat_pump("heat pump", 200, source_c=outside, sink_c=55.0),
        catalogue.boiler("boiler", 800, 0.9),
        catalogue.absorption_chiller("absorption", 150, 0.7),
        catalogue.electric_chiller("chiller", 600, 4.5),
        catalogue.pump("well", 40, 60, 0.65, commitment=Commitment(0.4, was_on=None)),
        catalogue.battery("battery", 500, 150, content=250, price_per_kwh=900, cycles=6000),
        Storage("hot water", "heat", 600, 200, 200, 0.98, 0.98, 0.01, content=None),
        catalogue.ice_storage("ice", 800, 200, making_ice=3.4, making_water=4.5),
        Storage("tower", "water", 120, 40, 40, content=60, final_least=60),
        Charging("cars", "electricity", (Session("A", 2, 10, 40, 11), Session("B", 8, 20, 60, 22))),
        Shiftable("laundry", "electricity", 30, 60, 90, cost=0.02),
        Room("office", 8, 60, outside, 21, 25, 23, heat_most=100, cool_most=200, heat="heat", cooling="cooling"),
    )  # fmt: skip
    plain = task(*units, demand=demand, steps=steps, disposable=frozenset({"heat"}))
    return replace(plain, limits=Limits(gap=1e-2, seconds=30))
