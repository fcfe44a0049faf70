"""How old what is owed is: by the day it was due, with money where it was spread, else at the oldest."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.billing.rules.documents.ageing import AGES, Item, age, spread

DUE = date(2026, 10, 15)
ONE, TWO, PAID, NOTE = (UUID(int=at) for at in range(1, 5))


def owed(source, amount, due=DUE):
    return Item(source, Decimal(amount), due)


def came(source, amount):
    return Item(source, -Decimal(amount), None)


@pytest.mark.parametrize(
    ("days", "place"),
    [(-30, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (1000, 4)],
)
def test_an_age_begins_the_day_after_its_edge(days, place):
    assert age(DUE, DUE + timedelta(days=days)) == place


@pytest.mark.parametrize(
    ("items", "paid", "ages", "unapplied"),
    [
        ([owed(ONE, 100)], {}, [0, 0, 100, 0, 0], 0),
        ([owed(ONE, 100), came(PAID, 40)], {PAID: [(ONE, Decimal(40))]}, [0, 0, 60, 0, 0], 0),
        # what a payment was spread over counts, not what is older
        ([owed(ONE, 100), owed(TWO, 50, DUE + timedelta(40)), came(PAID, 50)], {PAID: [(TWO, Decimal(50))]},
         [0, 0, 100, 0, 0], 0),
        # nothing is said of it: the oldest
        ([owed(ONE, 100), owed(TWO, 50, DUE + timedelta(40)), came(PAID, 120)], {}, [30, 0, 0, 0, 0], 0),
        # a bill paid in part from credit, a note whose rest became credit
        ([owed(ONE, 100), Item(ONE, Decimal(-30), DUE)], {}, [0, 0, 70, 0, 0], 0),
        ([owed(ONE, 100), came(NOTE, 130), Item(NOTE, Decimal(30), None)], {NOTE: [(ONE, Decimal(100))]}, [0] * 5, 0),
        # money booked before the bill it paid
        ([came(PAID, 40)], {PAID: [(ONE, Decimal(40))]}, [0] * 5, -40),
    ],
)  # fmt: skip
def test_money_is_taken_off_what_it_paid(items, paid, ages, unapplied):
    assert spread(items, paid, date(2026, 11, 20)) == ([Decimal(one) for one in ages], Decimal(unapplied))


amounts = st.decimals(min_value=1, max_value=1000, places=2)


@given(
    st.lists(st.tuples(amounts, st.integers(0, 200)), max_size=8),
    st.lists(st.tuples(amounts, st.lists(st.tuples(st.integers(0, 7), amounts), max_size=3)), max_size=5),
)
def test_ages_always_sum_to_what_was_booked(bills, money):
    keys = [UUID(int=at + 1) for at in range(20)]
    items = [owed(keys[at], amount, DUE - timedelta(days)) for at, (amount, days) in enumerate(bills)]
    items += [came(keys[10 + at], amount) for at, (amount, _) in enumerate(money)]
    paid = {
        keys[10 + at]: [(keys[bill], part) for bill, part in parts] for at, (_, parts) in enumerate(money)
    }
    ages, unapplied = spread(items, paid, DUE)
    assert sum(ages) + unapplied == sum(item.amount for item in items)
    assert len(ages) == AGES and min(ages) >= 0 and unapplied <= 0
