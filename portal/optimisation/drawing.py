"""Balances as stacks: what gives above the line, what takes below it; prices and contents in rows of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from flask_babel import gettext as _

from backend.kernel.periods import Period
from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.model import PlantModel
from backend.optimisation.rules.model.units import ChpModel, RenewableModel, SaleModel, Stored, SupplyModel
from backend.optimisation.rules.plan import Plan
from portal import drawing, plots, words
from portal.optimisation.words import hours_of
from portal.plots import Frame, Series

STILL = 1e-3
"""Share of the carrier's largest rate below which a part is not drawn."""
PER_H = {"kWh": "kW", "m3": "m3/h"}


@dataclass(frozen=True)
class Part:
    """One part of a balance: its rates on the steps [unit per hour], above zero what it gives; fill: a class."""

    name: str
    rates: Floats
    fill: str


def parts_of(
    plan: Plan, demand: Mapping[str, Floats], model: PlantModel, carrier: str, names: Mapping[str, str]
) -> list[Part]:
    """Return the parts of a carrier's balance, in the order of the model, the demand last."""
    found = []
    counts: dict[str, int] = {}
    for unit in model.units:
        rates = plan.flows.get((unit.name, carrier))
        if rates is None:
            continue
        sort = _sort(unit, rates)
        counts[sort] = counts.get(sort, 0) + 1
        found.append(Part(names.get(unit.name, unit.name), rates, f"{sort}{min(counts[sort], 4)}"))
    if carrier in demand and np.any(demand[carrier] > 0):
        found.append(Part(_("Demand"), -demand[carrier], "need1"))
    largest = max((float(np.abs(one.rates).max()) for one in found), default=0.0)
    return [one for one in found if float(np.abs(one.rates).max()) > STILL * largest]


def _sort(unit: Any, rates: Floats) -> str:
    if isinstance(unit, Stored):
        return "store"
    if isinstance(unit, RenewableModel):
        return "free"
    if isinstance(unit, SaleModel):
        return "sale"
    if isinstance(unit, SupplyModel):
        return "buy"
    return "make" if isinstance(unit, ChpModel) or float(rates.sum()) >= 0 else "take"


def span(planned: Horizon) -> Period:
    """Return what a chart shows: from the full hour the plan begins in."""
    start = planned.at(0).replace(minute=0)
    return Period(start, planned.at(planned.steps))


def stack(parts: Sequence[Part], planned: Horizon, unit: str, zone: str) -> dict[str, Any] | None:
    """Return a stacked picture for desk and phone; None where nothing flows."""
    if not parts:
        return None
    give, take = (np.sum([np.clip(side * one.rates, 0, None) for one in parts], axis=0) for side in (1, -1))
    per_h = PER_H.get(unit, f"{unit}/h")
    shown, factor = words.ladder(per_h, max(float(give.max()), float(take.max()), 1e-9))
    scaled = [float(give.max()) / factor, -float(take.max()) / factor]

    def drawn(frame: Frame) -> dict[str, Any]:
        by = drawing.scale(scaled, top=frame.top, bottom=frame.bottom, zero=True, ticks=5)
        return {
            "width": int(frame.width), "height": int(frame.height), "left": frame.left, "right": frame.right,
            "unit": words.shown_unit(shown), "zero": by.y(0.0),
            "rules": [{"y": by.y(tick), "text": plots._tick(abs(tick), by.ticks)} for tick in by.ticks],
            "marks": plots.marks(span(planned), zone, frame), "parts": list(_paths(parts, planned, by, frame, factor)),
        }  # fmt: skip

    read = reading(parts, planned, factor, words.shown_unit(shown))
    return drawn(plots.wide(250)) | {
        "narrow": drawn(plots.NARROW),
        "shown": words.shown_unit(shown),
        "read": read,
    }


def reading(parts: Sequence[Part], planned: Horizon, factor: float, unit: str) -> dict[str, Any]:
    """Return what the script says of each step: its hours, and each part's rate, none where it rests.

    starts, ends: of steps, as shares of the axis
    """
    lead, hours = _lead(planned)
    return {
        "starts": round(lead / hours, 5), "ends": [round((end + lead) / hours, 5) for end in planned.ends_h.tolist()],
        "hours": [hours_of(planned, step, step) for step in range(planned.steps)],
        "parts": [
            {"name": one.name, "rates": [_said(rate / factor, unit) for rate in one.rates.tolist()]} for one in parts
        ],
    }  # fmt: skip


def _said(rate: float, unit: str) -> str:
    """Return a rate with its sign in three digits; nothing where it rests."""
    shown = words.number(abs(rate), "")
    sign = "−" if rate < 0 else "+"
    return f"{sign}{shown.digits} {unit}" if shown is not None and abs(rate) > STILL else ""


def _lead(planned: Horizon) -> tuple[float, float]:
    """Return how long after the chart's begin the plan begins, and how long the chart is [h]."""
    shown = span(planned)
    assert shown.end is not None, "a plan has an end"
    return (planned.at(0) - shown.start).total_seconds() / 3600, (
        shown.end - shown.start
    ).total_seconds() / 3600


def _paths(parts: Sequence[Part], planned: Horizon, by: drawing.Scale, frame: Frame, factor: float) -> Any:
    lead, hours = _lead(planned)
    xs = frame.left + (np.concatenate(([0.0], planned.ends_h)) + lead) / hours * (frame.right - frame.left)
    height = {1: np.zeros(planned.steps), -1: np.zeros(planned.steps)}
    for one in parts:
        path = []
        for side in (1, -1):
            rates = np.clip(side * one.rates, 0, None) / factor
            below = height[side].copy()
            height[side] = below + rates
            low, high = ([by.y(side * value) for value in edge.tolist()] for edge in (below, height[side]))
            path += [_outline(xs, low, high, first, last) for first, last in _runs(rates)]
        yield {"fill": one.fill, "path": "".join(path), "name": one.name}


def _runs(rates: Floats) -> list[tuple[int, int]]:
    """Return the first and last step of each stretch over which something flows."""
    moves = np.flatnonzero(np.diff(np.concatenate(([0], (rates > 0).astype(int), [0])))).tolist()
    return [(first, after - 1) for first, after in zip(moves[::2], moves[1::2], strict=True)]


def _outline(xs: Floats, low: list[float], high: list[float], first: int, last: int) -> str:
    """Return the outline of one stretch: along the far edge step by step, and back along the near one."""
    steps = range(first, last + 1)
    there = "".join(f"V{high[step]:.1f}H{xs[step + 1]:.1f}" for step in steps)
    back = "".join(f"V{low[step]:.1f}H{xs[step]:.1f}" for step in reversed(steps))
    return f"M{xs[first]:.1f},{low[first]:.1f}{there}{back}Z"


def steps_of(values: Floats, planned: Horizon) -> list[tuple[datetime, float | None]]:
    """Return values as corners of steps, for a line that jumps where they change."""
    found: list[tuple[datetime, float | None]] = []
    for step, value in enumerate(values.tolist()):
        known = None if value != value else value
        found += [(planned.at(step), known), (planned.at(step + 1) - timedelta(seconds=1), known)]
    return found


def line(name: str, carrier: str, values: Floats, planned: Horizon) -> Series:
    """Return a line of steps."""
    return Series(name, carrier, steps_of(values, planned))


def contents(
    plan: Plan, model: PlantModel, carrier: str, names: Mapping[str, str]
) -> list[tuple[str, Floats, float]]:
    """Return each store of a carrier: its name, its contents at the ends of steps, and what it holds when full."""
    return [
        (names.get(unit.name, unit.name), plan.quantities[(unit.name, "content")], unit.size)
        for unit in model.units
        if isinstance(unit, Stored) and unit.output == carrier and (unit.name, "content") in plan.quantities
    ]


def ends_of(values: Floats, planned: Horizon, before: float | None) -> list[tuple[datetime, float | None]]:
    """Return contents at the ends of steps as a line; before: at the start."""
    first: list[tuple[datetime, float | None]] = [] if before is None else [(planned.at(0), before)]
    return first + [(planned.at(step + 1), float(value)) for step, value in enumerate(values)]
