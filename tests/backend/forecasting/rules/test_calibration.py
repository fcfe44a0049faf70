"""Bands that held too little are widened, those that held too much narrowed."""

import numpy as np
import pytest
from scipy.stats import norm

from backend.forecasting.rules.calibration import FRESH, Stretch, stretch
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
