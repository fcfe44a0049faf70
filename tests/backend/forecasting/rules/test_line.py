"""A line goes on where it was never before, is not led astray by single misses, and says the same when read again."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.forecasting.rules.engine import Learning, learn
from backend.forecasting.rules.line import Line, fit

NAMES = ("level", "hour", "day_type")


def columns(rows: int, low: float, high: float, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return np.column_stack(
        [draw.uniform(low, high, rows), np.arange(rows) % 24, np.arange(rows) // 24 % 4]
    ).astype(np.float32)


def test_it_goes_on_beyond_what_it_saw():
    seen, beyond = columns(2000, 0, 1), columns(200, 1.2, 2, seed=1)
    line = fit(NAMES, seen, 3 * seen[:, 0].astype(float) + 1)
    np.testing.assert_allclose(line.predict(beyond), 3 * beyond[:, 0] + 1, rtol=0.03)


def test_few_wild_values_do_not_move_it():
    seen = columns(2000, 0, 1)
    wanted = 3 * seen[:, 0].astype(float) + 1
    wild = np.where(np.arange(2000) % 20 == 7, wanted + 50, wanted)
    apart = fit(NAMES, seen, wild).predict(seen) - wanted
    assert np.median(np.abs(apart)) < 0.1


@given(holes=st.lists(st.integers(0, 99), max_size=40), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_whatever_is_unknown_it_says_a_number(holes, seed):
    seen = columns(100, -1, 1, seed)
    seen[holes, 0] = np.nan
    line = fit(NAMES, seen, np.sin(np.arange(100.0)))
    assert np.isfinite(line.predict(seen)).all()
    assert np.isfinite(line.predict(np.array([[np.nan, 7, 2]], dtype=np.float32))).all()


def test_it_survives_being_written_and_read():
    seen = columns(300, 0, 1)
    line = fit(NAMES, seen, seen[:, 0].astype(float))
    again = Line.from_dict(json.loads(json.dumps(line.as_dict())))
    np.testing.assert_array_equal(again.predict(seen), line.predict(seen))


def test_trees_and_line_share_the_median_by_what_each_is_worth():
    seen = columns(3000, 0, 1)
    quick, block = Learning(rounds=40, spread_rounds=5), np.arange(3000) // 100
    straight = learn(NAMES, seen, 3 * seen[:, 0].astype(float), block, quick)
    stepped = learn(NAMES, seen, np.where(seen[:, 0] * 10 % 2 < 1, 2.0, -2.0), block, quick)
    assert straight.share < 0.5 < stepped.share
