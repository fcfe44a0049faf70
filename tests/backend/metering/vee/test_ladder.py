"""Which estimator fills a gap, and what each makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.kernel.units import Carrier
from backend.metering.rules import Rule, SplitError, vee
from backend.metering.rules.vee import estimates

HOUR = 3_600_000_000
MONDAY = 20_521 * 24 * HOUR  # 2026-03-09


def weeks(count=6, *, gap=(0, 24), after=24):
    """Hours of weeks: workdays 100 by night and 500 by day, weekends 50; then a gap from Monday on."""
    start = MONDAY - count * 168 * HOUR + np.arange(count * 168 + gap[1] + after) * HOUR
    places = vee.places(start, "UTC", HOUR)
    amount = np.where(places.kind > 0, 50.0, np.where((places.slot >= 8) & (places.slot < 18), 500.0, 100.0))
    truth = amount.copy()
    first, last = count * 168 + gap[0], count * 168 + gap[1]
    amount[first:last] = np.nan
    return vee.Gap(amount, first, last, places, HOUR), truth[first:last]


def test_days_of_the_same_kind_repeat_exactly():
    gap, truth = weeks(gap=(0, 168))
    for find in (estimates.same_day_type, estimates.edged_profile, estimates.same_hour_last_week):
        assert np.allclose(find(gap), truth)


def test_interpolation_draws_a_line_and_stays_level_where_one_side_is_unknown():
    gap, _ = weeks(gap=(7, 9))
    assert estimates.interpolation(gap).tolist() == [
        pytest.approx(100 + 400 / 3),
        pytest.approx(100 + 800 / 3),
    ]
    open_ended, _ = weeks(gap=(7, 9), after=0)
    assert estimates.interpolation(open_ended).tolist() == [100.0, 100.0]


def test_what_the_edges_say_is_believed_near_them_and_forgotten_further_in():
    gap, truth = weeks(gap=(20, 164))
    doubled = replace(gap, amount=np.where(np.arange(len(gap.amount)) == gap.first - 1, 400.0, gap.amount))
    over = estimates.edged_profile(doubled) - truth
    assert over[0] > 240
    assert over[60] < 3


def test_the_weather_of_the_gap_is_read_off_the_days_before():
    gap, _ = weeks(count=8, gap=(0, 72))
    days = np.arange(len(gap.amount)) / 24
    temperature = 8 + 6 * np.sin(days * 0.4) - np.clip((days - 55) * 4, 0, 8)
    heat = 100.0 + 40.0 * np.maximum(16.0 - temperature, 0)
    cold = replace(
        gap, amount=np.where(np.isnan(gap.amount), np.nan, heat), temperature=temperature, edge_hours=0.01
    )
    there = heat[gap.first : gap.last]
    by_weather, by_day = (
        np.abs(find(cold) - there).mean() for find in (estimates.weather_adjusted, estimates.same_day_type)
    )
    assert by_weather < by_day / 3


def test_siblings_say_what_was_unusual():
    gap, truth = weeks(gap=(0, 24))
    quiet = np.where(np.isnan(gap.amount), 0.0, gap.amount)
    quiet[gap.first : gap.last] = truth / 2
    found = estimates.sibling_profile(replace(gap, siblings=np.array([quiet, quiet * 3])))
    assert found[12] == pytest.approx(250, rel=0.15)


def test_without_alike_days_the_line_stays_and_says_what_was_lacking():
    gap, _ = weeks(count=6, gap=(0, 24))
    young = vee.Gap(gap.amount[-50:], 2, 26, vee.Places(*(
        getattr(gap.places, name)[-50:] for name in ("day", "slot", "kind")
    )), HOUR)  # fmt: skip
    found = vee.estimate(young, Carrier.ELECTRICITY, total=1000)
    assert found.rule is Rule.INTERPOLATED
    assert "too few alike days" in found.reason
    assert found.amount.sum() == 1000


def test_where_nothing_but_the_register_is_known_the_split_is_even():
    places = vee.places(MONDAY + np.arange(3) * HOUR, "UTC", HOUR)
    found = vee.estimate(vee.Gap(np.full(3, np.nan), 0, 3, places, HOUR), Carrier.GAS, total=10)
    assert (found.amount.tolist(), found.rule) == ([4, 3, 3], Rule.INTERPOLATED)
    with pytest.raises(SplitError, match="nothing is known"):
        vee.estimate(vee.Gap(np.full(3, np.nan), 0, 3, places, HOUR), Carrier.GAS)


def test_zeros_are_filled_by_rule_but_a_register_that_moved_is_believed_first():
    gap, _ = weeks()
    closed = replace(gap, shut=np.ones(len(gap), dtype=bool))
    shut = vee.estimate(closed, Carrier.WATER)
    assert (shut.rule, shut.amount.sum()) == (Rule.ZERO, 0)
    moved = vee.estimate(closed, Carrier.WATER, total=77)
    assert (moved.rule, moved.amount.sum()) == (Rule.DAY_TYPE, 77)
    still = vee.estimate(gap, Carrier.WATER, total=0)
    assert (still.rule, still.reason) == (Rule.ZERO, "the register did not move")


@pytest.mark.parametrize("total", [None, 0, 1, 12_345])
def test_while_it_was_shut_nothing_flowed_and_what_the_register_moved_is_in_the_rest(total):
    gap, _ = weeks()
    shut = np.arange(len(gap)) < len(gap) // 2
    found = vee.estimate(replace(gap, shut=shut), Carrier.ELECTRICITY, total=total)
    assert found.amount[shut].sum() == 0
    assert total is None or found.amount.sum() == total
    assert total == 0 or "nothing while it was shut" in found.reason


def test_days_worked_in_a_holidays_stead_are_workdays():
    saturday = vee.places(MONDAY + 5 * 24 * HOUR + np.arange(2) * HOUR, "UTC", HOUR)
    day = int(saturday.day[0])
    assert set(saturday.kind) == {1}
    worked = vee.places(MONDAY + 5 * 24 * HOUR + np.arange(2) * HOUR, "UTC", HOUR, worked={day})
    assert set(worked.kind) == {0}


@pytest.mark.parametrize(
    ("read", "closed"),
    [
        ([(0, 1.0), (10, 0.0), (20, 1.0)], [(10, 20)]),
        ([(0, 0.0), (10, 0.0), (20, 0.0)], [(0, 60)]),
        ([(0, 1.0)], []),
        ([], []),
    ],
)
def test_a_valve_is_shut_from_where_it_says_so_until_it_says_otherwise(read, closed):
    at, value = (
        (np.array(column) for column in zip(*read, strict=True)) if read else (np.empty(0), np.empty(0))
    )
    assert vee.closed_periods(at.astype(np.int64), value, 60) == closed


def test_only_intervals_that_lie_wholly_in_it_are_shut():
    start = np.arange(6, dtype=np.int64) * 10
    assert vee.shut_in(start, 10, [(10, 25), (25, 41)]).tolist() == [False, True, True, True, False, False]


def test_what_a_person_says_must_sum_to_the_register():
    said = np.array([3, 4, 5])
    assert vee.manual(said, total=12, reason="read off the display").rule is Rule.MANUAL
    assert vee.manual(said, total=None, reason="no register").amount.sum() == 12
    with pytest.raises(SplitError, match="sum to 12, the register moved 10: \\+2"):
        vee.manual(said, total=10, reason="a guess")
    with pytest.raises(SplitError, match="never negative"):
        vee.manual(np.array([-1, 2]), total=None, reason="a slip")


@pytest.mark.parametrize("carrier", list(Carrier))
@pytest.mark.parametrize("hours", [1, 6, 24, 72, 168])
def test_every_order_ends_with_the_straight_line(carrier, hours):
    assert vee.order(carrier, hours)[-1] is Rule.LINE
    assert vee.order(carrier, hours, with_register=True)[-1] is Rule.INTERPOLATED


def test_holidays_count_as_sundays():
    start = MONDAY + np.arange(48) * HOUR
    plain = vee.places(start, "Asia/Shanghai", HOUR)
    marked = vee.places(start, "Asia/Shanghai", HOUR, holidays={int(plain.day[20])})
    assert set(plain.kind.tolist()) == {0}
    assert set(marked.kind[plain.day == plain.day[20]].tolist()) == {2}
