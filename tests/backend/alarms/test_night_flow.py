"""Night flow: the lowest flow of a night, in the site's own time, against a limit or the usual."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from backend.alarms.rules import night
from backend.alarms.rules.evaluate import Readings, step, tick
from backend.alarms.rules.memory import blank, pack, restore
from backend.alarms.rules.night import night_around
from backend.alarms.rules.ruleset import RuleSpec, compile_rules
from backend.kernel import clock

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVENING = datetime(2026, 3, 1, 20, tzinfo=SHANGHAI)


def ruled(*, is_register=False, deadband=0.0, zone="Asia/Shanghai", **parameters):
    given = {"from": "02:00", "to": "04:00"} | parameters
    spec = RuleSpec(1, 1, "night_flow", 1, given, deadband=deadband, is_register=is_register, zone=zone)
    rules, errors = compile_rules([spec])
    assert errors == {}
    return rules


def nights(rules, flows, *, low=lambda night, at: None, memory=None):
    """Feed 15-minute flows night after night; `flows[i]` is the flow from midnight to six of night i."""
    memory = memory or blank(rules, now_us=0)
    changes = []
    for i, flow in enumerate(flows):
        for quarter in range(24 * 4):
            at = EVENING + timedelta(days=i, minutes=15 * quarter)
            value = flow if at.hour < 6 else 5.0
            at_us = clock.to_us(at.astimezone(UTC))
            batch = Readings(np.array([1]), np.array([at_us]), np.array([value]), np.array([True]), at_us)
            changes += step(rules, memory, batch).changes
        memory, _ = restore(rules, pack(rules, memory), now_us=0)
    return [
        (clock.from_us(c.at_us).astimezone(SHANGHAI).strftime("%d %H:%M"), c.after, c.value) for c in changes
    ]


def test_a_night_over_the_limit_raises_at_its_end_and_a_quiet_one_ends_it():
    assert nights(ruled(limit=1.0), [0.2, 1.4, 1.4, 0.3]) == [("03 04:00", 1, 1.4), ("05 04:00", 0, 0.3)]


def test_the_lowest_flow_counts_not_the_mean():
    rules, memory = ruled(limit=1.0), None
    assert nights(rules, [0.9], memory=memory) == []


def test_a_deadband_holds_the_alarm():
    assert nights(ruled(limit=1.0, deadband=0.2), [1.4, 0.9, 0.7]) == [
        ("02 04:00", 1, 1.4),
        ("04 04:00", 0, 0.7),
    ]


def test_against_the_usual_it_learns_five_quiet_nights_first():
    usual = [0.4, 0.5, 0.4, 0.5, 0.4]
    found = nights(ruled(factor=1.5), [*usual, 0.5, 0.7, 0.5])
    assert found == [("08 04:00", 1, 0.7), ("09 04:00", 0, 0.5)]


def test_a_night_mostly_unseen_gives_no_verdict():
    rules = ruled(limit=1.0)
    memory = blank(rules, now_us=0)
    for minutes in (0, 30, 50):
        at_us = clock.to_us((EVENING + timedelta(hours=6, minutes=minutes)).astimezone(UTC))
        step(
            rules,
            memory,
            Readings(np.array([1]), np.array([at_us]), np.array([9.0]), np.array([True]), at_us),
        )
    assert tick(rules, memory, at_us + 12 * 3600 * 1_000_000).changes == []


def test_the_ticker_ends_a_night_whose_meter_sleeps_on():
    rules = ruled(limit=1.0)
    memory = blank(rules, now_us=0)
    for minutes in range(0, 120, 10):
        at_us = clock.to_us((EVENING + timedelta(hours=6, minutes=minutes)).astimezone(UTC))
        step(
            rules,
            memory,
            Readings(np.array([1]), np.array([at_us]), np.array([9.0]), np.array([True]), at_us),
        )
    assert tick(rules, memory, at_us + 9 * 60 * 1_000_000).changes == []
    (change,) = tick(rules, memory, at_us + 12 * 60 * 1_000_000).changes
    assert change.value == 9.0


def test_a_register_is_judged_by_its_mean_flow_over_the_night():
    rules = ruled(limit=1.0, is_register=True)
    memory, changes = blank(rules, now_us=0), []
    for minutes in range(0, 150, 10):  # 1.2 m3/h in whole litres
        at_us = clock.to_us((EVENING + timedelta(hours=6, minutes=minutes)).astimezone(UTC))
        value = np.array([round(100 + minutes / 60 * 1.2, 3)])
        batch = Readings(np.array([1]), np.array([at_us]), value, np.array([True]), at_us)
        changes += step(rules, memory, batch).changes
    assert [round(change.value, 2) for change in changes] == [1.2]


@pytest.mark.parametrize(
    ("at", "start", "end", "expected"),
    [
        ("2026-03-28T22:00Z", time(3), time(5), ("2026-03-29T01:00Z", "2026-03-29T03:00Z")),
        (
            "2026-03-28T22:00Z",
            time(2),
            time(3),
            ("2026-03-30T00:00Z", "2026-03-30T01:00Z"),
        ),  # does not happen
        ("2026-03-28T22:00Z", time(2, 30), time(3), ("2026-03-30T00:30Z", "2026-03-30T01:00Z")),
        ("2026-10-24T22:00Z", time(1), time(4), ("2026-10-24T23:00Z", "2026-10-25T03:00Z")),  # an hour more
    ],
)
def test_a_night_in_a_zone_with_summer_time(at, start, end, expected):
    at_us = clock.to_us(datetime.fromisoformat(at))
    found = night_around(at_us, start=start, end=end, zone="Europe/Berlin")
    assert tuple(clock.from_us(us) for us in found) == tuple(datetime.fromisoformat(e) for e in expected)


def test_a_night_may_cross_midnight():
    at = clock.to_us(datetime(2026, 3, 2, 0, 30, tzinfo=SHANGHAI).astimezone(UTC))
    start, end = night_around(at, start=time(23), end=time(1), zone="Asia/Shanghai")
    assert (end - start) // 3_600_000_000 == 2 and start < at < end


@pytest.mark.parametrize("is_register", [True, False])
def test_the_night_that_summer_time_swallows_says_nothing(is_register):
    rules = ruled(
        is_register=is_register, zone="Europe/Berlin", limit=1.0, **{"from": "02:00", "to": "03:00"}
    )
    memory, changes = blank(rules, now_us=0), []
    midnight = clock.to_us(datetime(2026, 3, 28, 23, tzinfo=UTC))
    for minutes in range(0, 300, 10):
        at_us = midnight + minutes * 60_000_000
        batch = Readings(np.array([1]), np.array([at_us]), np.array([9.0]), np.array([True]), at_us)
        changes += step(rules, memory, batch).changes
        passed = tick(rules, memory, at_us)
        assert passed.errors == {}
        changes += passed.changes
    assert changes == []


def test_a_night_that_cannot_be_judged_stops_nobody_else(monkeypatch):
    def fails(rule, memory, now_us):
        raise ZeroDivisionError("no time at all")

    monkeypatch.setattr(night, "pass_time", fails)
    silent = RuleSpec(2, 1, "silence", 1, {"after_s": 60})
    rules, _ = compile_rules([RuleSpec(1, 1, "night_flow", 1, {"limit": 1.0}), silent])
    outcome = tick(rules, blank(rules, now_us=0), 61_000_000)
    assert [change.rule for change in outcome.changes] == [1]
    assert outcome.errors == {1: "ZeroDivisionError: no time at all"}
