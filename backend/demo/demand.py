"""What the customers need, quarter hour by quarter hour.

Electric uses follow their load profile; heating and cooling follow degree-hours of the felt temperature
(linear energy signature, ASHRAE Guideline 14 "three-parameter" models) scaled by presence; water and gas
follow profiles.
"""

import numpy as np

from backend.demo.calendar import STEP_H, STEPS_PER_DAY, Steps
from backend.demo.customers import CUSTOMERS, Customer, Use
from backend.demo.profiles import presence, shape, wobble
from backend.demo.weather import Weather

HEATING_BELOW_C = 15.0
COOLING_ABOVE_C = 19.0
UNMETERED = {"electricity": 0.012, "water": 0.01, "gas": 0.0}
"""Share of a customer's use that no sub-meter sees."""
_STEPS_PER_YEAR = 365.25 * STEPS_PER_DAY
_SPLIT_COP = 3.1
_LEAK_M3H = 2.4
_LEAK_EVERY_DAYS, _LEAK_LASTS_DAYS = 97, 8
"""The school's irrigation valve sticks open now and then: something for night-flow alarms to find."""

Flows = dict[str, np.ndarray]


def _use(customer: Customer, use: Use, carrier: str, steps: Steps, seed: int) -> np.ndarray:
    """Return one use by step, in the unit of `use.amount` except electricity: [kWh]."""
    scale = 1000.0 if carrier == "electricity" else 1.0
    spread = 0.45 if use.profile == "ev" else 0.12
    form = use.flat + (1 - use.flat) * shape(use.profile, steps)
    name = f"{customer.key}.{carrier}.{use.key}"
    return use.amount * scale / _STEPS_PER_YEAR * form * wobble(name, steps, seed, spread=spread)


def heating(customer: Customer, steps: Steps, weather: Weather, seed: int) -> np.ndarray:
    """Return the heat taken from the network [kWh]."""
    used = presence(customer.presence, steps)
    need_kw = (
        customer.heating_kw_k * np.clip(HEATING_BELOW_C - weather.felt_c, 0, None) * (0.45 + 0.55 * used)
    )
    hot_water_kw = customer.hot_water_kw * shape("hotel", steps) * (1 + 0.012 * (18 - weather.ground_c))
    return (need_kw + hot_water_kw) * STEP_H * wobble(f"{customer.key}.heat", steps, seed, spread=0.08)


def cooling(customer: Customer, steps: Steps, weather: Weather, seed: int) -> np.ndarray:
    """Return the cooling taken from the network [kWh].

    Damp air takes up to a quarter more (latent load). Machine cooling falls away as free cooling takes over
    between 12 and 4 degC outside.
    """
    used = presence(customer.presence, steps)
    damp = 0.9 + 0.5 * np.clip(weather.humidity - 0.5, 0, 0.5)
    warm_kw = customer.cooling_kw_k * np.clip(weather.felt_c - COOLING_ABOVE_C, 0, None) * damp * used
    free = np.clip((12 - weather.temperature_c) / 8, 0, 0.75)
    machines_kw = customer.cooling_kw * (1 - free) * (0.4 + 0.6 * used)
    return (warm_kw + machines_kw) * STEP_H * wobble(f"{customer.key}.cooling", steps, seed, spread=0.08)


def _air_conditioning(
    customer: Customer, steps: Steps, weather: Weather, cooling_kwh, seed: int
) -> np.ndarray:
    """Return electricity of fans, local pumps and split units [kWh]."""
    used = presence(customer.presence, steps)
    fans = customer.fans_kw * used * STEP_H
    split_kw = customer.own_cooling_kw_k * np.clip(weather.felt_c - 22, 0, None) * used / _SPLIT_COP
    return (fans + 0.03 * cooling_kwh + split_kw * STEP_H) * wobble(
        f"{customer.key}.hvac", steps, seed, spread=0.1
    )


def _leak(steps: Steps) -> np.ndarray:
    """Return the water lost through the school's valve [m3]."""
    return np.where(
        steps.step // STEPS_PER_DAY % _LEAK_EVERY_DAYS < _LEAK_LASTS_DAYS, _LEAK_M3H * STEP_H, 0.0
    )


def demand(customer: Customer, steps: Steps, weather: Weather, seed: int) -> Flows:
    """Return all flows of one customer by key, such as `office.electricity.lighting`.

    Electricity, heat and cooling in kWh, gas and water in m3, per step. `<customer>.<carrier>` is the main
    meter: the sum of its sub-meters and of a small unmetered rest.
    """
    flows: Flows = {}
    key = customer.key
    if customer.heating_kw_k or customer.hot_water_kw:
        flows[f"{key}.heat"] = heating(customer, steps, weather, seed)
    chilled = np.zeros(len(steps.step))
    if customer.cooling_kw_k or customer.cooling_kw:
        chilled = flows[f"{key}.cooling"] = cooling(customer, steps, weather, seed)
    for carrier, uses in (
        ("electricity", customer.electricity),
        ("water", customer.water),
        ("gas", customer.gas),
    ):
        if not uses:
            continue
        parts = {f"{key}.{carrier}.{use.key}": _use(customer, use, carrier, steps, seed) for use in uses}
        if carrier == "electricity":
            parts[f"{key}.electricity.hvac"] = _air_conditioning(customer, steps, weather, chilled, seed)
            if key == "coldstore":
                parts["coldstore.electricity.refrigeration"] *= 1 + 0.02 * (weather.temperature_c - 16)
        if key == "school" and carrier == "water":
            parts["school.water.grounds"] = parts["school.water.grounds"] + _leak(steps)
        flows |= parts
        flows[f"{key}.{carrier}"] = (1 + UNMETERED[carrier]) * sum(parts.values())
    return flows


def all_demands(steps: Steps, weather: Weather, seed: int) -> Flows:
    """Return the flows of every customer."""
    flows: Flows = {}
    for customer in CUSTOMERS:
        flows |= demand(customer, steps, weather, seed)
    return flows
