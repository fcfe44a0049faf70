"""What stands on a unit's plate, in words and with units: the plant model as people read it, not as it is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.billing.words import coin
from portal.words import CARRIERS, plain, shown_unit

LEFT_OUT = frozenset({
    "name", "name_zh", "position", "meters", "taken", "state", "level", "thermometer", "target", "carrier", "is_out",
})  # fmt: skip
"""Fields that are no figures, or are shown otherwise."""
SHARE = "%"
FIGURES = {
    "most": (_l("At most"), "{rate}"), "price": (_l("Price"), "{money}/{unit}"), "tariff": (_l("Tariff"), ""),
    "contract": (_l("Contract"), ""), "facts": (_l("What the tariff asks"), ""),
    "per_billed": (_l("In each unit billed"), "{unit}"), "co2_kg": (_l("CO2"), "kg/{unit}"),
    "against": (_l("At the connection of"), ""), "is_curtailable": (_l("May be throttled"), ""),
    "least_load": (_l("Least load"), SHARE), "start_cost": (_l("Each start costs"), "{money}"),
    "min_up_h": (_l("Once started, runs at least"), "h"), "min_down_h": (_l("Once stopped, rests at least"), "h"),
    "power_kw": (_l("Power"), "kW"), "electric": (_l("Electric efficiency"), SHARE),
    "thermal": (_l("Heat efficiency"), SHARE), "electric_at_least": (_l("Electric efficiency at least load"), SHARE),
    "cost": (_l("Running cost"), "{money}/{unit}"), "heat_kw": (_l("Heat output"), "kW"),
    "cold_kw": (_l("Cooling output"), "kW"), "efficiency": (_l("Efficiency"), SHARE), "fuel": (_l("Burns"), ""),
    "sink_c": (_l("Gives heat at"), "°C"), "source_c": (_l("Takes heat at"), "°C"),
    "quality": (_l("Share of the ideal performance"), SHARE), "performance": (_l("COP"), ""),
    "falls_per_k": (_l("COP falls, for each degree warmer"), SHARE),
    "at_c": (_l("COP holds at this outdoor temperature"), "°C"),
    "flow_m3h": (_l("Flow"), "m³/h"), "head_m": (_l("Head"), "m"), "inputs": (_l("Takes"), ""),
    "outputs": (_l("Gives"), ""), "capacity": (_l("Capacity"), "{size}"), "capacity_kwh": (_l("Capacity"), "kWh"),
    "price_per_kwh": (_l("New cells cost"), "{money}/kWh"), "cycles": (_l("Cycles in its life"), ""),
    "depth": (_l("Depth of a cycle"), SHARE), "making_ice": (_l("COP making ice"), ""),
    "making_water": (_l("COP making cold water"), ""), "loss_per_h": (_l("Lost each hour"), SHARE),
    "charge_most": (_l("Charges at most"), "{rate}"), "discharge_most": (_l("Gives at most"), "{rate}"),
    "stays": (_l("Vehicles"), ""), "together_kw": (_l("All of them together"), "kW"),
    "share": (_l("Share that may wait"), SHARE), "hours": (_l("May wait"), "h"), "loss": (_l("Heat lost"), "kW/K"),
    "mass": (_l("Heat held"), "kWh/K"), "coldest": (_l("Coldest"), "°C"), "warmest": (_l("Warmest"), "°C"),
    "gains": (_l("Warmth of people and devices"), "kW"), "heating_kw": (_l("Heating at most"), "kW"),
    "cooling_kw": (_l("Cooling at most"), "kW"),
}  # fmt: skip
"""Field of a unit -> what it is called, and its unit."""


def plate(one: Any, unit: str, rate: str, currency: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the figures of a unit as (name, value with unit); what stands at its default is left out.

    unit, rate: of the carrier it gives, and of that an hour; names: of other units in the reader's language
    """
    size = unit if hasattr(one, "charge_most") else rate
    units = {
        "unit": shown_unit(unit),
        "rate": shown_unit(rate),
        "size": shown_unit(size),
        "money": coin(currency),
    }
    found = []
    for each in dataclasses.fields(one):
        value = getattr(one, each.name)
        if each.name in LEFT_OUT or value in (None, "", (), float("inf")):
            continue
        if each.default is not dataclasses.MISSING and value == each.default:
            continue
        words, of = FIGURES[each.name]
        found.append((str(words), _said(value, of.format(**units), names)))
    return found


def _said(value: Any, unit: str, names: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{CARRIERS.get(key, key)} {plain(float(each))}" for key, each in value.items())
    if isinstance(value, tuple):
        return "; ".join(_stay(one) for one in value)
    if isinstance(value, str):
        return str(CARRIERS.get(value, "")) or names.get(value, value)
    return f"{plain(value * 100 if unit == SHARE else value)} {unit}".strip()


def _stay(one: Any) -> str:
    """Return a vehicle's stay: van 1 18:00–07:00, 40 kWh, at most 11 kW."""
    return _(
        "%(vehicle)s %(hours)s, %(energy)s, at most %(power)s",
        vehicle=one.vehicle,
        hours=f"{one.arrives:%H:%M}–{one.leaves:%H:%M}",
        energy=f"{plain(one.energy_kwh)} kWh",
        power=f"{plain(one.most_kw)} kW",
    )
