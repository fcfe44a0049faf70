"""How well plant and networks turn what goes in into what comes out, and use per area, head and product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.analysis import queries
from backend.analysis.queries import Window
from backend.analysis.queries.confined import ANALYSTS
from backend.analysis.rules import efficiency as rules
from backend.analysis.rules import factors
from backend.analysis.rules.efficiency import Band, Make, Ratio
from backend.analysis.rules.factors import Kind
from backend.analysis.service import benefit, drivers
from backend.analysis.service import subject as subjects
from backend.analysis.service.subject import Subject
from backend.kernel import clock
from backend.kernel.paging import every
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind, convert, quanta_per
from backend.metering import service as metering
from backend.network import service as network

HOUR_US = 3_600_000_000
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Plant:
    """A place where energy goes in and other energy comes out. inputs, outputs: its meters; full_kw: full load."""

    position: Any
    make: Make
    ratio: Ratio
    inputs: Sequence[Any]
    outputs: Sequence[Any]
    full_kw: float
    bands: Sequence[Band]

    @property
    def is_cop(self) -> bool:
        """Tell whether its ratio is a coefficient of performance."""
        return self.make in rules.IS_COP

    @property
    def input_ids(self) -> list[UUID]:
        """Return its meters of what goes in."""
        return [point.id for point in self.inputs]

    @property
    def output_ids(self) -> list[UUID]:
        """Return its meters of what comes out."""
        return [point.id for point in self.outputs]


@dataclass(frozen=True)
class Network:
    """A carrier as a whole: what was fed in and what was taken [base unit], and the share that arrived."""

    carrier: Carrier
    unit: str
    fed: float
    taken: float

    @property
    def share(self) -> float | None:
        """Return which share arrived; None where nothing was fed in."""
        return self.taken / self.fed if self.fed > 0 else None


@dataclass(frozen=True)
class Specific:
    """Use of a carrier [unit] over what it is divided by. per: `m2`, `head`, or the unit of a product."""

    carrier: Carrier
    unit: str
    basis: str
    per: str
    product: str
    amount: float
    size: float

    @property
    def value(self) -> float:
        """Return the use per unit."""
        return self.amount / self.size


@dataclass(frozen=True)
class Efficiency:
    """How well it ran in [first, until). lacking: what would have to be said for more specific uses."""

    subject: Subject
    first: date
    until: date
    plants: Sequence[Plant]
    networks: Sequence[Network]
    specifics: Sequence[Specific]
    lacking: Sequence[str]


def efficiency_of(
    session: Session, scope: Scope, *, organisation_id: UUID, first: date, until: date
) -> Efficiency:
    """Return efficiency of plant and networks and the specific uses of an organisation in [first, until)."""
    scope.demand(organisation_id, *ANALYSTS)
    one = subjects.subject(session, scope, organisation_id)
    specifics, lacking = specifics_of(session, scope, one, first, until)
    return Efficiency(
        one, first, until, _plants(session, scope, one, first, until), _networks(session, one, first, until),
        specifics, lacking,
    )  # fmt: skip


def _plants(session: Session, scope: Scope, one: Subject, first: date, until: date) -> list[Plant]:
    by_place: dict[UUID, list[Any]] = defaultdict(list)
    for point in _energy_points(session, one):
        by_place[point.position_id].append(point)
    by_place = {place: _outermost(some) for place, some in by_place.items()}
    machines = {
        place: make
        for place, some in by_place.items()
        if (make := rules.make_of(*_carriers(some))) is not None
    }
    positions = network.positions_by_id(session, one.scope, machines)
    wanted = [point for place in machines for point in by_place[place]]
    kwh = _hours(session, one, wanted, _gas_kwh(session, scope, one, first, until), first, until)
    plants = [_plant(positions[place], make, by_place[place], kwh) for place, make in machines.items()]
    return sorted(
        (each for each in plants if each is not None), key=lambda each: (each.make, -each.ratio.in_kwh)
    )


def _gas_kwh(session: Session, scope: Scope, one: Subject, first: date, until: date) -> Floats:
    """Return the energy of a cubic metre of gas in each hour [kWh/m3], by the calorific factor of its day."""
    own = benefit.own_factors_of(session, scope, one)
    found = []
    for start, end in factors.stretches(first, until, own):
        gas = factors.used(Carrier.GAS, Kind.CALORIFIC, start, own)
        assert gas is not None, "gas has a published factor"
        found.append(np.full(_count(one, start, end), float(factors.energy_kwh(gas.factor.value))))
    return np.concatenate(found)


def _count(one: Subject, first: date, until: date) -> int:
    days = subjects.span(one, first, until)
    assert days.end is not None, "days end"
    return (clock.to_us(days.end) - clock.to_us(days.start)) // HOUR_US


def _hours(
    session: Session, one: Subject, points: Sequence[Any], gas_kwh: Floats, first: date, until: date
) -> dict[UUID, Floats]:
    """Return what meters counted in each hour of local days [kWh]; NaN where one was not read for the whole hour."""
    period = subjects.span(one, first, until)
    columns = queries.buckets(
        session, one.scope, {point.key: number for number, point in enumerate(points)},
        {point.key: one.zone for point in points}, [Window(0, one.zone, int(metering.Grain.HOUR), period)],
    )  # fmt: skip
    _piece, number, _grain, start_us, amount, _estimated, count = columns
    place = (start_us - clock.to_us(period.start)) // HOUR_US
    found = {}
    for nth, point in enumerate(points):
        mine = np.flatnonzero(number == nth)
        mine = mine[count[mine] * point.interval_minutes == 60]
        per = convert(1.0, point.unit, factors.unit_of(point.carrier)) / quanta_per(point.unit)
        found[point.id] = np.full(len(gas_kwh), np.nan)
        found[point.id][place[mine]] = amount[mine] * per
        if point.carrier is Carrier.GAS:
            found[point.id] *= gas_kwh
    return found


def _energy_points(session: Session, one: Subject) -> list[Any]:
    """Return the meters of energy that these organisations own."""
    return [
        point
        for kind in (PointKind.REGISTER, PointKind.INTERVAL)
        for point in every(
            lambda cursor, kind=kind: metering.list_points(  # type: ignore[misc]  # bound as it stands
                session, one.scope, organisations=one.organisations, kind=kind, cursor=cursor, limit=200
            )
        )
        if point.carrier is not Carrier.WATER and factors.is_counted(point.carrier, point.unit)
    ]  # fmt: skip


def _outermost(some: Sequence[Any]) -> list[Any]:
    """Return the meters of a place without those that count part of what another there counts already."""
    known = {(point.id, point.carrier, point.direction) for point in some}
    return [point for point in some if (point.parent_id, point.carrier, point.direction) not in known]


def _carriers(some: Sequence[Any]) -> tuple[frozenset[Carrier], frozenset[Carrier]]:
    return (
        frozenset(point.carrier for point in some if point.direction is metering.Direction.IN),
        frozenset(point.carrier for point in some if point.direction is metering.Direction.OUT),
    )


def _plant(position: Any, make: Make, some: Sequence[Any], kwh: Mapping[UUID, Floats]) -> Plant | None:
    """Return a plant by the hours in which all its meters counted; None where none did, or more came out than can."""
    inputs = [point for point in some if point.direction is metering.Direction.IN]
    outputs = [point for point in some if point.direction is metering.Direction.OUT]
    shared = np.asarray(np.isfinite([kwh[point.id] for point in (*inputs, *outputs)]).all(axis=0))
    if not shared.any():
        return None
    ratio = rules.ratio(*(_by_carrier(side, kwh, shared) for side in (inputs, outputs)))
    if ratio.value is None or (make is Make.SAME and ratio.value > 1):
        return None  # what gives more than it takes of the same is a connection, not a plant
    spent, given = (sum(kwh[point.id][shared] for point in side) for side in (inputs, outputs))
    full, bands = rules.part_load(np.asarray(given), np.asarray(spent))
    return Plant(position, make, ratio, inputs, outputs, full, bands)


def _by_carrier(side: Sequence[Any], kwh: Mapping[UUID, Floats], shared: Flags) -> dict[Carrier, float]:
    found: dict[Carrier, float] = defaultdict(float)
    for point in side:
        found[point.carrier] += float(kwh[point.id][shared].sum())
    return dict(found)


def _networks(session: Session, one: Subject, first: date, until: date) -> list[Network]:
    """Return what was fed into each carrier and taken out of it, of the meters that count."""
    points = [
        point for point in metering.total_points(session, one.scope, organisations=one.organisations)
        if factors.is_counted(point.carrier, point.unit)
    ]  # fmt: skip
    counted = metering.sums_of_many(
        session, one.scope, points=points, period=subjects.span(one, first, until), zone=one.zone
    )
    sums: dict[Carrier, dict[Any, float]] = defaultdict(lambda: defaultdict(float))
    for point in points:
        if point.id in counted:
            amount = convert(counted[point.id], point.unit, factors.unit_of(point.carrier))
            sums[point.carrier][point.direction] += amount
    way = metering.Direction
    return [
        Network(carrier, unit_, sums[carrier][way.OUT], sums[carrier][way.IN])
        for carrier, unit_ in factors.BASE_UNITS.items()
        if carrier in sums and sums[carrier][way.OUT] > 0 and sums[carrier][way.IN] > 0
    ]


def specifics_of(
    session: Session, scope: Scope, one: Subject, first: date, until: date
) -> tuple[list[Specific], list[str]]:
    """Return use per area, head and unit of product, and which of these nothing is said of."""
    said = drivers.said(
        session, scope, organisation_id=one.id, below=one.organisations, first=first, until=until
    )
    used = subjects.sums(session, one, first, until)
    bases = [("area", "m2", "", said.area_m2), ("heads", "head", "", said.heads)]
    bases += [("product", symbol, name, amount) for name, (amount, symbol) in said.products.items()]
    found = [
        Specific(carrier, factors.unit_of(carrier), basis, per, product, amount, size)
        for basis, per, product, size in bases
        if size
        for carrier, amount in used.items()
    ]
    lacking = [basis for basis, _per, _product, size in bases if not size and basis != "product"]
    if not said.products:
        lacking.append("product")
    return found, lacking
