"""Carriers, quantities and units: which unit belongs to what, and how they convert.

Amounts are stored in a point's quantum, a whole number of the smallest unit that is settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backend.kernel.errors import Refused


class Carrier(StrEnum):
    """What energy (or water) comes in."""

    ELECTRICITY = "electricity"
    HEAT = "heat"
    COOLING = "cooling"
    STEAM = "steam"
    GAS = "gas"
    WATER = "water"
    FUEL = "fuel"
    ENVIRONMENT = "environment"


class PointKind(StrEnum):
    """How a measured value is to be understood."""

    REGISTER = "register"
    INTERVAL = "interval"
    INSTANT = "instant"
    STATE = "state"


@dataclass(frozen=True)
class Unit:
    """A unit: its dimension and how many base units one of it is (value * factor + offset)."""

    symbol: str
    dimension: str
    factor: float = 1.0
    offset: float = 0.0


UNITS = {
    unit.symbol: unit
    for unit in (
        Unit("Wh", "energy", 3600.0), Unit("kWh", "energy", 3.6e6), Unit("MWh", "energy", 3.6e9),
        Unit("kJ", "energy", 1e3), Unit("MJ", "energy", 1e6), Unit("GJ", "energy", 1e9),
        Unit("W", "power", 1.0), Unit("kW", "power", 1e3), Unit("MW", "power", 1e6),
        Unit("varh", "reactive energy", 1.0), Unit("kvarh", "reactive energy", 1e3),
        Unit("var", "reactive power", 1.0), Unit("kvar", "reactive power", 1e3),
        Unit("VA", "apparent power", 1.0), Unit("kVA", "apparent power", 1e3),
        Unit("V", "voltage", 1.0), Unit("kV", "voltage", 1e3), Unit("A", "current", 1.0),
        Unit("mA", "current", 1e-3), Unit("Hz", "frequency"),
        Unit("L", "volume", 1.0), Unit("m3", "volume", 1e3),
        Unit("L/s", "flow", 3.6), Unit("L/h", "flow", 1e-3), Unit("m3/h", "flow", 1.0),
        Unit("kg", "mass", 1.0), Unit("t", "mass", 1e3), Unit("kg/h", "mass flow", 1.0),
        Unit("t/h", "mass flow", 1e3),
        Unit("Pa", "pressure", 1.0), Unit("kPa", "pressure", 1e3), Unit("MPa", "pressure", 1e6),
        Unit("bar", "pressure", 1e5),
        Unit("°C", "temperature"), Unit("K", "temperature", 1.0, -273.15), Unit("°F", "temperature", 5 / 9, -160 / 9),
        Unit("K diff", "temperature difference"), Unit("%", "share", 0.01), Unit("1", "share", 1.0),
        Unit("mg/m3", "concentration"), Unit("mg/L", "concentration in water"), Unit("ppm", "mole share"),
        Unit("pH", "acidity"), Unit("W/m2", "irradiance"), Unit("m/s", "speed"), Unit("s", "time", 1.0),
        Unit("h", "time", 3600.0), Unit("pcs", "count"),
    )
}  # fmt: skip

QUANTA = {"kWh": ("Wh", 1000), "MWh": ("Wh", 1_000_000), "Wh": ("Wh", 1), "GJ": ("kJ", 1_000_000),
          "MJ": ("kJ", 1000), "kJ": ("kJ", 1), "m3": ("L", 1000), "L": ("L", 1), "t": ("kg", 1000),
          "kg": ("kg", 1), "kvarh": ("varh", 1000), "varh": ("varh", 1), "h": ("s", 3600),
          "pcs": ("pcs", 1)}  # fmt: skip
"""Unit of a point -> (unit of its quantum, quanta in one unit): amounts are whole quanta."""


def convert(value: float, source: str, target: str) -> float:
    """Convert `value` from unit `source` to unit `target` of the same dimension."""
    a, b = unit(source), unit(target)
    if a.dimension != b.dimension:
        raise Refused(
            f"{source} ({a.dimension}) cannot become {target} ({b.dimension})", field="unit", value=source
        )
    return ((value * a.factor + a.offset) - b.offset) / b.factor


def unit(symbol: str) -> Unit:
    """Return a unit by its symbol; raises Refused with the known ones."""
    if symbol not in UNITS:
        raise Refused(
            f"unknown unit '{symbol}'", field="unit", value=symbol, remedy="use one of " + ", ".join(UNITS)
        )
    return UNITS[symbol]


def quanta_per(symbol: str) -> int:
    """Return how many quanta one `symbol` is; raises Refused where amounts of it are not kept."""
    if symbol not in QUANTA:
        raise Refused(
            f"amounts in '{symbol}' are not kept",
            field="unit",
            value=symbol,
            remedy="use one of " + ", ".join(QUANTA),
        )
    return QUANTA[symbol][1]
