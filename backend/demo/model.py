"""The demo region's figures at any instant: one deterministic function of a seed and the time.

All amounts live on a grid of quarter hours since `calendar.ORIGIN`. They are computed in blocks of 32
operating days; a block depends on nothing but the seed and its number. Registers are running totals over the
blocks, so the history a loader writes and the values a device shows later come from the same sums and meet
without a jump.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from backend.demo import balance, calendar, demand, plant, renewables, signals
from backend.demo.calendar import STEP_H, STEPS_PER_DAY
from backend.demo.weather import Weather, weather

SEED = 20241
BLOCK_DAYS = 32
BLOCK_STEPS = BLOCK_DAYS * STEPS_PER_DAY
_PAST_DAYS = 4
"""Days computed ahead of a block, for buildings that remember four days, and thrown away."""


@dataclass(frozen=True)
class Block:
    """32 operating days: flows [amount per step] of the days, levels with one step more on either side.

    totals: running totals of the flows within the block, one more than there are steps
    """

    flows: dict[str, np.ndarray]
    levels: dict[str, np.ndarray]

    @property
    def totals(self) -> dict[str, np.ndarray]:
        """Amounts since the start of the block at each step's start, and at the end of the last."""
        return {key: np.concatenate([[0.0], np.cumsum(flow)]) for key, flow in self.flows.items()}


def compute(steps: calendar.Steps, air: Weather, seed: int) -> tuple[dict, dict]:
    """Return all (flows, levels) of the region for some operating days."""
    flows = demand.all_demands(steps, air, seed)
    heat = sum(flow for key, flow in flows.items() if key.endswith(".heat"))
    cold = sum(flow for key, flow in flows.items() if key.endswith(".cooling"))
    centre = plant.centre(steps, air, heat, cold)
    flows |= centre.flows
    levels = dict(centre.levels)
    for pv_plant in renewables.PV_PLANTS:
        energy, module_c = renewables.pv(pv_plant, air)
        flows[f"{pv_plant.key}.electricity"], levels[f"{pv_plant.key}.module"] = energy, module_c
        levels[f"{pv_plant.key}.state"] = (energy > 0).astype(float)
    flows["wind.electricity"] = renewables.wind(steps, air)
    levels["wind.state"] = (flows["wind.electricity"] > 0).astype(float)
    meeting, stores = balance.electricity(steps, flows, seed)
    flows |= meeting | balance.intakes(flows | meeting)
    levels |= stores
    volumes, temperatures = signals.thermal(steps, flows, levels, seed)
    flows |= volumes
    levels |= temperatures | signals.electrical(steps, flows, seed) | signals.piped(steps, flows, seed)
    levels |= (
        signals.environment(steps, flows, levels, seed) | signals.outdoors(air) | signals.switches(steps)
    )
    return flows, levels


@lru_cache(maxsize=3)
def block(number: int, seed: int = SEED) -> Block:
    """Return block `number`: operating days 32 n to 32 n + 31 since the origin."""
    first = number * BLOCK_DAYS
    ahead = calendar.days(first - _PAST_DAYS - 1, BLOCK_DAYS + _PAST_DAYS + 2)
    skip = _PAST_DAYS * STEPS_PER_DAY
    steps = calendar.days(first - 1, BLOCK_DAYS + 2)
    air = weather(ahead, seed)
    air = Weather(**{name: values[skip:] for name, values in vars(air).items()})
    flows, levels = compute(steps, air, seed)
    edge = slice(STEPS_PER_DAY, STEPS_PER_DAY + BLOCK_STEPS)
    wide = slice(STEPS_PER_DAY - 1, STEPS_PER_DAY + BLOCK_STEPS + 1)
    rates = {f"{key}/rate": flow[wide] / STEP_H for key, flow in flows.items()}
    return Block(
        flows={key: flow[edge] for key, flow in flows.items()},
        levels={key: level[wide] for key, level in levels.items()} | rates,
    )
