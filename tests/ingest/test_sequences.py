"""Which of a device's numbered messages arrived."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.sequences import Heard, Sequences


def heard(*numbers: int) -> Heard:
    result = Heard()
    for number in numbers:
        result.add(number, number * 1000)
    return result


def test_numbers_in_order_make_one_range():
    assert heard(4, 5, 6).ranges == [(4, 7)]


def test_a_missing_number_leaves_a_hole():
    assert heard(1, 2, 5).ranges == [(1, 3), (5, 6)]


@given(st.lists(st.integers(0, 40), min_size=1), st.randoms())
def test_order_and_repetition_do_not_matter(numbers, shuffler):
    again = [*numbers, *numbers]
    shuffler.shuffle(again)
    ranges = heard(*again).ranges
    assert [n for first, end in ranges for n in range(first, end)] == sorted(set(numbers))
    assert all(a[1] < b[0] for a, b in pairwise(ranges)), "no two ranges touch"


def test_a_lower_number_at_a_later_instant_means_the_device_began_anew():
    device = heard(100, 101)
    device.add(1, 102_000)
    device.add(2, 103_000)
    assert (device.ranges, device.run_us) == ([(1, 3)], 102_000)


def test_a_lower_number_delivered_again_does_not():
    device = heard(100, 101, 102)
    device.add(100, 100_000)
    assert (device.ranges, device.run_us) == ([(100, 103)], 0)


def test_news_handed_out_once_and_joined_again_when_they_could_not_be_told():
    device = Sequences()
    numbers = list(range(60))
    random.Random(3).shuffle(numbers)
    for number in numbers[:30]:
        device.hear("m", number, number)
    first = device.take()["m"]
    for number in numbers[30:]:
        device.hear("m", number, number)
    assert first.and_then(device.take()["m"]).ranges == [(0, 60)]
    assert device.take() == {}


def test_numbers_of_the_run_before_that_come_late_are_not_the_present_runs():
    now, late = Heard([(0, 3)], run_us=100, last_us=130), Heard([(900, 903)], run_us=0, last_us=90)
    assert now.and_then(late).ranges == [(0, 3)]
