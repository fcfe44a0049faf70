"""A site with meters, for tests of metering on the real database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from backend.kernel import clock
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Point
from backend.network import service as network
from backend.network.models import Position, PositionKind
from tests.world import World, make_world

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


@dataclass
class Meters:
    """The east region's site, its building, and points of every kind."""

    world: World
    scope: Scope
    site: Position
    building: Position

    def make(self, name: str, kind: PointKind = PointKind.REGISTER, **more) -> Point:
        """Make a point at the building."""
        unit = "kWh" if kind in (PointKind.REGISTER, PointKind.INTERVAL) else "kW"
        said = {
            "carrier": Carrier.ELECTRICITY,
            "quantity": "active energy",
            "unit": unit,
            "kind": kind,
        } | more
        with self.world.database.transaction(self.scope) as session:
            return metering.create_point(
                session, self.scope, position_id=self.building.id, new=metering.NewPoint(name=name, **said)
            )

    def store(self, point: Point, minutes, values, *, quality=0, live=False, start=NOON, **more):
        """Store readings `minutes` after `start`."""
        at = clock.to_us(start) + (np.asarray(minutes, float) * 60_000_000).astype(np.int64)
        batch = metering.ReadingBatch(
            np.full(len(at), point.key), at, np.asarray(values, float), np.full(len(at), quality, np.int16)
        )
        with self.world.database.transaction(self.scope) as session:
            return metering.store_readings(session, self.scope, batch, source="test", live=live, **more)

    def follow(self, follower: metering.RollUpFollower | None = None) -> None:
        """Let the roll-up follower catch up."""
        follower = follower or metering.RollUpFollower()
        while True:
            with self.world.database.transaction(self.scope) as session:
                if not follower.step(session, self.scope):
                    return


@pytest.fixture(scope="module")
def meters(database) -> Meters:
    world = make_world(database)
    east = world.east
    with database.transaction(east.scope) as session:
        site = network.create_site(
            session, east.scope, organisation_id=east.region.id,
            new=network.NewPosition(PositionKind.SITE, "Harbour"), timezone="Asia/Shanghai", currency="CNY",
        )  # fmt: skip
        building = network.create_position(
            session,
            east.scope,
            parent_id=site.id,
            new=network.NewPosition(PositionKind.BUILDING, "Mill house"),
        )
        network.create_supply_agreement(
            session, east.scope, customer_id=east.customer.id, operator_id=east.region.id, position_id=building.id,
            starts_at=NOON - timedelta(days=10), ends_at=NOON + timedelta(days=10),
        )  # fmt: skip
    return Meters(world, east.scope, site, building)
