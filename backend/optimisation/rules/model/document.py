"""The document of a plant model: YAML or JSON, read with every finding at once, written back the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.billing.rules.tariff import text as yaml
from backend.billing.rules.tariff.document import (
    TEXT,
    Findings,
    Form,
    Wrong,
    many,
    one_of,
    read_record,
    record,
    said,
    table,
    write_record,
    wrong,
)
from backend.kernel.errors import Refused
from backend.optimisation.rules.model.flexible import ChargingModel, RoomModel, ShiftableModel
from backend.optimisation.rules.model.forms import ID, NOT_NEGATIVE, POSITIVE, figure
from backend.optimisation.rules.model.units import (
    AbsorptionModel,
    BatteryModel,
    BoilerModel,
    ChillerModel,
    ChpModel,
    ConverterModel,
    HeatPumpModel,
    IceModel,
    PumpModel,
    RenewableModel,
    SaleModel,
    StoreModel,
    SupplyModel,
    Switched,
    Traded,
    UnitModel,
)

KINDS: dict[str, type[UnitModel]] = {
    one.kind: one
    for one in (
        SupplyModel, SaleModel, RenewableModel, ChpModel, BoilerModel, HeatPumpModel, ChillerModel, AbsorptionModel,
        PumpModel, ConverterModel, BatteryModel, IceModel, StoreModel, ChargingModel, ShiftableModel, RoomModel,
    )
}  # fmt: skip
"""Word in the document -> kind of unit."""

UNITS = {
    "electricity": "kWh",
    "heat": "kWh",
    "cooling": "kWh",
    "steam": "kWh",
    "gas": "kWh",
    "fuel": "kWh",
    "water": "m3",
}
"""Carriers a plant may have, and the unit of their amounts."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What must be given. Foreseen by a forecast target, or by what meters counted in the weeks before; times `times`.

    base: what comes to it all the time [unit per hour], of what no meter counts
    """

    carrier: str = said(one_of(UNITS))
    name: str = said(TEXT)
    name_zh: str = said(TEXT, "")
    target: UUID | None = said(ID, None)
    meters: tuple[UUID, ...] = said(many(ID), ())
    times: float = said(POSITIVE, 1.0)
    base: float = said(NOT_NEGATIVE, 0.0)

    def __post_init__(self) -> None:
        if self.target is None and not self.meters and not self.base:
            raise Refused(
                "nothing says how much it is", field="meters", remedy="name a forecast, meters, or a base"
            )


@dataclass(frozen=True, kw_only=True)
class Outdoor:
    """Where the outdoor temperature comes from: a weather place's forecast, or a thermometer's days before."""

    place: UUID | None = said(ID, None)
    thermometer: UUID | None = said(ID, None)


def _unit(value: Any, path: str, findings: Findings) -> UnitModel:
    if not isinstance(value, Mapping):
        raise wrong(findings, path, value, "a unit is a mapping")
    kind = one_of(KINDS).read(value.get("kind"), f"{path}.kind", findings)
    unit: UnitModel = read_record(KINDS[kind], value, path, findings, skip="kind")
    return unit


_UNIT = Form(_unit, lambda unit: {"kind": unit.kind, **write_record(unit)})


@dataclass(frozen=True, kw_only=True)
class PlantModel:
    """A site's plant.

    units: in the order in which an operator would call them (what rule-based control goes by)
    disposable: carriers of which too much does no harm; either: units of which at most one runs at a time
    kept: probability with which a carrier's demand is met in spite of forecast errors, by carrier: margins
    co2_price: [currency per t]; co2_cap_kg: over the hours planned
    hours: how far ahead a rolling plan looks [h]; fine_h: how much of that in quarter hours, the rest in hours
    gap: at which the solver may stop; seconds: after which it must
    state_oldest_min: readings older than that are not planned with [min]
    """

    name: str = said(TEXT)
    name_zh: str = said(TEXT, "")
    demands: tuple[Demand, ...] = said(many(record(Demand)))
    units: tuple[UnitModel, ...] = said(many(_UNIT))
    disposable: tuple[str, ...] = said(many(one_of(UNITS)), ())
    either: tuple[tuple[str, ...], ...] = said(many(many(TEXT)), ())
    kept: Mapping[str, float] | None = said(table(figure(least=0.5, most=0.95), one_of(UNITS)), None)
    co2_price: float = said(NOT_NEGATIVE, 0.0)
    co2_cap_kg: float | None = said(NOT_NEGATIVE, None)
    outdoor: Outdoor | None = said(record(Outdoor), None)
    hours: float = said(figure(least=2, most=168), 24.0)
    fine_h: float = said(figure(least=1, most=48), 12.0)
    gap: float = said(figure(above=0, most=0.2), 0.002)
    seconds: float = said(figure(least=0.5, most=600), 20.0)
    state_oldest_min: float = said(POSITIVE, 30.0)

    @property
    def carriers(self) -> dict[str, str]:
        """Carriers it is about, with the unit of their amounts, in the usual order."""
        own = {one.carrier for one in self.demands} | {c for unit in self.units for c in touched(unit)}
        return {carrier: unit for carrier, unit in UNITS.items() if carrier in own}

    @property
    def electric(self) -> frozenset[str]:
        """Names of the units that buy or sell electricity."""
        return frozenset(
            one.name for one in self.units if isinstance(one, Traded) and one.carrier == "electricity"
        )

    def points(self) -> dict[str, UUID]:
        """Return every point it is bound to, by its place in the document."""
        found = {
            f"units[{n}].{where}": one
            for n, unit in enumerate(self.units)
            for where, one in unit.points().items()
        }
        for number, demand in enumerate(self.demands):
            found |= {f"demands[{number}].meters[{nth}]": one for nth, one in enumerate(demand.meters)}
        if self.outdoor is not None and self.outdoor.thermometer is not None:
            found["outdoor.thermometer"] = self.outdoor.thermometer
        return found

    def targets(self) -> dict[str, UUID]:
        """Return every forecast it is bound to, by its place in the document."""
        parts = [(f"demands[{n}].target", one.target) for n, one in enumerate(self.demands)]
        parts += [
            (f"units[{n}].target", one.target)
            for n, one in enumerate(self.units)
            if isinstance(one, RenewableModel)
        ]
        return {field: target for field, target in parts if target is not None}

    def counted_in(self, field: str) -> str | None:
        """Return the unit a binding's amounts are planned in; None where the document says how to convert them."""
        where, number = field.partition("[")[0], int(field.partition("[")[2].partition("]")[0] or 0)
        if where == "demands":
            demand = self.demands[number]
            return UNITS[demand.carrier] if demand.times == 1 else None
        if where != "units":
            return None
        unit = self.units[number]
        if isinstance(unit, Traded) and unit.per_billed != 1:
            return None
        return UNITS[unit.output]

    def places(self) -> dict[str, UUID]:
        """Return the positions its units stand at, by their place in the document."""
        return {f"units[{n}].position": one.position for n, one in enumerate(self.units) if one.position}


def touched(unit: UnitModel) -> tuple[str, ...]:
    """Return the carriers a unit gives or takes."""
    by_kind = {
        "chp": ("electricity", "heat", "gas"), "heat_pump": ("heat", "electricity"),
        "electric_chiller": ("cooling", "electricity"), "absorption_chiller": ("cooling", "heat"),
        "pump": ("water", "electricity"),
    }  # fmt: skip
    if isinstance(unit, ConverterModel):
        return (*unit.outputs, *unit.inputs)
    if isinstance(unit, BoilerModel):
        return ("heat", unit.fuel)
    if isinstance(unit, RoomModel):
        return tuple(c for c, kw in (("heat", unit.heating_kw), ("cooling", unit.cooling_kw)) if kw)
    return by_kind.get(unit.kind, (unit.output,))


def parse(document: Mapping[str, Any]) -> PlantModel:
    """Read a plant model; raises Refused with the first finding, and all of them in context['findings']."""
    findings = Findings()
    try:
        model: PlantModel = read_record(PlantModel, document, "", findings)
    except Wrong:
        findings.refuse()
        raise AssertionError("what cannot be read has a finding") from None
    for field, value, message, remedy in _objections(model):
        findings.add(field, value, message, remedy)
    findings.refuse()
    return model


def dump(model: PlantModel) -> dict[str, Any]:
    """Return the document of a model: parse(dump(model)) == model."""
    return write_record(model)


def read(text: str) -> PlantModel:
    """Read a model from YAML (JSON is YAML too)."""
    return parse(
        yaml.mapping(text, "a plant model", "a plant model is a mapping with name, demands, units, …")
    )


def write(model: PlantModel) -> str:
    """Return a model as YAML: read(write(model)) == model."""
    return yaml.written(dump(model))


def _objections(model: PlantModel) -> Iterator[tuple[str, Any, str, str]]:
    names = [one.name for one in model.units]
    for name, times in Counter(names).items():
        if times > 1:
            yield "units", name, f"{times} units are called '{name}'", "give each its own name"
    known = {one.name: one for one in model.units}
    for number, unit in enumerate(model.units):
        for carrier in touched(unit):
            if carrier not in UNITS:
                yield (
                    f"units[{number}]",
                    carrier,
                    f"'{carrier}' is no carrier",
                    "use one of " + ", ".join(UNITS),
                )
        if isinstance(unit, SaleModel) and unit.against:
            yield from _connection(f"units[{number}].against", unit, known.get(unit.against))
        if getattr(unit, "asks_weather", False) and model.outdoor is None:
            yield (
                f"units[{number}]",
                unit.name,
                "follows the outdoor temperature",
                "say where it comes from: outdoor",
            )
        if isinstance(unit, RenewableModel) and not unit.meters and unit.target is None:
            yield f"units[{number}].meters", unit.name, "nothing says how much it makes", "name its meters"
    for number, group in enumerate(model.either):
        for name in group:
            found = known.get(name)
            if not isinstance(found, Switched) or not found.is_switched():
                yield (
                    f"either[{number}]",
                    name,
                    "is no unit with a least load or minimum times",
                    "give it one",
                )
    yield from _unreachable(model)


def _connection(field: str, sale: SaleModel, supply: UnitModel | None) -> Iterator[tuple[str, Any, str, str]]:
    """Yield what keeps a sale and the supply at the same connection from being told apart."""
    if not isinstance(supply, SupplyModel):
        yield field, sale.against, "is no supply of this plant", "name the grid's supply"
    elif supply.most == float("inf"):
        yield field, sale.against, "has no limit", "say what the supply can take: most"


def _unreachable(model: PlantModel) -> Iterator[tuple[str, Any, str, str]]:
    """Yield carriers that something takes and nothing gives: no plan could ever meet them."""
    given: set[str] = set()
    for unit in model.units:
        if isinstance(unit, ChpModel):
            given |= {"electricity", "heat"}
        elif isinstance(unit, ConverterModel):
            given |= set(unit.outputs)
        elif not isinstance(unit, SaleModel | ShiftableModel | ChargingModel | RoomModel):
            given.add(unit.output)
    for carrier in model.carriers:
        if carrier not in given:
            yield "units", carrier, f"nothing gives {carrier}", "add what it is bought from or made by"
