"""A register with a gap, estimated and validated, for tests of what people do about it."""

from __future__ import annotations

import itertools
from datetime import timedelta
from uuid import UUID

import numpy as np

from backend.kernel import clock
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.service import ExceptionFilter
from tests.world import Region, World

DAYS = 10
BY_DAY = np.where((np.arange(24) >= 8) & (np.arange(24) < 18), 9.0, 1.0)
FIRST, LAST = 8 * 24 + 2, 8 * 24 + 8
"""The readings on either side of a gap of six hours."""
HOUR_US = 3_600_000_000
_numbers = itertools.count()


def make_gap(world: World, region: Region, *, position: str = "plant") -> tuple[UUID, UUID]:
    """Make a point of hourly registers with a gap; return its exception and the point."""
    with world.database.transaction(region.scope) as session:
        point = metering.create_point(
            session, region.scope, position_id=region.ids[position],
            new=metering.NewPoint(
                f"gap {next(_numbers)}", Carrier.ELECTRICITY, "active energy", "kWh", PointKind.REGISTER,
                interval_minutes=60,
            ),
        )  # fmt: skip
    shown = np.concatenate(([0], np.cumsum(np.tile(BY_DAY, DAYS))))
    keep = np.ones(len(shown), dtype=bool)
    keep[FIRST + 1 : LAST] = False
    start = clock.to_us((clock.now() - timedelta(days=DAYS)).replace(minute=0, second=0, microsecond=0))
    at = start + np.arange(len(shown), dtype=np.int64) * HOUR_US
    good = np.zeros(int(keep.sum()), np.int16)
    batch = metering.ReadingBatch(np.full(len(good), point.key), at[keep], shown[keep], good)
    with world.database.transaction(region.scope) as session:
        metering.store_readings(session, region.scope, batch, source="test", live=False)
    follow(world, region)
    with world.database.transaction(region.scope) as session:
        found = metering.exceptions(session, region.scope, ExceptionFilter(point_id=point.id)).items
    return next(row.exception.id for row in found if row.check is metering.Check.MISSING), point.id


def follow(world: World, region: Region) -> None:
    """Make amounts, estimate gaps and validate days, until nothing is left."""
    follower = metering.RollUpFollower()
    more = True
    while more:
        with world.database.transaction(region.scope) as session:
            more = follower.step(session, region.scope) > 0
    with world.database.transaction(region.scope) as session:
        while follower.estimate(session, region.scope) + metering.validate_closed_days(session, region.scope):
            pass
