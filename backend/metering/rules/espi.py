"""The code lists of Green Button (ESPI) that metering speaks, both ways. Pure.

Source of every number: NAESB REQ.21 ESPI 4.0, espi.xsd of 13 December 2023 (Apache-2.0), types `ServiceKind`,
`CommodityKind`, `UnitSymbolKind`, `UnitMultiplierKind`, `QualityOfReading`, `FlowDirectionKind`, `DstRuleType`;
published by the Green Button Alliance, https://github.com/GreenButtonAlliance/OpenESPI-GreenButton-Java.
Units of the United States in ours: NIST Special Publication 811 (2008), appendix B.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from backend.kernel.errors import Refused
from backend.kernel.units import QUANTA, Carrier
from backend.metering.rules.amounts import Method
from backend.metering.rules.readings import Quality

SERVICES = {
    Carrier.ELECTRICITY: (0, 1), Carrier.GAS: (1, 7), Carrier.WATER: (2, 9), Carrier.HEAT: (4, 12),
    Carrier.STEAM: (4, 10), Carrier.COOLING: (4, 13),
}  # fmt: skip
"""Carrier -> (ServiceKind, CommodityKind). Cold is a heat service whose fluid returns warmer than it was sent."""

_KINDS = {0: Carrier.ELECTRICITY, 1: Carrier.GAS, 2: Carrier.WATER, 4: Carrier.HEAT}
_COMMODITIES = {
    0: None, 1: Carrier.ELECTRICITY, 2: Carrier.ELECTRICITY, 7: Carrier.GAS, 8: Carrier.GAS, 9: Carrier.WATER,
    10: Carrier.STEAM, 12: Carrier.HEAT, 13: Carrier.COOLING, 14: Carrier.WATER, 17: Carrier.GAS,
}  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """What an ESPI unit is with us. factor: `unit` in one of it; carrier: where nothing else names one."""

    unit: str
    quantity: str
    carrier: Carrier = Carrier.ELECTRICITY
    factor: float = 1.0


UNITS = {
    72: Measure("Wh", "energy"), 38: Measure("W", "power"), 73: Measure("varh", "reactive energy"),
    63: Measure("var", "reactive power"), 61: Measure("VA", "apparent power"), 29: Measure("V", "voltage"),
    5: Measure("A", "current"), 33: Measure("Hz", "frequency"), 31: Measure("kJ", "energy", Carrier.HEAT, 1e-3),
    3: Measure("kg", "mass", Carrier.STEAM, 1e-3), 42: Measure("m3", "volume", Carrier.GAS),
    166: Measure("m3", "volume", Carrier.GAS), 167: Measure("m3", "volume", Carrier.GAS),
    134: Measure("L", "volume", Carrier.WATER), 156: Measure("L", "volume", Carrier.WATER),
    157: Measure("L", "volume", Carrier.WATER), 119: Measure("m3", "volume", Carrier.GAS, 0.028316846592),
    120: Measure("m3", "volume", Carrier.GAS, 0.028316846592),
    128: Measure("L", "volume", Carrier.WATER, 3.785411784), 130: Measure("L", "volume", Carrier.WATER, 4.54609),
    132: Measure("kJ", "energy", Carrier.GAS, 1.05505585262), 169: Measure("kJ", "energy", Carrier.GAS, 105_480.4),
}  # fmt: skip
"""UnitSymbolKind -> what it is here; BTU is that of the International Table, therm that of the United States."""

QUANTUM_UNITS = {"Wh": (72, 0), "varh": (73, 0), "kJ": (31, 3), "L": (134, 0), "kg": (3, 3)}
"""Unit of a quantum -> (UnitSymbolKind, powerOfTenMultiplier), so that the value is the whole number of quanta."""

LARGEST_VALUE = 140_737_488_355_328
"""An ESPI value is an `Int48`; a larger amount has no place in a feed."""

FLOWS = {"in": 1, "out": 19}
"""Direction -> FlowDirectionKind: delivered to the customer; received from them."""

METHOD_QUALITIES = {Method.MEASURED: 0, Method.ESTIMATED: 8, Method.EDITED: 7}
"""Method of an interval -> QualityOfReading: valid, estimated by a machine from history, replaced by a human."""

QUALITIES = {
    0: Quality.GOOD, 7: Quality.MANUAL, 8: Quality.SUBSTITUTED, 9: Quality.SUBSTITUTED, 10: Quality.UNCERTAIN,
    11: Quality.SUBSTITUTED, 12: Quality.SUBSTITUTED, 13: Quality.UNCERTAIN, 14: Quality.GOOD,
    15: Quality.SUBSTITUTED, 16: Quality.UNCERTAIN, 17: Quality.GOOD, 18: Quality.GOOD, 19: Quality.GOOD,
}  # fmt: skip
"""QualityOfReading -> metering's. 10 has failed a check; 11 is calculated, 12 foreseen, 15 moved with the weather."""

BULK, DELTA = 1, 4
"""AccumulationKind: what a register shows; an amount."""

NO_RULE = "FFFFFFFF"
"""DstRuleType of a zone whose clocks do not change."""


def service_of(carrier: Carrier) -> tuple[int, int]:
    """Return ServiceKind and CommodityKind of a carrier; raises Refused where Green Button knows no such service."""
    if carrier not in SERVICES:
        raise Refused(
            f"Green Button knows no service for {carrier.value}", field="carrier", value=carrier.value,
            remedy="take the CSV file",
        )  # fmt: skip
    return SERVICES[carrier]


def unit_of(unit: str) -> tuple[int, int]:
    """Return UnitSymbolKind and powerOfTenMultiplier of a point's quantum; raises Refused where there is none."""
    quantum = QUANTA.get(unit, ("", 0))[0]
    if quantum not in QUANTUM_UNITS:
        raise Refused(
            f"Green Button knows no unit for amounts in {unit}",
            field="unit",
            value=unit,
            remedy="take the CSV file",
        )
    return QUANTUM_UNITS[quantum]


def measure_of(uom: int) -> Measure:
    """Return what a UnitSymbolKind is here; raises Refused where nothing here is measured in it."""
    if uom not in UNITS:
        raise Refused(
            f"the feed's unit (uom {uom}) is none that is measured here", field="uom", value=uom,
            remedy="ask for the feed in Wh, J, m³, L or another unit of energy, volume or mass",
        )  # fmt: skip
    return UNITS[uom]


def carrier_of(measure: Measure, *, kind: int | None, commodity: int | None) -> Carrier:
    """Return the carrier: what the commodity says, else the service, else what the unit is usual for."""
    said = _COMMODITIES.get(commodity) if commodity is not None else None
    if said is Carrier.ELECTRICITY and kind in _KINDS:
        said = None  # commodity 1 is also written for whatever a meter shows
    if said is not None:
        return said
    return _KINDS.get(kind, measure.carrier) if kind is not None else measure.carrier


@dataclass(frozen=True)
class LocalTime:
    """A zone as ESPI describes it: offsets [s], and the rules by which summer time begins and ends."""

    offset_seconds: int
    summer_seconds: int
    starts: str
    ends: str


def local_time(zone: str, year: int) -> LocalTime:
    """Return the clock of a zone in a year, whose changes are told by their weekday in the month."""
    changes = _changes(zone, year)
    to_summer = next((at for at, moved in changes if moved > timedelta(0)), None)
    to_winter = next((at for at, moved in changes if moved < timedelta(0)), None)
    here = ZoneInfo(zone)
    standard = datetime(year, 1, 1, tzinfo=here)
    if to_summer is None or to_winter is None:
        return LocalTime(_seconds(standard.utcoffset()), 0, NO_RULE, NO_RULE)
    before = (to_summer - timedelta(seconds=1)).astimezone(here).utcoffset()
    after = to_summer.astimezone(here).utcoffset()
    return LocalTime(
        _seconds(before), _seconds(after) - _seconds(before), _rule(to_summer, _seconds(before)),
        _rule(to_winter, _seconds(after)),
    )  # fmt: skip


def _changes(zone: str, year: int) -> list[tuple[datetime, timedelta]]:
    """Return the instants of a year [UTC] at which a zone's clocks change, and by how much."""
    here, found = ZoneInfo(zone), []
    at = datetime(year, 1, 1, tzinfo=UTC)
    for _ in range(366):
        later = at + timedelta(days=1)
        if (moved := _offset(later, here) - _offset(at, here)) != timedelta(0):
            low, high = at, later
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if _offset(middle, here) == _offset(at, here) else (low, middle)
            found.append((high.replace(second=0, microsecond=0), moved))
        at = later
    return found


def _rule(at: datetime, offset_seconds: int) -> str:
    """Return the DstRuleType of a change, in the clock that holds before it."""
    local = at.astimezone(UTC) + timedelta(seconds=offset_seconds)
    last = (local + timedelta(days=7)).month != local.month
    operator = 7 if last else 2 + (local.day - 1) // 7
    bits = (
        local.minute * 60 | local.hour << 12 | local.isoweekday() << 17 | operator << 25 | local.month << 28
    )
    return f"{bits:08X}"


def _offset(at: datetime, here: ZoneInfo) -> timedelta:
    found = at.astimezone(here).utcoffset()
    assert found is not None, "a zone has an offset at every instant"
    return found


def _seconds(offset: timedelta | None) -> int:
    return 0 if offset is None else round(offset.total_seconds())
