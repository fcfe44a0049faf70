"""Why each unit does what it does, in words: what a carrier is worth then, against what it costs to make or keep.

The price of a carrier at a step is its balance's dual: what one more unit of demand would add to the plan's cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.optimisation.rules.horizon import Floats, runs
from backend.optimisation.rules.plan import Plan, Status
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.relaxation import rate as said_rate
from backend.optimisation.rules.units.converter import Converter
from backend.optimisation.rules.units.exchange import Renewable, Sale, Supply
from backend.optimisation.rules.units.flexible import Charging, Room, Shiftable
from backend.optimisation.rules.units.storage import Storage

_STILL = 1e-3
"""Share of its highest rate below which a unit counts as doing nothing."""


@dataclass(frozen=True)
class Action:
    """What a unit does over a stretch of steps, and why.

    template: an English sentence with named places, for translation; values: what stands in them
    """

    unit: str
    first: int
    last: int
    template: str
    values: dict[str, Any]

    @property
    def words(self) -> str:
        """The sentence, in English."""
        return self.template % self.values


def explain(plant: Plant, plan: Plan) -> list[Action]:
    """Return every action of a plan in order of time, each with its reason."""
    found = [action for unit in plant.units for action in _actions(unit, _View(plant, plan))]
    return sorted(found, key=lambda action: (action.first, action.unit))


_PRICED = ("worth", "spent", "now")
_AT = " at %(now).3f %(money)s per unit"
AGREED = "; the target for %(limit)s is what limits here, so that no price stands for a unit more"
MISSED = "; not everything can be met here, so that no price stands for a unit more"


@dataclass(frozen=True, eq=False)
class _View:
    """A plan as explanations look at it."""

    plant: Plant
    plan: Plan

    def price(self, carrier: str) -> Floats:
        """What a carrier is worth [currency per unit]; not known is not a number."""
        return self.plan.prices.get(carrier, np.full(self.plan.horizon.steps, np.nan))

    def mean(self, values: Floats, first: int, last: int) -> float:
        """Mean over steps, each counted by its length."""
        part = slice(first, last + 1)
        return float(np.average(values[part], weights=self.plan.horizon.hours[part]))

    def stretches(self, key: tuple[str, str], most: float) -> list[tuple[int, int]]:
        """Where a quantity is above nothing."""
        return runs(self.plan.quantities[key] > max(_STILL * most, 1e-6))

    def say(self, unit: str, span: tuple[int, int], template: str, **values: Any) -> Action:
        """Put an action together; every sentence may name the hours, the unit and the currency."""
        first, last = span
        if self.plan.status is Status.RELAXED and any(isinstance(values.get(name), float) and np.isnan(values[name])
                                                      for name in _PRICED):  # fmt: skip
            template = template.partition(":")[0].replace(_AT, "") + (AGREED if self.plan.limit else MISSED)
            values = {name: value for name, value in values.items() if name not in _PRICED}
            values["limit"] = self.plan.limit
        hours = self.plan.horizon.words(first, last)
        return Action(
            unit, first, last, template, values | {"unit": unit, "hours": hours, "money": self.plan.currency}
        )

    def rate(self, key: tuple[str, str], carrier: str, span: tuple[int, int]) -> str:
        """A quantity's mean rate over steps, in words."""
        return said_rate(self.mean(self.plan.quantities[key], *span), self.plant.carriers[carrier])


def _actions(unit: Any, view: _View) -> Iterator[Action]:
    for kind, tell in _TELLERS:
        if isinstance(unit, kind):
            yield from tell(unit, view)


def _converter(unit: Converter, view: _View) -> Iterator[Action]:
    worth = sum((view.price(carrier) * factor for carrier, factor in unit.outputs.items()), np.zeros(1))
    spent = (
        sum((view.price(carrier) * factor for carrier, factor in unit.inputs.items()), np.zeros(1))
        + unit.cost
    )
    steps = view.plan.horizon.steps
    worth, spent = np.broadcast_to(worth, (steps,)), np.broadcast_to(spent, (steps,))
    main = next(iter(unit.outputs))
    spans = view.stretches((unit.name, "rate"), unit.capacity)
    for span in spans:
        values = {"worth": view.mean(worth, *span), "spent": view.mean(spent, *span)}
        template = (
            "%(hours)s %(unit)s runs at %(rate)s: what it gives is worth %(worth).3f %(money)s per unit,"
            " what it takes costs %(spent).3f"
        )
        if values["worth"] < values["spent"] - 1e-6:
            template += "; it stays on since a stop and a new start, or its least load, would cost more"
        yield view.say(unit.name, span, template, rate=view.rate((unit.name, "rate"), main, span), **values)
    if not spans:
        span = (0, steps - 1)
        template = (
            "%(unit)s stays off: what it gives would be worth %(worth).3f %(money)s per unit,"
            " what it takes %(spent).3f"
        )
        values = {"worth": view.mean(worth, *span), "spent": view.mean(spent, *span)}
        if values["worth"] > values["spent"] + 1e-6:
            template += "; a start, its least load or its shortest times keep it off"
        yield view.say(unit.name, span, template, **values)


def _storage(unit: Storage, view: _View) -> Iterator[Action]:
    price = view.price(unit.carrier)
    charge, out = (view.plan.quantities[(unit.name, what)] for what in ("charge", "discharge"))
    hours = view.plan.horizon.hours
    for span in view.stretches((unit.name, "charge"), float(np.max(unit.charge_most))):
        later = _weighted(price, out * hours * (np.arange(out.size) > span[1]))
        template = "%(hours)s %(unit)s charges at %(rate)s: it costs %(now).3f %(money)s per unit now"
        if np.isfinite(later):
            template += " and is worth %(later).3f when it comes out"
        else:
            template += ", to hold what is asked for at the end"
        rate = view.rate((unit.name, "charge"), unit.carrier, span)
        yield view.say(unit.name, span, template, rate=rate, now=view.mean(price, *span), later=later)
    for span in view.stretches((unit.name, "discharge"), float(np.max(unit.discharge_most))):
        paid = _weighted(price, charge * hours)
        template = "%(hours)s %(unit)s gives %(rate)s: that is worth %(now).3f %(money)s per unit"
        if np.isfinite(paid):
            template += ", and cost %(paid).3f to charge"
        rate = view.rate((unit.name, "discharge"), unit.carrier, span)
        yield view.say(unit.name, span, template, rate=rate, now=view.mean(price, *span), paid=paid)


def _weighted(values: Floats, weights: Floats) -> float:
    whole = float(weights.sum())
    return float(values @ weights) / whole if whole > 1e-9 else float("nan")


def _supply(unit: Supply, view: _View) -> Iterator[Action]:
    rate = view.plan.quantities[(unit.name, "rate")]
    for charge in unit.charges:
        counted = rate if charge.counts is None else np.where(charge.counts, rate, 0.0)
        top = float(counted.max())
        if top <= 0:
            continue
        span = runs(counted >= max(top * (1 - 1e-6), charge.so_far))
        template = (
            "%(unit)s stays within %(top)s: a kW more would cost %(price).2f %(money)s for the month's peak"
        )
        for each in span[:1]:
            yield view.say(unit.name, each, template, top=said_rate(top, "kWh"), price=charge.price)


def _sale(unit: Sale, view: _View) -> Iterator[Action]:
    price = view.plan.horizon.fill(unit.price)
    for span in view.stretches((unit.name, "rate"), float(np.max(unit.most))):
        template = (
            "%(hours)s %(unit)s sells %(rate)s at %(now).3f %(money)s per unit, more than it is worth on site"
        )
        rate = view.rate((unit.name, "rate"), unit.carrier, span)
        yield view.say(unit.name, span, template, rate=rate, now=view.mean(price, *span))


def _renewable(unit: Renewable, view: _View) -> Iterator[Action]:
    offered = view.plan.horizon.fill(unit.available)
    left = offered - view.plan.quantities[(unit.name, "rate")]
    for span in runs(left > max(_STILL * float(offered.max()), 1e-6)):
        lost = said_rate(view.mean(left, *span), view.plant.carriers[unit.carrier])
        template = (
            "%(hours)s %(unit)s leaves %(lost)s unused: more could be neither used, stored nor sold at a gain"
            " (%(now).3f %(money)s per unit)"
        )
        yield view.say(unit.name, span, template, lost=lost, now=view.mean(view.price(unit.carrier), *span))


def _charging(unit: Charging, view: _View) -> Iterator[Action]:
    price = view.price(unit.carrier)
    drawn = view.plan.quantities[(unit.name, "rate")]
    for span in runs(drawn > 1e-6):
        template = (
            "%(hours)s %(unit)s draws %(rate)s at %(now).3f %(money)s per unit, so that every vehicle has what it"
            " needs when it leaves"
        )
        rate = view.rate((unit.name, "rate"), unit.carrier, span)
        yield view.say(
            unit.name, span, template, rate=rate, now=_weighted(price, drawn * _within(span, drawn.size))
        )


def _within(span: tuple[int, int], steps: int) -> Floats:
    places = np.arange(steps)
    return np.asarray((places >= span[0]) & (places <= span[1]), dtype=float)


def _shiftable(unit: Shiftable, view: _View) -> Iterator[Action]:
    price = view.price(unit.carrier)
    lowered = ("lowered", unit.down_most, "uses %(rate)s less")
    for what, most, done in (lowered, ("raised", unit.up_most, "uses %(rate)s more")):
        for span in view.stretches((unit.name, what), float(np.max(most))):
            rate = view.rate((unit.name, what), unit.carrier, span)
            template = f"%(hours)s %(unit)s {done}: a unit costs %(now).3f %(money)s then"
            yield view.say(unit.name, span, template, rate=rate, now=view.mean(price, *span))


def _room(unit: Room, view: _View) -> Iterator[Action]:
    warmth = view.plan.quantities[(unit.name, "temperature")]
    for carrier, what in ((unit.heat, "heat"), (unit.cooling, "cooling")):
        for span in runs(view.plan.quantities[(unit.name, what)] > 1e-6) if carrier else []:
            template = (
                "%(hours)s %(unit)s takes %(rate)s of %(carrier)s at %(now).3f %(money)s per unit"
                " and ends at %(end).1f °C"
            )
            rate = view.rate((unit.name, what), carrier, span)
            now, end = view.mean(view.price(carrier), *span), float(warmth[span[1]])
            yield view.say(unit.name, span, template, rate=rate, carrier=carrier, now=now, end=end)


_TELLERS: tuple[tuple[type, Any], ...] = (
    (Converter, _converter),
    (Storage, _storage),
    (Supply, _supply),
    (Sale, _sale),
    (Renewable, _renewable),
    (Charging, _charging),
    (Shiftable, _shiftable),
    (Room, _room),
)
