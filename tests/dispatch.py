"""Dispatch problems as the data folder writes them, as plants."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.planning import Task
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.solver import Limits
from backend.optimisation.rules.units.commitment import Commitment
from backend.optimisation.rules.units.converter import Converter
from backend.optimisation.rules.units.exchange import DemandCharge, Renewable, Sale, Supply
from backend.optimisation.rules.units.storage import Storage

DATA = Path(os.environ.get("ENERFIELD_TEST_DATA", Path(__file__).parents[1] / "../shared/data"))
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


def read(name: str) -> Any:
    """Return a JSON file of the data folder."""
    return json.loads((DATA / name).read_text())


def _values(value: Any) -> Any:
    return np.array(value, dtype=float) if isinstance(value, list) else float(value)


def task_of(problem: dict[str, Any], limits: Limits | None = None) -> Task:
    """Return what a problem of the data folder asks for."""
    charge = problem.get("demand_charge")
    units = [
        *(_supply(each, charge) for each in problem.get("sources", [])),
        *(Sale(e["name"], e["carrier"], _values(e["price"]), e["max"]) for e in problem.get("exports", [])),
        *(
            Renewable(e["name"], e["carrier"], _values(e["profile"]), e.get("curtailable", True))
            for e in problem.get("renewables", [])
        ),
        *(_converter(each) for each in problem.get("converters", [])),
        *(_storage(each) for each in problem.get("storages", [])),
    ]
    plant = Plant(
        carriers=dict.fromkeys(problem["carriers"], "kWh"),
        demand={carrier: _values(values) for carrier, values in problem["demand"].items()},
        units=tuple(units),
        disposable=frozenset(problem.get("free_disposal", [])),
    )
    horizon = Horizon.regular(MIDNIGHT, problem["T"], 60 * problem.get("dt_h", 1.0))
    return Task(plant, horizon, MIDNIGHT, limits=limits or Limits(gap=1e-6))


def _supply(source: dict[str, Any], charge: dict[str, Any] | None) -> Supply:
    mine = charge is not None and charge["source"] == source["name"]
    charges = (DemandCharge(charge["price_per_kW"]),) if mine and charge else ()
    most = source.get("max", float("inf"))
    return Supply(source["name"], source["carrier"], _values(source["price"]), most, charges=charges)


_COMMITMENT = {
    "min_load": "least_load",
    "startup_cost": "start_cost",
    "on_cost": "hour_cost",
    "min_up": "min_up_h",
    "min_down": "min_down_h",
    "max_up": "max_up_h",
    "max_on_hours": "max_on_h",
}


def _converter(given: dict[str, Any]) -> Converter:
    known = {ours: given[theirs] for theirs, ours in _COMMITMENT.items() if theirs in given}
    commitment = Commitment(**known, was_on=bool(given.get("initial_on", 0))) if known else None
    return Converter(
        given["name"],
        {carrier: _values(v) for carrier, v in given["inputs"].items()},
        {carrier: _values(v) for carrier, v in given["outputs"].items()},
        given["capacity"],
        cost=given.get("var_cost", 0.0),
        commitment=commitment,
    )


def _storage(given: dict[str, Any]) -> Storage:
    return Storage(
        given["name"],
        given["carrier"],
        given["capacity"],
        given["charge_max"],
        given["discharge_max"],
        charge_share=given.get("eta_c", 1.0),
        discharge_share=given.get("eta_d", 1.0),
        loss_per_h=given.get("loss_per_h", 0.0),
        least=given.get("soc_min", 0.0),
        most=given.get("soc_max", 1.0),
        content=None if given.get("initial") == "cyclic" else given.get("initial", 0.0),
        final_least=given.get("final_min", 0.0),
    )
