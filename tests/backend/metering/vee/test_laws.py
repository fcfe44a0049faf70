"""Laws of estimation: over any gap, whatever is estimated sums to what the register moved, to the quantum."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kernel import clock, periods
from backend.kernel.units import Carrier
from backend.metering import rules
from backend.metering.rules import Method, RegisterMeter, Rule, Shape, vee

MINUTE = 60_000_000
HOUR = 60 * MINUTE
START = 1_790_000_100_000_000 // HOUR * HOUR
LENGTHS = st.sampled_from([5, 15, 30, 60])

registers = st.lists(st.tuples(st.integers(1, 900), st.integers(0, 60_000)), min_size=3, max_size=40)
weights = st.lists(st.floats(0, 1e9), min_size=1, max_size=40)


def shaped(at, gaps, length, said):
    """Give every gap a shape of its own, made of the numbers drawn."""
    shapes = []
    for gap in gaps:
        count = len(rules.starts_in(gap.first_us, gap.last_us, length))
        shapes.append(Shape(gap.first_us, gap.last_us, np.resize(np.array(said), count), Rule.EDGED))
    return shapes


@given(st.integers(0, 2**53), st.lists(st.floats(0, 1e300), min_size=1, max_size=200))
def test_shares_of_any_amount_by_any_weights_sum_to_it(amount, said):
    parts = rules.shares(amount, np.array(said))
    assert int(parts.sum()) == amount
    assert (parts >= 0).all()


@given(st.integers(0, 10**9), st.lists(st.integers(0, 1000), min_size=1, max_size=50).filter(any))
def test_no_share_is_off_its_ideal_by_a_whole_quantum(amount, said):
    parts = rules.shares(amount, np.array(said, float))
    ideal = [amount * weight / sum(said) for weight in said]
    assert all(abs(part - one) < 1 + 1e-6 for part, one in zip(parts.tolist(), ideal, strict=True))


@given(registers, weights, st.sampled_from([None, 100.0, 1000.0]), LENGTHS)
def test_over_any_gaps_and_roll_overs_shaped_intervals_sum_to_the_register(steps, said, dial, minutes):
    length = minutes * MINUTE
    at = START + np.cumsum([0] + [gap for gap, _ in steps]) * MINUTE
    moved = np.array([wh % (int(dial * 400) if dial else 60_000) for _, wh in steps])
    true_wh = np.concatenate(([0], np.cumsum(moved)))
    shown = true_wh / 1000 if dial is None else (true_wh % int(dial * 1000)) / 1000
    meter = RegisterMeter(length, 1000, dial)
    gaps = rules.register_gaps(at, shown, longer_us=2 * length, dial=dial, events=())
    shapes = shaped(at, gaps, length, said)
    found = rules.register_amounts(at, shown, meter, START - HOUR, START + 10**12, shapes)
    if not len(found):
        return
    assert (found.amount >= 0).all()
    first, end = int(found.start_us[0]), int(found.start_us[-1]) + length
    inside = (at >= first) & (at <= end)
    on_border = at[inside & (at % length == 0)]
    for a, b in zip(on_border, on_border[1:], strict=False):
        part = (found.start_us >= a) & (found.start_us < b)
        assert found.amount[part].sum() == round(np.interp(b, at, true_wh) - np.interp(a, at, true_wh))


@given(registers, weights, st.data())
def test_an_exchange_inside_a_shaped_gap_loses_nothing(steps, said, data):
    at = START + np.cumsum([0] + [gap % 8 * 15 + 15 for gap, _ in steps]) * MINUTE
    true_wh = np.concatenate(([0], np.cumsum([wh for _, wh in steps])))
    where = data.draw(st.integers(0, len(at) - 2))
    share = data.draw(st.floats(0, 1))
    final = (true_wh[where] + round(share * (true_wh[where + 1] - true_wh[where]))) / 1000
    event = (int(at[where] + (at[where + 1] - at[where]) // 2), final, 3.0)
    shown = np.where(np.arange(len(at)) <= where, true_wh / 1000, true_wh / 1000 - final + 3.0)
    gaps = rules.register_gaps(at, shown, longer_us=30 * MINUTE, dial=None, events=[event])
    meter = RegisterMeter(15 * MINUTE, 1000, None, [event])
    found = rules.register_amounts(
        at, shown, meter, START, START + 10**12, shaped(at, gaps, 15 * MINUTE, said)
    )
    assert found.amount.sum() == true_wh[-1]
    assert Rule.BREAK not in found.rule


@given(registers, weights, st.integers(0, 60), st.integers(1, 60))
def test_a_shaped_gap_comes_out_the_same_whatever_stretch_is_made(steps, said, low, count):
    length = 15 * MINUTE
    at = START + np.cumsum([0] + [gap for gap, _ in steps]) * MINUTE
    shown = np.concatenate(([0], np.cumsum([wh for _, wh in steps]))) / 1000
    meter = RegisterMeter(length, 1000)
    shapes = shaped(
        at, rules.register_gaps(at, shown, longer_us=2 * length, dial=None, events=()), length, said
    )
    whole = rules.register_amounts(at, shown, meter, START, START + 10**12, shapes)
    stretch = (START + low * length, START + (low + count) * length)
    part = rules.register_amounts(at, shown, meter, *stretch, shapes)
    in_whole = dict(zip(whole.start_us.tolist(), whole.amount.tolist(), strict=True))
    assert all(in_whole[s] == a for s, a in zip(part.start_us.tolist(), part.amount.tolist(), strict=True))


def test_a_shape_whose_readings_are_gone_is_passed_over():
    at = START + np.array([0, 60, 120]) * MINUTE
    stale = Shape(START, int(at[2]), np.arange(8.0), Rule.EDGED)
    meter = RegisterMeter(15 * MINUTE, 1000)
    found = rules.register_amounts(at, np.array([0.0, 4.0, 8.0]), meter, START, int(at[2]), [stale])
    assert found.amount.tolist() == [1000] * 8
    assert set(found.rule.tolist()) == {Rule.INTERPOLATED}


def test_a_shaped_gap_says_who_estimated_it():
    at = START + np.array([0, 15, 75, 90]) * MINUTE
    shape = Shape(int(at[1]), int(at[2]), np.array([0.0, 1.0, 3.0, 0.0]), Rule.EDGED)
    meter = RegisterMeter(15 * MINUTE, 1000)
    found = rules.register_amounts(at, np.array([0.0, 1.0, 5.0, 6.0]), meter, START, int(at[3]), [shape])
    assert found.amount.tolist() == [1000, 0, 1000, 3000, 0, 1000]
    assert found.rule.tolist() == [Rule.REGISTER, *[Rule.EDGED] * 4, Rule.REGISTER]
    assert found.method.tolist() == [Method.MEASURED, *[Method.ESTIMATED] * 4, Method.MEASURED]


def test_only_the_part_of_an_interval_that_lies_in_the_gap_takes_of_it():
    at = START + np.array([0, 10, 40, 60]) * MINUTE
    shape = Shape(int(at[1]), int(at[2]), np.array([3.0, 1.0, 3.0]), Rule.DAY_TYPE)
    meter = RegisterMeter(15 * MINUTE, 1000)
    found = rules.register_amounts(at, np.array([0.0, 1.0, 4.0, 6.0]), meter, START, int(at[3]), [shape])
    # 5 minutes of weight 3, 15 of weight 1, 10 of weight 3: 1, 1 and 2 parts of 3000
    assert found.amount.tolist()[:2] == [1750, 750]
    assert found.amount.sum() == 6000


HOURS_OF_DAY = {"2026-03-29": 23, "2026-10-25": 25, "2026-06-10": 24}


@pytest.mark.parametrize(("day", "hours"), HOURS_OF_DAY.items())
@pytest.mark.parametrize("carrier", list(Carrier))
def test_a_gap_over_a_day_of_23_24_or_25_hours_sums_to_the_register(day, hours, carrier):
    gap = whole_local_day(day)
    assert len(gap) == hours * 4
    found = vee.estimate(gap, carrier, total=987_654_321)
    assert found.amount.sum() == 987_654_321
    assert (found.amount >= 0).all()
    assert "register" in found.reason


def test_the_hour_a_day_has_twice_is_estimated_like_its_twin():
    gap = whole_local_day("2026-10-25")
    local = gap.places.slot[gap.first : gap.last]
    first, second = np.flatnonzero(local == 4), np.flatnonzero(local == 4)[1:]
    assert len(first) == 2
    found = vee.expect(gap, Carrier.WATER)
    assert found is not None
    assert found.amount[first[0]] == found.amount[second[0]]


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 50_000), min_size=96, max_size=96), st.integers(1, 600), st.sampled_from(list(Carrier)),
    st.one_of(st.none(), st.integers(0, 10**12)),
)  # fmt: skip
def test_any_gap_of_any_carrier_is_filled_without_a_negative_amount(profile, length, carrier, total):
    gap = plain_gap(np.array(profile, float), length)
    found = vee.estimate(gap, carrier, total=total)
    assert len(found.amount) == length
    assert (found.amount >= 0).all()
    if total is not None:
        assert found.amount.sum() == total


def plain_gap(profile: np.ndarray, length: int, *, weeks: int = 5) -> vee.Gap:
    """Weeks of the same quarter-hourly day, then a gap, then one interval more."""
    count = weeks * 7 * 96
    start = START + np.arange(count + length + 1) * 15 * MINUTE
    amount = np.resize(profile, len(start)).astype(float)
    amount[count : count + length] = np.nan
    return vee.Gap(
        amount, count, count + length, vee.places(start, "Asia/Shanghai", 15 * MINUTE), 15 * MINUTE
    )


def whole_local_day(day: str) -> vee.Gap:
    """A London day that was not read, after eight weeks that were."""
    of_day = periods.day(date.fromisoformat(day), "Europe/London")
    assert of_day.end is not None
    low, high = clock.to_us(of_day.start), clock.to_us(of_day.end)
    start = np.arange(low - 56 * 24 * HOUR, high + HOUR, 15 * MINUTE)
    places = vee.places(start, "Europe/London", 15 * MINUTE)
    amount = 1000.0 + 500 * np.sin(places.slot / 96 * 2 * np.pi) + 200 * (places.kind > 0)
    first, last = (int(one) for one in np.searchsorted(start, [low, high]))
    amount[first:last] = np.nan
    return vee.Gap(amount, first, last, places, 15 * MINUTE)
