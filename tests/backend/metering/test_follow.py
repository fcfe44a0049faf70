"""Amounts follow readings: right whatever order they come in, late, doubled or revised."""

from __future__ import annotations

import itertools
import sys
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from backend.kernel.periods import Period
from backend.kernel.units import Carrier, PointKind
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


BLIND = "SELECT point_key, '-infinity'::timestamptz FROM firsts ORDER BY 1"
"""Finds no point to have anything yet."""


@pytest.mark.parametrize(("kind", "unit"), [(PointKind.REGISTER, "kWh"), (PointKind.INSTANT, "kW")])
def test_amounts_thought_to_be_new_that_are_there_already_are_merged(meters, monkeypatch, kind, unit):
    point, other = meters.make(f"once {kind}", kind, unit=unit), meters.make(f"again {kind}", kind, unit=unit)
    minutes = np.arange(0, 360, 5)
    for one in (point, other):
        meters.store(one, minutes, minutes / 10)
        meters.follow()
    meters.store(point, [62, 400], [6.25, 41.0])
    meters.follow()
    monkeypatch.setattr(sys.modules["backend.metering.service.amounts"], "_NEWEST", BLIND)
    meters.store(other, [62, 400], [6.25, 41.0])
    meters.follow()
    for grain in Grain:
        assert sums(meters, other, grain) == sums(meters, point, grain)
    assert statistics(meters, other) == statistics(meters, point)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 400), min_size=1, max_size=5), st.sampled_from([5, 15, 60]))
def test_history_in_pieces_gives_the_same_amounts_as_at_once(meters, pieces, step):
    """Days and hours may come whole, in part, or both; the sums are the same, whoever adds them up."""
    whole, cut = meters.make(f"whole {next(names)}"), meters.make(f"cut {next(names)}")
    minutes = np.arange(sum(pieces) + 1) * step - 1500
    register = np.cumsum(minutes % 7) / 8
    meters.store(whole, minutes, register)
    meters.follow()
    follower = metering.RollUpFollower()
    for part in np.split(np.arange(len(minutes)), np.cumsum(pieces)[:-1]):
        meters.store(cut, minutes[part], register[part])
        meters.follow(follower)
    for grain in Grain:
        period = Period(NOON - timedelta(days=40), NOON + timedelta(days=120))
        assert sums(meters, cut, grain, period) == sums(meters, whole, grain, period)
    assert_sums_of_intervals(meters, cut)


def assert_sums_of_intervals(meters, point):
    """Compare every roll-up with what PostgreSQL sums up from the intervals."""
    with meters.world.database.transaction(meters.scope) as session:
        for grain, unit, zone in (
            (0, "hour", "UTC"),
            (1, "day", "Asia/Shanghai"),
            (2, "month", "Asia/Shanghai"),
        ):
            about = {"unit": unit, "zone": zone, "key": point.key, "grain": grain}
            added_up = session.execute(
                text(
                    "SELECT date_trunc(:unit, start, :zone), sum(amount), sum(amount * (method = 1)::int), count(*)"
                    ' FROM "interval" WHERE point_key = :key AND method <> 3 GROUP BY 1 ORDER BY 1'
                ),
                about,
            ).all()
            kept = session.execute(
                text(
                    "SELECT start, amount, estimated, count FROM roll_up WHERE point_key = :key AND grain = :grain"
                    " ORDER BY 1"
                ),
                about,
            ).all()
            assert [tuple(row) for row in kept] == [tuple(row) for row in added_up]


def statistics(meters, point):
    with meters.world.database.transaction(meters.scope) as session:
        rows = session.execute(
            text("SELECT start, count, total, low, high FROM hour_statistic WHERE point_key = :k ORDER BY 1"),
            {"k": point.key},
        )
        return [tuple(row) for row in rows]


def test_a_sum_of_an_hour_that_is_there_already_is_made_again(meters):
    point = meters.make("summed before")
    with meters.world.database.transaction(meters.scope) as session:
        session.execute(
            text("INSERT INTO roll_up VALUES (0, :key, :start, 99, 0, 1)"),
            {"key": point.key, "start": NOON + timedelta(hours=1)},
        )
    meters.store(point, np.arange(0, 181, 15), np.arange(13) * 0.25)
    meters.follow()
    assert list(sums(meters, point, Grain.HOUR).values()) == [1.0, 1.0, 1.0]


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


def test_a_register_that_shows_zeros_for_hours_consumes_nothing_by_that(meters):
    """Whether it comes reading by reading or all at once; the way back is far from the way down."""
    register = [53_700.0, 53_701.0, *[0.0] * 40, 53_702.0, 53_703.0, 53_704.0, 53_705.0]
    at_once, one_by_one = meters.make("zeros at once"), meters.make("zeros one by one")
    meters.store(at_once, np.arange(len(register)) * 15, register)
    meters.follow()
    follower = metering.RollUpFollower()
    for i, shown in enumerate(register):
        meters.store(one_by_one, [i * 15], [shown])
        meters.follow(follower)
    for point in (at_once, one_by_one):
        assert sum(sums(meters, point, Grain.DAY).values()) == 5.0
        assert_sums_of_intervals(meters, point)


@pytest.mark.parametrize("is_newest", [False, True])
@pytest.mark.parametrize(("value", "quality"), [(2.0, 2), (float("nan"), 0)])
def test_an_interval_whose_reading_turns_out_bad_is_off_the_bill(meters, value, quality, is_newest):
    point, other = (meters.make(f"{next(names)}", PointKind.INTERVAL) for _ in range(2))
    at = 45 if is_newest else 15
    meters.store(point, [0, 15, 30, 45, 60], [1.0, 2.0, 3.0, 2.0, 5.0])
    meters.follow()
    meters.store(point, [at], [value], quality=quality)
    meters.follow()
    meters.store(other, [m for m in (0, 15, 30, 45, 60) if m != at], [1.0, 3.0, 2.0, 5.0])
    meters.follow()
    for grain in Grain:
        assert sums(meters, point, grain) == sums(meters, other, grain)
    assert_sums_of_intervals(meters, point)
    assert at not in shown(meters, point)
    meters.store(point, [at], [4.0], corrects=True)
    meters.follow()
    assert sum(sums(meters, point, Grain.DAY).values()) == 15.0 - 2.0 + 2.0
    assert at in shown(meters, point)


def shown(meters, point):
    """Minutes after noon of the intervals people see."""
    with meters.world.database.transaction(meters.scope) as session:
        found = metering.intervals(session, meters.scope, point_id=point.id, period=DAY)
    return [(row.start - NOON) // timedelta(minutes=1) for row in found]


def test_a_point_all_of_whose_readings_turn_out_bad_has_no_sums(meters):
    point = meters.make("all bad", PointKind.INTERVAL)
    meters.store(point, [0, 15], [1.0, 2.0])
    meters.follow()
    meters.store(point, [0, 15], [1.0, 2.0], quality=2)
    meters.follow()
    assert [sums(meters, point, grain) for grain in Grain] == [{}, {}, {}]


@pytest.mark.parametrize("wrong", [0, 1, 5])
def test_a_wrong_register_reading_leaves_nothing_behind(meters, wrong):
    """The earliest, one in between, the newest: what was made of it is made again, or taken back."""
    register = np.array([10.0, 11.0, 12.0, 13.0, 14.0, 15.0])
    minutes = np.array([-15 * 20, 0, 15, 30, 45, 60 + 15 * 20])
    point, other = meters.make(f"wrong at {wrong}"), meters.make(f"without {wrong}")
    follower = metering.RollUpFollower()
    read = register.copy()
    read[wrong] += -9.5 if wrong == 0 else 0.4
    meters.store(point, minutes, read)
    meters.follow(follower)
    meters.store(point, minutes[[wrong]], read[[wrong]], quality=2)
    meters.follow(follower)
    rest = np.arange(6) != wrong
    meters.store(other, minutes[rest], register[rest])
    meters.follow()
    for grain in Grain:
        assert sums(meters, point, grain) == sums(meters, other, grain)
    assert_sums_of_intervals(meters, point)
    for one in (point, other):
        meters.store(one, [60 + 15 * 21, 60 + 15 * 30], [16.0, 17.0])
        meters.follow(follower if one is point else None)
    for grain in Grain:
        assert sums(meters, point, grain) == sums(meters, other, grain)


def test_hours_whose_values_turn_out_bad_are_not_shown(meters):
    point = meters.make("bad hours", PointKind.INSTANT)
    meters.store(point, [0, 30, 70, 90, 130, 200], [1.0, 2.0, 900.0, 901.0, 3.0, 4.0])
    meters.follow()
    meters.store(point, [70, 90], [900.0, 901.0], quality=2)
    meters.follow()
    assert [round(row[3]) for row in statistics(meters, point)] == [1, 3]


def test_a_value_nobody_can_count_holds_up_nobody(meters):
    absurd, good = meters.make("absurd"), meters.make("sane")
    meters.store(absurd, [0, 15, 30, 45], [1.0, 3.4e38, 2.0, 3.0])
    meters.store(good, [0, 15, 30], [1.0, 2.0, 3.0])
    meters.follow()
    assert (
        sum(sums(meters, absurd, Grain.HOUR).values()) == sum(sums(meters, good, Grain.HOUR).values()) == 2.0
    )


def test_a_point_nothing_can_be_made_of_is_set_aside_and_taken_up_again(meters):
    """Each interval can be counted, their sum cannot."""
    monstrous, good = meters.make("monstrous", PointKind.INTERVAL), meters.make("modest", PointKind.INTERVAL)
    minutes = np.arange(1200) * 15
    meters.store(monstrous, minutes, np.full(1200, 8.9e12))
    meters.store(good, [0, 15], [1.0, 2.0])
    follower = metering.RollUpFollower()
    meters.follow(follower)
    assert sum(sums(meters, good, Grain.HOUR).values()) == 3.0
    error, since = set_aside(meters, monstrous)
    assert "out of range" in error and since == NOON
    assert set_aside(meters, good) == (None, None)
    meters.store(monstrous, minutes, np.full(1200, 1.0), corrects=True)
    meters.follow(metering.RollUpFollower())
    assert set_aside(meters, monstrous) == (None, None)
    period = Period(NOON - timedelta(days=40), NOON + timedelta(days=120))
    assert sum(sums(meters, monstrous, Grain.MONTH, period).values()) == 1200.0


def set_aside(meters, point):
    with meters.world.database.transaction(meters.scope) as session:
        found = metering.point(session, meters.scope, point.id)
        return found.error, found.failing_since


def test_hourly_meters_half_an_hour_off_are_counted(meters):
    from backend.network import service as network
    from backend.network.models import PositionKind

    with meters.world.database.transaction(meters.scope) as session:
        site = network.create_site(
            session, meters.scope, organisation_id=meters.world.east.region.id, timezone="Asia/Kolkata",
            new=network.NewPosition(PositionKind.SITE, "Pune works"), currency="INR",
        )  # fmt: skip
        new = metering.NewPoint(
            "hourly", Carrier.ELECTRICITY, "active energy", "kWh", PointKind.INTERVAL, interval_minutes=60
        )
        point = metering.create_point(session, meters.scope, position_id=site.id, new=new)
    meters.store(point, [-30, 30, 90, 100], [1.0, 2.0, 3.0, 50.0])
    meters.follow()
    assert sum(sums(meters, point, Grain.HOUR).values()) == 6.0


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
