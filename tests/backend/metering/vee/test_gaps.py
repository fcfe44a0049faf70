"""The follower fills gaps: at once by a straight line, then by what the point's own past says."""

from __future__ import annotations

import itertools
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text

from backend.kernel import events as kernel_events
from backend.kernel.periods import Period
from backend.kernel.units import PointKind
from backend.metering import events
from backend.metering import service as metering
from backend.metering.rules import Method, Rule
from backend.metering.service import around
from tests.backend.metering.conftest import NOON

names = itertools.count()
DAYS = 16
START = NOON.replace(hour=16) - timedelta(days=DAYS)  # midnight in Shanghai
QUARTERS = np.arange(DAYS * 96 + 1) * 15
BY_DAY = np.where((np.arange(96) >= 32) & (np.arange(96) < 72), 2.0, 0.25)
GAP = slice((DAYS - 2) * 96 + 1, (DAYS - 1) * 96)
"""Readings that did not come: a day but for its borders."""


def registered(meters, *, without=GAP, follower=None):
    """A register of two weeks with a shape by day, and a day that was not read."""
    point = meters.make(f"shaped {next(names)}")
    shown = 100 + np.concatenate(([0], np.cumsum(np.tile(BY_DAY, DAYS))))
    keep = np.ones(len(shown), dtype=bool)
    keep[without] = False
    meters.store(point, QUARTERS[keep], shown[keep], start=START)
    meters.follow(follower)
    return point, shown


def intervals(meters, point, *, days=DAYS):
    with meters.world.database.transaction(meters.scope) as session:
        rows = metering.intervals(
            session, meters.scope, point_id=point.id, period=Period(START, START + timedelta(days=days))
        )
        return [(row.amount, row.method, row.rule, row.version) for row in rows]


def estimate(meters, follower=None):
    follower = follower or metering.RollUpFollower()
    with meters.world.database.transaction(meters.scope) as session:
        return follower.estimate(session, meters.scope)


def test_a_gap_gets_a_straight_line_at_once_and_its_shape_right_after(meters):
    point, _ = registered(meters)
    there = slice((DAYS - 2) * 96, (DAYS - 1) * 96)
    before = intervals(meters, point)[there]
    assert np.ptp([amount for amount, *_ in before]) <= 1
    assert {rule for _, _, rule, _ in before} == {Rule.INTERPOLATED}
    assert estimate(meters) == 1
    after = intervals(meters, point)[there]
    assert [amount for amount, *_ in after] == (BY_DAY * 1000).astype(int).tolist()
    assert {(method, rule, version) for _, method, rule, version in after} == {
        (Method.ESTIMATED, Rule.EDGED, 1)
    }
    assert estimate(meters) == 0


def test_roll_ups_follow_the_shape_and_keep_the_sum(meters):
    point, shown = registered(meters)
    estimate(meters)
    with meters.world.database.transaction(meters.scope) as session:
        days = metering.amounts(
            session, meters.scope, point_id=point.id, grain=metering.Grain.DAY,
            period=Period(START, START + timedelta(days=DAYS)),
        )  # fmt: skip
    assert sum(day.amount for day in days) == pytest.approx(shown[-1] - shown[0])


def test_a_shape_stays_whatever_has_the_stretch_made_again(meters):
    follower = metering.RollUpFollower()
    point, shown = registered(meters, follower=follower)
    estimate(meters, follower)
    before = intervals(meters, point)
    meters.store(point, QUARTERS[[GAP.start - 3]], shown[[GAP.start - 3]] + 0.001, start=START)
    meters.store(point, QUARTERS[[GAP.start - 3]], shown[[GAP.start - 3]], start=START, corrects=True)
    meters.follow(follower)
    after = intervals(meters, point)
    assert [row[:3] for row in after] == [row[:3] for row in before]


def test_late_readings_revise_the_estimate_and_tell_who_may_have_used_it(meters):
    told = []
    kernel_events.listen(events.INTERVALS_REVISED, "a test", lambda *_: None)
    try:
        point, shown = registered(meters)
        estimate(meters)
        meters.store(point, QUARTERS[GAP], shown[GAP], start=START)
        meters.follow()
        with meters.world.database.transaction(meters.scope) as session:
            told = session.execute(
                text("SELECT body FROM outbox WHERE name = :name ORDER BY recorded_at"),
                {"name": events.INTERVALS_REVISED},
            ).scalars().all()  # fmt: skip
    finally:
        kernel_events._listeners.pop(events.INTERVALS_REVISED)
    mine = [one for body in told for one in body["points"] if one["point_id"] == str(point.id)]
    assert mine[-1]["start"].startswith((START + timedelta(days=DAYS - 2)).strftime("%Y-%m-%dT%H:%M"))
    there = intervals(meters, point)[(DAYS - 2) * 96 : (DAYS - 1) * 96]
    assert {(method, rule, version) for _, method, rule, version in there} == {
        (Method.MEASURED, Rule.REGISTER, 2)
    }
    with meters.world.database.transaction(meters.scope) as session:
        left = session.execute(text("SELECT count(*) FROM gap WHERE point_key = :key"), {"key": point.key})
        assert left.scalar_one() == 0


def test_a_late_reading_in_the_middle_makes_two_gaps_of_one(meters):
    point, shown = registered(meters)
    estimate(meters)
    middle = [GAP.start + 40]
    meters.store(point, QUARTERS[middle], shown[middle], start=START)
    meters.follow()
    assert estimate(meters) == 2
    there = intervals(meters, point)[(DAYS - 2) * 96 : (DAYS - 1) * 96]
    assert sum(amount for amount, *_ in there) == BY_DAY.sum() * 1000


def test_a_register_read_by_the_hour_has_a_past_in_quarters_of_one(meters):
    point = meters.make(f"hourly {next(names)}")
    shown = 100 + np.concatenate(([0], np.cumsum(np.tile(BY_DAY, DAYS))))[::4]
    keep = np.ones(len(shown), dtype=bool)
    keep[GAP.start // 4 + 1 : GAP.stop // 4] = False
    meters.store(point, QUARTERS[::4][keep], shown[keep], start=START)
    meters.follow()
    assert estimate(meters) == 1
    there = intervals(meters, point)[(DAYS - 2) * 96 : (DAYS - 1) * 96]
    assert [amount for amount, *_ in there] == (BY_DAY * 1000).astype(int).tolist()


def test_without_a_past_the_straight_line_stays(meters):
    point = meters.make("young")
    meters.store(point, [0, 15, 600, 615], [1.0, 2.0, 9.0, 10.0])
    meters.follow()
    before = intervals(meters, point, days=DAYS + 2)
    estimate(meters)
    assert intervals(meters, point, days=DAYS + 2) == before
    assert estimate(meters) == 0


def test_interval_points_are_filled_from_their_past_and_never_without(meters):
    point = meters.make(f"profile {next(names)}", PointKind.INTERVAL)
    amount = np.tile(BY_DAY, DAYS)
    keep = np.ones(len(amount), dtype=bool)
    keep[GAP] = False
    meters.store(point, QUARTERS[:-1][keep], amount[keep], start=START)
    young = meters.make(f"young profile {next(names)}", PointKind.INTERVAL)
    meters.store(young, [0, 15, 600], [1.0, 2.0, 3.0])
    meters.follow()
    assert len(intervals(meters, point)) == keep.sum()
    assert estimate(meters) == 2
    rows = intervals(meters, point)
    assert [amount for amount, *_ in rows] == (amount * 1000).astype(int).tolist()
    assert {row[1] for row in rows[GAP]} == {Method.ESTIMATED}
    assert len(intervals(meters, young, days=DAYS + 2)) == 3


def test_what_was_estimated_of_an_interval_point_gives_way_to_what_was_measured(meters):
    point = meters.make(f"late profile {next(names)}", PointKind.INTERVAL)
    amount = np.tile(BY_DAY, DAYS)
    keep = np.ones(len(amount), dtype=bool)
    keep[GAP] = False
    meters.store(point, QUARTERS[:-1][keep], amount[keep], start=START)
    follower = metering.RollUpFollower()
    meters.follow(follower)
    estimate(meters, follower)
    late = [GAP.start + 4, GAP.start + 5]
    meters.store(point, QUARTERS[late], np.array([7.0, 8.0]), start=START)
    meters.follow(follower)
    rows = intervals(meters, point)
    assert [(amount, method) for amount, method, *_ in rows[late[0] : late[1] + 1]] == [(7000, 0), (8000, 0)]
    assert {row[1] for row in rows[late[1] + 1 : GAP.stop]} == {Method.ESTIMATED}


def test_a_gap_that_cannot_be_estimated_says_why_and_holds_up_nobody(meters, monkeypatch):
    good, _ = registered(meters)
    bad, _ = registered(meters)
    sound = around.context

    def broken(point, *rest):
        if point.key == bad.key:
            raise ValueError("a fault of this point alone")
        return sound(point, *rest)

    monkeypatch.setattr(around, "context", broken)
    assert estimate(meters) == 2
    with meters.world.database.transaction(meters.scope) as session:
        reasons = dict(list(session.execute(text("SELECT point_key, reason FROM gap"))))
    assert reasons[bad.key] == "ValueError: a fault of this point alone"
    assert "days of the same kind" in reasons[good.key]
