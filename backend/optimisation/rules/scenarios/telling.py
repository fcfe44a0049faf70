"""A hedged plan in words: what is decided now and why, what is left open, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backend.optimisation.rules.horizon import Floats, Horizon, runs
from backend.optimisation.rules.plan import Plan
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.relaxation import rate as said_rate
from backend.optimisation.rules.scenarios.recourse import Hedged, Worth
from backend.optimisation.rules.scenarios.uncertain import Uncertain
from backend.optimisation.rules.sentences import Sentence
from backend.optimisation.rules.sheet import Key
from backend.optimisation.rules.units.converter import Converter

_NOTICED = 1e-3
"""Share of a rate below which two scenarios do the same."""


def told(uncertain: Uncertain, worth: Worth) -> list[Sentence]:
    """Return why the plan is as it is: the outcome first, then each decision, then what stays open."""
    plant = uncertain.task.plant
    return [
        *_outcome(uncertain, worth),
        *_commitments(plant, worth),
        *_ahead(uncertain, worth.hedged),
        *_open(plant, worth.hedged),
    ]


def _outcome(uncertain: Uncertain, worth: Worth) -> Iterator[Sentence]:
    hedged, money = worth.hedged, uncertain.task.plant.currency
    costs = [plan.cost for plan in hedged.plans]
    yield Sentence(
        "%(scenarios)d scenarios: on average %(cost).2f %(money)s, from %(least).2f to %(most).2f",
        {
            "scenarios": len(costs),
            "cost": hedged.cost,
            "money": money,
            "least": min(costs),
            "most": max(costs),
        },
    )
    yield from _short(hedged, "With a probability of %(risk).0f %% something is short: %(what)s")
    if worth.its_course.failing:
        yield from _short(
            worth.its_course,
            "Deciding for the mean alone would fall short with a probability of %(risk).0f %%: %(what)s",
        )
    elif worth.saved is not None:
        yield Sentence(
            "Deciding for the mean alone would cost %(mean).2f %(money)s on average: hedging saves %(saved).2f",
            {"mean": worth.its_course.cost, "money": money, "saved": max(worth.saved, 0.0)},
        )
    yield Sentence(
        "To know beforehand which comes would be worth %(information).2f %(money)s more",
        {"information": max(worth.information, 0.0), "money": money},
    )


def _short(hedged: Hedged, template: str) -> Iterator[Sentence]:
    if hedged.failing:
        worst = max((short for nth in hedged.failing for short in hedged.plans[nth].shortfalls),
                    key=lambda short: short.amount)  # fmt: skip
        yield Sentence(template, {"risk": 100 * hedged.risk, "what": worst.words})


def _commitments(plant: Plant, worth: Worth) -> Iterator[Sentence]:
    """Say when each unit is on, and where that differs from the plan for the mean, what speaks for it."""
    for unit in plant.units:
        if not isinstance(unit, Converter) or (unit.name, "on") not in worth.hedged.now:
            continue
        on = worth.hedged.now[(unit.name, "on")] > 0.5
        horizon = worth.of_mean.horizon
        hours = ", ".join(horizon.words(*span) for span in runs(on))
        yield Sentence(
            "Decided now: %(unit)s is on %(hours)s" if hours else "Decided now: %(unit)s stays off",
            {"unit": unit.name, "hours": hours},
        )
        mean = worth.of_mean.quantities[(unit.name, "on")] > 0.5
        for differs, template in ((on & ~mean, _MORE), (mean & ~on, _LESS)):
            for span in runs(differs):
                yield _why(unit, worth.hedged, horizon, span, template)


_MORE = (
    "%(hours)s %(unit)s is on, which a plan for the mean would not have: %(carrier)s is then worth %(low).3f to"
    " %(high).3f %(money)s per unit, depending on what comes"
)
_LESS = (
    "%(hours)s %(unit)s stays off, though a plan for the mean would run it: %(carrier)s is then worth %(low).3f to"
    " %(high).3f %(money)s per unit, depending on what comes"
)


def _why(unit: Converter, hedged: Hedged, horizon: Horizon, span: tuple[int, int], template: str) -> Sentence:
    carrier = next(iter(unit.outputs))
    part = slice(span[0], span[1] + 1)
    worth = [_mean(plan.prices[carrier], plan, part) for plan in hedged.plans if carrier in plan.prices]
    worth = [each for each in worth if np.isfinite(each)]
    return Sentence(template, {
        "hours": horizon.words(*span), "unit": unit.name, "carrier": carrier, "money": hedged.plans[0].currency,
        "low": min(worth, default=np.nan), "high": max(worth, default=np.nan),
    })  # fmt: skip


def _mean(values: Floats, plan: Plan, part: slice) -> float:
    return float(np.average(values[part], weights=plan.horizon.hours[part]))


def _ahead(uncertain: Uncertain, hedged: Hedged) -> Iterator[Sentence]:
    plant, horizon = uncertain.task.plant, uncertain.task.horizon
    for unit in plant.units:
        if unit.name in uncertain.ahead:
            rate = hedged.now[(unit.name, "rate")]
            at = int(rate.argmax())
            carrier = unit.carriers[0]
            yield Sentence(
                "Decided now: %(unit)s takes %(amount).1f %(of)s ahead, at most %(rate)s at %(hours)s",
                {"unit": unit.name, "amount": float(rate @ horizon.hours), "of": plant.carriers[carrier],
                 "rate": said_rate(float(rate[at]), plant.carriers[carrier]), "hours": horizon.words(at, at)},
            )  # fmt: skip


def _open(plant: Plant, hedged: Hedged) -> Iterator[Sentence]:
    """Say of each unit between which bounds it follows the scenario, at the step where they lie furthest apart."""
    horizon = hedged.plans[0].horizon
    for unit in plant.units:
        key = (unit.name, unit.carriers[0] if not isinstance(unit, Converter) else next(iter(unit.outputs)))
        if key not in hedged.plans[0].flows:
            continue
        flows = np.stack([plan.flows[key] for plan in hedged.plans])
        low, high = flows.min(axis=0), flows.max(axis=0)
        at = int((high - low).argmax())
        if high[at] - low[at] > max(_NOTICED * float(np.abs(flows).max()), 1e-6):
            yield _between(
                key, float(low[at]), float(high[at]), horizon.words(at, at), plant.carriers[key[1]]
            )


def _between(key: Key, low: float, high: float, hours: str, of: str) -> Sentence:
    template = (
        "Left open: %(unit)s gives %(low)s to %(high)s of %(carrier)s at %(hours)s, depending on what comes"
    )
    if high <= 0:
        template = template.replace("gives", "takes")
        low, high = abs(high), abs(low)
    elif low < 0:
        template = (
            "Left open: %(unit)s takes up to %(low)s or gives up to %(high)s of %(carrier)s at %(hours)s,"
            " depending on what comes"
        )
        low = -low
    return Sentence(template, {"unit": key[0], "carrier": key[1], "hours": hours,
                               "low": said_rate(low, of), "high": said_rate(high, of)})  # fmt: skip
