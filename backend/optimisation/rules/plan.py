"""A plan: what each unit does at each step, what it costs, and how far it can be relied on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from backend.kernel.money import Money
from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.sheet import Key

TOLD_GAP = 0.005
"""A plan that had to give is as good as the best for less than this."""


class Status(StrEnum):
    """How far a plan can be relied on."""

    OPTIMAL = "optimal"
    TIME_LIMIT = "time limit"
    RELAXED = "relaxed"


class Quality(StrEnum):
    """How an input came about."""

    MEASURED = "measured"
    AGREED = "agreed"
    FORECAST = "forecast"
    FALLBACK = "fallback"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class Input:
    """What a plan was made from.

    known_at: when it was issued or measured (UTC); oldest: the age beyond which it is not planned with
    remark: in words, such as which rung of a ladder a forecast stands on
    """

    name: str
    known_at: datetime
    quality: Quality = Quality.FORECAST
    oldest: timedelta | None = None
    remark: str = ""


@dataclass(frozen=True)
class Shortfall:
    """What had to give so that a plan exists at all.

    what: 'demand', 'surplus', or the limit's name; amount: [carrier's unit per hour], or the limit's own unit
    words: the same for a person
    """

    what: str
    subject: str
    first: int
    last: int
    amount: float
    unit: str
    words: str


@dataclass(frozen=True, eq=False)
class Plan:
    """What each unit does.

    cost: over the horizon, without what `shortfalls` would be charged; bound: the lowest possible [currency]
    gap: (cost - bound) / cost
    flows: by (unit, carrier), what it gives to the balance, below zero what it takes [carrier's unit per hour]
    quantities: by (unit, quantity): 'rate', 'on', 'content', … as the unit's own words have it
    prices: what one more unit of a carrier would cost [currency per unit], by carrier; empty where not known;
        NaN at steps where no price, but a limit that could not be kept, says what one more unit would do
    inputs, made_at: what it was made from, and when
    build_s, solve_s: time taken [s]
    stood: how machines stood before the first step: on (None: it might be either), for how long [h]
    """

    horizon: Horizon
    status: Status
    cost: float
    bound: float
    gap: float
    currency: str
    flows: Mapping[Key, Floats]
    quantities: Mapping[Key, Floats]
    prices: Mapping[str, Floats]
    made_at: datetime
    inputs: tuple[Input, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()
    co2_kg: float = 0.0
    build_s: float = 0.0
    solve_s: float = 0.0
    idle_cost: float | None = field(default=None)
    stood: Mapping[str, tuple[bool | None, float]] = field(default_factory=dict)

    @property
    def limit(self) -> str:
        """What an agreed target that cannot be kept is about; '' where there is none."""
        return next((one.subject for one in self.shortfalls if one.what == "target"), "")

    @property
    def money(self) -> Money:
        """The cost, rounded to the currency's smallest coin."""
        return Money(Decimal(repr(self.cost)), self.currency).rounded()

    def ages(self) -> dict[str, timedelta]:
        """Return how old each input was when the plan was made."""
        return {given.name: self.made_at - given.known_at for given in self.inputs}

    def said(self) -> str:
        """Return how far it can be relied on, in words."""
        if self.status == Status.RELAXED:
            short = "; ".join(short.words for short in self.shortfalls)
            found = "No plan meets everything: " + (short or "what is missing is too small to be noticed")
            return found if self.gap < TOLD_GAP else f"{found}; {self._how_dear()}"
        if self.status == Status.TIME_LIMIT and not math.isfinite(self.gap):
            return "Stopped at the time limit: " + self._how_dear()
        if self.status == Status.TIME_LIMIT:
            return f"Stopped at the time limit: at most {self.gap:.2%} dearer than the best possible plan"
        return f"Optimal to within {self.gap:.2%}"

    def _how_dear(self) -> str:
        if not math.isfinite(self.gap):
            return "how much dearer than the best possible plan it is is not known"
        return f"it may be {self.gap:.2%} dearer than the best that misses as little"
