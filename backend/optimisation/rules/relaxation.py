"""What has to give where no plan keeps every limit: the smallest change that makes one possible, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from backend.optimisation.rules.horizon import Floats, Horizon, Ints, runs
from backend.optimisation.rules.plan import Shortfall
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.sheet import DEMAND, Sheet, Soft
from backend.optimisation.rules.solver import Solution

_DEAR = 1e4
"""Penalty of one unit short: far above any price of a carrier [currency per unit]."""

NO_PRICE = _DEAR / 20
"""What one more unit of a carrier is worth beyond this holds a penalty: then a limit speaks, no price [currency]."""

_ELECTRICITY = 4.0
"""One kWh of electricity stands for several of heat or cold, so that a heat pump's COP does not move the blame."""

_NOTICED = 1e-4
"""Share of a carrier's highest demand below which nothing is said to be short."""


@dataclass(frozen=True, eq=False)
class Slack:
    """By how much one limit gives: columns, their penalty, and what counts as nothing."""

    soft: Soft
    side: str
    columns: Ints
    penalty: Floats
    noticed: float


def loosen(sheet: Sheet, plant: Plant) -> list[Slack]:
    """Let balances and soft limits of a sheet give, each at its penalty; what is cheapest then gives least."""
    slacks = []
    for carrier, rows in sheet.balances.items():
        needed = sheet.horizon.fill(plant.demand.get(carrier, 0.0))
        weight = DEMAND * (_ELECTRICITY if carrier.startswith("elec") else 1.0)
        soft = Soft(
            "demand", carrier, plant.carriers[carrier], rows=rows, below=weight, above=weight, most=needed
        )
        slacks += _loosened(sheet, soft, hours=sheet.horizon.hours, noticed=_NOTICED * (needed.max() or 1.0))
    for soft in sheet.softs:
        unit = soft.unit or plant.carriers[soft.carrier]
        block = soft.rows if soft.rows is not None else soft.columns
        hours = sheet.horizon.hours if block is not None and block.size == sheet.horizon.steps else np.ones(1)
        slacks += _loosened(sheet, replace(soft, unit=unit), hours=hours, noticed=1e-3)
    return slacks


def _loosened(sheet: Sheet, soft: Soft, *, hours: Floats, noticed: float) -> list[Slack]:
    rows = soft.rows
    if rows is None:
        assert soft.columns is not None
        rows = sheet.rows(*sheet.unbound(soft.columns), soft.columns.size)
        sheet.put(rows, soft.columns, 1)
    slacks = []
    for side, weight, sign, most in (("below", soft.below, 1, soft.most), ("above", soft.above, -1, np.inf)):
        if weight is not None:
            penalty = np.broadcast_to(_DEAR * weight * hours, rows.shape)
            key = (f"{soft.what} {soft.subject}", side)
            columns = sheet.columns(key, 0, most, penalty, count=rows.size)
            sheet.put(rows, columns, sign)
            slacks.append(Slack(soft, side, columns, penalty, noticed))
    return slacks


def without_penalties(slacks: list[Slack], solution: Solution) -> Solution:
    """Return the solution with the cost of what is really done."""
    if solution.values is None:
        return solution
    values = solution.values
    penalties = float(sum(slack.penalty @ values[slack.columns] for slack in slacks))
    return replace(solution, cost=solution.cost - penalties, bound=solution.bound - penalties)


def without_penalty(prices: Floats) -> Floats:
    """Return prices where they are any, NaN at steps where a unit more would only be missed elsewhere."""
    return np.where(np.abs(prices) < NO_PRICE, prices, np.nan)


def shortfalls(slacks: list[Slack], horizon: Horizon, values: Floats | None) -> tuple[Shortfall, ...]:
    """Return what gives, one entry for each stretch of steps, the largest first."""
    found: list[Shortfall] = []
    for slack in slacks if values is not None else []:
        assert values is not None
        amounts = values[slack.columns]
        for first, last in runs(amounts > slack.noticed):
            found.append(_short(slack, horizon, first, last, float(amounts[first : last + 1].max())))
    return tuple(sorted(found, key=lambda short: -short.amount))


def _short(slack: Slack, horizon: Horizon, first: int, last: int, amount: float) -> Shortfall:
    soft, what = slack.soft, slack.soft.what
    when = horizon.words(first, last) if slack.columns.size == horizon.steps else ""
    by = rate(amount, soft.unit) if what in ("demand", "margin") else f"{amount:,.1f} {soft.unit}"
    if what == "demand":
        what = "demand" if slack.side == "below" else "surplus"
    said = {
        "demand": f"{soft.subject} demand {when} exceeds capacity by {by}",
        "surplus": f"{soft.subject} {when}: {by} more is made than can be used, stored or sold",
        "margin": f"the margin of {soft.subject} {when} is short by {by}",
        "final content": f"{soft.subject} ends with {by} less than asked for",
        "charging": f"{soft.subject}: session {first + 1} leaves with {by} less than asked for",
        "comfort": f"{soft.subject} {when} is {by} too {'cold' if slack.side == 'below' else 'warm'}",
        "co2": f"the CO2 cap is exceeded by {by}",
        "target": f"the target for {soft.subject} is exceeded by {by}",
    }
    return Shortfall(what, soft.subject, first, last, amount, soft.unit, said[what])


def rate(amount: float, unit: str) -> str:
    """Return a rate in words: 400 of kWh an hour is '0.4 MW'."""
    if unit == "kWh":
        return f"{amount / 1000:.3g} MW" if abs(amount) >= 100 else f"{amount:.3g} kW"
    return f"{amount:.3g} {unit}/h"
