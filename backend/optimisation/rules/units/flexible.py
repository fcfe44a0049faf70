"""Demand that can move: charging of vehicles, shiftable load, rooms kept comfortable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backend.optimisation.rules.horizon import Horizon, Values
from backend.optimisation.rules.sheet import COMFORT, NEED, Sheet, Soft
from backend.optimisation.rules.units.base import Fault, number


@dataclass(frozen=True, eq=False)
class Session:
    """A vehicle at a charging point.

    arrives, leaves: first step it is there, first step it is gone
    energy: that must be in its battery when it leaves, beyond what it came with [kWh]
    most: the smaller of what point and vehicle take [kW]
    """

    vehicle: str
    arrives: int
    leaves: int
    energy: float
    most: float


@dataclass(frozen=True, eq=False)
class Charging:
    """Charging points on one carrier.

    share: energy in the battery per energy drawn
    together_most: of all points together [kW]
    """

    name: str
    carrier: str
    sessions: tuple[Session, ...]
    share: float = number(0.95, least=1e-6, most=1)
    together_most: Values = number(float("inf"), least=0, endless=True)

    @property
    def carriers(self) -> tuple[str, ...]:
        """The carrier it charges with."""
        return (self.carrier,)

    def write(self, sheet: Sheet) -> None:
        """Write, for each session: Σ share·rate·h = energy within its stay; rate = 0 outside."""
        total = sheet.columns((self.name, "rate"), 0, self.together_most)
        sheet.flow(self.name, self.carrier, total, -1)
        rows = sheet.rows(0, 0)
        sheet.put(rows, total, -1)
        energies = np.array([session.energy for session in self.sessions])
        needs = sheet.rows(energies, energies, energies.size)
        sheet.softs.append(Soft("charging", self.name, "kWh", rows=needs, below=NEED))
        for nth, session in enumerate(self.sessions):
            stay = np.arange(session.arrives, session.leaves)
            rate = sheet.columns((self.name, session.vehicle), 0, session.most, count=stay.size)
            sheet.put(rows[stay], rate, 1)
            sheet.put(needs[nth : nth + 1], rate, self.share * sheet.horizon.hours[stay])

    def faults(self, horizon: Horizon) -> Iterator[Fault]:
        """Yield stays that share a name or lie outside the horizon, and energies no point can give in time."""
        for name, times in Counter(["rate", *(session.vehicle for session in self.sessions)]).items():
            if times > 1:
                yield "sessions", name, f"names {times} columns", "give each stay its own name"
        for session in self.sessions:
            field = f"sessions[{session.vehicle}]"
            if not 0 <= session.arrives < session.leaves <= horizon.steps:
                there = f"{session.arrives} to {session.leaves}"
                yield field, there, f"is no stay within {horizon.steps} steps", "cut the stay to the horizon"
            elif not (np.isfinite(session.energy) and np.isfinite(session.most) and session.energy >= 0):
                yield field, session.energy, "is no energy", "give the energy asked for [kWh], at least 0"
            else:
                can = horizon.hours[session.arrives : session.leaves].sum() * session.most * self.share
                if session.energy > can + 1e-6:
                    remedy = "agree on less or a later departure"
                    yield field, session.energy, f"is more than the {can:.1f} kWh its stay allows", remedy


@dataclass(frozen=True, eq=False)
class Shiftable:
    """Part of a demand that may come earlier or later, within what those who use it bear.

    down_most, up_most: how far demand may be lowered and raised [unit per hour]
    owed_most: how much may be owed at any time, brought forward likewise [unit]
    cost: of moving one unit [currency], a reward for the customer
    back_every_h: after so long nothing is owed; the end of the horizon where not given
    """

    name: str
    carrier: str
    down_most: Values = number(least=0)
    up_most: Values = number(least=0)
    owed_most: float = number(least=0)
    cost: Values = number(0.0, least=0)
    back_every_h: float | None = None

    @property
    def carriers(self) -> tuple[str, ...]:
        """The carrier that is used."""
        return (self.carrier,)

    def write(self, sheet: Sheet) -> None:
        """Write: owed_t = owed_(t-1) + (lowered - raised)·h, |owed| <= most, 0 where it must be made up."""
        hours = sheet.horizon.hours
        lowered = sheet.columns((self.name, "lowered"), 0, self.down_most, np.asarray(self.cost) * hours)
        raised = sheet.columns((self.name, "raised"), 0, self.up_most)
        bound = np.full(hours.size, self.owed_most)
        bound[-1] = 0
        if self.back_every_h:
            days = np.floor((sheet.horizon.ends_h + 1e-9) / self.back_every_h)
            bound[np.diff(days, prepend=0) > 0] = 0
        owed = sheet.columns((self.name, "owed"), -bound, bound)
        rows = sheet.rows(0, 0)
        sheet.put(rows, owed, 1)
        sheet.put(rows[1:], owed[:-1], -1)
        sheet.put(rows, lowered, -hours)
        sheet.put(rows, raised, hours)
        sheet.flow(self.name, self.carrier, lowered)
        sheet.flow(self.name, self.carrier, raised, -1)

    def faults(self, horizon: Horizon) -> Iterator[Fault]:
        """Yield nothing: the bounds of its numbers say it all."""
        return iter(())


@dataclass(frozen=True, eq=False)
class Room:
    """A building kept between two temperatures by heat or cooling: one mass, one resistance.

    loss: [kW/K]; mass: [kWh/K]; outside: temperature [°C]; gains: from people, sun and devices [kW]
    coldest, warmest: comfort [°C]; began_at: temperature before the first step [°C]
    heat_most, cool_most: what its coils take [kW]; heat, cooling: the carriers, '' where there is none
    Exact over a step: T_t = a·T_(t-1) + (1 - a)·(outside + (heat - cooling + gains)/loss), a = exp(-h·loss/mass)
    (first-order lag, as in EN ISO 52016-1's mass node reduced to one).
    """

    name: str
    loss: float = number(least=1e-9)
    mass: float = number(least=1e-9)
    outside: Values = number()
    coldest: Values = number()
    warmest: Values = number()
    began_at: float = number()
    gains: Values = number(0.0)
    heat_most: Values = number(0.0, least=0)
    cool_most: Values = number(0.0, least=0)
    heat: str = ""
    cooling: str = ""

    @property
    def carriers(self) -> tuple[str, ...]:
        """Heat, cooling, or both."""
        return tuple(filter(None, (self.heat, self.cooling)))

    def write(self, sheet: Sheet) -> None:
        """Write the temperature's course, comfort as its bounds."""
        keeps = np.exp(-sheet.horizon.hours * self.loss / self.mass)
        warmth = sheet.columns((self.name, "temperature"), self.coldest, self.warmest)
        weight = COMFORT * self.loss
        sheet.softs.append(Soft("comfort", self.name, "K", columns=warmth, below=weight, above=weight))
        right = (1 - keeps) * (np.asarray(self.outside) + np.asarray(self.gains) / self.loss)
        right[0] += keeps[0] * self.began_at
        rows = sheet.rows(right, right)
        sheet.put(rows, warmth, 1)
        sheet.put(rows[1:], warmth[:-1], -keeps[1:])
        for carrier, what, most, sign in (
            (self.heat, "heat", self.heat_most, -1),
            (self.cooling, "cooling", self.cool_most, 1),
        ):
            if carrier:
                rate = sheet.columns((self.name, what), 0, most)
                sheet.put(rows, rate, sign * (1 - keeps) / self.loss)
                sheet.flow(self.name, carrier, rate, -1)

    def faults(self, horizon: Horizon) -> Iterator[Fault]:
        """Yield comfort limits that cross."""
        if (horizon.fill(self.coldest) > horizon.fill(self.warmest)).any():
            yield "coldest", self.coldest, "is above warmest", "lower it"
