"""Amounts follow readings: right whatever order they come in, late, doubled or revised."""

from __future__ import annotations

import itertools
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.kernel.periods import Period
from backend.kernel.units import PointKind
from backend.metering import service as metering
from backend.metering.models import RegisterEventKind
from backend.metering.service import Grain
from tests.backend.metering.conftest import NOON

names = itertools.count()
DAY = Period(NOON - timedelta(days=3), NOON + timedelta(days=3))


def sums(meters, point, grain, period=DAY):
    with meters.world.database.transaction(meters.scope) as session:
        found = metering.amounts(session, meters.scope, point_id=point.id, grain=grain, period=period)
    return {a.start: round(a.amount, 3) for a in found}


def test_roll_ups_are_the_sums_of_intervals(meters):
    point = meters.make("summed")
    meters.store(point, np.arange(0, 24 * 60 + 1, 15), np.arange(97) * 0.25)
    meters.follow()
    hours, days = sums(meters, point, Grain.HOUR), sums(meters, point, Grain.DAY)
    assert len(hours) == 24
    assert set(hours.values()) == {1.0}
    assert list(days.values()) == [12.0, 12.0]  # noon to noon, cut at Shanghai's midnight
    assert (
        sum(sums(meters, point, Grain.MONTH, Period(NOON.replace(day=1) - timedelta(days=2), NOON)).values())
        == 24.0
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_order_of_delivery_gives_the_same_amounts(meters, data):
    """Late, doubled, reordered and revised readings: the outcome depends only on what is stored."""
    count = data.draw(st.integers(5, 30))
    steps = data.draw(st.lists(st.integers(0, 3000), min_size=count, max_size=count))
    gaps = data.draw(st.lists(st.sampled_from([5, 15, 20, 60, 200]), min_size=count, max_size=count))
    minutes, register = np.cumsum(gaps), np.cumsum(steps) / 1000
    straight, shuffled = meters.make(f"straight {next(names)}"), meters.make(f"shuffled {next(names)}")
    meters.store(straight, minutes, register)
    meters.follow()
    wrong = data.draw(st.integers(0, count - 1))
    follower = metering.RollUpFollower()
    meters.store(shuffled, minutes[[wrong]], register[[wrong]] + 0.001)
    for i in data.draw(st.permutations([*range(count), *range(count)])):
        meters.store(shuffled, minutes[[i]], register[[i]])
        if data.draw(st.booleans()):
            meters.follow(follower)
    meters.follow(follower)
    for grain in Grain:
        assert sums(meters, shuffled, grain) == sums(meters, straight, grain)


def test_an_exchange_said_before_the_readings_keeps_every_kilowatt_hour(meters):
    point = meters.make("exchanged")
    with meters.world.database.transaction(meters.scope) as session:
        metering.record_register_event(
            session, meters.scope, point_id=point.id, at=NOON + timedelta(minutes=20),
            kind=RegisterEventKind.EXCHANGE, final=101.0, initial=5.0,
        )  # fmt: skip
    meters.store(point, [0, 15, 30, 45], [99.0, 100.5, 6.0, 7.0])
    meters.follow()
    assert sum(sums(meters, point, Grain.HOUR).values()) == 4.0


def test_an_exchange_said_afterwards_makes_the_amounts_again(meters):
    point = meters.make("exchanged later")
    meters.store(point, [0, 15, 30, 45], [99.0, 100.5, 6.0, 7.0])
    meters.follow()
    with meters.world.database.transaction(meters.scope) as session:
        metering.record_register_event(
            session, meters.scope, point_id=point.id, at=NOON + timedelta(minutes=20),
            kind=RegisterEventKind.EXCHANGE, final=101.0, initial=5.0,
        )  # fmt: skip
    meters.follow()
    assert sum(sums(meters, point, Grain.HOUR).values()) == 4.0


def test_interval_meters_are_taken_at_their_word(meters):
    point = meters.make("interval", PointKind.INTERVAL)
    meters.store(point, [0, 15, 30, 45], [1.0, 2.0, 3.0, 4.0])
    meters.store(point, [15], [2.5])
    meters.follow()
    assert list(sums(meters, point, Grain.HOUR).values()) == [10.5]


def test_bad_readings_do_not_enter_amounts(meters):
    point = meters.make("bad quality")
    meters.store(point, [0, 30], [10.0, 11.0])
    meters.store(point, [15], [500.0], quality=2)
    meters.follow()
    assert sum(sums(meters, point, Grain.HOUR).values()) == 1.0


def test_long_curves_of_instants_keep_the_peak(meters):
    point = meters.make("peaky", PointKind.INSTANT)
    power = np.full(24 * 60, 10.0)
    power[700] = 99.0
    meters.store(point, np.arange(24 * 60), power)
    meters.follow()
    with meters.world.database.transaction(meters.scope) as session:
        year = Period(NOON - timedelta(days=300), NOON + timedelta(days=60))
        curve = metering.curve(session, meters.scope, point_id=point.id, period=year, width=100)
    assert curve.source == "hours"
    assert curve.high.max() == 99.0


def test_a_day_with_a_missing_hour_says_how_many_intervals_it_has(meters):
    point = meters.make("holey", PointKind.INTERVAL)
    meters.store(point, [0, 15, 45], [1.0, 1.0, 1.0])
    meters.follow()
    with meters.world.database.transaction(meters.scope) as session:
        found = metering.amounts(session, meters.scope, point_id=point.id, grain=Grain.HOUR, period=DAY)
    assert [(a.amount, a.intervals) for a in found] == [(3.0, 3)]


@pytest.mark.parametrize(
    ("zone", "on", "hours"), [("Europe/London", "2026-03-29", 23), ("Europe/London", "2026-10-25", 25)]
)
def test_days_of_23_and_25_hours_are_whole(zone, on, hours):
    from datetime import date

    from backend.kernel import periods

    day = periods.day(date.fromisoformat(on), zone)
    assert (day.end - day.start) == timedelta(hours=hours)
