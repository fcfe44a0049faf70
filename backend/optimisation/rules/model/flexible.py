"""Demand of a plant model that can move: vehicles, shiftable load, rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import ClassVar
from uuid import UUID

import numpy as np

from backend.billing.rules.tariff.document import TEXT, many, record, said
from backend.kernel.errors import Refused
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.model.changes import Changes
from backend.optimisation.rules.model.forms import EFFICIENCY, HOUR, ID, NOT_NEGATIVE, POSITIVE, SHARE, WARMTH
from backend.optimisation.rules.model.given import Given, outdoor
from backend.optimisation.rules.model.units import ELECTRICITY, UnitModel
from backend.optimisation.rules.units.flexible import Charging, Room, Session, Shiftable

DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Stay:
    """A vehicle's stay, every day. energy_kwh: it needs when it leaves; most_kw: of point and vehicle."""

    vehicle: str = said(TEXT)
    arrives: time = said(HOUR)
    leaves: time = said(HOUR)
    energy_kwh: float = said(POSITIVE)
    most_kw: float = said(POSITIVE)


@dataclass(frozen=True, kw_only=True)
class ChargingModel(UnitModel):
    """Charging points with stays that repeat daily. together_kw: of all points together."""

    kind: ClassVar[str] = "charging"
    stays: tuple[Stay, ...] = said(many(record(Stay)))
    together_kw: float = said(POSITIVE, float("inf"))
    efficiency: float = said(EFFICIENCY, 0.95)
    output = ELECTRICITY

    def __post_init__(self) -> None:
        by_vehicle: dict[str, list[Stay]] = {}
        for stay in self.stays:
            by_vehicle.setdefault(stay.vehicle, []).append(stay)
        for vehicle, stays in by_vehicle.items():
            spans = sorted(_minutes(stay) for stay in stays)
            again = (spans[0][0] + DAY_MINUTES, spans[0][1] + DAY_MINUTES)
            if any(after[0] < before[1] for before, after in zip(spans, [*spans[1:], again], strict=True)):
                raise Refused(
                    f"{vehicle} is there twice at a time", field="stays", value=vehicle,
                    remedy="let one stay end before the next begins, or name two vehicles",
                )  # fmt: skip

    def build(self, given: Given, changes: Changes) -> Charging:
        sessions = [one for stay in self.stays for one in _sessions(stay, given.horizon, self.efficiency)]
        return Charging(self.name, ELECTRICITY, tuple(sessions), self.efficiency, self.together_kw)


def _minutes(stay: Stay) -> tuple[int, int]:
    """Return when a stay begins and ends, in minutes of its first day; one that ends the next day ends beyond 1440."""
    begins, ends = (60 * at.hour + at.minute for at in (stay.arrives, stay.leaves))
    return begins, ends if ends > begins else ends + DAY_MINUTES


def _sessions(stay: Stay, horizon: Horizon, share: float) -> list[Session]:
    """Return a stay on each day of the horizon, cut to it; of one cut short, no more than its rest allows."""
    found, edges = [], np.concatenate(([0.0], horizon.ends_h))
    day = horizon.at(0).date() - timedelta(days=1)
    while day <= horizon.at(horizon.steps).date():
        arrives = datetime.combine(day, stay.arrives, horizon.zone)
        until = day if stay.leaves > stay.arrives else day + timedelta(days=1)
        leaves = datetime.combine(until, stay.leaves, horizon.zone)
        hours = [(at - horizon.start).total_seconds() / 3600 for at in (arrives, leaves)]
        first = int(np.searchsorted(edges, max(hours[0], 0.0) - 1e-9))
        after = int(np.searchsorted(edges, min(hours[1], float(edges[-1])) + 1e-9, side="right")) - 1
        if after > first:
            can = float(horizon.hours[first:after].sum()) * stay.most_kw * share
            needed = stay.energy_kwh * min(
                1.0, (edges[after] - edges[first]) / max(hours[1] - hours[0], 1e-9)
            )
            found.append(
                Session(f"{stay.vehicle} {arrives:%m-%d %H:%M}", first, after, min(needed, can), stay.most_kw)
            )
        day += timedelta(days=1)
    return found


@dataclass(frozen=True, kw_only=True)
class ShiftableModel(UnitModel):
    """Part of a carrier's demand that may wait. share: of the demand of each moment; hours: how long it may be owed.

    cost: what those who move it get [currency per unit]
    """

    kind: ClassVar[str] = "shiftable"
    carrier: str = said(TEXT)
    share: float = said(SHARE)
    hours: float = said(POSITIVE)
    cost: float = said(NOT_NEGATIVE, 0.0)

    @property
    def output(self) -> str:
        return self.carrier

    def build(self, given: Given, changes: Changes) -> Shiftable:
        share = min(self.share * changes.comfort, 1.0)
        moved = share * given.demand.get(self.carrier, np.zeros(given.horizon.steps))
        owed = float(np.average(moved, weights=given.horizon.hours)) * self.hours
        return Shiftable(self.name, self.carrier, moved, moved, owed, self.cost, back_every_h=None)


@dataclass(frozen=True, kw_only=True)
class RoomModel(UnitModel):
    """A building kept comfortable. loss: [kW/K]; mass: [kWh/K]; coldest, warmest: [°C]; gains: from people and devices.

    thermometer: a point in it; heating_kw, cooling_kw: what its coils take, 0 where there are none
    """

    kind: ClassVar[str] = "room"
    asks_weather: ClassVar[bool] = True
    loss: float = said(POSITIVE)
    mass: float = said(POSITIVE)
    coldest: float = said(WARMTH)
    warmest: float = said(WARMTH)
    thermometer: UUID | None = said(ID, None)
    gains: float = said(NOT_NEGATIVE, 0.0)
    heating_kw: float = said(NOT_NEGATIVE, 0.0)
    cooling_kw: float = said(NOT_NEGATIVE, 0.0)

    def __post_init__(self) -> None:
        if self.coldest > self.warmest:
            raise Refused(
                f"is above warmest, {self.warmest:g}", field="coldest", value=self.coldest, remedy="lower it"
            )

    @property
    def output(self) -> str:
        return "heat" if self.heating_kw else "cooling"

    def build(self, given: Given, changes: Changes) -> Room:
        middle, half = (self.coldest + self.warmest) / 2, (self.warmest - self.coldest) / 2 * changes.comfort
        return Room(
            self.name, self.loss, self.mass, outdoor(given, self.name), middle - half, middle + half,
            given.warmth[self.name], self.gains, self.heating_kw, self.cooling_kw,
            "heat" if self.heating_kw else "", "cooling" if self.cooling_kw else "",
        )  # fmt: skip
