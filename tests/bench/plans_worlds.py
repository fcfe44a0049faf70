"""Sites with a held past to plan against: real loads of a campus, simulated ones of five buildings."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from backend.optimisation.rules import catalogue
from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.planning import Task
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.sheet import Key
from backend.optimisation.rules.solver import Limits
from backend.optimisation.rules.units.exchange import DemandCharge, Renewable, Sale, Supply
from backend.optimisation.rules.units.storage import Storage
from tests.dispatch import DATA, read, task_of

TON_KW = 3.516853
"""One ton of refrigeration (12,000 Btu/h) in kW, as the data's own note has it."""
SMALL, SUN = 0.1, 0.4
"""The campus in the size for which `dispatch_campus` chose its plant, and its solar farm."""


@dataclass(frozen=True, eq=False)
class World:
    """A site and its past.

    start: of the series, local time taken as UTC; series: by ('demand', carrier) or ('available', unit) [hours]
    price: of grid power by hour of the week from Monday on [currency per kWh]
    windows: name -> first hour and how many
    """

    name: str
    plant: Plant
    start: datetime
    series: Mapping[Key, Floats]
    price: Floats
    windows: Mapping[str, tuple[int, int]]

    def task(self, plant: Plant, first: int, values: Mapping[Key, Floats], limits: Limits) -> Task:
        """Return the task of planning some hours with these values from where a plant stands, its stores kept full."""
        steps = next(iter(values.values())).size
        at = self.start + timedelta(hours=first)
        horizon = Horizon.regular(at, steps, 60)
        hour = (at.weekday() * 24 + at.hour + np.arange(steps)) % 168
        begun = {unit.name: unit for unit in self.plant.units}
        units = [
            self._unit(unit, begun[unit.name], values, self.price[hour], horizon) for unit in plant.units
        ]
        demand = {name: of for (what, name), of in values.items() if what == "demand"}
        return Task(replace(plant, units=tuple(units), demand=demand), horizon, at, limits=limits)

    def _unit(
        self, unit: Any, begun: Any, values: Mapping[Key, Floats], price: Floats, horizon: Horizon
    ) -> Any:
        if isinstance(unit, Renewable):
            return replace(unit, available=values[("available", unit.name)])
        if isinstance(unit, Supply) and unit.charges:
            return replace(unit, price=price)
        if isinstance(unit, Storage):
            return replace(unit, final_least=min(begun.content or 0.0, unit.reachable(horizon)))
        return unit

    def true(self, first: int, steps: int) -> dict[Key, Floats]:
        """Return what really came."""
        return {key: values[first : first + steps] for key, values in self.series.items()}


def _hourly(path: str, column: str, first: str, last: str) -> Floats:
    """Return a series of local hours without gaps: hours told twice are averaged, skipped ones lie on a line."""
    table = pd.read_csv(DATA / path, index_col=0, parse_dates=True)[column]
    table = table.groupby(level=0).mean()
    return np.asarray(table.reindex(pd.date_range(first, last, freq="h")).interpolate().bfill(), float)


def campus() -> World:
    """Electricity, steam, sun and wind of a campus in 2017, chilled water of 2019 on the same days of the week.

    The plant, its prices and its scale of a tenth are those of `dispatch_campus`; 728 days lie between the two years.
    """
    first, last = "2016-11-02 00:00", "2017-08-31 23:00"
    moved = [f"{pd.Timestamp(at) + pd.Timedelta(days=728):%Y-%m-%d %H:%M}" for at in ("2017-01-03", last)]
    cold = _hourly("uiuc_campus/chilled_water_and_tes.csv.gz", "chilled_water_tonh", *moved) * TON_KW
    steps = pd.date_range(first, last, freq="h").size
    series = {
        ("demand", "elec"): _hourly("uiuc_campus/electricity.csv.gz", "electricity_kW", first, last),
        ("demand", "heat"): _hourly("uiuc_campus/steam.csv.gz", "steam_kW_th", first, last),
        ("demand", "cool"): np.concatenate((np.full(steps - cold.size, np.nan), cold)),
        ("available", "pv"): _hourly("uiuc_campus/solar_farm.csv.gz", "solar_kW", first, last),
        ("available", "wind"): _hourly("uiuc_campus/wind_railsplitter.csv.gz", "wind_MWh", first, last)
        * 1000,
    }
    problem = read("dispatch_campus/summer_week_uc.json")
    problem = problem.get("problem", problem)
    monthly = read("dispatch_campus/summer_week_demand_charge.json")
    problem["demand_charge"] = monthly.get("problem", monthly)["demand_charge"]
    plant = task_of(problem).plant
    units = tuple(
        replace(unit, content=unit.capacity / 2, final_least=unit.capacity / 2)
        if isinstance(unit, Storage)
        else unit
        for unit in plant.units
    )
    price = np.asarray(problem["sources"][0]["price"], float)
    hour = lambda at: int((pd.Timestamp(at) - pd.Timestamp(first)) / pd.Timedelta(hours=1))  # noqa: E731  # as below
    return World(
        "campus", replace(plant, units=units), datetime.fromisoformat(first).replace(tzinfo=UTC),
        {key: (SUN if "pv" in key else SMALL) * np.maximum(values, 0.0) for key, values in series.items()}, price,
        {"spring": (hour("2017-04-10"), 168), "summer": (hour("2017-07-10"), 168)},
    )  # fmt: skip


def buildings() -> World:
    """Electricity, hot water, cooling and sun of five simulated buildings, summed; a plant sized by its highest loads.

    Chiller and heat pump cover the peaks, ice and hot water hold two hours of them; sun and batteries are the data's
    own, prices those of `dispatch_campus`.
    """
    tables = []
    for nth in range(1, 6):
        with gzip.open(DATA / f"citylearn_2021_multienergy/Building_{nth}_2yr.csv.gz", "rt") as file:
            tables.append(pd.read_csv(file))
    schema = json.loads((DATA / "citylearn_2021_multienergy/schema.json").read_text())["buildings"]
    peaks = [
        schema[f"Building_{nth}"].get("pv", {"attributes": {"nominal_power": 0.0}})["attributes"][
            "nominal_power"
        ]
        for nth in range(1, 6)
    ]
    series = {
        ("demand", "electricity"): sum(np.asarray(one["non_shiftable_load"], float) for one in tables),
        ("demand", "heat"): sum(np.asarray(one["dhw_demand"], float) for one in tables),
        ("demand", "cooling"): sum(np.asarray(one["cooling_demand"], float) for one in tables),
        ("available", "pv"): sum(
            np.asarray(one["solar_generation"], float) / 1000 * peak
            for one, peak in zip(tables, peaks, strict=True)
        ),
    }
    cells = [schema[f"Building_{nth}"]["electrical_storage"]["attributes"] for nth in range(1, 6)]
    size, rate = (sum(float(one[what]) for one in cells) for what in ("capacity", "nominal_power"))
    power, heat, cold = (float(series[("demand", name)].max()) for name in ("electricity", "heat", "cooling"))
    problem = read("dispatch_campus/summer_week_demand_charge.json")
    problem = problem.get("problem", problem)
    price = np.asarray(problem["sources"][0]["price"], float)
    charge = DemandCharge(problem["demand_charge"]["price_per_kW"])
    units = (
        Supply("grid", "electricity", 0.7, 2 * (power + cold + heat), charges=(charge,)),
        Sale("feed-in", "electricity", problem["exports"][0]["price"], sum(peaks), against="grid"),
        Renewable("pv", "electricity", 0.0),
        catalogue.electric_chiller("chiller", cold, 4.0),
        catalogue.heat_pump("heat pump", heat, source_c=15.0, sink_c=55.0),
        catalogue.battery("battery", size, rate, content=size / 2, price_per_kwh=900, cycles=6000),
        _half_full(catalogue.ice_storage("ice", 2 * cold, cold / 4, making_ice=3.4, making_water=4.0)),
        _half_full(Storage("hot water", "heat", 2 * heat, heat / 2, heat / 2, 0.98, 0.98, 0.01)),
    )
    carriers = dict.fromkeys(("electricity", "heat", "cooling"), "kWh")
    start = datetime(2018, 1, 4, tzinfo=UTC)  # hours 1, 2, … of a day of type 4, Thursday
    return World("buildings", Plant(carriers, {}, units), start, series, price,
                 {"spring": (24 * 95, 168), "summer": (24 * 200, 168)})  # fmt: skip


def _half_full(store: Storage) -> Storage:
    return replace(store, content=store.capacity / 2, final_least=store.capacity / 2)
