"""A small plant for tests of alarms: points with rules, readings that arrive, a follower that takes turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.alarms import service
from backend.alarms.models import AlarmRule
from backend.alarms.service import AlarmFilter, AlarmRow
from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Point
from backend.metering.service import NewPoint
from backend.network import service as network
from backend.network.models import PositionKind
from backend.network.service import NewPosition
from tests.world import Region, World

_serial = count(1)
LIMIT = {"HH": 100.0, "H": 90.0}


@dataclass
class Plant:
    """A site of one region with as many points as asked for."""

    world: World
    region: Region
    site_id: UUID
    unit_id: UUID
    points: list[Point]
    follower: service.AlarmFollower = field(default_factory=service.AlarmFollower)

    @property
    def database(self) -> Database:
        """The database the plant is in."""
        return self.world.database

    @property
    def system(self) -> Scope:
        """What the follower may see: both regions."""
        everything = self.world.east.scope.organisations | self.world.west.scope.organisations
        return Scope.system(everything, "a test follows the journal")

    @contextmanager
    def asked_by(self, role: str | None = None) -> Iterator[tuple[Session, Scope]]:
        """A transaction of a person of a role; of the system where none is named."""
        scope = self.region.scope if role is None else self.world.scope(self.region, role)
        with self.database.transaction(scope) as session:
            yield session, scope

    def rule(self, point: int = 0, **more) -> AlarmRule:
        """Make a limit rule (or another kind) for a point; the follower is told, as NOTIFY does."""
        self.follower.woken("alarm_rule")
        given = {"kind": "limit", "name": f"Point {point} too high", "parameters": LIMIT} | more
        with self.asked_by() as (session, scope):
            return service.create_rule(session, scope, point_id=self.points[point].id, **given)

    def read(self, *values: float, point: int = 0, at: datetime | None = None, live: bool = True) -> datetime:
        """Let readings arrive, a millisecond apart, the last of them at `at` (now)."""
        last = at or clock.now()
        at_us = clock.to_us(last) + np.arange(-len(values) + 1, 1) * 1000
        batch = metering.ReadingBatch(
            np.full(len(values), self.points[point].key),
            at_us,
            np.array(values, float),
            np.zeros(len(values)),
        )
        with self.asked_by() as (session, scope):
            metering.store_readings(session, scope, batch, source="test", live=live)
        return last

    def follow(self, *, after: timedelta = timedelta()) -> None:
        """Let the follower do all there is to do, now or after a while."""
        with clock.shifted(after):
            while self.follower.turn(self.database, self.system):
                pass

    def restart(self) -> None:
        """Kill the follower without a word, and start another."""
        with self.asked_by() as (session, _):
            self.follower.lease.release(session)
        self.follower = service.AlarmFollower()

    def alarms(self, role: str | None = None, **wanted) -> list[AlarmRow]:
        """Alarms as somebody sees them, newest first."""
        with self.asked_by(role) as (session, scope):
            return list(service.alarms(session, scope, AlarmFilter(**wanted), order="newest").items)

    def states(self, **wanted) -> list[tuple[str, str]]:
        """State and level of alarms, newest first."""
        return [(alarm.state, alarm.level) for alarm in self.alarms(**wanted)]

    def history(self, alarm: AlarmRow, role: str | None = None) -> list[str]:
        """What happened to an alarm, as words."""
        with self.asked_by(role) as (session, scope):
            return [line.kind for line in service.history(session, scope, alarm.id).items[::-1]]


def make_plant(world: World, *, points: int = 4) -> Plant:
    """Build the plant in the world's eastern region."""
    region = world.east
    with world.database.transaction(region.scope) as session:
        site = network.create_site(
            session, region.scope, organisation_id=region.park.id, timezone="Asia/Shanghai", currency="CNY",
            new=NewPosition(PositionKind.SITE, f"Works {next(_serial)}"),
        )  # fmt: skip
        unit = network.create_position(
            session, region.scope, parent_id=site.id, new=NewPosition(PositionKind.UNIT, "Boiler house")
        )
        made = [
            metering.create_point(
                session, region.scope, position_id=unit.id,
                new=NewPoint(f"Supply {i}", Carrier.HEAT, "temperature", "°C", PointKind.INSTANT),
            )
            for i in range(points)
        ]  # fmt: skip
        session.flush()
    return Plant(world, region, site.id, unit.id, made)
