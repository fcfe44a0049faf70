"""Who sees which values: operators all of theirs, customers what was measured while they were supplied."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from backend.kernel import bulk, clock
from backend.kernel.errors import NotFound, Refused
from backend.kernel.periods import Period
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Direction
from backend.metering.service import Grain
from backend.metering.service.maintenance import sort_closed_months
from tests.backend.metering.conftest import NOON

MONTH = Period(NOON - timedelta(days=20), NOON + timedelta(days=20))


def test_a_customer_sees_only_the_period_they_were_supplied_in(meters):
    point = meters.make("supplied")
    meters.store(point, np.arange(-15, 15) * 24 * 60, np.arange(30.0))
    customer = meters.world.scope(meters.world.east, "customer")
    with meters.world.database.transaction(customer) as session:
        at_us, _, _ = metering.readings(session, customer, point_id=point.id, period=MONTH)
        assert len(at_us) == 20
        assert metering.latest_values(session, customer, point_ids=[point.id]) == []
    with meters.world.database.transaction(meters.scope) as session:
        assert len(metering.readings(session, meters.scope, point_id=point.id, period=MONTH)[0]) == 30


def test_another_region_sees_nothing(meters):
    point = meters.make("ours")
    west = meters.world.scope(meters.world.west, "manager")
    with meters.world.database.transaction(west) as session:
        with pytest.raises(NotFound):
            metering.curve(session, west, point_id=point.id, period=MONTH)
        assert metering.latest_values(session, west, point_ids=[point.id]) == []
        assert metering.list_points(session, west).items == []


def test_a_curve_never_sends_more_than_the_screen_has(meters):
    point = meters.make("wide", PointKind.INSTANT)
    meters.store(point, np.arange(5000), np.sin(np.arange(5000)))
    with meters.world.database.transaction(meters.scope) as session:
        curve = metering.curve(session, meters.scope, point_id=point.id, period=MONTH, width=200)
        assert 100 < len(curve.at_us) <= 201
        with pytest.raises(Refused, match="samples"):
            metering.curve(session, meters.scope, point_id=point.id, period=MONTH, width=100_000)


@pytest.fixture
def rows_read(monkeypatch):
    """Count the rows that curves take out of the database."""
    taken, honest = [], bulk.columns_of

    def counting(*given):
        columns = honest(*given)
        taken.append(len(columns[0]))
        return columns

    monkeypatch.setattr(bulk, "columns_of", counting)
    return taken


YEAR = Period(NOON - timedelta(days=60), NOON + timedelta(days=305))


def test_a_curve_of_a_register_over_a_year_reads_what_is_drawn(meters, rows_read):
    point = meters.make("years")
    minutes = np.arange(0, 60 * 24 * 60, 30)
    meters.store(point, minutes, np.arange(len(minutes)) * 2.0)
    with meters.world.database.transaction(meters.scope) as session:
        curve = metering.curve(session, meters.scope, point_id=point.id, period=YEAR, width=200)
    assert sum(rows_read) <= 201
    at_minutes = (curve.at_us - clock.to_us(NOON)) // 60_000_000
    assert (curve.value == at_minutes / 30 * 2.0).all()  # each is a reading, none is made up
    assert (at_minutes[0], at_minutes[-1]) == (0, minutes[-1])
    assert len(curve.at_us) > 25


def test_a_curve_of_amounts_over_a_year_keeps_the_highest(meters, rows_read):
    point = meters.make("amounts over a year", PointKind.INTERVAL)
    minutes = np.arange(0, 60 * 24 * 60, 30)
    values = np.ones(len(minutes))
    values[1234] = 99.0
    meters.store(point, minutes, values)
    with meters.world.database.transaction(meters.scope) as session:
        curve = metering.curve(session, meters.scope, point_id=point.id, period=YEAR, width=200)
    assert sum(rows_read) <= 201
    assert curve.value.max() == 99.0


def test_the_overview_counts_totals_once_and_keeps_supply_apart_from_use(meters):
    used = meters.make("main", is_total=True)
    meters.make("sub")
    supplied = meters.make("roof", is_total=True, direction=Direction.OUT)
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    with_quarter = np.arange(-30 * 60, 1, 15)
    for point, factor in ((used, 4.0), (supplied, 1.0)):
        meters.store(point, with_quarter, np.arange(len(with_quarter)) * factor, start=hour)
    meters.follow()
    organisations = frozenset({meters.world.east.region.id})
    with meters.world.database.transaction(meters.scope) as session:
        seen = metering.overview(session, meters.scope, organisations=organisations)
    use, supply = (seen.of(Carrier.ELECTRICITY, d) for d in (Direction.IN, Direction.OUT))
    hours = (seen.counted_until - seen.day.start) / timedelta(hours=1)
    assert (use.today, supply.today) == (hours * 16.0, hours * 4.0)
    assert use.yesterday_whole >= use.yesterday


def test_so_far_counts_what_no_interval_holds_yet(meters):
    point = meters.make("so far")
    meters.store(point, [0, 15, 20], [1.0, 2.0, 2.4])
    meters.follow()
    with meters.world.database.transaction(meters.scope) as session:
        found = metering.so_far(session, meters.scope, points=[point])
        hours = metering.amounts(session, meters.scope, point_id=point.id, grain=Grain.HOUR, period=MONTH)
    assert found[point.id] == pytest.approx(0.4)
    assert [a.amount for a in hours] == [1.0]


def test_the_night_sorts_closed_months_once_and_changes_no_value(meters):
    point = meters.make("old")
    old = NOON.replace(year=2024, month=2)
    meters.store(point, [3, 2, 1], [3.0, 2.0, 1.0], start=old)
    night = meters.world.database
    done = sort_closed_months(night.engine, meters.scope)
    assert "reading_2024_02" in done
    assert sort_closed_months(night.engine, meters.scope) == []
    with night.transaction(meters.scope) as session:
        period = Period(old, old + timedelta(hours=1))
        assert metering.readings(session, meters.scope, point_id=point.id, period=period)[1].tolist() == [
            1,
            2,
            3,
        ]


def test_who_was_supplied_once_sees_no_total_of_the_next_tenants_use(meters):
    """The agreement ended months ago; what the building uses today is not the former customer's to see."""
    point = meters.make("handed over", is_total=True)
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    quarters = np.arange(-30 * 60, 1, 15)
    meters.store(point, quarters, np.arange(len(quarters)) * 1.0, start=hour)
    meters.follow()
    customer = meters.world.scope(meters.world.east, "customer")
    with meters.world.database.transaction(customer) as session:
        seen = metering.overview(session, customer, organisations=frozenset({meters.world.east.customer.id}))
    use = seen.of(Carrier.ELECTRICITY, Direction.IN)
    assert use is None or (use.today, use.yesterday_whole, use.month, use.rate) == (0, 0, 0, None)
