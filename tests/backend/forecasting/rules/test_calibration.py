"""Bands that held too little are widened, those that held too much narrowed; late medians follow the day before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from backend.forecasting.rules.calibration import FRESH, Stretch, lean, stretch
from backend.forecasting.rules.foreseen import BAND_80, QUANTILES

LEVELS = norm.ppf(QUANTILES)


@pytest.mark.parametrize("true", [0.7, 1.0, 1.8])
def test_a_band_of_the_wrong_width_is_set_right(true):
    draw = np.random.default_rng(0)
    came = draw.normal(0, true, 3000)
    values = np.tile(LEVELS, (3000, 1))
    one = stretch(values, came, np.linspace(0, 14, 3000))
    now = one.apply(values)
    before, inside = (
        ((band[:, BAND_80[0]] <= came) & (came <= band[:, BAND_80[1]])).mean() for band in (values, now)
    )
    assert abs(inside - 0.8) <= max(0.03, abs(before - 0.8) * 2 / 3)


def test_without_misses_to_learn_from_a_fresh_models_factor_holds():
    assert stretch(np.empty((0, 11)), np.empty(0), np.empty(0)) == Stretch(FRESH, FRESH)
    assert stretch(np.zeros((5, 11)), np.full(5, np.nan), np.zeros(5)) == Stretch(FRESH, FRESH)


def test_the_median_does_not_move():
    assert Stretch(2.0, 0.5).apply(LEVELS)[5] == LEVELS[5]


@given(share=st.floats(-1, 2), unknown=st.integers(0, 100), seed=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_forecasts_lean_towards_the_day_before_as_far_as_that_was_right(share, unknown, seed):
    draw = np.random.default_rng(seed)
    middle, before = draw.normal(0, 1, (2, 240))
    came = middle + share * (before - middle)
    came[:unknown] = np.nan
    found = lean(middle, came, before)
    assert 0 <= found <= 1
    assert found == pytest.approx(np.clip(share / 1.3, 0, 1))


def test_little_evidence_moves_nothing():
    assert lean(np.zeros(71), np.ones(71), np.ones(71)) == 0
    assert lean(np.ones(300), np.ones(300) * 2, np.ones(300)) == 0
