"""Scenarios follow their forecasts, hang together over time, and few stand for many."""

from __future__ import annotations

import numpy as np
import pytest

from backend.kernel.errors import Refused
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.scenarios.drawing import Dependence, Forecast, memory, paths, reduced
from tests.backend.optimisation.scene import NOON

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
DAY = Horizon.regular(NOON, 24, 60)


def forecast(middle: float = 100.0, spread: float = 10.0, steps: int = 24) -> Forecast:
    """Return a forecast that is the same at every step."""
    scores = np.array([-1.645, -0.674, 0.0, 0.674, 1.645])
    return Forecast(LEVELS, np.repeat(middle + spread * scores[:, None], steps, axis=1))


def test_courses_fall_below_each_quantile_as_often_as_the_forecast_says():
    drawn = paths([forecast()], DAY, 4000, dependence=Dependence(), seed=1)
    assert drawn.shape == (4000, 1, 24)
    for level, value in zip(LEVELS, forecast().values[:, 0], strict=True):
        assert (drawn < value).mean() == pytest.approx(level, abs=0.01)


def test_a_course_keeps_to_its_side_as_long_as_errors_last():
    drawn = paths([forecast()], DAY, 4000, dependence=Dependence(memory_h=5.0), seed=2)[:, 0]
    for apart in (1, 5):
        with_itself = np.corrcoef(drawn[:, 0], drawn[:, apart])[0, 1]
        assert with_itself == pytest.approx(np.exp(-apart / 5), abs=0.04)


def test_series_err_together_as_told():
    between = np.array([[1.0, -0.8], [-0.8, 1.0]])
    drawn = paths([forecast(), forecast(50, 5)], DAY, 4000, dependence=Dependence(4.0, between), seed=3)
    assert np.corrcoef(drawn[:, 0, 7], drawn[:, 1, 7])[0, 1] == pytest.approx(-0.8, abs=0.03)


def test_the_same_seed_draws_the_same():
    one, other = (paths([forecast()], DAY, 10, dependence=Dependence(), seed=4) for _ in range(2))
    assert (one == other).all()


def test_what_cannot_be_below_zero_is_not_drawn_there():
    drawn = paths([forecast(5, 10)], DAY, 200, dependence=Dependence(), seed=5)
    assert drawn.min() == 0.0


def test_the_memory_of_errors_is_found_again():
    chance, kept = np.random.default_rng(6), np.exp(-1 / 6)
    scores = np.zeros(20_000)
    for step in range(1, scores.size):
        scores[step] = kept * scores[step - 1] + np.sqrt(1 - kept**2) * chance.normal()
    scores[::97] = np.nan
    assert memory(scores, 1.0) == pytest.approx(6, rel=0.1)


def test_few_courses_stand_for_many():
    chance = np.random.default_rng(7)
    many = np.concatenate(
        [chance.normal(place, 0.1, (count, 1, 6)) for place, count in ((0, 60), (5, 30), (9, 10))]
    )
    chosen, probabilities = reduced(many, 3)
    assert probabilities == pytest.approx([0.6, 0.3, 0.1])
    assert many[chosen].mean(axis=(1, 2)) == pytest.approx([0, 5, 9], abs=0.2)


def test_units_of_measure_do_not_decide_which_courses_are_kept():
    many = np.random.default_rng(8).normal(100, 10, (60, 2, 24))
    scaled = many * np.array([1000.0, 1.0])[None, :, None]
    assert (reduced(many, 5)[0] == reduced(scaled, 5)[0]).all()


@pytest.mark.parametrize(
    ("given", "dependence", "message"),
    [
        (forecast(steps=5), Dependence(), "has 5 steps, the horizon 24"),
        (Forecast(LEVELS, np.full((5, 24), np.nan)), Dependence(), "no number"),
        (Forecast(LEVELS, np.zeros((0, 24))), Dependence(), "empty"),
        (forecast(), Dependence(4.0, np.array([[-1.0]])), "no correlations"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(given, dependence, message):
    with pytest.raises(Refused, match=message):
        paths([given], DAY, 10, dependence=dependence, seed=1)
