"""How a plan is kept: its arrays as compact bytes, and read back as the plan it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.model.given import inputs_read, inputs_said, packed, unpacked
from backend.optimisation.rules.plan import Plan, Shortfall, Status

_FIGURES = ("cost", "bound", "gap", "currency", "co2_kg", "build_s", "solve_s", "idle_cost")


def kept(plan: Plan, demand: Mapping[str, Floats]) -> bytes:
    """Return a plan and the demand it meets as bytes; numbers keep seven digits."""
    series: dict[tuple[str, ...], Floats] = {("flow", *key): values for key, values in plan.flows.items()}
    series |= {("quantity", *key): values for key, values in plan.quantities.items()}
    series |= {("price", carrier): values for carrier, values in plan.prices.items()}
    series |= {("demand", carrier): values for carrier, values in demand.items()}
    said = {
        "start": plan.horizon.start.isoformat(), "zone": str(plan.horizon.zone), "made_at": plan.made_at.isoformat(),
        "status": plan.status.value, "names": [list(key) for key in series], "inputs": inputs_said(plan.inputs),
        "shortfalls": [vars(one) for one in plan.shortfalls], **{name: getattr(plan, name) for name in _FIGURES},
    }  # fmt: skip
    arrays = {f"a{nth}": np.asarray(values, dtype=np.float32) for nth, values in enumerate(series.values())}
    return packed({"hours": plan.horizon.hours, **arrays}, said)


def read(data: bytes) -> tuple[Plan, dict[str, Floats]]:
    """Return a plan that was kept, and the demand it meets by carrier [unit per hour]."""
    arrays, said = unpacked(data)
    series: dict[str, dict[Any, Floats]] = {"flow": {}, "quantity": {}, "price": {}, "demand": {}}
    for nth, (kind, *key) in enumerate(said["names"]):
        series[kind][key[0] if len(key) == 1 else tuple(key)] = arrays[f"a{nth}"].astype(float)
    plan = Plan(
        Horizon(datetime.fromisoformat(said["start"]), arrays["hours"], ZoneInfo(said["zone"])),
        Status(said["status"]), flows=series["flow"], quantities=series["quantity"], prices=series["price"],
        made_at=datetime.fromisoformat(said["made_at"]), inputs=inputs_read(said["inputs"]),
        shortfalls=tuple(Shortfall(**one) for one in said["shortfalls"]), **{name: said[name] for name in _FIGURES},
    )  # fmt: skip
    return plan, series["demand"]
