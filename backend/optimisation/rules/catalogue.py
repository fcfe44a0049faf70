"""Units from the figures on their plates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backend.optimisation.rules.horizon import Values
from backend.optimisation.rules.units.commitment import Commitment
from backend.optimisation.rules.units.converter import Converter
from backend.optimisation.rules.units.storage import Storage

ABSOLUTE_ZERO_C = -273.15
WATER_KWH_PER_M3_M = 1000 * 9.80665 / 3.6e6
"""Work to lift 1 m3 of water by 1 m: density 1000 kg/m3 × standard gravity (ISO 80000-4), in kWh."""


def part_load(capacity: float, full: float, least_load: float, least: float) -> tuple[float, float]:
    """Return slope and idle take of a straight line through two efficiencies.

    capacity: [unit per hour]; full: efficiency at it; least: efficiency at `least_load` (share of the capacity)
    returns: input per unit of the rate, and input per hour while on, whatever the rate
    """
    slope = (1 / full - least_load / least) / (1 - least_load)
    return slope, capacity * (1 / full - slope)


def chp(
    name: str,
    power_kw: float,
    electric: float,
    thermal: float,
    *,
    commitment: Commitment | None = None,
    electric_at_least: float | None = None,
    cost: float = 0.0,
) -> Converter:
    """Make a gas engine or turbine whose rate is its electric power.

    electric, thermal: shares of the gas at full load; electric_at_least: at the commitment's least load
    cost: upkeep [currency per kWh of electricity]
    """
    gas = 1 / electric
    if commitment and electric_at_least:
        gas, idle = part_load(power_kw, electric, commitment.least_load, electric_at_least)
        commitment = replace(commitment, idle_inputs={"gas": idle})
    outputs = {"electricity": 1.0, "heat": thermal / electric}
    return Converter(name, {"gas": gas}, outputs, power_kw, cost=cost, commitment=commitment)


def boiler(
    name: str, heat_kw: float, share: float, *, fuel: str = "gas", commitment: Commitment | None = None
) -> Converter:
    """Make a boiler; share: heat per fuel. With fuel 'electricity' it is an electric one."""
    return Converter(name, {fuel: 1 / share}, {"heat": 1.0}, heat_kw, commitment=commitment)


def cop(warm_c: Values, cold_c: Values, quality: float) -> Values:
    """Return a heat pump's coefficient of performance: Carnot's times its quality, T_warm / (T_warm - T_cold).

    warm_c, cold_c: temperatures of sink and source [°C]; a lift below 5 K counts as 5 K
    quality: 0.4 to 0.6 for machines on the market (I. Staffell et al., Energy & Environmental Science 5, 2012, 9291)
    """
    warm = np.asarray(warm_c, dtype=float) - ABSOLUTE_ZERO_C
    lift = np.maximum(np.asarray(warm_c, dtype=float) - np.asarray(cold_c, dtype=float), 5.0)
    return quality * warm / lift


def heat_pump(
    name: str, heat_kw: float, *, source_c: Values, sink_c: Values, quality: float = 0.45,
    commitment: Commitment | None = None,
) -> Converter:  # fmt: skip
    """Make a heat pump whose efficiency follows the temperatures [°C] of its source and of the heat it gives."""
    taken = 1 / np.asarray(cop(sink_c, source_c, quality))
    return Converter(name, {"electricity": taken}, {"heat": 1.0}, heat_kw, commitment=commitment)


def electric_chiller(
    name: str, cold_kw: float, performance: Values, *, commitment: Commitment | None = None
) -> Converter:
    """Make a compression chiller; performance: cold per electricity."""
    taken = 1 / np.asarray(performance, dtype=float)
    return Converter(name, {"electricity": taken}, {"cooling": 1.0}, cold_kw, commitment=commitment)


def absorption_chiller(
    name: str, cold_kw: float, performance: float, *, commitment: Commitment | None = None
) -> Converter:
    """Make a chiller driven by heat; performance: cold per heat."""
    return Converter(name, {"heat": 1 / performance}, {"cooling": 1.0}, cold_kw, commitment=commitment)


def pump(
    name: str, flow_m3h: float, head_m: float, share: float, *, commitment: Commitment | None = None
) -> Converter:
    """Make a water pump: electricity per m3 = density × gravity × head / efficiency."""
    taken = WATER_KWH_PER_M3_M * head_m / share
    return Converter(name, {"electricity": taken}, {"water": 1.0}, flow_m3h, commitment=commitment)


def battery(
    name: str, capacity_kwh: float, power_kw: float, *, content: float, price_per_kwh: float, cycles: float,
    depth: float = 0.8, share: float = 0.95,
) -> Storage:  # fmt: skip
    """Make a battery whose ageing is charged to what it discharges.

    price_per_kwh: of new cells; cycles: of `depth` in their life; share: efficiency one way
    """
    edge = (1 - depth) / 2
    return Storage(
        name, "electricity", capacity_kwh, power_kw, power_kw, charge_share=share, discharge_share=share,
        least=edge, most=1 - edge, content=content, final_least=content, wear=price_per_kwh / (cycles * depth),
    )  # fmt: skip


def ice_storage(
    name: str, capacity_kwh: float, power_kw: float, *, making_ice: float, making_water: float,
    content: float | None = None, loss_per_h: float = 0.005,
) -> Storage:  # fmt: skip
    """Make an ice store fed by the chillers, which make ice less well than chilled water.

    making_ice, making_water: coefficients of performance of the two; their ratio is what charging loses
    """
    return Storage(
        name, "cooling", capacity_kwh, power_kw, power_kw, charge_share=min(making_ice / making_water, 1.0),
        loss_per_h=loss_per_h, content=content,
    )  # fmt: skip
