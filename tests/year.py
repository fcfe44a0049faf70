"""A year of a district whose truth is known: seven shops, a boiler, a gas intake, and the weather they had.

All in hours of the fourteen months before the current one, local to Asia/Shanghai. A shop's day is
`BASE + COOLING · max(0, T − 22) + WORK` of a working day [kWh] times its size; the boiler makes 0.9 kWh of heat of a
kilowatt hour of gas at full load and 0.8 at half.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.orm import Session

from backend.analysis.rules.drivers import DriverKind, NewDriver
from backend.analysis.service import drivers
from backend.kernel import calendars, clock, periods
from backend.kernel.db import Database
from backend.kernel.scope import Role
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.network import service as network
from backend.network.models import PositionKind
from backend.tenancy import service as tenancy
from backend.tenancy.models import OrganisationKind
from tests.world import Region, World, make_person, make_world

ZONE = "Asia/Shanghai"
MONTHS = 14
SIZES = (1.0, 1.2, 0.8, 1.5, 0.9, 1.1, 2.0)
"""How large each shop is: it uses that many times the usual, on 1,000 m² times it."""
BASE, COOLING, CHANGE_C, WORK = 480.0, 24.0, 22.0, 120.0
WHOLE, RECENT_DAYS = ("shop1.0", "outdoors"), 100
"""What is known of all months; of the rest only so many days are, which saves time."""
FULL_KWH, GAS_KWH_M3 = 1000.0, 9.0


@dataclass
class Year:
    """The district. first, until: local days with data; temperature: by day; shops: ids, as SIZES has them."""

    world: World
    first: date
    until: date
    temperature: dict[date, float]
    shops: list[UUID] = field(default_factory=list)
    ids: dict[str, UUID] = field(default_factory=dict)

    @property
    def east(self) -> Region:
        """Return the region it stands in."""
        return self.world.east

    def month(self, back: int) -> tuple[date, date]:
        """Return a whole local month with data; 1 is the last."""
        number = self.until.year * 12 + self.until.month - 1 - back
        return _first_of(number), _first_of(number + 1)


def make_year(database: Database) -> Year:
    """Fill an empty database with the district."""
    world = make_world(database)
    today = periods.local_date(clock.now(), ZONE)
    until = today.replace(day=1)
    first = _first_of(until.year * 12 + until.month - 1 - MONTHS)
    days = [first + timedelta(days=number) for number in range((until - first).days)]
    rng = np.random.default_rng(7)
    swing = [16 - 13 * np.cos((day.timetuple().tm_yday - 20) / 365.25 * 2 * np.pi) for day in days]
    temperature = dict(zip(days, (np.array(swing) + rng.normal(0, 2, len(days))).tolist(), strict=True))
    made = Year(world, first, until, temperature)
    with world.database.transaction(made.east.scope) as session:
        _build(session, made)
    _read(made, days, rng)
    with world.database.transaction(made.east.scope) as session:
        for shop, size in zip(made.shops, SIZES, strict=True):
            new = NewDriver(DriverKind.AREA, 1000 * size, first)
            drivers.record_driver(session, made.east.scope, organisation_id=shop, new=new)
    return made


def day_kwh(day: date, temperature: float, *, workdays: calendars.Calendar | None = None) -> float:
    """Return what a shop of size 1 uses in a day."""
    kind = (workdays or calendars.CALENDARS["CN"]).kind(day)
    works = kind in (calendars.DayKind.WORKDAY, calendars.DayKind.MAKE_UP)
    return BASE + COOLING * max(0.0, temperature - CHANGE_C) + WORK * works


def _first_of(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _build(session: Session, made: Year) -> None:
    east, scope = made.east, made.east.scope
    site = network.create_site(
        session, scope, organisation_id=east.enterprise.id, timezone=ZONE, currency="CNY",
        new=network.NewPosition(PositionKind.SITE, "district"),
    )  # fmt: skip
    for size in SIZES:
        shop = tenancy.create_organisation(
            session, scope, parent_id=east.enterprise.id, kind=OrganisationKind.CUSTOMER,
            name=f"Shop {len(made.shops)}", trade="shop",
        )  # fmt: skip
        made.shops.append(shop.id)
        scope = east.scope = tenancy.widened(session, scope)
        place = network.create_position(
            session, scope, parent_id=site.id, new=network.NewPosition(PositionKind.METERING, f"shop {size}")
        )
        network.create_supply_agreement(
            session, scope, customer_id=shop.id, operator_id=east.enterprise.id, position_id=place.id,
            starts_at=periods.day(made.first, ZONE).start - timedelta(days=1),
        )  # fmt: skip
        _meter(session, made, f"shop{size}", place.id, Carrier.ELECTRICITY, "kWh", "in")
    boiler = network.create_position(
        session, scope, parent_id=site.id, new=network.NewPosition(PositionKind.UNIT, "boiler", code="B1")
    ).id
    intake = network.create_position(
        session, scope, parent_id=site.id, new=network.NewPosition(PositionKind.INTAKE, "gas intake")
    ).id
    made.ids |= {"site": site.id, "boiler": boiler}
    _meter(session, made, "boiler.gas", boiler, Carrier.GAS, "m3", "in")
    _meter(session, made, "boiler.heat", boiler, Carrier.HEAT, "kWh", "out")
    _meter(session, made, "intake", intake, Carrier.GAS, "m3", "out")
    outdoors = metering.NewPoint("outdoors", Carrier.ENVIRONMENT, "temperature", "°C", PointKind.INSTANT)
    point = metering.create_point(session, scope, position_id=site.id, new=outdoors)
    made.ids["outdoors"], east.point_keys["outdoors"] = point.id, point.key
    for number in (0, 1):
        name = f"shopkeeper{number}"
        east.people[name] = make_person(
            session, scope, f"{name}@east.example", made.shops[number], Role.CUSTOMER
        )


def _meter(
    session: Session, made: Year, name: str, place: UUID, carrier: Carrier, unit: str, way: str
) -> None:
    quantity = "volume" if unit == "m3" else "energy"
    new = metering.NewPoint(name, carrier, quantity, unit, PointKind.INTERVAL, is_total=True,
                            direction=metering.Direction(way), interval_minutes=60)  # fmt: skip
    point = metering.create_point(session, made.east.scope, position_id=place, new=new)
    made.ids[name], made.east.point_keys[name] = point.id, point.key


def _read(made: Year, days: list[date], rng: np.random.Generator) -> None:
    """Store the hours of all meters, and make amounts of them."""
    start = datetime.combine(made.first, datetime.min.time(), ZoneInfo(ZONE))
    at_us = clock.to_us(start) + np.arange(len(days) * 24, dtype=np.int64) * 3_600_000_000
    one = np.array([day_kwh(day, made.temperature[day]) for day in days]) * rng.normal(1, 0.02, len(days))
    hours = {f"shop{size}": np.repeat(one * size / 24, 24) for size in SIZES}
    load = np.tile(np.r_[np.full(12, 0.5), np.full(12, 1.0)], len(days))
    heat = FULL_KWH * load
    gas = heat / np.where(load == 1, 0.9, 0.8) / GAS_KWH_M3
    hours |= {"boiler.heat": heat, "boiler.gas": gas, "intake": gas}
    hours["outdoors"] = np.repeat([made.temperature[day] for day in days], 24)
    scope, keys, late = made.east.scope, made.east.point_keys, len(at_us) - RECENT_DAYS * 24
    from_ = {name: 0 if name in WHOLE else late for name in hours}
    batch = metering.ReadingBatch(
        np.concatenate([np.full(len(at_us) - from_[name], keys[name]) for name in hours]),
        np.concatenate([at_us[from_[name] :] for name in hours]),
        np.concatenate([values[from_[name] :] for name, values in hours.items()]),
        np.zeros(sum(len(at_us) - at for at in from_.values()), np.int16),
    )  # fmt: skip
    with made.world.database.transaction(scope) as session:
        metering.store_readings(session, scope, batch, source="test", live=False)
    with made.world.database.transaction(scope) as session:
        while metering.RollUpFollower().step(session, scope):
            pass
