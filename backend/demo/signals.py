"""What instruments show besides amounts: voltages, temperatures, pressures, stack and effluent quality,
states.

Levels are means over a quarter hour, keyed like flows. Emission levels lie within what GB 13271-2014
(boilers, gas: NOx 150, SO2 50, dust 20 mg/m3 for new plant) and DB31/387-class local limits allow, with rare
bad hours for alarms.
"""

import numpy as np

from backend.demo import noise
from backend.demo.calendar import STEP_H, STEPS_PER_DAY, Steps
from backend.demo.customers import CUSTOMERS
from backend.demo.plant import WATER_KWH_M3K
from backend.demo.renewables import hub_wind
from backend.demo.weather import Weather

Flows = dict[str, np.ndarray]
_KPA_GAS = 280.0
_BAR_WATER = 3.6


def _drift(name: str, steps: Steps, seed: int, hours: float = 3.0) -> np.ndarray:
    """Return slow noise in [-1, 1] with nodes every `hours` [h]."""
    return noise.smooth(noise.stream(name, seed), steps.step * STEP_H / hours)


def thermal(steps: Steps, flows: Flows, nets: Flows, seed: int) -> tuple[Flows, Flows]:
    """Return (volume flows [m3], temperatures [degC]) of the customers' heat and cooling meters.

    Heat equals 1.163 kWh/(m3 K) x volume x temperature difference at every step.
    """
    volumes, levels = {}, {}
    for carrier, net, sign, spread in (("heat", "heat_net", 1, 22.0), ("cooling", "cold_net", -1, 4.8)):
        for customer in CUSTOMERS:
            key = f"{customer.key}.{carrier}"
            if key not in flows:
                continue
            difference = spread * (1 + 0.12 * _drift(f"{key}.difference", steps, seed))
            supply = nets[f"{net}.supply"] - sign * (1.2 + 0.3 * _drift(f"{key}.supply", steps, seed))
            volumes[f"{key}.volume"] = flows[key] / (WATER_KWH_M3K * difference)
            levels[f"{key}.supply"], levels[f"{key}.return"] = supply, supply - sign * difference
    for net, carrier in (("heat_net", 1), ("cold_net", -1)):
        difference = carrier * (nets[f"{net}.supply"] - nets[f"{net}.return"])
        volumes[f"{net}.volume"] = flows[net] / (WATER_KWH_M3K * difference)
    return volumes, levels


def electrical(steps: Steps, flows: Flows, seed: int) -> Flows:
    """Return voltages [V or kV], currents [A], grid frequency [Hz], reactive power [kvar]."""
    levels: Flows = {}
    for customer in CUSTOMERS:
        key = f"{customer.key}.electricity"
        power_kw = flows[key] / STEP_H
        volts = 404 - 7 * power_kw / 2000 + 2.5 * _drift(f"feeder{customer.feeder}.voltage", steps, seed)
        levels[f"{key}.voltage"] = volts
        levels[f"{key}.current"] = power_kw * 1000 / (np.sqrt(3) * volts * 0.95)
    net_kw = (flows["grid.imported"] - flows["grid.exported"]) / STEP_H
    return levels | {
        "grid.power": net_kw,
        "grid.reactive": 0.27 * np.abs(net_kw) + 120 + 40 * _drift("grid.reactive", steps, seed),
        "grid.voltage": 10.52 - 0.018 * net_kw / 1000 + 0.06 * _drift("grid.voltage", steps, seed),
        "grid.frequency": 50 + 0.025 * _drift("grid.frequency", steps, seed, hours=0.3),
    }


def piped(steps: Steps, flows: Flows, seed: int) -> Flows:
    """Return pressures of gas [kPa] and water [bar]: falling with the square of the flow."""
    levels: Flows = {}
    for customer in CUSTOMERS:
        if customer.gas:
            key = f"{customer.key}.gas"
            flow = flows[key] / STEP_H
            levels[f"{key}.pressure"] = (
                _KPA_GAS - 0.0009 * flow**2 + 2 * _drift(f"{key}.pressure", steps, seed)
            )
    gas, water = flows["gas_intake"] / STEP_H, flows["water_intake"] / STEP_H
    return levels | {
        "gas_intake.pressure": 385 - 12e-6 * gas**2 + 4 * _drift("gas_intake.pressure", steps, seed),
        "water_intake.pressure": _BAR_WATER + 0.4 - 2.4e-5 * water**2 + 0.08 * _drift("water", steps, seed),
        "heat_net.pressure": 5.2 + 0.25 * _drift("heat_net.pressure", steps, seed, hours=9),
        "cold_net.pressure": 4.6 + 0.2 * _drift("cold_net.pressure", steps, seed, hours=9),
    }


def environment(steps: Steps, flows: Flows, states: Flows, seed: int) -> Flows:
    """Return stack concentrations [mg/m3, dry, at reference oxygen] and effluent COD [mg/L]; 0 while a stack
    is cold.

    About one day in 40 the engine's catalyst slips for two hours and NOx passes its limit.
    """
    levels: Flows = {}
    day = steps.step // STEPS_PER_DAY
    slips = noise.uniform(noise.stream("engine.slip", seed), day) < 1 / 40
    slip = np.where(slips & (steps.hour >= 15) & (steps.hour < 17), 1.9, 1.0)
    for key, nox, so2, dust, factor in (("boiler", 34.0, 4.5, 2.6, 1.0), ("engine", 61.0, 3.2, 2.1, slip)):
        on = states[f"{key}.state"]
        levels[f"{key}.nox"] = on * nox * factor * (1 + 0.15 * _drift(f"{key}.nox", steps, seed, hours=1))
        levels[f"{key}.so2"] = on * so2 * (1 + 0.25 * _drift(f"{key}.so2", steps, seed, hours=4))
        levels[f"{key}.dust"] = on * dust * (1 + 0.25 * _drift(f"{key}.dust", steps, seed, hours=6))
    load = np.clip(flows["engine.electricity"] / STEP_H / 3300, 0, 1)
    levels["engine.exhaust"] = (
        states["engine.state"] * (372 + 40 * (1 - load)) + (1 - states["engine.state"]) * 45
    )
    levels["effluent.cod"] = 38 + 9 * _drift("effluent.cod", steps, seed, hours=7)
    levels["effluent.ph"] = 7.6 + 0.3 * _drift("effluent.ph", steps, seed, hours=11)
    return levels


def outdoors(weather: Weather) -> Flows:
    """Return what the weather station shows."""
    return {
        "weather.temperature": weather.temperature_c,
        "weather.humidity": 100 * weather.humidity,
        "weather.irradiance": weather.ghi,
        "weather.wind": weather.wind_ms,
        "wind.speed": hub_wind(weather),
    }


def switches(steps: Steps) -> Flows:
    """Return breakers, always closed, and pumps that take turns by the week."""
    day = steps.step // STEPS_PER_DAY
    always = np.ones(len(steps.step))
    pump_1 = ((day // 7) % 2 == 0).astype(float)
    return {
        "grid.breaker": always,
        "feeder1.breaker": always,
        "feeder2.breaker": always,
        "feeder3.breaker": always,
        "feeder4.breaker": always,
        "heat_pump1.state": pump_1,
        "heat_pump2.state": 1 - pump_1,
        "cold_pump1.state": 1 - pump_1,
        "cold_pump2.state": pump_1,
    }
