"""The kinds of unit a plant model may hold: figures on their plates, what they are bound to, the unit made of it.

Figures in kW, kWh and m3 unless their name says otherwise; shares from 0 to 1. Every kind has a name (its own within
the model), may stand at a position, and may be bound to points: `meters` count its main flow (what it gives; of a
supply, what is bought), `state` says whether it runs, `level` how full a store is [% or its unit].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import numpy as np

from backend.billing.rules.tariff.document import DECIMAL, FLAG, TEXT, many, said, table
from backend.kernel.errors import Refused
from backend.optimisation.rules import catalogue
from backend.optimisation.rules.horizon import Values
from backend.optimisation.rules.model.changes import Changes
from backend.optimisation.rules.model.forms import (
    ANY,
    EFFICIENCY,
    ID,
    NOT_NEGATIVE,
    POSITIVE,
    SHARE,
    WARMTH,
    figure,
)  # fmt: skip
from backend.optimisation.rules.model.given import Given, State, outdoor
from backend.optimisation.rules.model.sound import demand_engine
from backend.optimisation.rules.units.commitment import Commitment
from backend.optimisation.rules.units.converter import Converter
from backend.optimisation.rules.units.exchange import Renewable, Sale, Supply
from backend.optimisation.rules.units.storage import Storage

ENDLESS = float("inf")
ELECTRICITY, HEAT, COOLING, GAS, WATER = "electricity", "heat", "cooling", "gas", "water"


@dataclass(frozen=True, kw_only=True)
class UnitModel:
    """What all kinds share. output: the carrier of its main flow; is_out: out of service until said otherwise."""

    kind: ClassVar[str]
    is_bound_by_state: ClassVar[bool] = False
    asks_weather: ClassVar[bool] = False

    name: str = said(TEXT)
    name_zh: str = said(TEXT, "")
    position: UUID | None = said(ID, None)
    meters: tuple[UUID, ...] = said(many(ID), ())
    is_out: bool = said(FLAG, False)

    @property
    def output(self) -> str:
        """The carrier of its main flow."""
        raise NotImplementedError

    def points(self) -> dict[str, UUID]:
        """Return the points it is bound to, by what for."""
        found = {f"meters[{nth}]": one for nth, one in enumerate(self.meters)}
        for name in ("state", "level", "thermometer"):
            if (bound := getattr(self, name, None)) is not None:
                found[name] = bound
        return found

    def build(self, given: Given, changes: Changes) -> Any:
        """Return the unit as it stands in these hours."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Traded(UnitModel):
    """What is bought or sold: at one price, or at a tariff of the operator, or at a contract's.

    price: [currency per unit of the carrier]; facts: what the tariff asks of a contract
    per_billed: units of the carrier in one unit the tariff bills (kWh in a m3 of gas)
    """

    carrier: str = said(TEXT)
    price: float | None = said(ANY, None)
    tariff: str = said(TEXT, "")
    contract: str = said(TEXT, "")
    facts: Mapping[str, Decimal] | None = said(table(DECIMAL), None)
    per_billed: float = said(POSITIVE, 1.0)

    def __post_init__(self) -> None:
        if sum((self.price is not None, bool(self.tariff), bool(self.contract))) != 1:
            raise Refused(
                "one of price, tariff and contract is needed", field="price", remedy="say what a unit costs"
            )

    @property
    def output(self) -> str:
        return self.carrier


@dataclass(frozen=True, kw_only=True)
class SupplyModel(Traded):
    """A grid or gas connection. most: what it can take; co2_kg: emitted per unit."""

    kind: ClassVar[str] = "supply"
    most: float = said(NOT_NEGATIVE, ENDLESS)
    co2_kg: float = said(NOT_NEGATIVE, 0.0)

    def build(self, given: Given, changes: Changes) -> Supply:
        return Supply(
            self.name, self.carrier, given.prices[self.name], self.most, co2_kg=self.co2_kg,
            charges=given.charges.get(self.name, ()),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SaleModel(Traded):
    """What is fed in. against: the supply at the same connection."""

    kind: ClassVar[str] = "sale"
    most: float = said(NOT_NEGATIVE)
    against: str = said(TEXT, "")

    def build(self, given: Given, changes: Changes) -> Sale:
        return Sale(self.name, self.carrier, given.prices[self.name], self.most, self.against or None)


@dataclass(frozen=True, kw_only=True)
class RenewableModel(UnitModel):
    """Sun or wind: what a forecast target says, else what its meters counted. most: of its inverter or machine."""

    kind: ClassVar[str] = "renewable"
    target: UUID | None = said(ID, None)
    carrier: str = said(TEXT, ELECTRICITY)
    most: float = said(POSITIVE)
    is_curtailable: bool = said(FLAG, True)

    @property
    def output(self) -> str:
        return self.carrier

    def build(self, given: Given, changes: Changes) -> Renewable:
        offered = np.clip(given.available[self.name], 0, self.most)
        return Renewable(self.name, self.carrier, offered, self.is_curtailable)


@dataclass(frozen=True, kw_only=True)
class Switched(UnitModel):
    """What runs or stands. least_load: share of its capacity; start_cost: [currency]; min_up_h, min_down_h: [h]."""

    is_bound_by_state: ClassVar[bool] = True
    state: UUID | None = said(ID, None)
    least_load: float = said(SHARE, 0.0)
    start_cost: float = said(NOT_NEGATIVE, 0.0)
    min_up_h: float = said(NOT_NEGATIVE, 0.0)
    min_down_h: float = said(NOT_NEGATIVE, 0.0)

    def is_switched(self) -> bool:
        """Tell whether it matters that it is on or off."""
        return bool(self.least_load or self.start_cost or self.min_up_h or self.min_down_h)

    def commitment(self, given: Given) -> Commitment | None:
        """Return what holds for its being on and off."""
        if not self.is_switched():
            return None
        stands = given.states.get(self.name, State())
        return Commitment(
            self.least_load, self.start_cost, min_up_h=self.min_up_h, min_down_h=self.min_down_h,
            was_on=stands.on, since_h=stands.since_h,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ChpModel(Switched):
    """A gas engine or turbine. electric, thermal: shares of the gas at full load; cost: upkeep per kWh of power."""

    kind: ClassVar[str] = "chp"
    power_kw: float = said(POSITIVE)
    electric: float = said(EFFICIENCY)
    thermal: float = said(EFFICIENCY)
    electric_at_least: float | None = said(EFFICIENCY, None)
    cost: float = said(NOT_NEGATIVE, 0.0)
    output = ELECTRICITY

    def __post_init__(self) -> None:
        demand_engine(self.electric, self.thermal, self.least_load, self.electric_at_least)

    def build(self, given: Given, changes: Changes) -> Converter:
        return catalogue.chp(
            self.name, self.power_kw, self.electric, self.thermal, commitment=self.commitment(given),
            electric_at_least=self.electric_at_least if self.least_load else None, cost=self.cost,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BoilerModel(Switched):
    """A boiler. efficiency: heat per fuel; fuel: the carrier it burns, electricity for an electric one."""

    kind: ClassVar[str] = "boiler"
    heat_kw: float = said(POSITIVE)
    efficiency: float = said(figure(above=0, most=1.1))
    fuel: str = said(TEXT, GAS)
    output = HEAT

    def build(self, given: Given, changes: Changes) -> Converter:
        return catalogue.boiler(
            self.name, self.heat_kw, self.efficiency, fuel=self.fuel, commitment=self.commitment(given)
        )


@dataclass(frozen=True, kw_only=True)
class HeatPumpModel(Switched):
    """A heat pump. sink_c: of the heat it gives; source_c: of its source, the outdoor air where not said [°C]."""

    kind: ClassVar[str] = "heat_pump"
    heat_kw: float = said(POSITIVE)
    sink_c: float = said(WARMTH)
    source_c: float | None = said(WARMTH, None)
    quality: float = said(EFFICIENCY, 0.45)
    output = HEAT

    @property
    def asks_weather(self) -> bool:  # type: ignore[override]  # of each, not of the kind
        return self.source_c is None

    def build(self, given: Given, changes: Changes) -> Converter:
        source: Values = outdoor(given, self.name) if self.source_c is None else self.source_c
        return catalogue.heat_pump(
            self.name, self.heat_kw, source_c=source, sink_c=self.sink_c, quality=self.quality,
            commitment=self.commitment(given),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ChillerModel(Switched):
    """A compression chiller. performance: cold per electricity, at `at_c` outdoors where it falls by `falls_per_k`."""

    kind: ClassVar[str] = "electric_chiller"
    cold_kw: float = said(POSITIVE)
    performance: float = said(POSITIVE)
    falls_per_k: float = said(SHARE, 0.0)
    at_c: float = said(WARMTH, 25.0)
    output = COOLING

    @property
    def asks_weather(self) -> bool:  # type: ignore[override]  # of each, not of the kind
        return self.falls_per_k > 0

    def build(self, given: Given, changes: Changes) -> Converter:
        performance: Values = self.performance
        if self.falls_per_k:
            warmer = outdoor(given, self.name) - self.at_c
            performance = self.performance * np.clip(1 - self.falls_per_k * warmer, 0.5, 1.3)
        return catalogue.electric_chiller(
            self.name, self.cold_kw, performance, commitment=self.commitment(given)
        )


@dataclass(frozen=True, kw_only=True)
class AbsorptionModel(Switched):
    """A chiller driven by heat. performance: cold per heat."""

    kind: ClassVar[str] = "absorption_chiller"
    cold_kw: float = said(POSITIVE)
    performance: float = said(POSITIVE)
    output = COOLING

    def build(self, given: Given, changes: Changes) -> Converter:
        return catalogue.absorption_chiller(
            self.name, self.cold_kw, self.performance, commitment=self.commitment(given)
        )


@dataclass(frozen=True, kw_only=True)
class PumpModel(Switched):
    """A water pump. efficiency: of pump and motor together."""

    kind: ClassVar[str] = "pump"
    flow_m3h: float = said(POSITIVE)
    head_m: float = said(POSITIVE)
    efficiency: float = said(EFFICIENCY)
    output = WATER

    def build(self, given: Given, changes: Changes) -> Converter:
        return catalogue.pump(
            self.name, self.flow_m3h, self.head_m, self.efficiency, commitment=self.commitment(given)
        )


@dataclass(frozen=True, kw_only=True)
class ConverterModel(Switched):
    """Anything else that turns carriers into others. inputs, outputs: per 1 of its rate, of the first output 1."""

    kind: ClassVar[str] = "converter"
    inputs: Mapping[str, float] = said(table(POSITIVE))
    outputs: Mapping[str, float] = said(table(POSITIVE))
    capacity: float = said(POSITIVE)
    cost: float = said(NOT_NEGATIVE, 0.0)

    @property
    def output(self) -> str:
        return next(iter(self.outputs))

    def build(self, given: Given, changes: Changes) -> Converter:
        return Converter(
            self.name, dict(self.inputs), dict(self.outputs), self.capacity, cost=self.cost,
            commitment=self.commitment(given),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Stored(UnitModel):
    """What all stores share. level: a point in % or the store's unit; meters: what it gives; taken: what it takes."""

    level: UUID | None = said(ID, None)
    taken: tuple[UUID, ...] = said(many(ID), ())

    @property
    def size(self) -> float:
        """What it holds when full [unit]."""
        return float(getattr(self, "capacity_kwh", 0.0) or getattr(self, "capacity", 0.0))

    def points(self) -> dict[str, UUID]:
        return super().points() | {f"taken[{nth}]": one for nth, one in enumerate(self.taken)}


@dataclass(frozen=True, kw_only=True)
class BatteryModel(Stored):
    """A battery. price_per_kwh: of new cells [currency]; cycles: of `depth` in their life; efficiency: one way."""

    kind: ClassVar[str] = "battery"
    capacity_kwh: float = said(POSITIVE)
    power_kw: float = said(POSITIVE)
    price_per_kwh: float = said(NOT_NEGATIVE)
    cycles: float = said(POSITIVE)
    depth: float = said(EFFICIENCY, 0.8)
    efficiency: float = said(EFFICIENCY, 0.95)
    output = ELECTRICITY

    def build(self, given: Given, changes: Changes) -> Storage:
        return catalogue.battery(
            self.name, self.capacity_kwh, self.power_kw, content=given.contents[self.name],
            price_per_kwh=self.price_per_kwh, cycles=self.cycles, depth=self.depth, share=self.efficiency,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class IceModel(Stored):
    """An ice store. making_ice, making_water: the chillers' coefficients of performance at the two."""

    kind: ClassVar[str] = "ice_storage"
    capacity_kwh: float = said(POSITIVE)
    power_kw: float = said(POSITIVE)
    making_ice: float = said(POSITIVE)
    making_water: float = said(POSITIVE)
    loss_per_h: float = said(SHARE, 0.005)
    output = COOLING

    def build(self, given: Given, changes: Changes) -> Storage:
        return _kept(catalogue.ice_storage(
            self.name, self.capacity_kwh, self.power_kw, making_ice=self.making_ice, making_water=self.making_water,
            content=given.contents[self.name], loss_per_h=self.loss_per_h,
        ), given)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class StoreModel(Stored):
    """A store of any carrier: hot water, cold water, a water tower. efficiency: one way; loss_per_h: of the content."""

    kind: ClassVar[str] = "storage"
    carrier: str = said(TEXT)
    capacity: float = said(POSITIVE)
    charge_most: float = said(POSITIVE)
    discharge_most: float = said(POSITIVE)
    efficiency: float = said(EFFICIENCY, 1.0)
    loss_per_h: float = said(SHARE, 0.0)

    @property
    def output(self) -> str:
        return self.carrier

    def build(self, given: Given, changes: Changes) -> Storage:
        return _kept(Storage(
            self.name, self.carrier, self.capacity, self.charge_most, self.discharge_most, self.efficiency,
            self.efficiency, self.loss_per_h, content=given.contents[self.name],
        ), given)  # fmt: skip


def _kept(store: Storage, given: Given) -> Storage:
    """Return a store that ends with what it began with, as far as it can be charged to that."""
    content = store.content or 0.0
    return replace(store, final_least=min(content, store.reachable(given.horizon)))
