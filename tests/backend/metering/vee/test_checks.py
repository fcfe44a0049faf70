"""Each check finds what it is for, and keeps silent about what is usual."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from backend.metering.rules import vee
from backend.metering.rules.vee import Check, Limits, Severity

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 20_500 * DAY
LIMITS = Limits()


def series(*rows, length=HOUR):
    """Points whose hourly amounts from START on are the rows; NaN: not there."""
    amount = [np.asarray(row, float) for row in rows]
    owner = np.concatenate([np.full(len(row), i, np.int64) for i, row in enumerate(amount)])
    start = np.concatenate([START + np.arange(len(row)) * length for row in amount])
    flat = np.concatenate(amount)
    there = ~np.isnan(flat)
    return vee.Series(owner[there], start[there], start[there] // DAY, flat[there].astype(np.int64), length)


def usual(days=28, *, night=100, noon=900):
    """Days alike: low by night, high at noon."""
    day = np.full(24, night)
    day[8:18] = noon
    return np.tile(day, days)


PAST = vee.past_of(series(usual(), np.zeros(24 * 28), usual(3)), 3)


def said(found: vee.Findings) -> list[tuple[int, Check, float, float]]:
    return [
        (int(owner), Check(check), float(measured), float(limit))
        for owner, check, measured, limit in zip(
            found.owner, found.check, found.measured, found.limit, strict=True
        )
    ]


def validated(*rows):
    return vee.validate(series(*rows), PAST, LIMITS)


def test_a_usual_week_is_passed_without_a_word():
    assert len(validated(usual(7), np.zeros(24 * 7), usual(7) * 50)) == 0


def test_intervals_that_were_not_read_are_found_where_they_lie():
    day = usual(1).astype(float)
    day[5:9] = np.nan
    found = validated(day)
    assert said(found) == [(0, Check.MISSING, 4, 1)]
    assert (found.start_us[0], found.end_us[0]) == (START + 5 * HOUR, START + 9 * HOUR)


def test_a_peak_far_above_its_day_and_all_the_past_is_a_spike():
    day = usual(1)
    day[12] = 90_000
    found = validated(day)
    assert (0, Check.SPIKE, 100.0, LIMITS.spike) in said(found)
    spike = found.check == Check.SPIKE
    assert (found.start_us[spike][0], found.severity[spike][0]) == (START + 12 * HOUR, Severity.HOLD)


def test_a_peak_the_past_has_seen_before_is_none():
    past = usual()
    past[5] = 9_000
    day = usual(1)
    day[12] = 9_000
    known = vee.past_of(series(past), 1)
    assert not len(vee.spikes(series(day), known, LIMITS))


@pytest.mark.parametrize(("factor", "check"), [(2.5, Check.HIGH), (0.2, Check.LOW)])
def test_a_day_beyond_what_its_own_past_allows_is_found(factor, check):
    assert [one[1] for one in said(validated(usual(1) * factor))] == [check]


def test_a_day_that_is_not_whole_is_neither_high_nor_low():
    assert not len(validated(usual(1)[:20] * 0))


@pytest.mark.parametrize("hours", [23, 24, 25])
def test_days_of_23_24_and_25_hours_are_whole(hours):
    row = series(np.full(hours, 5_000))
    whole = vee.Series(row.owner, row.start_us, np.zeros(hours, np.int64), row.amount, HOUR)
    assert [Check(one) for one in vee.validate(whole, PAST, LIMITS).check] == [Check.HIGH]


def test_a_meter_that_stands_still_longer_than_it_ever_did_is_dead():
    row = usual(4)
    row[24:72] = 0
    found = validated(row)
    dead = found.check == Check.DEAD
    assert found.measured[dead].tolist() == [48.0]
    assert (found.start_us[dead][0], found.end_us[dead][0]) == (START + DAY, START + 3 * DAY)


def test_a_meter_that_often_rests_is_not_dead_when_it_rests_again():
    past = usual()
    past[: 24 * 5] = 0
    known = vee.past_of(series(past), 1)
    row = usual(6)
    row[24 : 24 * 6] = 0
    assert not len(vee.dead(series(row), known, LIMITS))


def test_of_a_point_without_a_past_only_missing_intervals_are_said():
    assert not len(validated(usual(1), np.zeros(24), usual(1) * 100))


def test_an_instant_said_twice_is_a_note_and_to_be_seen_where_it_differs():
    owner, at = np.zeros(4, np.int64), START + np.array([0, 0, HOUR, HOUR])
    found = vee.duplicates(owner, at, np.array([1.0, 1.0, 2.0, 5.0]))
    assert said(found) == [(0, Check.DUPLICATE, 0, 0), (0, Check.DUPLICATE, 3, 0)]
    assert found.severity.tolist() == [Severity.NOTE, Severity.LOOK]


def test_an_amount_below_zero_is_held():
    found = vee.negative(np.zeros(3, np.int64), START + np.arange(3) * HOUR, np.array([1.0, -0.5, 0.0]), HOUR)
    assert (said(found), found.severity.tolist()) == ([(0, Check.NEGATIVE, -0.5, 0)], [Severity.HOLD])


def test_intervals_that_do_not_sum_to_their_register_are_held():
    where = (np.arange(3), np.full(3, START), np.full(3, START + DAY))
    found = vee.register_against_intervals(
        where, np.array([1000, 1000, 1000]), np.array([1000, 1001, 990]), rounding=1
    )
    assert said(found) == [(2, Check.REGISTER, -10, 1)]


def test_sub_meters_over_their_parent_are_held_and_great_losses_looked_at():
    where = (np.arange(4), np.full(4, START), np.full(4, START + DAY))
    found = vee.against_parent(where, np.full(4, 1000), np.array([1000, 1030, 900, 700]), LIMITS)
    assert said(found) == [(1, Check.PARENT, 30, 20), (3, Check.PARENT, -300, -150)]
    assert found.severity.tolist() == [Severity.HOLD, Severity.LOOK]


def test_a_clock_ahead_of_the_server_is_held_and_one_behind_looked_at():
    read = START + np.array([0, 1, 2, 0, 1, 2, 0, 1, 2]) * MINUTE
    delay = np.array([1, 2, 1, -300, -299, -301, 400, 300, 500]) * 1_000_000
    found = vee.clock_drift(np.repeat([0, 1, 2], 3), read, read + delay, LIMITS)
    assert said(found) == [(1, Check.CLOCK, 301, 120), (2, Check.CLOCK, -300, 120)]
    assert found.severity.tolist() == [Severity.HOLD, Severity.LOOK]


def test_one_late_message_does_not_make_a_clock_wrong():
    read = START + np.arange(3) * MINUTE
    assert not len(
        vee.clock_drift(np.zeros(3, np.int64), read, read + np.array([1, 9_000_000_000, 2]), LIMITS)
    )


@pytest.mark.parametrize(
    ("dial", "events", "found"),
    [
        (None, (), [(7, Check.EXCHANGE, 96.0, 0)]),
        (100.0, (), []),  # rolled over
        (None, [(START + 80 * MINUTE, 99.5, 2.5)], []),  # exchanged, and recorded
    ],
)
def test_a_register_that_steps_back_unexplained_is_an_exchange_nobody_recorded(dial, events, found):
    at = START + np.arange(5) * HOUR
    shown = np.array([98.0, 99.0, 3.0, 4.0, 5.0])
    assert said(vee.exchanges(7, at, shown, dial=dial, events=events)) == found


def test_a_glitch_is_no_exchange():
    at = START + np.arange(4) * HOUR
    assert not len(vee.exchanges(7, at, np.array([98.0, 0.0, 99.0, 99.5]), dial=None, events=()))


def test_every_check_has_words_and_findings_come_sorted():
    for check in Check:
        assert "2" in vee.words(check, 2.5, 2.25)
    row = usual(4).astype(float) * 5
    row[30:60] = 0
    row[70:75] = np.nan
    found = validated(row, np.zeros(96), row)
    assert len(found) > 3
    order = np.lexsort((found.check, found.start_us, found.owner))
    assert order.tolist() == list(range(len(found)))
    assert {len(getattr(found, one.name)) for one in fields(found)} == {len(found)}


def test_nothing_to_validate_finds_nothing():
    nothing = np.empty(0, np.int64)
    empty = vee.Series(nothing, nothing, nothing, nothing, HOUR)
    assert len(vee.validate(empty, vee.past_of(empty, 0), LIMITS)) == 0
    assert len(vee.clock_drift(nothing, nothing, nothing, LIMITS)) == 0
