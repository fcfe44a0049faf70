"""A small plant for worlds that are walked: grid, gas, engine, boiler, sun, battery; fifteen measured days."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from backend.billing.service import tariffs
from backend.kernel import clock
from backend.kernel.ids import show
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Direction
from backend.optimisation import service
from tests.world import Region, World

DAYS = 15
QUARTERS = np.arange(DAYS * 96)
PEAK_KW = 900.0
"""The highest quarter hour the grid meter counted this month."""
CHEAP, DEAR, PER_KW = 0.3, 1.1, 40

POINTS = (
    ("load", Carrier.ELECTRICITY, "kWh"), ("heat", Carrier.HEAT, "kWh"), ("sun", Carrier.ELECTRICITY, "kWh"),
    ("bought", Carrier.ELECTRICITY, "kWh"), ("burnt", Carrier.GAS, "m3"),
)  # fmt: skip


def equip(world: World, region: Region, *, prefix: str = "") -> dict[str, Any]:
    """Measure, price and describe the plant at the region's site; returns its document. Ids go to `region.ids`."""
    with world.database.transaction(region.scope) as session:
        _points(session, region)
        _prices(session, region)
        _tell(session, region, "level", 55.0)
        _tell(session, region, "engine", 1.0)
        for hours in (5, 0):
            _tell(session, region, "warm", 18.0, timedelta(hours=hours))
    follow = metering.RollUpFollower()
    more = True
    while more:
        with world.database.transaction(region.scope) as session:
            more = bool(follow.step(session, region.scope))
    described = document(region)
    with world.database.transaction(region.scope) as session:
        version = service.store_plant(
            session, region.scope, site_id=region.ids["site"], document=described,
            valid_from=clock.now() - timedelta(days=10),
        )  # fmt: skip
        region.ids["plant_model"], region.ids["plant_version"] = version.plant_id, version.id
    return described


def document(region: Region, **changed: Any) -> dict[str, Any]:
    """Return what the plant is, as its text would say it; changed: other figures of units, by name, None for none."""
    at = {name: show(value) for name, value in region.ids.items() if name.startswith("p.")}
    units = [
        {"kind": "renewable", "name": "Sun", "name_zh": "光伏", "most": 400, "meters": at["p.sun"]},
        {"kind": "supply", "name": "Grid", "name_zh": "电网", "carrier": "electricity", "tariff": f"{region.name}-grid",
         "most": 3000, "co2_kg": 0.55, "meters": at["p.bought"]},
        {"kind": "sale", "name": "Feed-in", "carrier": "electricity", "price": 0.2, "most": 500, "against": "Grid"},
        {"kind": "supply", "name": "Gas", "carrier": "gas", "price": 0.32, "co2_kg": 0.2, "meters": at["p.burnt"],
         "per_billed": 10},
        {"kind": "chp", "name": "Engine", "name_zh": "内燃机", "power_kw": 300, "electric": 0.4, "thermal": 0.45,
         "least_load": 0.5, "start_cost": 20, "min_up_h": 2, "state": at["p.engine"]},
        {"kind": "boiler", "name": "Boiler", "heat_kw": 900, "efficiency": 0.9},
        {"kind": "battery", "name": "Battery", "name_zh": "电池", "capacity_kwh": 600, "power_kw": 200,
         "price_per_kwh": 800, "cycles": 6000, "depth": 0.9, "level": at["p.level"]},
    ]  # fmt: skip
    for one in units:
        one.update(changed.get(str(one["name"]).replace("-", "_"), {}))
        for name in [name for name, value in one.items() if value is None]:
            del one[name]
    return {
        "name": f"{region.name} plant", "name_zh": f"{region.name} 能源站",
        "demands": [
            {"carrier": "electricity", "name": "Load", "name_zh": "用电", "meters": at["p.load"]},
            {"carrier": "heat", "name": "Heating", "name_zh": "供热", "meters": at["p.heat"]},
        ],
        "units": units, "disposable": "heat", "kept": {"heat": 0.9}, "outdoor": {"thermometer": at["p.warm"]},
        "hours": 12, "fine_h": 4, "co2_price": 50, **changed.get("whole", {}),
    }  # fmt: skip


def _points(session: Session, region: Region) -> None:
    scope, ids = region.scope, region.ids
    now = clock.now_us() // 900_000_000 * 900_000_000
    at = now - DAYS * 96 * 900_000_000 + QUARTERS * 900_000_000
    hour = QUARTERS % 96 / 4
    wave = np.sin(2 * np.pi * (hour - 6) / 24)
    quarter_hours = {
        "load": (500 + 150 * wave) / 4, "heat": (300 - 60 * wave) / 4, "sun": np.clip(300 * wave, 0, None) / 4,
        "bought": np.where(len(QUARTERS) - 40 == QUARTERS, PEAK_KW, 400.0) / 4, "burnt": np.full(len(at), 8.0),
    }  # fmt: skip
    for name, carrier, unit in POINTS:
        direction = Direction.OUT if name in ("sun", "bought") else Direction.IN
        new = metering.NewPoint(
            f"{region.name} {name}", carrier, "energy", unit, PointKind.INTERVAL, direction
        )
        point = metering.create_point(session, scope, position_id=ids["plant"], new=new)
        ids[f"p.{name}"] = point.id
        batch = metering.ReadingBatch(
            np.full(len(at), point.key), at, quarter_hours[name], np.zeros(len(at), np.int16)
        )
        metering.store_readings(session, scope, batch, source="test", live=False)
    for name, quantity, unit, kind in (
        ("level", "level", "%", PointKind.INSTANT), ("engine", "state", "1", PointKind.STATE),
        ("warm", "temperature", "°C", PointKind.INSTANT),
    ):  # fmt: skip
        new = metering.NewPoint(f"{region.name} {name}", Carrier.ELECTRICITY, quantity, unit, kind)
        ids[f"p.{name}"] = metering.create_point(session, scope, position_id=ids["plant"], new=new).id


def tell(world: World, region: Region, name: str, value: float, *, ago: timedelta = timedelta(0)) -> None:
    """Have an instrument of the plant say something."""
    with world.database.transaction(region.scope) as session:
        _tell(session, region, name, value, ago)


def _tell(session: Session, region: Region, name: str, value: float, ago: timedelta = timedelta(0)) -> None:
    point = metering.point(session, region.scope, region.ids[f"p.{name}"])
    at = np.array([clock.to_us(clock.now() - ago)])
    batch = metering.ReadingBatch(np.array([point.key]), at, np.array([value]), np.zeros(1, np.int16))
    metering.store_readings(session, region.scope, batch, source="test", live=True)


def _prices(session: Session, region: Region) -> None:
    names = {"cheap": {"en": "Cheap"}, "dear": {"en": "Dear"}}
    schedule = {"periods": names, "rules": [{"period": "cheap", "hours": "23:00-07:00"}, {"period": "dear"}]}
    tariffs.store_tariff(
        session, region.scope, organisation_id=region.enterprise.id,
        document={
            "code": f"{region.name}-grid", "name": {"en": "Grid", "zh": "电网"}, "carrier": "electricity",
            "currency": "CNY", "zone": "Asia/Shanghai",
            "versions": [{
                "from": "2020-01-01", "schedules": {"day": schedule},
                "components": [
                    {"kind": "energy", "code": "energy", "name": {"en": "Energy"}, "unit": "kWh", "by": "day",
                     "price": {"cheap": CHEAP, "dear": DEAR}},
                    {"kind": "demand", "code": "demand", "name": {"en": "Demand"}, "minutes": 15, "price": PER_KW},
                    {"kind": "share", "code": "tax", "name": {"en": "Tax"}, "of": ["energy", "demand"],
                     "rate": Decimal("0.1")},
                ],
            }],
        },
    )  # fmt: skip
