"""Reminders, instalments, and when supply may be cut."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.billing.rules.disconnection import Against, Case, against, warns
from backend.billing.rules.dunning import Debt, Step, is_kept, next_step, plan
from backend.billing.rules.tariff.calendar import CALENDARS
from backend.kernel.errors import Refused
from backend.kernel.money import Money

DUE = date(2026, 10, 15)


@pytest.mark.parametrize(
    ("debt", "days", "level"),
    [
        (Debt(DUE, Decimal(100)), 6, None),
        (Debt(DUE, Decimal(100)), 7, 1),
        (Debt(DUE, Decimal(100)), 400, 1),  # one level at a time, however late
        (Debt(DUE, Decimal("0.50")), 30, None),
        (Debt(DUE, Decimal(100), is_held=True), 30, None),
        (Debt(DUE, Decimal(100), 1, DUE + timedelta(days=7)), 20, None),
        (Debt(DUE, Decimal(100), 1, DUE + timedelta(days=7)), 21, 2),
        (Debt(DUE, Decimal(100), 1, DUE + timedelta(days=20)), 21, None),  # not twice within a week
        (Debt(DUE, Decimal(100), 1, DUE + timedelta(days=20)), 27, 2),
        (Debt(DUE, Decimal(100), 3, DUE + timedelta(days=35)), 400, None),
    ],
)
def test_a_customer_is_reminded_a_level_at_a_time(debt, days, level):
    step = next_step(debt, DUE + timedelta(days=days))
    assert (step and step.level) == level


@given(st.lists(st.integers(0, 20), max_size=60))
def test_reminders_are_never_close_together_and_never_skip_a_level(pauses):
    debt, today, told = Debt(DUE, Decimal(100)), DUE, []
    for pause in pauses:
        today += timedelta(days=pause)
        if step := next_step(debt, today):
            told.append((step, today))
            debt = Debt(DUE, Decimal(100), step.level, today)
    assert [step.level for step, _ in told] == list(range(1, len(told) + 1))
    assert all(b - a >= timedelta(days=7) for (_, a), (_, b) in zip(told, told[1:], strict=False))
    assert isinstance(next_step(Debt(DUE, Decimal(5)), DUE + timedelta(days=7)), Step)


def test_a_debt_is_split_into_months_to_the_cent():
    parts = plan(Money(Decimal("100.00"), "CNY"), 3, date(2026, 10, 31))
    assert [(one.due_on, one.amount) for one in parts] == [
        (date(2026, 10, 31), Decimal("33.34")), (date(2026, 11, 30), Decimal("33.33")),
        (date(2026, 12, 31), Decimal("33.33")),
    ]  # fmt: skip


@given(st.integers(100, 10**7), st.integers(2, 36), st.dates(date(2026, 1, 1), date(2030, 1, 1)))
def test_instalments_are_the_debt(cents, parts, first_on):
    found = plan(Money(Decimal(cents) / 100, "CNY"), parts, first_on)
    assert sum(one.amount for one in found) == Decimal(cents) / 100
    assert max(one.amount for one in found) - min(one.amount for one in found) <= Decimal("0.01")
    assert [one.due_on for one in found] == sorted({one.due_on for one in found})


@pytest.mark.parametrize(("amount", "parts"), [("100", 1), ("100", 37), ("0", 3), ("0.02", 3), ("1.001", 3)])
def test_what_is_no_plan_is_refused(amount, parts):
    with pytest.raises(Refused):
        plan(Money(Decimal(amount), "CNY"), parts, DUE)


def test_a_plan_is_kept_while_what_was_due_is_paid_within_days():
    parts = plan(Money(Decimal(90), "CNY"), 3, DUE)
    assert is_kept(parts, Decimal(0), DUE + timedelta(days=2))
    assert not is_kept(parts, Decimal(29), DUE + timedelta(days=3))
    assert is_kept(parts, Decimal(30), DUE + timedelta(days=20))
    assert not is_kept(parts, Decimal(30), DUE + timedelta(days=40))


OWING = {"debt": Decimal(500), "is_protected": False, "is_plan_kept": False, "told_on": date(2026, 10, 1),
         "extremes_c": (12.0, 24.0)}  # fmt: skip
TUESDAY = datetime(2026, 10, 20, 10, 0)  # noqa: DTZ001 - the site's local time


@pytest.mark.parametrize(
    ("said", "now", "reasons"),
    [
        ({}, TUESDAY, []),
        ({"is_protected": True}, TUESDAY, [Against.PROTECTED]),
        ({"debt": Decimal("49.99")}, TUESDAY, [Against.NOT_OWING]),
        ({"is_plan_kept": True}, TUESDAY, [Against.PLAN_KEPT]),
        ({"told_on": None}, TUESDAY, [Against.NO_NOTICE]),
        ({"told_on": date(2026, 10, 14)}, TUESDAY, [Against.NO_NOTICE]),
        ({}, TUESDAY.replace(hour=7, minute=59), [Against.NIGHT]),
        ({}, TUESDAY.replace(hour=15), [Against.NIGHT]),
        ({}, TUESDAY.replace(day=23), [Against.BEFORE_REST_DAY]),  # a Friday
        ({}, TUESDAY.replace(day=24), [Against.REST_DAY]),
        ({}, datetime(2026, 9, 30, 10), [Against.BEFORE_REST_DAY]),  # noqa: DTZ001 - the day before the National Day
        ({}, datetime(2026, 10, 9, 10), []),  # noqa: DTZ001 - a Friday before a Saturday that is worked
        ({"extremes_c": (4.9, 20.0)}, TUESDAY, [Against.COLD]),
        ({"extremes_c": (20.0, 35.5)}, TUESDAY, [Against.HOT]),
        ({"extremes_c": None}, TUESDAY, [Against.COLD, Against.HOT]),
        ({"extremes_c": (float("nan"), 20.0)}, TUESDAY, [Against.COLD]),
        ({"is_protected": True}, TUESDAY.replace(day=24, hour=23),
         [Against.PROTECTED, Against.NIGHT, Against.REST_DAY]),
    ],
)  # fmt: skip
def test_supply_is_cut_only_where_nothing_speaks_against_it(said, now, reasons):
    case = Case(**OWING | {"told_on": date(2026, 9, 1)} | said)
    assert against(case, now, CALENDARS["CN"]) == reasons


def test_a_day_the_calendar_does_not_know_is_taken_for_a_holiday():
    found = against(Case(**OWING), datetime(2031, 6, 3, 10), CALENDARS["CN"])  # noqa: DTZ001 - local time
    assert found == [Against.REST_DAY]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (100, 51, False),
        (51, 49, True),
        (49, 30, False),
        (30, -1, True),
        (-1, -9, False),
        (100, -9, True),
        (10, 80, False),
    ],
)
def test_a_low_balance_is_told_once_and_an_empty_one_again(before, after, told):
    assert warns(Decimal(before), Decimal(after), Decimal(50)) is told
