"""Which days stand against which."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.analysis.rules.asking import Ask, Compare, ask_of
from backend.analysis.rules.periods import FURTHEST, WEEKS, alike_days, kind_of, stretch_before, stretches
from backend.kernel.calendars import CALENDARS, DayKind
from backend.kernel.errors import Refused

CHINA, PLAIN = CALENDARS["CN"], CALENDARS["none"]
SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
WHO = UUID(int=1)
LATE = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "until", "before"),
    [
        (date(2026, 10, 1), date(2026, 11, 1), date(2026, 9, 1)),
        (date(2026, 3, 1), date(2026, 4, 1), date(2026, 2, 1)),
        (date(2026, 1, 1), date(2027, 1, 1), date(2025, 1, 1)),
        (date(2026, 7, 1), date(2026, 10, 1), date(2026, 4, 1)),
        (date(2026, 10, 5), date(2026, 10, 12), date(2026, 9, 28)),
        (date(2026, 10, 2), date(2026, 11, 2), date(2026, 9, 1)),
    ],
)
def test_the_stretch_before_is_as_many_months_or_days(first, until, before):
    assert stretch_before(first, until) == (before, first)


@given(st.dates(date(2024, 3, 1), date(2026, 11, 1)), st.integers(1, 400), st.sampled_from([CHINA, PLAIN]))
def test_every_day_has_one_like_and_none_is_used_twice(first, count, calendar):
    pairs, unlike = alike_days(first, first + timedelta(days=count), calendar)
    assert [on for on, _ in pairs] == [first + timedelta(days=number) for number in range(count)]
    assert len({like for _, like in pairs}) == count
    alike = 0
    for on, like in pairs:
        here, there = kind_of(on, calendar), kind_of(like, calendar)
        if here is DayKind.MAKE_UP:
            alike += there in (DayKind.MAKE_UP, DayKind.WORKDAY)
        else:
            alike += here is there and (here is DayKind.HOLIDAY or on.weekday() == like.weekday())
    assert alike >= count - unlike


@given(st.dates(date(2010, 1, 1), date(2040, 1, 1)), st.integers(1, 60))
def test_without_holidays_a_day_stands_against_the_same_weekday_52_weeks_before(first, count):
    pairs, unlike = alike_days(first, first + timedelta(days=count), PLAIN)
    assert unlike == 0
    assert all(on - like == WEEKS for on, like in pairs)


def test_the_spring_festival_stands_against_the_one_before_though_the_moon_moved_it():
    pairs, unlike = alike_days(date(2026, 2, 15), date(2026, 2, 24), CHINA)
    likes = {like for _, like in pairs}
    assert {date(2025, 1, 28) + timedelta(days=number) for number in range(8)} <= likes
    assert unlike == 1  # nine days of holiday against eight
    assert all(
        abs(like - (on - WEEKS)) <= FURTHEST for on, like in pairs if kind_of(like, CHINA) is DayKind.HOLIDAY
    )


def ask(first, until, compare, **more):
    return Ask(WHO, first, until, compare, **more)


@pytest.mark.parametrize(
    ("zone", "first", "until", "hours"),
    [
        (BERLIN, date(2026, 3, 29), date(2026, 3, 30), 23),
        (BERLIN, date(2026, 10, 25), date(2026, 10, 26), 25),
        (SHANGHAI, date(2026, 10, 1), date(2026, 11, 1), 744),
    ],
)
def test_days_have_23_24_or_25_hours(zone, first, until, hours):
    found = stretches(ask(first, until, Compare.NONE), zone, PLAIN, LATE)
    assert found.hours == (hours, 0)
    assert not found.is_running


def test_a_period_that_runs_stands_against_as_much_of_the_one_before_in_full_hours():
    now = datetime(2026, 11, 10, 4, 40, tzinfo=UTC)  # noon in Shanghai
    for compare in (Compare.BEFORE, Compare.YEAR):
        found = stretches(ask(date(2026, 11, 1), date(2026, 12, 1), compare), SHANGHAI, CHINA, now)
        assert found.is_running
        assert found.hours == (9 * 24 + 12, 9 * 24 + 12)


def test_days_that_are_named_may_be_more_or_fewer():
    said = ask(date(2026, 10, 1), date(2026, 10, 8), Compare.CUSTOM, against_first=date(2026, 5, 1),
               against_until=date(2026, 5, 6))  # fmt: skip
    assert stretches(said, SHANGHAI, CHINA, LATE).hours == (168, 120)


@pytest.mark.parametrize(
    ("first", "until", "compare"),
    [
        (date(2026, 10, 1), date(2026, 10, 1), Compare.BEFORE),
        (date(2020, 10, 1), date(2026, 10, 1), Compare.BEFORE),
        (date(2026, 10, 1), date(2026, 10, 2), Compare.CUSTOM),
        (date.min, date.min.replace(day=2), Compare.BEFORE),
        (date.max.replace(day=30), date.max, Compare.YEAR),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(first, until, compare):
    with pytest.raises(Refused):
        ask(first, until, compare)


def test_what_is_kept_with_a_schedule_asks_the_same_again():
    said = Ask(WHO, date(2026, 10, 1), date(2026, 11, 1), Compare.YEAR, more=(("factor", "area"),))
    again = ask_of(said.kept(), organisation_id=WHO, first=said.first, until=said.until)
    assert again == said
    for wrong in (
        {"by": "colour"},
        {"compare": 3},
        {"factor": "a\0b"},
        {"x" * 101: "y"},
        {"under": "nothing"},
    ):
        with pytest.raises(Refused):
            ask_of(wrong, organisation_id=WHO, first=said.first, until=said.until)
