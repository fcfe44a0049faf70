"""The energy centre: gas engine with absorption chiller, boiler, electric chillers, ice store.

Dispatch is by rule, so that anybody can follow it:

- the gas engine runs from 07:00 to 23:00 in hours whose mean useful heat (network and absorption chiller)
  reaches its
  lowest load, and follows that heat; what it makes above the need goes to the dry cooler;
- the absorption chiller takes the engine's heat that the network leaves; the boiler makes what is missing;
- ice is made from 23:00 to 07:00 and melted from 09:00 to 11:00 and 13:00 to 20:00, as much as that day
  needs;
- the electric chillers cool the rest, the second one in hours above 5.2 MW.

Every store ends its operating day where it began, so that a day never depends on the day before.
"""

from dataclasses import dataclass

import numpy as np

from backend.demo.calendar import STEP_H, STEPS_PER_DAY, Steps
from backend.demo.weather import Weather

GAS_KWH_M3 = 9.86
"""Lower heating value of pipeline gas: 35.5 MJ/m3 (GB 17820 class 1 lies above 34 MJ/m3 gross)."""
WATER_KWH_M3K = 1.163
ENGINE_KW = 3300.0
ABSORPTION_KW, ABSORPTION_COP = 2200.0, 0.72
CHILLER_KW = 5800.0
ICE_KWH, ICE_KW, ICE_KEPT = 18_000.0, 3600.0, 0.93
_ICE_COP = 3.7
_HEAT_LOSS_KW_K = 2.6
_COLD_LOSS_KW_K = 1.5
_MIN_LOAD = 0.5

Flows = dict[str, np.ndarray]


@dataclass(frozen=True)
class Centre:
    """Flows [kWh or m3 per step], and levels: states, temperatures, shares [0..1]."""

    flows: Flows
    levels: Flows


def hourly(values: np.ndarray) -> np.ndarray:
    """Return the mean of each clock hour, repeated over its quarter hours."""
    return np.repeat(values.reshape(-1, 4).mean(axis=1), 4)


def engine_curves(load: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (fuel [kW], useful heat [kW]) of the engine at a load (0.5..1).

    Electric efficiency 42.0 % at full and 38.9 % at half load, thermal 44 % rising to 46 %: reciprocating
    engine of 3.3 MW, US EPA, Catalog of CHP Technologies 2017, section 2 (system 4).
    """
    electric = 0.420 - 0.035 * (1 - load) - 0.054 * (1 - load) ** 2
    thermal = 0.440 + 0.040 * (1 - load)
    fuel = ENGINE_KW * load / electric
    return fuel, fuel * thermal


def boiler_efficiency(load: np.ndarray) -> np.ndarray:
    """Return the boiler's efficiency at a load (0..1): condensing, 96 % at low and 92 % at full load."""
    return 0.96 - 0.04 * np.clip(load, 0, 1)


def chiller_cop(load: np.ndarray, wet_bulb_c: np.ndarray) -> np.ndarray:
    """Return a centrifugal chiller's COP at a part load and a wet bulb.

    Quadratic part-load curve with its best near 75 % load, 1.9 % a kelvin of condenser water: the form of
    ASHRAE 90.1 appendix J / EnergyPlus Chiller:Electric:EIR.
    """
    part = 0.45 + 1.45 * load - 0.95 * load**2
    return np.clip(6.0 * part * (1 - 0.019 * (wet_bulb_c - 22)), 1.8, 8.5)


def wet_bulb(weather: Weather) -> np.ndarray:
    """Return the wet-bulb temperature after Stull 2011 (J. Appl. Meteorol. Climatol. 50, 2267) [degC]."""
    t, rh = weather.temperature_c, 100 * weather.humidity
    return (
        t * np.arctan(0.151977 * np.sqrt(rh + 8.313659))
        + np.arctan(t + rh)
        - np.arctan(rh - 1.676331)
        + 0.00391838 * rh**1.5 * np.arctan(0.023101 * rh)
        - 4.686035
    )


def networks(heat_kwh: np.ndarray, cooling_kwh: np.ndarray, weather: Weather) -> Centre:
    """Return what the centre must send out: the customers' need and the losses; with temperatures."""
    supply_c = np.clip(82 - 0.9 * (weather.felt_c - 0), 66, 90)
    return_c = supply_c - 24 - 4 * np.clip(heat_kwh / STEP_H / 9000, 0, 1)
    lost = _HEAT_LOSS_KW_K * ((supply_c + return_c) / 2 - weather.ground_c) * STEP_H
    gained = np.clip(_COLD_LOSS_KW_K * (weather.ground_c - 9), 2, None) * STEP_H
    cold_supply_c = 6.6 + 0.4 * np.clip(cooling_kwh / STEP_H / 12000, 0, 1)
    return Centre(
        flows={"heat_net": heat_kwh + lost, "cold_net": cooling_kwh + gained},
        levels={
            "heat_net.supply": supply_c,
            "heat_net.return": return_c,
            "cold_net.supply": cold_supply_c,
            "cold_net.return": cold_supply_c + 4.6 + 1.2 * np.clip(cooling_kwh / STEP_H / 12000, 0, 1),
        },
    )


def heat_side(steps: Steps, heat: np.ndarray, cold: np.ndarray) -> Flows:
    """Return the flows of engine, absorption chiller, boiler, dry cooler [kWh], given what goes out [kWh]."""
    wanted = heat + np.minimum(cold, ABSORPTION_KW * STEP_H) / ABSORPTION_COP
    loads = np.linspace(_MIN_LOAD, 1, 26)
    heat_at_load = engine_curves(loads)[1] * STEP_H
    awake = (steps.hour >= 7) & (steps.hour < 23)
    runs = awake & (hourly(wanted) >= heat_at_load[0])
    load = np.interp(wanted, heat_at_load, loads)
    fuel, useful = engine_curves(load)
    made = np.where(runs, useful * STEP_H, 0.0)
    spare = np.clip(made - heat, 0, None)
    driven = np.minimum(spare, np.minimum(cold, ABSORPTION_KW * STEP_H) / ABSORPTION_COP)
    boiler = np.clip(heat - made, 0, None)
    boiler_fuel = boiler / boiler_efficiency(boiler / STEP_H / 7000)
    return {
        "engine.electricity": np.where(runs, load * ENGINE_KW * STEP_H, 0.0),
        "engine.heat": made,
        "engine.gas": np.where(runs, fuel * STEP_H, 0.0) / GAS_KWH_M3,
        "absorption.heat": driven,
        "absorption.cooling": driven * ABSORPTION_COP,
        "dry_cooler.heat": spare - driven,
        "boiler.heat": boiler,
        "boiler.gas": boiler_fuel / GAS_KWH_M3,
    }


def ice(steps: Steps, cold: np.ndarray) -> tuple[Flows, np.ndarray]:
    """Return the ice store's flows [kWh] and its level [0..1], given the cooling left to do [kWh]."""
    hour = steps.hour
    melting = ((hour >= 9) & (hour < 11)) | ((hour >= 13) & (hour < 20))
    melted = np.where(melting, np.minimum(0.55 * cold, ICE_KW * STEP_H), 0.0)
    by_day = steps.by_day(melted)
    by_day = by_day * np.minimum(1, 0.92 * ICE_KWH / np.clip(by_day.sum(axis=1), 1, None))[:, None]
    night = steps.by_day(((hour >= 23) | (hour < 7)).astype(float))
    charged = by_day.sum(axis=1, keepdims=True) / ICE_KEPT * night / night.sum(axis=1, keepdims=True)
    level = 0.05 + (np.cumsum(ICE_KEPT * charged - by_day, axis=1)) / ICE_KWH
    return {"ice.charged": charged.ravel(), "ice.melted": by_day.ravel()}, level.ravel()


def chillers(steps: Steps, cold: np.ndarray, wet_bulb_c: np.ndarray) -> Centre:
    """Return the two electric chillers' flows [kWh] and COPs, given the cooling left to them [kWh].

    The lead changes from week to week, so that both wear alike.
    """
    both = hourly(cold) > 5200 * STEP_H
    second_leads = (steps.step // (7 * STEPS_PER_DAY)) % 2 == 1
    lead = np.where(both, cold / 2, cold)
    follow = cold - lead
    flows, levels = {}, {}
    for key, share in (
        ("chiller1", np.where(second_leads, follow, lead)),
        ("chiller2", np.where(second_leads, lead, follow)),
    ):
        cop = chiller_cop(np.clip(share / STEP_H / CHILLER_KW, 0.05, 1.1), wet_bulb_c)
        flows[f"{key}.cooling"] = share
        flows[f"{key}.electricity"] = share / cop
        levels[f"{key}.state"] = (share > 0).astype(float)
        levels[f"{key}.cop"] = np.where(share > 0, cop, 0.0)
    return Centre(flows, levels)


def centre(steps: Steps, weather: Weather, heat_kwh: np.ndarray, cooling_kwh: np.ndarray) -> Centre:
    """Return all flows and levels of the energy centre, given what its customers take [kWh per step]."""
    out = networks(heat_kwh, cooling_kwh, weather)
    heat, cold = out.flows["heat_net"], out.flows["cold_net"]
    flows = out.flows | heat_side(steps, heat, cold)
    left = cold - flows["absorption.cooling"]
    store, level = ice(steps, left)
    machines = chillers(steps, left - store["ice.melted"], wet_bulb(weather))
    flows |= store | machines.flows
    flows["ice.electricity"] = store["ice.charged"] / _ICE_COP
    rejected = (
        sum(flows[f"{key}.cooling"] + flows[f"{key}.electricity"] for key in ("chiller1", "chiller2"))
        + flows["ice.charged"]
        + flows["ice.electricity"]
        + flows["absorption.heat"]
        + flows["absorption.cooling"]
    )
    flows["heat_pumps.electricity"] = 0.008 * heat + 6 * STEP_H
    flows["cold_pumps.electricity"] = 0.024 * cold + 8 * STEP_H
    flows["towers.electricity"] = 0.016 * rejected
    flows["centre.auxiliary"] = (
        0.003 * flows["boiler.heat"] + 0.012 * flows["engine.electricity"] + 22 * STEP_H
    )
    drawn = [
        f"{key}.electricity" for key in ("chiller1", "chiller2", "ice", "heat_pumps", "cold_pumps", "towers")
    ]
    flows["centre.electricity"] = sum(flows[key] for key in drawn) + flows["centre.auxiliary"]
    flows["centre.water"] = 0.0017 * rejected + 0.0002 * heat + 0.15 * STEP_H
    flows["centre.effluent"] = 0.22 * flows["centre.water"]
    return Centre(flows, out.levels | machines.levels | {"ice.level": level} | _states(flows))


def _states(flows: Flows) -> Flows:
    """Return which machines run (0 or 1)."""
    watched = {
        "engine": "engine.electricity",
        "boiler": "boiler.heat",
        "absorption": "absorption.cooling",
        "ice": "ice.charged",
    }
    return {f"{key}.state": (flows[flow] > 1e-9).astype(float) for key, flow in watched.items()}
