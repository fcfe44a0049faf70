"""The same problems in PyPSA and in oemof.solph: run by `tests/bench/optimise.py`, in an environment of its own.

Reads {"problem", "program", "gap", "seconds"} from standard input; prints one JSON object. Building counts from
finished inputs (network, energy system) to the model, solving from there to a solution read back.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd

FOREVER = 10_000


def series(value: Any, steps: int) -> np.ndarray:
    """Return a value for each step."""
    return np.broadcast_to(np.asarray(value, dtype=float), (steps,))


def pypsa_network(problem: dict[str, Any]) -> Any:
    """Return a problem as a PyPSA network: converters are links whose p0 is their only input."""
    import pypsa

    steps = problem["T"]
    net = pypsa.Network()
    net.set_snapshots(pd.date_range("2026-01-01", periods=steps, freq=f"{int(60 * problem['dt_h'])}min"))
    net.snapshot_weightings = net.snapshot_weightings.astype(float) * problem["dt_h"]
    for carrier in problem["carriers"]:
        net.add("Bus", carrier)
    for carrier, values in problem["demand"].items():
        net.add("Load", f"{carrier} demand", bus=carrier, p_set=series(values, steps))
    charge = problem.get("demand_charge")
    for one in problem["sources"]:
        peak = charge is not None and charge["source"] == one["name"]
        size = {"p_nom_extendable": True, "p_nom_max": one["max"], "capital_cost": charge["price_per_kW"]}
        net.add("Generator", one["name"], bus=one["carrier"], marginal_cost=series(one["price"], steps),
                **(size if peak else {"p_nom": one["max"]}))  # fmt: skip
    for one in problem["exports"]:
        net.add("Generator", one["name"], bus=one["carrier"], sign=-1, p_nom=one["max"],
                marginal_cost=-series(one["price"], steps))  # fmt: skip
    for one in problem["renewables"]:
        net.add(
            "Generator", one["name"], bus=one["carrier"], p_nom=1.0, p_max_pu=series(one["profile"], steps)
        )
    for carrier in problem["free_disposal"]:
        net.add("Generator", f"{carrier} blown off", bus=carrier, sign=-1, p_nom=1e6)
    for one in problem["converters"]:
        _pypsa_link(net, one, problem)
    for one in problem["storages"]:
        net.add("StorageUnit", one["name"], bus=one["carrier"], p_nom=one["charge_max"],
                max_hours=one["capacity"] / one["charge_max"], efficiency_store=one["eta_c"],
                efficiency_dispatch=one["eta_d"], standing_loss=one["loss_per_h"],
                cyclic_state_of_charge=True)  # fmt: skip
    return net


def _pypsa_link(net: Any, one: dict[str, Any], problem: dict[str, Any]) -> None:
    steps = problem["T"]
    (source, taken), *_ = one["inputs"].items()
    taken = series(taken, steps)
    more: dict[str, Any] = {}
    for nth, (carrier, given) in enumerate(one["outputs"].items(), 1):
        more[f"bus{nth}"] = carrier
        more["efficiency" if nth == 1 else f"efficiency{nth}"] = series(given, steps) / taken
    if "min_load" in one:
        more |= {"committable": True, "p_min_pu": one["min_load"], "start_up_cost": one["startup_cost"],
                 "min_up_time": round(one.get("min_up", 0) / problem["dt_h"]), "up_time_before": 0,
                 "min_down_time": round(one.get("min_down", 0) / problem["dt_h"]),
                 "down_time_before": FOREVER}  # fmt: skip
    most = taken.max() * one["capacity"]
    net.add("Link", one["name"], bus0=source, p_nom=most, marginal_cost=one["var_cost"] / taken,
            p_max_pu=taken / taken.max(), **more)  # fmt: skip


def with_pypsa(task: dict[str, Any]) -> dict[str, float]:
    """Build and solve with PyPSA and its linopy."""
    net = pypsa_network(task["problem"])
    clock = Clock()
    net.optimize.create_model()
    clock.built()
    options = {"mip_rel_gap": task["gap"], "time_limit": task["seconds"], "threads": 1, "output_flag": False}
    net.optimize.solve_model(solver_name="highs", io_api="direct", **options)
    cost = net.model.objective.value
    return clock.solved() | {"cost": float("nan") if cost is None else float(cost)}


def solph_system(problem: dict[str, Any]) -> Any:
    """Return a problem as an oemof energy system."""
    from oemof import solph

    steps = problem["T"]
    index = pd.date_range("2026-01-01", periods=steps + 1, freq=f"{int(60 * problem['dt_h'])}min")
    system = solph.EnergySystem(timeindex=index, infer_last_interval=False)
    buses = {carrier: solph.Bus(label=f"{carrier} bus") for carrier in problem["carriers"]}
    system.add(*buses.values())
    flow, charge = solph.Flow, problem.get("demand_charge")
    for carrier, values in problem["demand"].items():
        system.add(solph.components.Sink(f"{carrier} demand", inputs={
            buses[carrier]: flow(nominal_capacity=1, fix=series(values, steps))}))  # fmt: skip
    for one in problem["sources"]:
        most: Any = one["max"]
        if charge is not None and charge["source"] == one["name"]:
            most = solph.Investment(ep_costs=charge["price_per_kW"], maximum=one["max"])
        system.add(solph.components.Source(one["name"], outputs={
            buses[one["carrier"]]: flow(nominal_capacity=most, variable_costs=series(one["price"], steps)),
        }))  # fmt: skip
    for one in problem["exports"]:
        system.add(solph.components.Sink(one["name"], inputs={
            buses[one["carrier"]]: flow(nominal_capacity=one["max"], variable_costs=-one["price"])}))  # fmt: skip
    for one in problem["renewables"]:
        system.add(solph.components.Source(one["name"], outputs={
            buses[one["carrier"]]: flow(nominal_capacity=1, maximum=series(one["profile"], steps))}))  # fmt: skip
    for carrier in problem["free_disposal"]:
        system.add(solph.components.Sink(f"{carrier} blown off", inputs={buses[carrier]: flow()}))
    for one in problem["converters"]:
        system.add(_solph_converter(one, problem, buses))
    for one in problem["storages"]:
        bus = buses[one["carrier"]]
        system.add(solph.components.GenericStorage(
            one["name"], inputs={bus: flow(nominal_capacity=one["charge_max"])},
            outputs={bus: flow(nominal_capacity=one["discharge_max"])}, nominal_capacity=one["capacity"],
            loss_rate=one["loss_per_h"], inflow_conversion_factor=one["eta_c"],
            outflow_conversion_factor=one["eta_d"], balanced=True, initial_storage_level=None))  # fmt: skip
    return system


def _solph_converter(one: dict[str, Any], problem: dict[str, Any], buses: dict[str, Any]) -> Any:
    from oemof import solph

    steps, more = problem["T"], {}
    if "min_load" in one:
        left = steps - np.arange(steps)  # a minimum time that reaches beyond the end would forbid the start
        up, down = (round(one.get(which, 0) / problem["dt_h"]) for which in ("min_up", "min_down"))
        times = {"minimum_uptime": np.minimum(up, left).tolist()} if up else {}
        rests = np.minimum(down, left)
        rests[0] = 0  # else it stays off for that long at first, as if it had stopped just before
        times |= {"minimum_downtime": rests.tolist()} if down else {}
        nonconvex = solph.NonConvex(startup_costs=one["startup_cost"], initial_status=0, **times)
        more = {"minimum": one["min_load"], "nonconvex": nonconvex}
    main, *others = one["outputs"]
    outputs = {
        buses[main]: solph.Flow(nominal_capacity=one["capacity"], variable_costs=one["var_cost"], **more)
    }
    outputs |= {buses[other]: solph.Flow() for other in others}
    factors = {buses[c]: series(v, steps) for c, v in (one["inputs"] | one["outputs"]).items()}
    return solph.components.Converter(
        one["name"],
        inputs={buses[c]: solph.Flow() for c in one["inputs"]},
        outputs=outputs,
        conversion_factors=factors,
    )


def with_solph(task: dict[str, Any]) -> dict[str, float]:
    """Build and solve with oemof.solph and its Pyomo."""
    from oemof import solph

    system = solph_system(task["problem"])
    clock = Clock()
    model = solph.Model(system)
    clock.built()
    options = {"mip_rel_gap": task["gap"], "time_limit": float(task["seconds"]), "threads": 1}
    model.solve(solver="highs", allow_nonoptimal=True, solve_kwargs={"tee": False}, cmdline_options=options)
    return clock.solved() | {"cost": float(model.objective())}


class Clock:
    """Measures two stages, in seconds of the wall and of the processor."""

    def __init__(self) -> None:
        self.marks = [self._now()]

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    def built(self) -> None:
        """Mark the end of building."""
        self.marks.append(self._now())

    def solved(self) -> dict[str, float]:
        """Mark the end of solving; return both stages."""
        self.marks.append(self._now())
        (a, x), (b, y), (c, z) = self.marks
        return {"build_s": b - a, "solve_s": c - b, "build_cpu_s": y - x, "solve_cpu_s": z - y}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    given = json.load(sys.stdin)
    result = {"pypsa": with_pypsa, "oemof.solph": with_solph}[given["program"]](given)
    print(json.dumps(result))  # the last line: solvers speak before it
