"""Rosters without double duty, tickets in their order, readings that can be right, shares of a month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from backend.kernel.errors import Conflict, Refused
from backend.metering.service import Counted
from backend.workorders.rules import monthly, roster, rounds, tickets
from backend.workorders.rules.monthly import Share
from backend.workorders.rules.roster import Shift
from backend.workorders.rules.rounds import Before
from backend.workorders.rules.tickets import TicketStatus

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
LI, WANG = UUID(int=1), UUID(int=2)


@some.composite
def shifts(draw):
    start = NOON + timedelta(hours=draw(some.integers(0, 96)))
    return Shift(
        draw(some.sampled_from([LI, WANG])),
        "field",
        start,
        start + timedelta(hours=draw(some.integers(1, 24))),
    )


@given(some.lists(shifts(), max_size=12), some.lists(shifts(), max_size=12))
def test_nobody_is_on_duty_twice_and_every_wish_is_answered(wanted, before):
    there, _left = roster.free_of(before, [])
    added, left = roster.free_of(wanted, there)
    assert len(added) + len(left) == len(wanted)
    for who in (LI, WANG):
        mine = sorted((one for one in [*there, *added] if one.person_id == who), key=lambda one: one.start)
        assert all(one.end <= other.start for one, other in zip(mine, mine[1:], strict=False))
    for one in left:
        assert any(
            one.person_id == other.person_id and one.start < other.end and other.start < one.end
            for other in [*there, *added]
        )


def test_a_night_shift_ends_on_the_next_day():
    night = roster.on_day(LI, "field", date(2026, 11, 2), "20:00", "08:00", "Asia/Shanghai")
    assert (night.start, night.end - night.start) == (NOON, timedelta(hours=12))


def test_a_repeated_shift_keeps_its_local_time_when_clocks_change():
    day = roster.on_day(LI, "field", date(2026, 10, 22), "08:00", "16:00", "Europe/Berlin")
    later = roster.again([day], weeks=1, zone="Europe/Berlin")[0]
    assert later.start - day.start == timedelta(days=7, hours=1)
    night = roster.on_day(LI, "field", date(2026, 10, 24), "22:00", "06:00", "Europe/Berlin")
    assert night.end - night.start == timedelta(hours=9), "the night clocks go back is an hour longer"


def test_a_duty_of_a_whole_day_is_one_also_on_the_day_of_25_hours():
    day = roster.on_day(LI, "field", date(2026, 10, 24), "08:00", "08:00", "Europe/Berlin")
    assert day.end - day.start == timedelta(hours=25)
    before = roster.on_day(LI, "field", date(2026, 10, 17), "08:00", "08:00", "Europe/Berlin")
    assert roster.again([before], weeks=1, zone="Europe/Berlin") == [day]
    assert roster.again([day], weeks=1, zone="Europe/Berlin")[0].end - day.start == timedelta(days=8, hours=1)


def test_a_repeated_shift_in_the_hour_that_spring_leaves_out_does_not_take_place():
    hour = roster.on_day(LI, "field", date(2026, 3, 22), "02:00", "03:00", "Europe/Berlin")
    assert roster.again([hour], weeks=1, zone="Europe/Berlin") == []


@pytest.mark.parametrize("wrong", ["25:00", "eight", ""])
def test_a_time_of_day_is_read_or_refused(wrong):
    with pytest.raises(Refused):
        roster.on_day(LI, "field", date(2026, 11, 2), wrong, "16:00", "UTC")


@given(some.integers(1, 8), some.lists(some.integers(-1, 9), max_size=30))
def test_steps_of_a_ticket_are_done_in_their_order_whatever_is_tapped(count, taps):
    steps = tickets.steps_of([f"step {n}" for n in range(count)])
    for minute, place in enumerate(taps):
        before = tickets.done(steps)
        at = NOON + timedelta(minutes=minute)
        try:
            steps = tickets.tick(TicketStatus.APPROVED, steps, place, at=at, by="li")
        except (Conflict, Refused):
            assert place != before or place >= count
        assert tickets.done(steps) - before == (place == before and place < count)
    flags = [bool(one["done_at"]) for one in steps]
    assert flags == sorted(flags, reverse=True)
    times = [one["done_at"] for one in steps if one["done_at"]]
    assert times == sorted(times)


def test_a_second_person_approves_and_only_then_work_begins():
    steps = tickets.steps_of(["earth the cable"])
    with pytest.raises(Conflict):
        tickets.tick(TicketStatus.ISSUED, steps, 0, at=NOON, by="li")
    with pytest.raises(Conflict):
        tickets.demand_approver(TicketStatus.ISSUED, LI, LI)
    tickets.demand_approver(TicketStatus.ISSUED, LI, WANG)
    with pytest.raises(Conflict):
        tickets.demand_finished(TicketStatus.APPROVED, steps)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1030, None), (1000, None), (990, "backwards"), (-1, "not_a_register"), (1_000_000, "not_a_register"),
     (1300, None), (1302, None), (1501, "too_much")],
)  # fmt: skip
def test_a_reading_is_held_against_the_last(value, expected):
    """100 kWh in the month before: 5 times as much in a month is 500 kWh."""
    last, earlier = Before(1000, NOON), Before(900, NOON - timedelta(days=30))
    at = NOON + timedelta(days=30)
    assert rounds.doubt(value, at, last, earlier=earlier, dial=1_000_000) == expected


def test_a_register_may_pass_the_end_of_its_dial():
    last = Before(999_990, NOON)
    assert rounds.doubt(5, NOON + timedelta(days=30), last, dial=1_000_000) is None
    assert rounds.doubt(5, NOON + timedelta(days=30), last) == "backwards"


def test_stops_are_missed_only_once_the_window_is_over():
    stops, passed = [str(LI), str(WANG)], {LI: NOON}
    assert rounds.missed(stops, passed, ends_at=NOON, now=NOON - timedelta(minutes=1)) == []
    assert rounds.missed(stops, passed, ends_at=NOON, now=NOON) == [str(WANG)]


def test_promises_still_running_in_time_are_not_counted():
    assert monthly.kept([(True, False), (True, True), (False, False), (False, True)]) == Share(1, 3)
    assert Share(0, 0).percent is None and Share(2, 3).percent == 66.7


def test_first_time_fixed_counts_what_telemetry_judged():
    told = [
        ("a", 1, 1, "verified"),
        ("b", 1, 1, "failed"), ("b", 1, 2, "verified"),
        ("c", 1, 1, "verified"), ("c", 2, 1, "verified"),
        ("d", 1, 1, "inconclusive"), ("e", 1, 1, None),
    ]  # fmt: skip
    assert monthly.first_time_fixed(told) == Share(1, 3)


METERS = [UUID(int=n) for n in (1, 2)]
FULL, HALF = Counted(100.0, 1.0), Counted(100.0, 0.5)


@pytest.mark.parametrize(
    ("month", "before", "told"),
    [
        ([FULL, FULL], [FULL, FULL], [200.0, 200.0]),
        ([FULL, FULL], [FULL, HALF], [200.0, None]),  # the second was set up in the middle of it
        ([FULL, FULL], [FULL], [200.0, None]),
        ([HALF, HALF], [FULL, FULL], [200.0, None]),  # the month is not over
        ([FULL], [FULL, FULL], [100.0, 100.0]),
        ([], [FULL], [None, None]),
    ],
)
def test_months_are_compared_where_the_same_meters_counted_throughout_both(month, before, told):
    assert monthly.beside(METERS, *(dict(zip(METERS, one, strict=False)) for one in (month, before))) == told
