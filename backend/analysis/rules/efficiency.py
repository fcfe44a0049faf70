"""What comes out of plant over what goes in, and how that depends on load. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from backend.kernel.units import Carrier

Floats = NDArray[np.float64]

BANDS = 10
FEWEST_HOURS = 3
"""A band of load that was run in for fewer hours says nothing."""
_PEAK = 0.995
"""Full load is what is not passed in 99.5 % of the hours run: a single hour may be a slip."""


class Make(StrEnum):
    """What a plant is, by what goes in and comes out."""

    BOILER = "boiler"
    CHP = "chp"
    CHILLER = "chiller"
    ABSORPTION = "absorption"
    HEAT_PUMP = "heat_pump"
    SAME = "same"
    OTHER = "other"


IS_COP = frozenset({Make.CHILLER, Make.ABSORPTION, Make.HEAT_PUMP})
"""What is told as a coefficient of performance: heat moved over energy spent, which may well be above 1."""
_HEATS = frozenset({Carrier.HEAT, Carrier.STEAM})
_BURNS = frozenset({Carrier.GAS, Carrier.FUEL})


def make_of(inputs: frozenset[Carrier], outputs: frozenset[Carrier]) -> Make | None:
    """Return what a plant is; None where energy does not both go in and come out."""
    if not inputs or not outputs or Carrier.WATER in outputs:
        return None
    if inputs == outputs:
        return Make.SAME
    if Carrier.ELECTRICITY in outputs and inputs & _BURNS:
        return Make.CHP
    if outputs <= _HEATS and inputs & _BURNS:
        return Make.BOILER
    if outputs == {Carrier.COOLING}:
        return Make.ABSORPTION if inputs & (_HEATS | _BURNS) else Make.CHILLER
    if outputs <= _HEATS and inputs == {Carrier.ELECTRICITY}:
        return Make.HEAT_PUMP
    return Make.OTHER


@dataclass(frozen=True)
class Ratio:
    """What came out over what went in [kWh over kWh]. parts: by carrier that came out; None where nothing went in."""

    out_kwh: float
    in_kwh: float
    parts: Mapping[Carrier, float]

    @property
    def value(self) -> float | None:
        """Return the whole: efficiency 0..1, or coefficient of performance."""
        return self.out_kwh / self.in_kwh if self.in_kwh > 0 else None


def ratio(inputs: Mapping[Carrier, float], outputs: Mapping[Carrier, float]) -> Ratio:
    """Return efficiency or coefficient of performance of amounts by carrier [kWh]."""
    spent = sum(inputs.values())
    parts = {carrier: amount / spent for carrier, amount in outputs.items()} if spent > 0 else {}
    return Ratio(sum(outputs.values()), spent, parts)


@dataclass(frozen=True)
class Band:
    """Hours of a range of load. low, high: share of full load; value: output over input in them, None where too few."""

    low: float
    high: float
    hours: int
    value: float | None


def part_load(output_kwh: Floats, input_kwh: Floats) -> tuple[float, list[Band]]:
    """Return full load [kW] and the efficiency by load, of hours in which both were counted and something went in.

    Bands are sums over sums, so that they come to the whole, and no hour of next to no load tips them.
    """
    runs = (input_kwh > 0) & (output_kwh > 0)
    out, spent = output_kwh[runs], input_kwh[runs]
    if not len(out):
        return 0.0, []
    full = float(np.quantile(out, _PEAK))
    if full <= 0:
        return 0.0, []
    place = np.minimum((out / full * BANDS).astype(int), BANDS - 1)
    bands = []
    for band in range(BANDS):
        mine = place == band
        hours, used = int(mine.sum()), float(spent[mine].sum())
        value = float(out[mine].sum()) / used if hours >= FEWEST_HOURS and used > 0 else None
        bands.append(Band(band / BANDS, (band + 1) / BANDS, hours, value))
    return full, bands
