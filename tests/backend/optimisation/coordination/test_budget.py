"""An energy agreed over many plans: plans that keep to their parts keep the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from backend.optimisation.rules.coordination.budget import A_WEEK, budget, usual_week

RATES = st.floats(0, 1000)
USUAL = arrays.arrays(float, st.integers(1, 60), elements=RATES)
CUTS = st.lists(st.integers(1, 12), min_size=60, max_size=60)
MOST = st.floats(0, 100_000)


def plans(usual, most, lengths, use):
    """Plan one stretch after the other; `use(allowed)` is what each comes to. Yield (budget, used in it)."""
    counted, at = np.zeros(0), 0
    for length in lengths:
        planned = min(length, len(usual) - at)
        if planned <= 0:
            return
        found = budget(most, counted, usual, planned=planned)
        used = use(found.allowed)
        yield found, used
        counted = np.concatenate((counted, np.full(planned, used * 4 / planned)))
        at += planned


@given(USUAL, MOST, CUTS, st.randoms(use_true_random=False))
def test_plans_that_keep_to_their_parts_keep_the_whole(usual, most, lengths, chance):
    used = [one for _found, one in plans(usual, most, lengths, lambda part: part * chance.random())]
    assert sum(used) <= most * (1 + 1e-9) + 1e-9


@given(USUAL, MOST, CUTS)
def test_plans_that_use_their_parts_up_end_at_the_whole_by_what_is_usual(usual, most, lengths):
    found = list(plans(usual, most, lengths, lambda part: part))
    assert sum(one for _part, one in found) == pytest.approx(most, rel=1e-6, abs=1e-6)
    weights, at = usual if usual.sum() > 1 else None, 0
    for (_part, used), length in zip(found, lengths, strict=False):
        if weights is not None and weights[at:].sum() > 1:
            expected = most * weights[at : at + length].sum() / weights.sum()
            assert used == pytest.approx(expected, rel=1e-4, abs=1e-3 * max(most, 1.0) ** 0.5)
        at += length


@given(USUAL, MOST, st.integers(0, 59), st.floats(1, 500), st.integers(1, 60))
def test_who_used_more_is_allowed_no_more(usual, most, over, more, planned):
    over = min(over, len(usual))
    low, high = (budget(most, np.full(over, rate), usual, planned=planned) for rate in (100.0, 100.0 + more))
    assert high.left <= low.left and high.allowed <= low.allowed + 1e-9
    assert 0 <= low.allowed <= low.left <= most


@given(USUAL, MOST, st.data())
def test_what_is_not_known_is_taken_at_what_is_usual(usual, most, data):
    over = data.draw(st.integers(0, len(usual)))
    rates = usual[:over].copy()
    known = data.draw(arrays.arrays(bool, over))
    rates[~known] = np.nan
    found = budget(most, rates, usual, planned=1)
    assert found.used + found.filled == pytest.approx(usual[:over].sum() / 4)
    assert found.known == (pytest.approx(known.mean()) if over else None)


def test_where_nothing_is_known_the_rest_is_spread_evenly_and_says_so():
    found = budget(960.0, np.full(24, np.nan), np.full(96, np.nan), planned=24)
    assert (found.used, found.filled, found.known, found.by_need) == (0.0, 240.0, 0.0, False)
    assert found.allowed == pytest.approx(720 / 3)


def test_a_usual_week_is_the_middle_of_weeks_and_unknown_where_none_is_known():
    weeks = np.stack([np.full(A_WEEK, rate) for rate in (1.0, 5.0, 3.0)])
    weeks[:, 7], weeks[1, 8] = np.nan, np.nan
    found = usual_week(weeks.ravel())
    assert (found[0], found[8]) == (3.0, 2.0) and np.isnan(found[7])


@pytest.mark.parametrize(("counted", "part"), [(400.0, 100.0), (700.0, 50.0)])
def test_the_worked_example_of_the_readme(counted, part):
    over, whole, day = 4 * 96, 10 * 96, 96
    rates, usual = np.full(over, counted * 4 / over), np.full(whole, 1.0)
    assert budget(1000.0, rates, usual, planned=day).allowed == pytest.approx(part)
