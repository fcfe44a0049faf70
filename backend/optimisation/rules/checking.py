"""What is wrong with a task, all at once: which field, what stands there, what to do."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np

from backend.kernel.errors import Refused
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.plan import Input
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.units.base import Fault
from backend.optimisation.rules.units.converter import Converter
from backend.optimisation.rules.units.exchange import Sale, Supply

_SERIES = {"least": -np.inf, "most": np.inf, "endless": False}


class BadInput(Refused):
    """A plan cannot be made from this. `faults` holds each fault's field, value, message and remedy."""


def check(plant: Plant, horizon: Horizon, inputs: Iterable[Input], made_at: datetime) -> None:
    """Raise BadInput with every fault of a task, where there is any."""
    faults = [*_inputs(inputs, made_at), *_plant(plant, horizon)]
    for unit in plant.units:
        own = list(_numbers(unit, horizon))
        if not own:  # figures that are none would only cause more of the same
            own = list(unit.faults(horizon))
        faults += [(f"{unit.name}.{field}", value, message, remedy) for field, value, message, remedy in own]
    if faults:
        first = faults[0]
        raise BadInput(
            "; ".join(_said(fault) for fault in faults),
            field=first[0],
            value=_shown(first[1]),
            remedy=first[3],
            faults=[
                dict(zip(("field", "value", "message", "remedy"), fault, strict=True)) for fault in faults
            ],
        )


def _said(fault: Fault) -> str:
    field, value, message, remedy = fault
    return f"{field}: {_shown(value)} {message}: {remedy}".replace(":  ", ": ")


def _shown(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:g}"
    return "" if isinstance(value, np.ndarray) else str(value)


def _inputs(inputs: Iterable[Input], made_at: datetime) -> Iterator[Fault]:
    for given in inputs:
        age = made_at - given.known_at
        if given.oldest is not None and age > given.oldest:
            message = f"is old: known for {age}, at most {given.oldest} is planned with"
            yield (
                given.name,
                f"{given.known_at:%Y-%m-%d %H:%M}",
                message,
                "fetch it again, or name a fallback",
            )


def _plant(plant: Plant, horizon: Horizon) -> Iterator[Fault]:
    known = ", ".join(plant.carriers)
    for what in ("demand", "margins"):
        for carrier, values in getattr(plant, what).items():
            if carrier not in plant.carriers:
                yield f"{what}[{carrier}]", carrier, "is no carrier of this plant", f"use one of {known}"
            yield from _series(f"{what}[{carrier}]", values, horizon, {**_SERIES, "least": 0})
    for carrier in plant.disposable - set(plant.carriers):
        yield "disposable", carrier, "is no carrier of this plant", f"use one of {known}"
    for unit in plant.units:
        for carrier in unit.carriers:
            if carrier not in plant.carriers:
                yield f"{unit.name}.carrier", carrier, "is no carrier of this plant", f"use one of {known}"
    for name, times in Counter(unit.name for unit in plant.units).items():
        if times > 1:
            yield "units", name, f"is the name of {times} units", "give each its own"
    if not (np.isfinite(plant.emissions.price) and plant.emissions.most_kg >= 0):
        yield (
            "emissions",
            plant.emissions.price,
            "is no price, or its cap is below zero",
            "give both, from 0 up",
        )
    yield from _references(plant)


def _references(plant: Plant) -> Iterator[Fault]:
    supplies = {unit.name: unit for unit in plant.units if isinstance(unit, Supply)}
    switched = {unit.name for unit in plant.units if isinstance(unit, Converter) and unit.commitment}
    for unit in plant.units:
        if isinstance(unit, Sale) and unit.against is not None:
            supply = supplies.get(unit.against)
            if supply is None:
                yield (
                    f"{unit.name}.against",
                    unit.against,
                    "is no supply of this plant",
                    "name the grid's supply",
                )
            elif not np.isfinite(supply.most).all():
                yield (
                    f"{supply.name}.most",
                    supply.most,
                    "has no end",
                    f"say what it can take, as {unit.name} needs it",
                )
    for group in plant.either:
        for name in group:
            if name not in switched:
                yield "either", name, "is no converter with a commitment", "give it one, or take it out"


def _numbers(thing: Any, horizon: Horizon, prefix: str = "") -> Iterator[Fault]:
    """Yield what is wrong with the declared numbers of a dataclass and of those within it."""
    for field in dataclasses.fields(thing):
        value, name = getattr(thing, field.name), prefix + field.name
        if "least" in field.metadata:
            parts = value.items() if isinstance(value, Mapping) else [("", value)]
            for key, values in parts:
                if values is not None:
                    yield from _series(f"{name}[{key}]" if key else name, values, horizon, field.metadata)
        elif dataclasses.is_dataclass(value):
            yield from _numbers(value, horizon, f"{name}.")
        elif isinstance(value, tuple):
            for nth, part in enumerate(value):
                if dataclasses.is_dataclass(part):
                    yield from _numbers(part, horizon, f"{name}[{nth}].")


def _series(name: str, values: Any, horizon: Horizon, bounds: Mapping[str, Any]) -> Iterator[Fault]:
    array = np.asarray(values, dtype=float)
    if array.ndim and array.shape != (horizon.steps,):
        what = "is empty" if not array.size else f"has {array.size} values"
        yield name, "", f"{what}; the horizon has {horizon.steps} steps", "give one value for each step"
        return
    array = np.atleast_1d(array)
    wrong = np.isnan(array) | (np.isinf(array) & (not bounds["endless"]))
    wrong |= (array < bounds["least"]) | (array > bounds["most"])
    if wrong.any():
        at = int(wrong.argmax())
        where = f"{name}[{at}]" if np.ndim(values) else name
        allowed = f"from {bounds['least']:g} to {bounds['most']:g}"
        others = f" (and {int(wrong.sum()) - 1} others)" if wrong.sum() > 1 else ""
        if np.isfinite(array[at]):
            yield where, float(array[at]), f"is out of bounds{others}", f"give a number {allowed}"
        else:
            yield where, float(array[at]), f"is no number{others}", "fill the gap, or plan with the fallback"
