"""From when to when a bill goes, and what of a meter is whose."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.billing.rules import shares
from backend.billing.rules.periods import BillingCalendar, due, part
from backend.billing.rules.tariff import Span
from backend.kernel.errors import Refused


@pytest.mark.parametrize(
    ("calendar", "on", "start", "end"),
    [
        (BillingCalendar(), date(2026, 9, 30), date(2026, 9, 1), date(2026, 10, 1)),
        (BillingCalendar(day=16), date(2026, 9, 15), date(2026, 8, 16), date(2026, 9, 16)),
        (BillingCalendar(day=16), date(2026, 1, 1), date(2025, 12, 16), date(2026, 1, 16)),
        (BillingCalendar(2), date(2026, 2, 28), date(2026, 1, 1), date(2026, 3, 1)),
        (BillingCalendar(2, first=2), date(2026, 1, 5), date(2025, 12, 1), date(2026, 2, 1)),
        (BillingCalendar(12, 1, 10), date(2026, 9, 30), date(2025, 10, 1), date(2026, 10, 1)),
    ],
)
def test_a_day_lies_in_one_period(calendar, on, start, end):
    assert calendar.period(on) == Span(start, end)


CALENDARS = st.builds(
    lambda months, day, first: BillingCalendar(months, day, 1 + first % months),
    st.sampled_from([1, 2, 3, 6, 12]), st.integers(1, 28), st.integers(0, 11),
)  # fmt: skip
DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))


@given(CALENDARS, DAYS)
def test_periods_follow_each_other_without_gap_or_overlap(calendar, on):
    period = calendar.period(on)
    assert period.start <= on < period.end
    assert calendar.period(period.end).start == period.end
    assert calendar.period(period.start - timedelta(days=1)).end == period.start


@given(CALENDARS, DAYS, st.integers(1, 800))
def test_the_parts_of_a_contract_make_up_its_days_and_months(calendar, starts_on, days):
    ends_on = starts_on + timedelta(days=days)
    periods = list(due(calendar, starts_on, ends_on, date(2060, 1, 1)))
    parts = [part(one, calendar, starts_on, ends_on) for one in periods]
    assert sum(one.span.days for one in parts) == days
    whole = [one for one, period in zip(parts, periods, strict=True) if one.span == period]
    assert all(one.months == calendar.months for one in whole)


def test_half_a_month_is_half_a_standing_charge():
    month = BillingCalendar().period(date(2026, 9, 1))
    assert part(month, BillingCalendar(), date(2026, 9, 16), None).months == Fraction(1, 2)
    assert part(month, BillingCalendar(), date(2026, 10, 1), None) is None
    assert part(month, BillingCalendar(), date(2026, 1, 1), date(2026, 9, 1)) is None


@pytest.mark.parametrize(
    "wrong", [{"months": 5}, {"day": 29}, {"day": 0}, {"first": 2}, {"months": 2, "first": 3}]
)
def test_a_calendar_that_is_none_is_refused(wrong):
    with pytest.raises(Refused):
        BillingCalendar(**wrong)


def test_a_shared_meter_is_split_to_the_last_quantum():
    """7, 5 and 1 Wh in thirds: 2.33 each; the quantum left goes to the first of equal remainders."""
    split = shares.split(np.array([7, 5, 1, 0]), [333_333, 333_333, 333_334])
    assert split.tolist() == [[2, 2, 0, 0], [2, 1, 0, 0], [3, 2, 1, 0]]


SHARES = st.lists(st.integers(1, 400_000), min_size=1, max_size=6).filter(
    lambda some: sum(some) <= shares.WHOLE
)


@given(st.lists(st.integers(0, 10**9), max_size=20), SHARES)
def test_shares_lose_nothing_and_invent_nothing(amounts, parts):
    split = shares.split(np.array(amounts, dtype=np.int64), parts)
    for column, amount in zip(split.T.tolist(), amounts, strict=True):
        exact = [Fraction(amount * one, shares.WHOLE) for one in parts]
        assert all(abs(got - wanted) < 1 for got, wanted in zip(column, exact, strict=True))
        assert sum(column) <= amount
        if sum(parts) == shares.WHOLE:
            assert sum(column) == amount


def test_a_meter_is_not_shared_beyond_the_whole():
    taken = [(date(2026, 1, 1), date(2026, 7, 1), 600_000), (date(2026, 5, 1), None, 300_000)]
    shares.demand_room(taken, (date(2026, 7, 1), None, 700_000))
    shares.demand_room(taken, (date(2026, 1, 1), date(2026, 5, 1), 400_000))
    with pytest.raises(Refused, match="10 % of this meter are left on 2026-05-01"):
        shares.demand_room(taken, (date(2026, 4, 1), None, 400_000))
