"""Dispatch problems of any size, in the plain form of the data folder, that several programs can build."""

from __future__ import annotations

from typing import Any

import numpy as np

CARRIERS = ["elec", "heat", "cool", "gas", "water"]


def instance(steps: int, units: int, *, committed: int, seed: int = 1) -> dict[str, Any]:
    """Return a park over quarter hours with five carriers and `units` units, `committed` of them with starts.

    Prices by time of use, a demand charge, wind and sun, COP by temperature; sizes are drawn so that no two units
    are alike. Stores end as they began.
    """
    chance = np.random.default_rng(seed)
    hour = np.arange(steps) / 4 % 24
    sun = np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None)
    scale = (units - 8) / 12
    price = np.select([(hour >= 23) | (hour < 7), (hour >= 10) & (hour < 12) | (hour >= 17) & (hour < 21)],
                      [0.32, 1.10], 0.70)  # fmt: skip
    noise = lambda: chance.normal(1, 0.05, steps)  # noqa: E731  # one line a series reads best
    demand = {
        "elec": scale * (3500 + 1500 * sun) * noise(),
        "heat": scale * (2500 - 900 * sun) * noise(),
        "cool": scale * (1500 + 2000 * sun) * noise(),
        "water": scale * (60 + 30 * np.sin(hour / 24 * 2 * np.pi)) * noise(),
    }
    outside = 12 + 8 * sun + chance.normal(0, 1, steps)
    problem: dict[str, Any] = {
        "T": steps, "dt_h": 0.25, "carriers": CARRIERS, "free_disposal": ["heat"],
        "demand": {carrier: np.round(values, 3).tolist() for carrier, values in demand.items()},
        "sources": [
            {"name": "grid", "carrier": "elec", "price": price.tolist(), "max": 9000 * scale},
            {"name": "gas", "carrier": "gas", "price": 0.33, "max": 40000 * scale},
            {"name": "main", "carrier": "water", "price": 2.5, "max": 200 * scale},
        ],
        "exports": [{"name": "feed_in", "carrier": "elec", "price": 0.28, "max": 3000 * scale}],
        "demand_charge": {"source": "grid", "price_per_kW": 1.3},
        "renewables": [
            {"name": "pv", "carrier": "elec", "profile": np.round(1500 * scale * sun, 3).tolist()},
            {"name": "wind", "carrier": "elec",
             "profile": np.round(scale * 600 * chance.beta(2, 4, steps), 3).tolist()},
        ],
    }  # fmt: skip
    left = units - 6
    stores = max(3, left // 4)
    problem["storages"] = [_store(nth, stores, scale, chance) for nth in range(stores)]
    converters = [_converter(nth, left - stores, scale, outside, chance) for nth in range(left - stores)]
    ranked = sorted(converters, key=lambda one: one["rank"])[:committed]
    for one in converters:
        if one in ranked:
            one |= {"min_load": 0.4, "startup_cost": round(0.25 * one["capacity"] ** 0.9, 2), "initial_on": 0}
            one |= {"min_up": 2.0, "min_down": 1.0} if one["rank"] < 2 else {}
        del one["rank"]
    problem["converters"] = converters
    return problem


def _store(nth: int, count: int, scale: float, chance: np.random.Generator) -> dict[str, Any]:
    carrier, kwh, share, loss = [
        ("elec", 4000, 0.95, 0.0), ("heat", 6000, 0.98, 0.01), ("cool", 9000, 0.93, 0.005), ("water", 150, 1.0, 0.0),
    ][nth % 4]  # fmt: skip
    size = kwh * scale / np.ceil(count / 4) * chance.uniform(0.8, 1.2)
    most = round(size / 4, 3)
    return {"name": f"store{nth}", "carrier": carrier, "capacity": round(size, 3), "charge_max": most,
            "discharge_max": most, "eta_c": share, "eta_d": share, "loss_per_h": loss, "initial": "cyclic"}  # fmt: skip


def _converter(
    nth: int, count: int, scale: float, outside: Any, chance: np.random.Generator
) -> dict[str, Any]:
    kind, draw = nth % 6, lambda low, high: round(float(chance.uniform(low, high)), 5)
    each = scale / np.ceil(count / 6) * draw(0.8, 1.2)
    electric = draw(0.36, 0.42)
    cop = 0.45 * 328.15 / np.maximum(55 - outside, 5)
    rank, inputs, outputs, size, cost = [
        (0, {"gas": 1 / electric}, {"elec": 1.0, "heat": 0.45 / electric}, 1500, 0.05),
        (2, {"gas": 1 / draw(0.86, 0.93)}, {"heat": 1.0}, 3000, 0.005),
        (1, {"elec": 1 / draw(4.2, 5.2)}, {"cool": 1.0}, 3000, 0.004),
        (3, {"elec": np.round(1 / cop, 6).tolist()}, {"heat": 1.0}, 900, 0.01),
        (4, {"heat": 1 / draw(0.68, 0.76)}, {"cool": 1.0}, 1200, 0.003),
        (5, {"elec": draw(0.25, 0.35)}, {"water": 1.0}, 120, 0.01),
    ][kind]  # fmt: skip
    return {"name": f"converter{nth}", "inputs": inputs, "outputs": outputs, "capacity": round(size * each, 3),
            "var_cost": cost, "rank": rank}  # fmt: skip
