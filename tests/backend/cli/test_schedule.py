"""Jobs start at their time, fired by exactly one of any number of schedulers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from celery.schedules import crontab

from backend.cli import schedule
from backend.kernel.leases import Lease
from backend.kernel.scope import Scope

MONDAY_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "next_at"),
    [
        (60.0, MONDAY_NOON + timedelta(seconds=60)),
        (timedelta(minutes=5), MONDAY_NOON + timedelta(minutes=5)),
        (crontab(minute="40", hour="18"), datetime(2026, 3, 2, 18, 40, tzinfo=UTC)),
        (crontab(minute="0", hour="3", day_of_week="sun"), datetime(2026, 3, 8, 3, 0, tzinfo=UTC)),
        (crontab(minute="0", hour="0", day_of_month="1"), datetime(2026, 4, 1, tzinfo=UTC)),
    ],
)
def test_celerys_way_of_saying_when_means_the_same_here(said, next_at):
    found = schedule.trigger(said).get_next_fire_time(MONDAY_NOON, MONDAY_NOON)
    assert abs(found - next_at) <= timedelta(
        seconds=2
    )  # periods of half a minute and more are spread a little


def test_of_two_schedulers_one_fires_and_the_other_takes_over_when_it_lets_go(database):
    first, second = (Lease("schedule", seconds=schedule.LEASE_S) for _ in range(2))

    def holds(lease: Lease) -> bool:
        with database.transaction(Scope.public()) as session:
            return lease.hold(session)

    assert holds(first)
    assert not holds(second)
    with database.transaction(Scope.public()) as session:
        first.release(session)
    assert holds(second)
    assert not holds(first)
