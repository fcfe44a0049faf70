"""What is planned: carriers with their demand, the units between them, and what holds for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from backend.optimisation.rules.horizon import Horizon, Values
from backend.optimisation.rules.sheet import DEMAND, Opposites, Sheet, Soft
from backend.optimisation.rules.units.base import Unit
from backend.optimisation.rules.units.exchange import Sale, Supply, connections


@dataclass(frozen=True)
class Emissions:
    """What CO2 costs, and how much of it there may be.

    price: [currency per kg]; most_kg: over the horizon [kg]
    """

    price: float = 0.0
    most_kg: float = float("inf")


@dataclass(frozen=True, eq=False)
class Plant:
    """A site, or several that share balances.

    carriers: name -> unit of its amounts: {'electricity': 'kWh', 'water': 'm3'}; rates are that per hour (kW, m3/h)
    demand: what must be given, by carrier [unit per hour]
    units: in the order in which an operator would call them (what `rule_based` goes by)
    disposable: carriers of which too much does no harm (heat that is blown off)
    either: names of committed converters of which at most one runs at a time (heats or cools)
    margins: what must stay in hand beyond the plan, by carrier [unit per hour] (see `margins`)
    """

    carriers: Mapping[str, str]
    demand: Mapping[str, Values]
    units: tuple[Unit, ...]
    currency: str = "CNY"
    disposable: frozenset[str] = frozenset()
    emissions: Emissions = Emissions()
    either: tuple[tuple[str, ...], ...] = ()
    margins: Mapping[str, Values] = field(default_factory=dict)


def write(plant: Plant, horizon: Horizon) -> Sheet:
    """Write a plant over a horizon as one sheet: balances first, then each unit, then what holds for all."""
    sheet = Sheet(horizon, {carrier: horizon.fill(margin) for carrier, margin in plant.margins.items()})
    for carrier in plant.carriers:
        needed = horizon.fill(plant.demand.get(carrier, 0.0))
        sheet.balances[carrier] = sheet.rows(needed, np.inf if carrier in plant.disposable else needed)
    for unit in plant.units:
        unit.write(sheet)
    for group in plant.either:
        rows = sheet.rows(-np.inf, 1)
        for name in group:
            sheet.put(rows, sheet.places[(name, "on")], 1)
    _write_emissions(sheet, plant.emissions)
    sheet.keep_margins()
    sheet.opposites.extend(_connections(sheet, plant))
    return sheet


def _write_emissions(sheet: Sheet, emissions: Emissions) -> None:
    for columns, kg in sheet.emissions:
        if emissions.price and kg.any():
            sheet.charge(columns, emissions.price * kg)
    if np.isfinite(emissions.most_kg):
        row = sheet.rows(-np.inf, emissions.most_kg, 1)
        sheet.softs.append(Soft("co2", "CO2", "kg", rows=row, above=DEMAND))
        for columns, kg in sheet.emissions:
            sheet.put(row, columns, kg)


def _connections(sheet: Sheet, plant: Plant) -> list[Opposites]:
    supplies = {unit.name: unit for unit in plant.units if isinstance(unit, Supply)}
    return list(connections(sheet, supplies, [unit for unit in plant.units if isinstance(unit, Sale)]))
