"""Where the carriers meet: battery, feeders, grid, gas and water intake. The intakes close every balance."""

import numpy as np

from backend.demo import noise
from backend.demo.calendar import STEP_H, Steps
from backend.demo.customers import CUSTOMERS
from backend.demo.renewables import PV_PLANTS

BATTERY_KWH = 4000.0
_BATTERY_KEPT = 0.91
FEEDERS = (1, 2, 3, 4)
GAS_REST, WATER_REST = 0.003, 0.04
"""Gas unaccounted for and water lost from the pipes, as shares of what is used."""

Flows = dict[str, np.ndarray]


def battery(steps: Steps, seed: int) -> tuple[Flows, np.ndarray]:
    """Return (charged and discharged [kWh], level [0..1]): two cycles a day."""
    hour = steps.hour
    depth = 0.7 + 0.15 * noise.uniform(noise.stream("battery/depth", seed), steps.step // 96)
    first, second = depth, 0.8 * depth
    charged = (
        (first * ((hour >= 23) | (hour < 7)) / 32 + second * ((hour >= 11) & (hour < 13)) / 8)
        * BATTERY_KWH
        / _BATTERY_KEPT
    )
    given = (
        first * ((hour >= 8) & (hour < 11)) / 12 + second * ((hour >= 18) & (hour < 21)) / 12
    ) * BATTERY_KWH
    stored = np.cumsum(steps.by_day(_BATTERY_KEPT * charged - given), axis=1).ravel()
    return {"battery.charged": charged, "battery.discharged": given}, 0.1 + stored / BATTERY_KWH


def feeder_loss(taken_kwh: np.ndarray) -> np.ndarray:
    """Return what a feeder loses [kWh]: 7 kW in iron, in copper by the square of the load (1 % at 3 MW)."""
    return (7 + 3.3e-6 * (taken_kwh / STEP_H) ** 2) * STEP_H


def electricity(steps: Steps, flows: Flows, seed: int) -> tuple[Flows, Flows]:
    """Return (flows, levels) of feeders, battery and grid. Import and export close the balance."""
    new, level = battery(steps, seed)
    load = flows["centre.electricity"] + new["battery.charged"]
    for feeder in FEEDERS:
        taken = sum(flows[f"{c.key}.electricity"] for c in CUSTOMERS if c.feeder == feeder)
        new[f"feeder{feeder}"] = taken + feeder_loss(taken)
        load = load + new[f"feeder{feeder}"]
    made = sum(flows[f"{plant.key}.electricity"] for plant in PV_PLANTS)
    made = made + flows["wind.electricity"] + flows["engine.electricity"] + new["battery.discharged"]
    transformer = (14 + 9e-7 * ((load - made) / STEP_H) ** 2) * STEP_H
    net = load - made + transformer
    new |= {
        "main_transformer.loss": transformer,
        "grid.imported": np.clip(net, 0, None),
        "grid.exported": np.clip(-net, 0, None),
    }
    return new, {"battery.level": level}


def intakes(flows: Flows) -> Flows:
    """Return gas and water taken in [m3]."""
    gas = flows["engine.gas"] + flows["boiler.gas"] + sum(flows[f"{c.key}.gas"] for c in CUSTOMERS if c.gas)
    water = flows["centre.water"] + sum(flows[f"{c.key}.water"] for c in CUSTOMERS)
    return {"gas_intake": gas * (1 + GAS_REST), "water_intake": water * (1 + WATER_REST)}
