"""Standard coal and CO2: what a unit of each carrier counts as, with the day it is valid from and who says so. Pure.

Standard coal (tce) by GB/T 2589-2020, General rules for calculation of the comprehensive energy consumption: 1 kgce is
29.3076 MJ (7000 kcal, 20 °C). Electricity is counted by its calorific value (0.1229 kgce/kWh, what it is worth as heat)
or by its equivalent (what a power station burns for it). Appendix A of the standard has the factors of fuels and heat;
the equivalent value of electricity is no constant there: it follows the nation's coal use of power stations.

CO2 of the grid: the national average emission factors of electricity that the Ministry of Ecology and Environment of
China publishes for a year. A year that is not known takes the nearest earlier one, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from backend.kernel.errors import Refused
from backend.kernel.units import Carrier, unit

KGCE_MJ = Decimal("29.3076")
"""[MJ/kgce] GB/T 2589-2020, 3.10 and table A.1."""


class Kind(StrEnum):
    """What an amount is turned into: kgce by calorific or by equivalent value, kg of CO2."""

    CALORIFIC = "calorific"
    EQUIVALENT = "equivalent"
    CO2 = "co2"


UNITS = {Kind.CALORIFIC: "kgce", Kind.EQUIVALENT: "kgce", Kind.CO2: "kg"}

BASE_UNITS = {
    Carrier.ELECTRICITY: "kWh", Carrier.HEAT: "kWh", Carrier.COOLING: "kWh", Carrier.STEAM: "kWh", Carrier.GAS: "m3",
    Carrier.WATER: "m3",
}  # fmt: skip
"""The unit factors are per. Gas: a cubic metre as it is billed, at 20 °C and 101.325 kPa (GB 17820-2018)."""


@dataclass(frozen=True)
class Factor:
    """What a unit of a carrier counts as from a day on. value [kgce or kg CO2 per BASE_UNITS]; source: who says so.

    year: the year the figure was found for, where it was; is_own: an operator's own
    """

    carrier: Carrier
    kind: Kind
    from_on: date
    value: Decimal
    source: str
    year: int | None = None
    is_own: bool = False


@dataclass(frozen=True)
class Used:
    """The factor that counts on a day. is_older: none is known for that year, so that an earlier one's stands in."""

    factor: Factor
    is_older: bool = False


_MEE = "Ministry of Ecology and Environment, national average of electricity"
_GB2589 = "GB/T 2589-2020, appendix A"
_EARLIEST = date(2000, 1, 1)
_GAS_MJ_M3 = Decimal("35.544")
"""Lower heating value of natural gas of gas fields (GB/T 2589-2008); the edition of 2020 gives 32.238 to 38.979."""
_GAS_CO2_KG_GJ = Decimal("15.3") * Decimal("0.99") * 44 / 12
"""15.3 kg of carbon a GJ, of which 99 % burn (guidelines for provincial greenhouse gas inventories, NDRC 2011)."""
_HEAT_CO2_KG_GJ = Decimal(110)
"""Bought heat (guidelines for accounting of greenhouse gases of enterprises, NDRC 2013 to 2015)."""


def _grid(year: int, value: str, said: str) -> Factor:
    return Factor(Carrier.ELECTRICITY, Kind.CO2, date(year, 1, 1), Decimal(value), said, year)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"))


_HEAT_KGCE_KWH = _rounded(Decimal("0.03412") * Decimal("3.6"))
"""What a kilowatt hour of heat is worth [kgce/kWh]."""
_GAS_KGCE_M3 = Decimal("1.2143")


PUBLISHED: tuple[Factor, ...] = (
    Factor(Carrier.ELECTRICITY, Kind.CALORIFIC, _EARLIEST, Decimal("0.1229"), _GB2589),
    *(Factor(Carrier.GAS, kind, _EARLIEST, _GAS_KGCE_M3,
             "GB/T 2589: natural gas of gas fields, 35.544 MJ/m3 (edition of 2020: 1.1000 to 1.3300)")
      for kind in (Kind.CALORIFIC, Kind.EQUIVALENT)),
    *(Factor(carrier, kind, _EARLIEST, _HEAT_KGCE_KWH, f"{_GB2589}: heat, 0.03412 kgce/MJ")
      for carrier in (Carrier.HEAT, Carrier.STEAM) for kind in (Kind.CALORIFIC, Kind.EQUIVALENT)),
    *(Factor(Carrier.COOLING, kind, _EARLIEST, _HEAT_KGCE_KWH,
             "3.6 MJ/kWh over 29.3076 MJ/kgce: cold by its energy; GB/T 2589 names no factor for it")
      for kind in (Kind.CALORIFIC, Kind.EQUIVALENT)),
    Factor(Carrier.WATER, Kind.EQUIVALENT, _EARLIEST, Decimal("0.2571"),
           "GB/T 2589-2020, appendix B: fresh water, 7.54 MJ/t, equivalent value"),
    _grid(2021, "0.5568", f"{_MEE} 2021 (announcement 2024 no. 12)"),
    _grid(2022, "0.5366", f"{_MEE} 2022 (announcement of 2024-12-20)"),
    _grid(2023, "0.5306", f"{_MEE} 2023 (announced by 2026-01)"),
    Factor(Carrier.GAS, Kind.CO2, _EARLIEST, _rounded(_GAS_CO2_KG_GJ * _GAS_MJ_M3 / 1000),
           "15.3 kg C/GJ, 99 % burnt (provincial inventory guidelines, NDRC 2011), at 35.544 MJ/m3"),
    *(Factor(carrier, Kind.CO2, _EARLIEST, _rounded(_HEAT_CO2_KG_GJ * Decimal("0.0036")),
             "110 kg CO2/GJ of bought heat (accounting guidelines for enterprises, NDRC 2013 to 2015)")
      for carrier in (Carrier.HEAT, Carrier.STEAM)),
)  # fmt: skip
"""Factors that come with the product. What has none here (CO2 of cold, the equivalent of electricity) is not made up:
an operator says its own, from how it makes it."""


def used(
    carrier: Carrier,
    kind: Kind,
    on: date,
    own: Sequence[Factor] = (),
    published: Iterable[Factor] = PUBLISHED,
) -> Used | None:
    """Return the factor that counts on a day: an operator's own if there is one by then, else the published one.

    One found for a year counts in that year, and in later ones until a newer is known, which is said.
    """
    for some in (own, tuple(published)):
        fitting = [one for one in some if one.carrier is carrier and one.kind is kind and one.from_on <= on]
        if fitting:
            newest = max(fitting, key=lambda one: one.from_on)
            return Used(newest, newest.year is not None and newest.year < on.year)
    return None


def stretches(first: date, until: date, own: Iterable[Factor]) -> list[tuple[date, date]]:
    """Cut local days [first, until) where a year or an own factor begins: each part has one factor of a kind."""
    begins = {date(year, 1, 1) for year in range(first.year + 1, until.year + 1)} | {
        one.from_on for one in own
    }
    cuts = [first, *sorted(on for on in begins if first < on < until), until]
    return list(zip(cuts, cuts[1:], strict=False))


def nearest(said: Sequence[tuple[int, Factor]]) -> list[Factor]:
    """Return which own factors count where several levels of a tree say some: (depth, factor), each until a deeper one.

    What an organisation says stands, from its day on, before what those above it say, whenever they say it.
    """
    found = []
    for depth, one in said:
        deeper = [
            other.from_on
            for level, other in said
            if level > depth and (other.carrier, other.kind) == (one.carrier, one.kind)
        ]
        if not deeper or one.from_on < min(deeper):
            found.append(one)
    return found


def energy_kwh(kgce: Decimal) -> Decimal:
    """Return the energy of standard coal [kWh]."""
    return kgce * KGCE_MJ / Decimal("3.6")


def unit_of(carrier: Carrier) -> str:
    """Return the unit a carrier's factors are per; raises Refused for what is not counted."""
    if carrier not in BASE_UNITS:
        raise Refused(
            f"{carrier.value} has no factors", field="carrier", value=carrier.value,
            remedy="use one of " + ", ".join(one.value for one in BASE_UNITS),
        )  # fmt: skip
    return BASE_UNITS[carrier]


def is_counted(carrier: Carrier, symbol: str) -> bool:
    """Tell whether amounts in a unit are what factors are per: not the water of a heat meter, nor reactive energy."""
    return carrier in BASE_UNITS and unit(symbol).dimension == unit(BASE_UNITS[carrier]).dimension


def demand_sound(carrier: Carrier, value: Decimal, source: str) -> None:
    """Raise Refused where an operator's own factor cannot be."""
    unit_of(carrier)
    if not 0 <= value < 1000:
        raise Refused(
            "a factor lies between 0 and 1000", field="value", value=str(value),
            remedy=f"write it per {unit_of(carrier)}, such as 0.5306",
        )  # fmt: skip
    if len(source.strip()) < 3:
        raise Refused(
            "a factor says where it is from",
            field="source",
            value=source,
            remedy="name the supplier or paper",
        )
