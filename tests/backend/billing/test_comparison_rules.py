"""Why a bill differs from an earlier one: the reasons sum to the difference, exactly, and each means what it says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.billing.rules.comparison import ComparedBill, ComparedLine, compare
from backend.kernel.errors import Refused

MONEY = st.decimals("-99999", "99999", places=2)
QUANTITY = st.decimals("-9999", "99999", places=3)
LINES = st.lists(
    st.builds(
        ComparedLine, st.sampled_from("abcd"), st.sampled_from(["energy", "standing", "demand", "share", "rounding"]),
        st.sampled_from([None, "peak", "valley"]), st.sampled_from([None, 1, 2]), QUANTITY, MONEY,
    ),
    max_size=8,
)  # fmt: skip
BILLS = st.builds(lambda days, lines: ComparedBill(days, tuple(lines)), st.integers(1, 400), LINES)


def energy(quantity: str, price: str, code: str = "energy", kind: str = "energy") -> ComparedLine:
    return ComparedLine(code, kind, None, None, Decimal(quantity), Decimal(quantity) * Decimal(price))


@given(BILLS, BILLS)
@settings(max_examples=300, deadline=None)
def test_the_reasons_sum_to_the_difference_to_the_last_digit(before, now):
    assert compare(before, now).whole == now.total - before.total


@given(BILLS)
def test_a_bill_does_not_differ_from_itself(bill):
    why = compare(bill, bill)
    assert (why.days, why.use, why.price, why.tariff, why.follows) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("before", "now", "reason", "amount"),
    [
        ((30, energy("300", "0.5")), (31, energy("310", "0.5")), "days", "5.00"),
        ((30, energy("300", "0.5")), (30, energy("400", "0.5")), "use", "50.00"),
        ((30, energy("300", "0.5")), (30, energy("300", "0.6")), "price", "30.00"),
        ((30, energy("300", "0.5")), (30, energy("10", "1", "standing", "standing")), "tariff", "-140.00"),
        ((30, energy("100", "0.13", "vat", "share")), (30, energy("200", "0.13", "vat", "share")), "follows", "13.00"),
        ((30, energy("40", "10", "demand", "demand")), (31, energy("50", "10", "demand", "demand")), "use", "100"),
    ],
)  # fmt: skip
def test_each_reason_stands_alone_where_nothing_else_changed(before, now, reason, amount):
    why = compare(ComparedBill(before[0], before[1:]), ComparedBill(now[0], now[1:]))
    parts = {name: getattr(why, name) for name in ("days", "use", "price", "tariff", "follows")}
    assert parts == dict.fromkeys(parts, Decimal(0)) | {reason: Decimal(amount)}


def test_more_use_at_a_higher_price_is_told_apart():
    why = compare(ComparedBill(30, (energy("300", "0.5"),)), ComparedBill(31, (energy("341", "0.6"),)))
    # 1 day of 10 kWh at 0.5; 31 kWh more at 0.5; 341 kWh at 0.1 more
    assert (why.days, why.use, why.price) == (Decimal("5.00"), Decimal("15.50"), Decimal("34.10"))


def test_a_bill_over_no_day_cannot_be_compared():
    with pytest.raises(Refused):
        ComparedBill(0, ())
