"""What the rest of a month is expected to bring, and when that is worth a warning."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.billing.rules import high_bill, projection
from backend.billing.rules.high_bill import PastBill

WEEK = 7 * 24


def test_an_hour_to_come_is_expected_as_its_weekday_had_it():
    shape = np.arange(WEEK)
    amounts = np.concatenate([np.tile(shape, 5), np.zeros(WEEK, int)])
    known = np.arange(len(amounts)) < 5 * WEEK
    assert (projection.filled(amounts, known, first=4 * WEEK, per_day=24) == np.tile(shape, 2)).all()


def test_what_was_counted_stays_as_it_is_also_beside_a_gap():
    amounts = np.concatenate([np.full(4 * WEEK, 10), np.full(WEEK, 30)])
    known = np.ones(len(amounts), bool)
    known[-3:] = False
    found = projection.filled(amounts, known, first=4 * WEEK, per_day=24)
    assert found[:-3].tolist() == [30] * (WEEK - 3)
    assert found[-3:].tolist() == [10, 10, 10]


@pytest.mark.parametrize(("counted", "expected"), [(0, 0), (12, 7)])
def test_without_a_week_before_the_mean_of_what_is_known_is_expected_and_of_nothing_nothing(
    counted, expected
):
    amounts = np.zeros(WEEK, int)
    amounts[:counted] = 7
    found = projection.filled(amounts, np.arange(WEEK) < counted, first=0, per_day=24)
    assert found[-1] == expected


@given(st.lists(st.integers(0, 10**6), min_size=5 * 24, max_size=5 * 24), st.integers(0, 5 * 24))
def test_nothing_below_nothing_is_ever_expected(amounts, counted):
    known = np.arange(len(amounts)) < counted
    assert (projection.filled(np.array(amounts), known, first=24, per_day=24) >= 0).all()


LAST = [
    PastBill(Decimal(300), 30),
    PastBill(Decimal(310), 31),
    PastBill(Decimal(900), 30),
    PastBill(Decimal(1), 30),
]


@pytest.mark.parametrize(
    ("last", "year_ago", "days", "usual"),
    [
        ([], None, 30, None),
        (LAST, None, 30, "300.00"),
        (LAST[:1], None, 15, "150.00"),
        (LAST, PastBill(Decimal(620), 31), 30, "600.00"),
        (LAST, PastBill(Decimal(31), 31), 30, "300.00"),
        ([], PastBill(Decimal(100), 30), 31, "103.33"),
    ],
)
def test_usual_is_the_median_of_three_bills_or_last_year_where_that_was_more(last, year_ago, days, usual):
    assert high_bill.usual(last, year_ago, days) == (None if usual is None else Decimal(usual))


@pytest.mark.parametrize(
    ("projected", "usual", "is_high"),
    [("375.00", "300", False), ("375.01", "300", True), ("99", None, False), ("99", "0", False)],
)
def test_a_quarter_more_than_usual_is_high(projected, usual, is_high):
    assert high_bill.is_high(Decimal(projected), Decimal(usual) if usual else None) is is_high


def test_the_threshold_can_be_another():
    assert high_bill.is_high(Decimal(111), Decimal(100), Fraction(11, 10))
