"""A forecast with its weather, for worlds that are walked."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from backend.forecasting import service as forecasts
from backend.forecasting.ports import Delivered
from backend.forecasting.service import weather
from backend.kernel import clock
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from tests.world import Region, World

DAYS = 12
HOURS = np.arange(24 * DAYS)


def foresee(world: World, region: Region) -> None:
    """Have the plant's load forecast from twelve measured days; ids go to `region.ids`."""
    ids, scope = region.ids, region.scope
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    start = now - timedelta(days=DAYS)
    with world.database.transaction(scope) as session:
        new = metering.NewPoint(
            f"{region.name} load",
            Carrier.ELECTRICITY,
            "active energy",
            "kWh",
            PointKind.INTERVAL,
            interval_minutes=60,
        )
        point = metering.create_point(session, scope, position_id=ids["plant"], new=new)
        at = clock.to_us(start) + HOURS * 3_600_000_000
        load = 200 + 50 * np.sin(2 * np.pi * HOURS / 24) + HOURS % 7
        batch = metering.ReadingBatch(np.full(len(at), point.key), at, load, np.zeros(len(at), np.int16))
        metering.store_readings(session, scope, batch, source="test", live=False)
    follow = metering.RollUpFollower()
    more = True
    while more:
        with world.database.transaction(scope) as session:
            more = bool(follow.step(session, scope))
    with world.database.transaction(scope) as session:
        place = weather.add_place(
            session, scope, organisation_id=region.enterprise.id,
            new=weather.NewPlace(f"{region.name} weather station", 31.2, 121.5),
        )  # fmt: skip
        warm = 15 + 5 * np.sin(2 * np.pi * HOURS / 24)
        seen = Delivered(False, now, start, 60, {"temperature_c": warm})
        ahead = Delivered(True, start, start, 60, {"temperature_c": warm + 1})
        weather.receive(session, scope, place_id=place.id, delivered=[seen, ahead])
        target = forecasts.add_target(
            session, scope, position_id=ids["plant"],
            new=forecasts.NewTarget(
                f"{region.name} plant load", {point.id: 1}, name_zh=f"{region.name} 站房用电", horizon_hours=24,
                weather_place_id=place.id,
            ),
        )  # fmt: skip
    with world.database.transaction(scope) as session:
        (made,) = forecasts.issue_forecasts(session, scope, target_ids=[target.id])
    ids |= {"target": target.id, "forecast": made.forecast_id, "weather_place": place.id, "load": point.id}
