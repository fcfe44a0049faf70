"""Amounts as whole numbers of one base unit a dimension, so that sums over meters of different units are exact.

Base units: J of energy, L of volume, g of mass, var·h of reactive energy (as `kernel.units` has them, times what makes
them whole). Everything is converted for people once, at the end.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from backend.kernel.units import QUANTA, UNITS, Carrier, unit

GAS_J_PER_L = 35_544
"""Lower heating value of pipeline gas: 35 544 kJ/m3 (GB/T 2589-2008, table A.1, gas of gas fields)."""

SHOWN = {
    "energy": "kWh",
    "volume": "m3",
    "mass": "t",
    "reactive energy": "kvarh",
    "time": "h",
    "count": "pcs",
}
"""Dimension -> the unit its amounts are told in."""

ENERGY = "energy"


def dimension_of(symbol: str) -> str:
    """Return what a unit measures."""
    return unit(symbol).dimension


def base_per_quantum(symbol: str) -> int:
    """Return how many base units one quantum of a point's unit is: 3600 J for Wh, 1000 J for kJ, 1 L for L."""
    factor = UNITS[QUANTA[symbol][0]].factor
    assert factor == int(factor), f"a quantum of {symbol} is whole in base units"
    return int(factor)


def in_unit(base: int, symbol: str) -> Decimal:
    """Return an amount in base units in a unit, exactly where decimals can say it, else to 12 places."""
    share = Fraction(base) / Fraction(int(UNITS[symbol].factor))
    return round(Decimal(share.numerator) / Decimal(share.denominator), 12).normalize() + Decimal(0)


def energy_j(base: int, carrier: Carrier, dimension: str) -> int | None:
    """Return the energy of an amount [J]: itself, or gas by its heating value; None of what has none here."""
    if dimension == ENERGY:
        return base
    if carrier is Carrier.GAS and dimension == "volume":
        return base * GAS_J_PER_L
    return None
