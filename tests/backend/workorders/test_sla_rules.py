"""Service-level clocks: laws and cases."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from backend.workorders.rules import sla
from backend.workorders.rules.calendar import Calendar, RoundTheClock
from backend.workorders.rules.sla import Clock, Happened, Policy, Target

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
OFFICE = Calendar(
    "Europe/Berlin", {d: ((time(9), time(17)),) for d in range(5)}, frozenset({date(2026, 11, 25)})
)
POLICY = Policy({p: Target(60, 480) for p in (1, 2, 3, 4)}, frozenset({"access"}))


def clock(events, now, *, policy=POLICY, calendar=OFFICE, which=Clock.RESTORATION, priority=3):
    return sla.read(which, events, priority=priority, policy=policy, calendar=calendar, now=now)


def at(hours):
    return MONDAY + timedelta(hours=hours)


def test_a_clock_counts_the_calendars_hours_only():
    read = clock([Happened(at(10), "report")], at(34))  # Monday 11:00 local to Tuesday 11:00
    assert read.used == timedelta(hours=6 + 2)
    assert read.due_at == at(24 + 10)  # eight hours of service: Tuesday 11:00 local


def test_a_holiday_does_not_count():
    read = clock(
        [Happened(at(24 + 15), "report")], at(24 * 3 + 9)
    )  # Tuesday 16:00 local, over a holiday Wednesday
    assert read.used == timedelta(hours=1 + 1)


def test_response_stops_when_somebody_accepts_and_runs_on_when_they_decline():
    told = [Happened(at(8), "report"), Happened(at(8.5), "accept")]
    assert clock(told, at(12), which=Clock.RESPONSE).stopped_at == at(8.5)
    declined = [*told, Happened(at(8.6), "decline", "ill")]
    read = clock(declined, at(12), which=Clock.RESPONSE)
    assert read.stopped_at is None and read.is_breached


def test_restoration_stops_at_the_first_good_sample_not_at_the_verdict():
    told = [Happened(at(8), "report"), Happened(at(10), "confirm", good_at=at(9.5))]
    assert clock(told, at(12)).stopped_at == at(9.5)


def test_a_reopened_order_starts_its_clocks_again():
    told = [
        Happened(at(8), "report"), Happened(at(9), "confirm"), Happened(at(10), "close"),
        Happened(at(12), "reopen", "again", cycle=2),
    ]  # fmt: skip
    read = clock(told, at(13))
    assert read.started_at == at(12) and read.stopped_at is None


def test_only_reasons_the_policy_names_pause():
    told = [Happened(at(8), "report"), Happened(at(9), "hold", "material"), Happened(at(11), "resume")]
    assert clock(told, at(12)).used == timedelta(hours=4)
    told[1] = Happened(at(9), "hold", "access")
    read = clock(told, at(12))
    assert read.used == timedelta(hours=2) and read.due_at == at(8 + 24 + 2)


@pytest.mark.parametrize("command", ["resume", "take_up", "plan_again"])
def test_a_pause_ends_however_it_goes_on(command):
    told = [Happened(at(8), "report"), Happened(at(9), "hold", "access"), Happened(at(11), command)]
    read = clock(told, at(12))
    assert (read.used, read.is_paused) == (timedelta(hours=2), False)


def test_a_day_on_which_clocks_change_has_its_own_length():
    whole = Calendar("Europe/Berlin", {d: ((time(0), time(23, 59, 59, 999_999)),) for d in range(7)})
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight before the day of 23 hours
    worked = whole.worked(start, start + timedelta(hours=23))
    assert timedelta(hours=23) - worked < timedelta(seconds=1)


REASONS = some.sampled_from(["access", "material"])
HOLDS = some.lists(
    some.tuples(some.integers(1, 3_000), some.integers(1, 600), REASONS),
    max_size=4,
    unique_by=lambda hold: hold[0],
)


def log_of(holds):
    told, until = [Happened(at(0), "report")], 0
    for begin, minutes, reason in sorted(holds):
        begin = max(begin, until + 1)
        until = begin + minutes
        told += [Happened(at(begin / 60), "hold", reason), Happened(at(until / 60), "resume")]
    return told


CALENDARS = some.sampled_from(
    [OFFICE, RoundTheClock(), Calendar("Asia/Shanghai", {5: ((time(22), time(6)),)})]
)


@given(HOLDS, some.integers(0, 6_000), CALENDARS, some.permutations(range(9)))
def test_replaying_a_log_in_any_order_gives_the_same_clock(holds, minutes, calendar, order):
    told = log_of(holds)
    shuffled = [told[i] for i in order if i < len(told)]
    assert clock(shuffled, at(minutes / 60), calendar=calendar) == clock(
        told, at(minutes / 60), calendar=calendar
    )


@given(HOLDS, some.integers(0, 6_000), CALENDARS)
def test_pausing_never_shortens(holds, minutes, calendar):
    now = at(minutes / 60)
    paused = clock(log_of(holds), now, calendar=calendar)
    plain = clock(log_of([]), now, calendar=calendar)
    assert paused.used <= plain.used
    if paused.due_at is not None:
        assert paused.due_at >= plain.due_at


@given(HOLDS, some.integers(0, 3_000), some.integers(0, 3_000), CALENDARS)
def test_time_used_never_runs_backwards(holds, first, more, calendar):
    before = clock(log_of(holds), at(first / 60), calendar=calendar)
    after = clock(log_of(holds), at((first + more) / 60), calendar=calendar)
    assert before.used <= after.used


@given(HOLDS, some.integers(0, 6_000))
def test_a_clock_is_breached_exactly_when_its_due_time_has_passed(holds, minutes):
    now = at(minutes / 60)
    read = clock(log_of(holds), now, calendar=RoundTheClock())
    if not read.is_paused:
        assert read.is_breached == (now > read.due_at)


def test_another_policy_is_applied_from_the_start():
    told = [Happened(at(8), "report"), Happened(at(9), "hold", "access"), Happened(at(11), "resume")]
    strict = Policy(POLICY.targets, frozenset())
    assert clock(told, at(12), policy=strict).used == timedelta(hours=4)


@pytest.mark.parametrize("weekly", [{"7x": []}, {"0": [["9 o'clock", "17:00"]]}, {"0": [["09:00"]]}])
def test_a_calendar_that_cannot_be_read_is_refused(weekly):
    with pytest.raises(Exception, match="cannot be read"):
        Calendar.read("UTC", weekly, [])
