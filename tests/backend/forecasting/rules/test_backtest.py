"""Hindsight is fair, and only a clearly better model takes the place."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from backend.forecasting.rules import Folds, Kind, Method, backtest, pinball, replaces
from tests.backend.forecasting.rules.scene import QUICK, load


@pytest.fixture(scope="module")
def scores():
    return backtest(load(50), None, Kind(), Folds(count=1, days=7), learning=QUICK)


def test_every_rung_that_can_be_tried_is_judged_on_the_same_values(scores):
    assert set(scores) == set(Method) - {Method.MODEL}
    assert {one.values for one in scores.values()} == {7 * 24}
    assert scores[Method.MODEL_WITHOUT_WEATHER].skill > 0
    assert scores[Method.LAST_WEEK].skill <= 0


def test_pinball_is_half_the_miss_at_the_median():
    values = np.full((1, 11), 10.0)
    assert pinball(np.array([14.0]), values) == pytest.approx(4 * 0.5)


def test_a_challenger_must_be_better_by_the_margin(scores):
    champion = scores[Method.LAST_WEEK]
    assert replaces(None, champion)
    assert not replaces(champion, replace(champion, pinball=0.99 * champion.pinball))
    assert replaces(champion, replace(champion, pinball=0.97 * champion.pinball))
    assert not replaces(champion, replace(champion, pinball=0.9 * champion.pinball, mae=1.01 * champion.mae))


def test_other_days_are_no_comparison(scores):
    champion = scores[Method.LAST_WEEK]
    with pytest.raises(ValueError, match="different days"):
        replaces(champion, replace(champion, first=champion.first - timedelta(days=1)))
