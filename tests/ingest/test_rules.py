"""What every wire's readings must satisfy."""

import math

import numpy as np
import pytest

from ingest.rules import BAD, GOOD, check_times, judge, time_refusal

NOW_US = 1_800_000_000_000_000
SECOND = 1_000_000


@pytest.mark.parametrize(
    ("read_at_us", "refusal"),
    [
        (NOW_US, None),
        (NOW_US - 86_400 * SECOND, None),
        (NOW_US + 60 * SECOND, None),
        (NOW_US + 61 * SECOND, "the reading is 61 s in the future; 60 s are tolerated"),
        (0, "the device's clock was never set: the reading is from before the year 2000"),
    ],
)
def test_instants_of_the_future_and_of_a_dead_clock_are_refused(read_at_us, refusal):
    assert time_refusal(read_at_us, now_us=NOW_US) == refusal
    assert check_times(np.array([read_at_us]), now_us=NOW_US).tolist() == [refusal is None]


@pytest.mark.parametrize(
    ("value", "quality"),
    [(50.0, GOOD), (0.0, GOOD), (70.0, GOOD), (-0.1, BAD), (70.1, BAD), (math.nan, BAD), (math.inf, BAD)],
)
def test_a_value_the_quantity_cannot_have_is_bad(value, quality):
    assert judge(value, low=0.0, high=70.0) == quality


def test_without_bounds_any_number_is_good():
    assert judge(-1e30, low=None, high=None) == GOOD
