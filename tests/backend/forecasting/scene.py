"""A site whose meters have a past of some weeks, and weather that drives them, for tests of forecasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.forecasting import service as forecasts
from backend.forecasting.models import ForecastTarget
from backend.forecasting.ports import Delivered
from backend.forecasting.service import weather
from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Point
from backend.network import service as network
from backend.network.models import PositionKind
from tests.world import Region, World

HOUR = timedelta(hours=1)
DAYS = 60


def temperature(at: datetime) -> float:
    """The weather of these tests: warm afternoons, and a wave of nine days [degC]."""
    hours = at.timestamp() / 3600
    return 15 + 6 * np.sin(2 * np.pi * (hours - 2) / 24) + 5 * np.sin(2 * np.pi * hours / 216)


def use(at: datetime) -> float:
    """What the site uses in the hour from `at`: by the clock and the weather, with a little noise [kWh]."""
    noise = np.sin(at.timestamp() * 12.9898) * 43758.5453 % 1
    return 100 + 30 * np.sin(2 * np.pi * at.hour / 24) + 4 * max(temperature(at) - 15, 0) + 6 * noise


@dataclass
class Site:
    """The site of one region: two meters, half of the use each, a weather place, and what is forecast."""

    world: World
    region: Region
    position_id: UUID
    points: list[Point]
    place_id: UUID
    until: datetime
    """The end of what was read."""
    ids: dict[str, UUID] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """The region's own."""
        return self.region.scope

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a transaction of the region."""
        with self.world.database.transaction(self.scope) as session:
            yield session

    def target(self, name: str, **more) -> ForecastTarget:
        """Have the site's use forecast."""
        said = {"points": {one.id: 1 for one in self.points}, "horizon_hours": 24} | more
        with self.session() as session:
            return forecasts.add_target(
                session, self.scope, position_id=self.position_id, new=forecasts.NewTarget(name, **said)
            )

    def read(self, start: datetime, end: datetime, *, factor: float = 1.0) -> None:
        """Have the meters say what was used in [start, end), and make amounts of it."""
        hours = np.arange(clock.to_us(start), clock.to_us(end), 3_600_000_000)
        amounts = np.round([use(clock.from_us(at)) * factor / 2 for at in hours], 3)
        for point in self.points:
            batch = metering.ReadingBatch(
                np.full(len(hours), point.key), hours, amounts, np.zeros(len(hours), np.int16)
            )
            with self.session() as session:
                metering.store_readings(session, self.scope, batch, source="test", live=False)
        follower = metering.RollUpFollower()
        more = True
        while more:
            with self.session() as session:
                more = bool(follower.step(session, self.scope))
        self.until = max(self.until, end)

    def foretell(
        self, at: datetime, *, warmer: float = 0.0, days: int = 7, is_observed: bool = False
    ) -> Delivered:
        """Return a weather forecast issued at an instant, or what was observed for some days before it."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        first = hour - timedelta(days=days) if is_observed else hour
        said = np.array([temperature(first + n * HOUR) + warmer for n in range(days * 24)])
        return Delivered(not is_observed, at, first, 60, {"temperature_c": said})

    def receive(self, *delivered: Delivered) -> int:
        """Have weather come in."""
        with self.session() as session:
            return weather.receive(session, self.scope, place_id=self.place_id, delivered=delivered)

    def issue(self, *targets: ForecastTarget) -> list[forecasts.ForecastSeries]:
        """Forecast now."""
        with self.session() as session:
            return forecasts.issue_forecasts(session, self.scope, target_ids=[one.id for one in targets])


def build(database: Database, world: World, region: Region, *, days: int = DAYS) -> Site:
    """Make the site and read its meters up to the running hour."""
    with database.transaction(region.scope) as session:
        position = network.create_site(
            session, region.scope, organisation_id=region.enterprise.id, timezone="Asia/Shanghai", currency="CNY",
            new=network.NewPosition(PositionKind.SITE, f"{region.name} works"),
        )  # fmt: skip
        points = [
            metering.create_point(
                session, region.scope, position_id=position.id,
                new=metering.NewPoint(
                    f"half {n}", Carrier.ELECTRICITY, "active energy", "kWh", PointKind.INTERVAL, interval_minutes=60
                ),
            )
            for n in (1, 2)
        ]  # fmt: skip
        place = weather.add_place(
            session, region.scope, organisation_id=region.enterprise.id,
            new=weather.NewPlace(f"{region.name} roof", 31.2, 121.5),
        )  # fmt: skip
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    site = Site(world, region, position.id, points, place.id, now)
    site.read(now - timedelta(days=days), now)
    return site
