"""Registers become intervals; energy is never lost or invented."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.metering import rules
from backend.metering.rules import Method, RegisterMeter, Rule

MINUTE = 60_000_000
QUARTER = 15 * MINUTE
START = 1_790_000_100_000_000 // QUARTER * QUARTER


def us(*minutes: float) -> np.ndarray:
    return START + (np.array(minutes) * MINUTE).astype(np.int64)


def amounts(at, value, *, meter=RegisterMeter(QUARTER, 1000), start=START, end=START + 10**12):
    return rules.register_amounts(np.asarray(at), np.asarray(value, float), meter, start, end)


@pytest.mark.parametrize(
    ("minutes", "register", "expected"),
    [
        ((0, 15, 30), (10.0, 10.5, 12.0), [500, 1500]),
        ((0, 10, 20, 30), (0.0, 1.0, 2.0, 3.0), [1500, 1500]),
        ((0, 45), (0.0, 3.0), [1000, 1000, 1000]),
        ((0, 15), (7.0, 7.0), [0]),
        ((5, 10), (1.0, 2.0), []),
    ],
)
def test_an_interval_is_what_the_register_moved_between_its_borders(minutes, register, expected):
    assert amounts(us(*minutes), register).amount.tolist() == expected


def test_intervals_over_a_gap_are_marked_estimated_and_still_sum_to_the_register():
    found = amounts(us(0, 15, 75, 90), (0.0, 1.0, 6.0, 7.0))
    assert found.amount.sum() == 7000
    assert [Method(m) for m in found.method] == [Method.MEASURED, *[Method.ESTIMATED] * 4, Method.MEASURED]


def test_a_register_that_rolls_over_goes_on_counting():
    found = amounts(us(0, 15, 30), (99_999.5, 0.25, 1.0), meter=RegisterMeter(QUARTER, 1000, dial=100_000.0))
    assert found.amount.tolist() == [750, 750]
    assert set(found.rule.tolist()) == {Rule.REGISTER}


def test_an_exchanged_meter_loses_nothing():
    exchange = RegisterMeter(QUARTER, 1000, events=[(int(us(20)[0]), 101.0, 5.0)])
    found = amounts(us(0, 15, 30, 45), (99.0, 100.5, 6.0, 7.0), meter=exchange)
    assert found.amount.sum() == (101.0 - 99.0 + 7.0 - 5.0) * 1000


def test_a_momentary_zero_is_no_consumption_of_the_whole_register():
    found = amounts(us(0, 15, 30, 45), (53_700.0, 0.0, 53_701.0, 53_701.5))
    assert found.amount.sum() == 1500


@pytest.mark.parametrize("dial", [None, 100_000.0])
@pytest.mark.parametrize("zeros", [[0.0], [0.0, 0.0], [0.0, 0.1, 0.2, 0.3], [0.0, 7.0, 0.0], [0.0] * 300])
def test_a_register_that_shows_zeros_for_a_while_consumes_nothing_by_that(dial, zeros):
    register = (53_699.0, 53_700.0, *zeros, 53_701.0, 53_702.0)
    found = amounts(us(*range(0, len(register) * 15, 15)), register, meter=RegisterMeter(QUARTER, 1000, dial))
    assert found.amount.sum() == 3000
    assert Rule.BREAK not in found.rule


def test_a_spike_of_several_readings_that_comes_back_is_left_out():
    found = amounts(us(0, 15, 30, 45, 60), (10.0, 9_999.0, 9_999.5, 11.0, 11.5))
    assert found.amount.sum() == 1500


def test_a_register_set_anew_that_grows_past_its_old_value_loses_nothing_but_the_step():
    register = (4.0, 5.0, *np.arange(0, 8, 0.5))
    found = amounts(us(*range(0, len(register) * 15, 15)), register)
    assert found.amount.sum() == 1000 + 7500
    assert (found.rule == Rule.BREAK).sum() == 1


def test_two_exchanges_between_two_readings_count_both():
    exchanges = RegisterMeter(
        QUARTER, 1000, events=[(int(us(4)[0]), 102.0, 7.0), (int(us(9)[0]), 10.0, 50.0)]
    )
    found = amounts(us(0, 15, 30), (100.0, 51.0, 52.0), meter=exchanges)
    assert found.amount.sum() == ((102 - 100) + (10 - 7) + (51 - 50) + 1) * 1000
    assert set(found.rule.tolist()) == {Rule.REGISTER}


@pytest.mark.parametrize("absurd", [3.4e38, -3.4e38, 1e308, float("inf"), 1e13])
def test_a_value_nobody_can_count_counts_nothing(absurd):
    found = amounts(us(0, 15, 30, 45), (1.0, absurd, 2.0, 3.0))
    assert found.amount.sum() == 2000
    taken = rules.interval_amounts(us(0, 15), np.array([absurd, 1.0]), quanta=1000, length_us=QUARTER)
    assert taken.amount.tolist() == [1000]


@pytest.mark.parametrize(
    ("offset_minutes", "expected"), [(0, [2]), (330, [1, 2]), (-210, [1, 2]), (480, [2])]
)
def test_hours_of_zones_that_are_half_an_hour_off_are_taken(offset_minutes, expected):
    hour = START // rules.HOUR_US * rules.HOUR_US
    at = hour + np.array([30, 60, 75]) * MINUTE
    found = rules.interval_amounts(
        at, np.array([1.0, 2.0, 4.0]), quanta=1, length_us=rules.HOUR_US, offset_us=offset_minutes * MINUTE
    )
    assert found.amount.tolist() == expected


@pytest.mark.parametrize(
    ("shown", "odd"),
    [
        ([100.0, 101.0, 102.0], False), ([100.0, 99.0], True), ([0.0, 0.0, 53_701.0], True), ([5.0, 6.0, 7.0], False),
        ([], False), ([0.0], False), ([1000.0, 1000.0, 1005.0], False),
    ],
)  # fmt: skip
def test_odd_readings_are_known(shown, odd):
    assert rules.is_odd(np.array(shown)) is odd


def test_a_single_spike_that_comes_back_is_left_out():
    found = amounts(us(0, 15, 30, 45), (10.0, 9_999.0, 11.0, 11.5))
    assert found.amount.sum() == 1500


def test_an_unexplained_fall_counts_nothing_and_says_so():
    found = amounts(us(0, 15, 30, 45, 60), (100.0, 101.0, 0.5, 1.5, 2.0))
    assert found.amount.tolist() == [1000, 0, 1000, 500]
    assert Rule(found.rule[1]) is Rule.BREAK


registers = st.lists(st.tuples(st.integers(1, 200), st.integers(0, 60_000)), min_size=3, max_size=60)


@given(registers, st.sampled_from([None, 100.0, 1000.0]), st.sampled_from([5, 15, 30, 60]))
def test_intervals_sum_exactly_to_what_the_register_moved(steps, dial, minutes):
    """Law: over any gaps and rollovers the intervals sum to the register's move between the borders."""
    length = minutes * MINUTE
    at = START + np.cumsum([0] + [gap for gap, _ in steps]) * MINUTE
    moved = np.array([wh % (int(dial * 400) if dial else 60_000) for _, wh in steps])
    true_wh = np.concatenate(([0], np.cumsum(moved)))
    shown = true_wh / 1000 if dial is None else (true_wh % int(dial * 1000)) / 1000
    found = amounts(at, shown, meter=RegisterMeter(length, 1000, dial))
    if not len(found):
        return
    border = np.append(found.start_us, found.start_us[-1] + length)
    truth = np.floor(np.interp(border - START, at - START, true_wh) + 0.5)
    assert (found.amount >= 0).all()
    assert abs(int(found.amount.sum()) - (truth[-1] - truth[0])) <= 1
    on_readings = np.isin(border[[0, -1]], at)
    if on_readings.all():
        assert found.amount.sum() == truth[-1] - truth[0]


@given(registers, st.integers(1, 200))
def test_a_stretch_made_again_from_fewer_readings_gives_the_same_intervals(steps, cut):
    """Late readings make a stretch again; what lies outside must not move by a single quantum."""
    at = START + np.cumsum([0] + [gap for gap, _ in steps]) * MINUTE
    shown = np.concatenate(([0], np.cumsum([wh for _, wh in steps]))) / 1000
    whole = amounts(at, shown)
    keep = slice(min(cut, len(at) - 2), None)
    part = amounts(at[keep], shown[keep])
    in_whole = dict(zip(whole.start_us.tolist(), whole.amount.tolist(), strict=True))
    assert all(in_whole[s] == a for s, a in zip(part.start_us.tolist(), part.amount.tolist(), strict=True))


@given(
    st.integers(0, 10**12), st.lists(st.floats(0, 1e6), min_size=1, max_size=30).filter(lambda w: sum(w) > 0)
)
def test_shares_sum_to_the_amount(amount, weights):
    parts = rules.split_exactly(amount, weights)
    assert sum(parts) == amount
    assert min(parts) >= 0


def test_an_amount_without_weights_cannot_be_split():
    with pytest.raises(rules.SplitError):
        rules.split_exactly(10, [0, 0])


def test_interval_readings_are_taken_as_they_are_and_negative_ones_left_out():
    found = rules.interval_amounts(
        us(0, 15, 30, 31), np.array([1.5, -1.0, 0.0, 2.0]), quanta=1000, length_us=QUARTER
    )
    assert found.start_us.tolist() == us(0, 30).tolist()
    assert found.amount.tolist() == [1500, 0]


def test_an_hours_statistics_keep_extremes_with_their_instants():
    hour = START // rules.HOUR_US * rules.HOUR_US
    at = hour + np.array([0, 10, 20, 70]) * MINUTE
    found = rules.hour_statistics(np.zeros(4, np.int64), at, np.array([3.0, -1.0, 8.0, 4.0]))
    assert found.start_us.tolist() == [hour, hour + rules.HOUR_US]
    assert (found.count.tolist(), found.total.tolist()) == ([3, 1], [10.0, 4.0])
    assert (found.low_at_us[0], found.high_at_us[0]) == (at[1], at[2])


def test_statistics_of_several_owners_are_kept_apart():
    hour = START // rules.HOUR_US * rules.HOUR_US
    found = rules.hour_statistics(
        np.array([4, 4, 7]), hour + np.array([0, 10, 10]) * MINUTE, np.array([1.0, 2.0, 5.0])
    )
    assert (found.owner.tolist(), found.start_us.tolist()) == ([4, 7], [hour, hour])
    assert (found.low.tolist(), found.high.tolist()) == ([1.0, 5.0], [2.0, 5.0])


@given(registers, st.data())
def test_a_glitch_of_any_length_changes_no_sum(steps, data):
    """Law: what a register shows wrongly in between, however long, it neither consumes nor loses."""
    at = START + np.cumsum([0] + [gap % 9 + 1 for gap, _ in steps]) * QUARTER
    shown = 5_000.0 + np.concatenate(([0], np.cumsum([wh for _, wh in steps]))) / 1000
    first = data.draw(st.integers(1, len(at) - 2))
    last = data.draw(st.integers(first, len(at) - 2))
    wrong = shown.copy()
    wrong[first : last + 1] = data.draw(st.sampled_from([0.0, 12.5, 90_000.0]))
    found = amounts(at, wrong)
    assert found.amount.sum() == sum(wh for _, wh in steps)
    assert Rule.BREAK not in found.rule
