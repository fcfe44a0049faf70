"""Each local day is validated when it is over; what is found stays until somebody or a new run settles it."""

from __future__ import annotations

import itertools
from datetime import timedelta

import numpy as np
import pytest

from backend.kernel.units import PointKind
from backend.metering import service as metering
from backend.metering.models import ExceptionState
from backend.metering.rules.vee import Check, Severity
from backend.metering.service import ExceptionFilter
from tests.backend.metering.conftest import NOON

names = itertools.count()
DAYS = 24
START = NOON.replace(hour=16) - timedelta(days=DAYS)  # midnight in Shanghai
HOURS = np.arange(DAYS * 24) * 60
BY_DAY = np.where((np.arange(24) >= 8) & (np.arange(24) < 18), 9.0, 1.0)


def profile(meters, values, **more):
    """An hourly interval point of these values from START on, made, estimated and validated."""
    point = meters.make(f"validated {next(names)}", PointKind.INTERVAL, interval_minutes=60, **more)
    there = ~np.isnan(values)
    meters.store(point, HOURS[: len(values)][there], values[there], start=START)
    run(meters)
    return point


def run(meters):
    follower = metering.RollUpFollower()
    meters.follow(follower)
    with meters.world.database.transaction(meters.scope) as session:
        follower.estimate(session, meters.scope)
        while metering.validate_closed_days(session, meters.scope):
            pass


def found(meters, point, states=(ExceptionState.OPEN,)):
    wanted = ExceptionFilter(states=states, point_id=point.id)
    with meters.world.database.transaction(meters.scope) as session:
        page = metering.exceptions(session, meters.scope, wanted, limit=50)
        return {(Check(row.check), row.starts_at): row for row in page.items}


def day(number: int):
    return START + timedelta(days=number)


def test_a_day_twice_as_high_as_ever_is_found_when_it_is_over(meters):
    values = np.tile(BY_DAY, DAYS)
    values[-24:] *= 3
    point = profile(meters, values)
    (row,) = found(meters, point).values()
    assert (row.check, row.starts_at, row.ends_at) == (Check.HIGH, day(DAYS - 1), day(DAYS))
    assert (row.measured, row.limit) == (BY_DAY.sum() * 3000, BY_DAY.sum() * 2000)


def test_what_later_readings_put_right_is_settled_by_the_next_run(meters):
    values = np.tile(BY_DAY, DAYS)
    values[-12] = 90_000.0
    point = profile(meters, values)
    assert {check for check, _ in found(meters, point)} == {Check.SPIKE, Check.HIGH}
    meters.store(point, HOURS[[-12]], np.array([9.0]), start=START)
    run(meters)
    assert {check for check, _ in found(meters, point)} == {Check.DUPLICATE}
    settled = found(meters, point, states=[ExceptionState.RERUN])
    assert {row.reason for row in settled.values()} == {"not found any more"}
    assert {row.settled_by for row in settled.values()} == {None}


def test_a_gap_is_an_exception_until_late_readings_fill_it(meters):
    values = np.tile(BY_DAY, DAYS)
    kept = values.copy()
    kept[-60:-50] = np.nan
    point = profile(meters, kept)
    (row,) = found(meters, point).values()
    assert (row.check, row.measured) == (Check.MISSING, 10)
    assert row.starts_at == START + timedelta(hours=DAYS * 24 - 60)


def test_a_gap_of_a_register_that_late_readings_fill_is_settled(meters):
    point = meters.make(f"register {next(names)}")
    shown = np.concatenate(([0], np.cumsum(np.tile(BY_DAY, DAYS))))
    at = np.arange(len(shown)) * 60
    keep = np.ones(len(shown), dtype=bool)
    keep[-60:-50] = False
    meters.store(point, at[keep], shown[keep], start=START)
    run(meters)
    assert [check for check, _ in found(meters, point)] == [Check.MISSING]
    meters.store(point, at[~keep], shown[~keep], start=START)
    run(meters)
    assert not found(meters, point)
    assert {row.reason for row in found(meters, point, states=None).values()} == {"late readings came"}


def test_a_meter_that_is_read_once_a_day_has_no_gaps_to_look_at(meters):
    point = meters.make(f"by hand {next(names)}")
    meters.store(point, np.arange(DAYS) * 1440, np.arange(DAYS) * 10.0, start=START)
    run(meters)
    assert not found(meters, point, states=None)


def test_a_meter_that_stands_still_is_one_exception_that_grows(meters):
    values = np.tile(BY_DAY, DAYS)
    values[-72:] = 0
    point = profile(meters, values)
    dead = [row for (check, _), row in found(meters, point).items() if check is Check.DEAD]
    assert [(row.starts_at, row.measured) for row in dead] == [(day(DAYS - 3), 72.0)]


def test_an_amount_below_zero_is_held_at_once(meters):
    values = np.tile(BY_DAY, 2)
    values[5] = -3.0
    point = profile(meters, values)
    row = found(meters, point)[Check.NEGATIVE, START + timedelta(hours=5)]
    assert (row.severity, row.measured) == (Severity.HOLD, -3.0)


def test_a_register_set_anew_without_a_word_is_an_exchange_nobody_recorded(meters):
    point = meters.make(f"swapped {next(names)}")
    meters.store(point, [0, 60, 120, 180, 240], [100.0, 101.0, 0.5, 1.5, 2.0], start=START)
    run(meters)
    (row,) = (row for (check, _), row in found(meters, point).items() if check is Check.EXCHANGE)
    assert (row.starts_at, row.measured) == (START + timedelta(hours=1), 100.5)


def test_sub_meters_are_held_against_their_parent(meters):
    whole = meters.make(f"whole {next(names)}", PointKind.INTERVAL, interval_minutes=60)
    part = meters.make(f"part {next(names)}", PointKind.INTERVAL, interval_minutes=60, parent_id=whole.id)
    meters.store(part, HOURS[:48], np.tile(BY_DAY, 2) * 1.5, start=START)
    meters.store(whole, HOURS[:48], np.tile(BY_DAY, 2), start=START)
    run(meters)
    (row, *_) = (row for (check, _), row in found(meters, whole).items() if check is Check.PARENT)
    assert row.measured == pytest.approx(BY_DAY.sum() * 500)


def test_a_meters_intervals_are_held_against_its_register(meters):
    register = meters.make(f"twin {next(names)}", quantity="twin energy")
    shown = np.concatenate(([0], np.cumsum(np.tile(BY_DAY, 2))))
    meters.store(register, np.arange(49) * 60, shown, start=START)
    profile_of_it = meters.make(
        f"twin profile {next(names)}", PointKind.INTERVAL, interval_minutes=60, quantity="twin energy"
    )
    values = np.tile(BY_DAY, 2)
    values[30] += 40
    meters.store(profile_of_it, HOURS[:48], values, start=START)
    run(meters)
    assert [
        row.measured for (check, _), row in found(meters, profile_of_it).items() if check is Check.REGISTER
    ] == [40_000.0]


def test_others_see_none_of_it(meters):
    values = np.tile(BY_DAY, DAYS)
    values[-24:] *= 3
    point = profile(meters, values)
    west = meters.world.west
    with meters.world.database.transaction(west.scope) as session:
        assert not metering.exceptions(session, west.scope, ExceptionFilter(states=None), limit=50).items
    assert found(meters, point)
