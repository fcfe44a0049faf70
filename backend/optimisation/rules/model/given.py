"""What holds for the hours planned: prices, forecasts, states; kept with a plan, so that it can be asked `what if`."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from backend.kernel.errors import Refused
from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.plan import Input, Quality
from backend.optimisation.rules.units.exchange import DemandCharge


@dataclass(frozen=True)
class State:
    """How a unit stands before the first step. on: None where it may be either; since_h: for how long [h]."""

    on: bool | None = None
    since_h: float = float("inf")


@dataclass(frozen=True, eq=False)
class Given:
    """Everything a plant is built with beyond its model; arrays have one value for each step.

    demand, margins: by carrier; parts: by a demand's name; available: by unit, of sun and wind [unit per hour]
    prices: by unit that buys or sells [currency per unit of the carrier]; charges: prices on the month's peak
    contents: by store [unit]; states: by unit; warmth: by room [°C]; outdoor_c: [°C], None where nothing asks for it
    """

    horizon: Horizon
    made_at: datetime
    demand: Mapping[str, Floats] = field(default_factory=dict)
    parts: Mapping[str, Floats] = field(default_factory=dict)
    margins: Mapping[str, Floats] = field(default_factory=dict)
    available: Mapping[str, Floats] = field(default_factory=dict)
    prices: Mapping[str, Floats] = field(default_factory=dict)
    charges: Mapping[str, tuple[DemandCharge, ...]] = field(default_factory=dict)
    contents: Mapping[str, float] = field(default_factory=dict)
    states: Mapping[str, State] = field(default_factory=dict)
    warmth: Mapping[str, float] = field(default_factory=dict)
    outdoor_c: Floats | None = None
    inputs: tuple[Input, ...] = ()


def outdoor(given: Given, name: str) -> Floats:
    """Return the outdoor temperature of each step [°C]; raises Refused where nothing is known of it."""
    if given.outdoor_c is None:
        raise Refused(
            f"the efficiency of {name} follows the weather, of which nothing is known", field="weather",
            remedy="name a thermometer in the plant model (`outdoor`)",
        )  # fmt: skip
    return given.outdoor_c


_SERIES = ("demand", "parts", "margins", "available", "prices")


def packed(arrays: Mapping[str, Any], said: Mapping[str, Any]) -> bytes:
    """Return arrays and plain values as compact bytes."""
    out = io.BytesIO()
    text = np.frombuffer(json.dumps(said, ensure_ascii=False).encode(), dtype=np.uint8)
    named: dict[str, Any] = {**arrays, "": text}
    np.savez_compressed(out, **named)
    return out.getvalue()


def unpacked(data: bytes) -> tuple[dict[str, Floats], dict[str, Any]]:
    """Return what `packed` took."""
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        arrays = {name: kept[name] for name in kept.files}
    said: dict[str, Any] = json.loads(arrays.pop("").tobytes())
    return {name: np.asarray(values) for name, values in arrays.items()}, said


def write(given: Given) -> bytes:
    """Return what was given, as bytes to be kept."""
    arrays: dict[str, Any] = {"hours": given.horizon.hours}
    for kind in _SERIES:
        arrays |= {f"{kind}|{name}": values for name, values in getattr(given, kind).items()}
    if given.outdoor_c is not None:
        arrays["outdoor_c"] = given.outdoor_c
    charges: dict[str, list[dict[str, float]]] = {}
    for unit, some in given.charges.items():
        charges[unit] = [{"price": one.price, "so_far": one.so_far} for one in some]
        for nth, one in enumerate(some):
            if one.counts is not None:
                arrays[f"counts|{unit}|{nth}"] = one.counts
    said = {
        "start": given.horizon.start.isoformat(), "zone": str(given.horizon.zone), "made_at": given.made_at.isoformat(),
        "charges": charges, "contents": dict(given.contents), "warmth": dict(given.warmth),
        "states": {name: [one.on, None if one.since_h == float("inf") else one.since_h]
                   for name, one in given.states.items()},
        "inputs": inputs_said(given.inputs),
    }  # fmt: skip
    return packed(arrays, said)


def read(data: bytes) -> Given:
    """Return what `write` wrote."""
    arrays, said = unpacked(data)
    series: dict[str, dict[str, Floats]] = {kind: {} for kind in _SERIES}
    for name, values in arrays.items():
        kind, _, of = name.partition("|")
        if kind in series:
            series[kind][of] = values
    charges = {
        unit: tuple(
            DemandCharge(one["price"], one["so_far"], _flags(arrays.get(f"counts|{unit}|{nth}")))
            for nth, one in enumerate(some)
        )
        for unit, some in said["charges"].items()
    }
    states = {
        name: State(on, float("inf") if since is None else since)
        for name, (on, since) in said["states"].items()
    }
    return Given(
        Horizon(datetime.fromisoformat(said["start"]), arrays["hours"], ZoneInfo(said["zone"])),
        datetime.fromisoformat(said["made_at"]), charges=charges, contents=said["contents"], states=states,
        warmth=said["warmth"], outdoor_c=arrays.get("outdoor_c"), inputs=inputs_read(said["inputs"]), **series,
    )  # fmt: skip


def _flags(values: Any) -> Any:
    return None if values is None else np.asarray(values, dtype=bool)


def inputs_said(inputs: tuple[Input, ...]) -> list[dict[str, Any]]:
    """Return inputs as plain values."""
    return [
        {"name": one.name, "known_at": one.known_at.isoformat(), "quality": one.quality.value, "remark": one.remark,
         "oldest_s": None if one.oldest is None else one.oldest.total_seconds()}
        for one in inputs
    ]  # fmt: skip


def inputs_read(said: list[dict[str, Any]]) -> tuple[Input, ...]:
    """Return what `inputs_said` said."""
    return tuple(
        Input(one["name"], datetime.fromisoformat(one["known_at"]), Quality(one["quality"]),
              None if one["oldest_s"] is None else timedelta(seconds=one["oldest_s"]), one["remark"])
        for one in said
    )  # fmt: skip
