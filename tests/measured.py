"""A small world measured by the hour in September and October 2026, every amount of it known; for tests of analysis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Direction
from backend.metering.service import RollUpFollower
from backend.network import service as network
from backend.network.models import PositionKind
from tests.world import Region, World

NOW = datetime(2026, 11, 10, 4, 0, tzinfo=UTC)
SEPTEMBER, OCTOBER, NOVEMBER = (
    datetime(2026, month, day, 16, tzinfo=UTC) for month, day in ((8, 31), (9, 30), (10, 31))
)
"""Midnights in Shanghai."""

CHANGE = datetime(2026, 10, 15, 16, tzinfo=UTC)
"""From here on the customer is supplied at the mill; before, it is the enterprise's own."""

POINTS = {
    # name: (place, carrier, unit, direction, total, parent, category, per hour in September, in October)
    "grid": ("grid", "electricity", "kWh", "out", True, None, None, 9, 11),
    "engine power": ("engine", "electricity", "kWh", "out", True, None, None, 4, 4),
    "engine heat": ("engine", "heat", "kWh", "out", True, None, None, 4, 4),
    "engine gas": ("engine", "gas", "m3", "in", True, None, None, 1, 1),
    "gas": ("gas intake", "gas", "m3", "out", True, None, None, 1, 1),
    "feeder": ("grid", "electricity", "kWh", "in", False, None, None, 9, 11),
    "mill": ("mill", "electricity", "kWh", "in", True, "feeder", None, 8, 10),
    "mill lighting": ("mill floor", "electricity", "kWh", "in", False, "mill", "lighting", 3, 4),
    "mill hvac": ("mill", "electricity", "kWh", "in", False, "mill", "hvac", 2, 2),
    "office heat": ("office", "heat", "MWh", "in", True, None, None, 0.003, 0.003),
    "office": ("office", "electricity", "kWh", "in", True, None, None, 4, 4),
}
SILENT = "silent"


def measure(world: World) -> Region:
    """Fill the east with places, meters and amounts, and the west with one meter in Berlin; returns the east."""
    for region in (world.east, world.west):
        with world.database.transaction(region.scope) as session:
            (_build if region is world.east else _build_west)(session, region)
        with world.database.transaction(region.scope) as session:
            _read(session, region)
        with world.database.transaction(region.scope) as session:
            while RollUpFollower().step(session, region.scope):
                pass
    return world.east


def _build(session: Session, region: Region) -> None:
    scope, ids = region.scope, region.ids
    site = network.create_site(
        session, scope, organisation_id=region.enterprise.id, timezone="Asia/Shanghai", currency="CNY",
        new=network.NewPosition(PositionKind.SITE, "works", name_zh="厂区"),
    )  # fmt: skip
    ids["site"] = site.id
    for name, above in (("grid", "site"), ("engine", "site"), ("gas intake", "site"), ("mill", "site"),
                        ("mill floor", "mill"), ("office", "site")):  # fmt: skip
        new = network.NewPosition(PositionKind.BUILDING, name)
        ids[name] = network.create_position(session, scope, parent_id=ids[above], new=new).id
    for name, (place, carrier, unit, direction, total, parent, category, *_) in POINTS.items():
        new = metering.NewPoint(
            name, Carrier(carrier), "energy", unit, PointKind.REGISTER, Direction(direction), category=category,
            parent_id=ids[f"{parent} meter"] if parent else None, interval_minutes=60, is_total=total,
        )  # fmt: skip
        made = metering.create_point(session, scope, position_id=ids[place], new=new)
        ids[f"{name} meter"], region.point_keys[name] = made.id, made.key
    silent = metering.NewPoint(SILENT, Carrier.WATER, "volume", "m3", PointKind.REGISTER, is_total=True)
    ids["silent meter"] = metering.create_point(session, scope, position_id=ids["office"], new=silent).id
    network.create_supply_agreement(
        session, scope, customer_id=region.customer.id, operator_id=region.enterprise.id,
        position_id=ids["mill"], starts_at=CHANGE,
    )  # fmt: skip


def _build_west(session: Session, region: Region) -> None:
    site = network.create_site(
        session, region.scope, organisation_id=region.enterprise.id, timezone="Europe/Berlin", currency="EUR",
        new=network.NewPosition(PositionKind.SITE, "Werk"),
    )  # fmt: skip
    new = metering.NewPoint("power", Carrier.ELECTRICITY, "energy", "kWh", PointKind.REGISTER, interval_minutes=60,
                            is_total=True)  # fmt: skip
    made = metering.create_point(session, region.scope, position_id=site.id, new=new)
    region.point_keys["power"] = made.key


def _read(session: Session, region: Region) -> None:
    """Read registers every hour, from a day before September to a day after October."""
    first, last = SEPTEMBER - timedelta(days=1), NOVEMBER + timedelta(days=2)
    hours = int((last - first) / timedelta(hours=1)) + 1
    at_us = clock.to_us(first) + np.arange(hours) * 3_600_000_000
    keys, values = [], []
    for name, key in region.point_keys.items():
        september, october = POINTS[name][7:] if name in POINTS else (1, 1)
        per_hour = np.where(at_us[:-1] < clock.to_us(OCTOBER), september, october)
        keys.append(key)
        values.append(1000 + np.concatenate([[0.0], np.cumsum(per_hour)]))
    batch = metering.ReadingBatch(
        np.repeat(keys, hours), np.tile(at_us, len(keys)), np.concatenate(values),
        np.zeros(len(keys) * hours, np.int16),
    )  # fmt: skip
    metering.store_readings(session, region.scope, batch, source="test", live=False)
