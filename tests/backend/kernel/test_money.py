"""Money is exact, is rounded once, and is split without losing a cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.errors import Refused
from backend.kernel.money import How, Money, Rounding, fit, split, total

amounts = st.decimals(-(10**9), 10**9, places=6)
steps = st.sampled_from([Decimal("0.01"), Decimal("0.1"), Decimal(1), Decimal("0.05"), Decimal(5)])
roundings = st.builds(Rounding, steps, st.sampled_from(How))


@pytest.mark.parametrize(
    ("value", "to", "how", "rounded"),
    [
        ("0.125", "0.01", "half_up", "0.13"),
        ("0.125", "0.01", "half_even", "0.12"),
        ("0.135", "0.01", "half_even", "0.14"),
        ("-0.125", "0.01", "half_up", "-0.13"),
        ("0.129", "0.01", "down", "0.12"),
        ("-0.129", "0.01", "down", "-0.12"),
        ("0.121", "0.01", "up", "0.13"),
        ("36.25", "0.1", "down", "36.2"),
        ("12.37", "0.05", "half_up", "12.35"),
        ("12.38", "0.05", "half_up", "12.40"),
        ("1234", "100", "half_up", "1200"),
    ],
)
def test_a_value_is_rounded_as_the_tariff_says(value, to, how, rounded):
    assert Rounding(Decimal(to), How(how))(Decimal(value)) == Decimal(rounded)


def test_nothing_is_never_less_than_nothing():
    assert str(Rounding()(Decimal("-0.001"))) == "0.00"
    assert str(Rounding(Decimal("0.05"))(Decimal("-0.001"))) == "0.00"


@given(amounts, roundings)
def test_what_is_rounded_is_near_and_stays(value, rounding):
    rounded = rounding(value)
    assert rounding(rounded) == rounded
    assert rounded / rounding.to == (rounded / rounding.to).to_integral_value()
    assert abs(rounded - value) < rounding.to
    if rounding.how in (How.HALF_UP, How.HALF_EVEN):
        assert abs(rounded - value) <= rounding.to / 2
    if rounding.how is How.DOWN:
        assert abs(rounded) <= abs(value)
    assert rounding(-value) == -rounded


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_a_split_sums_to_the_whole_and_is_fair(amount, weights):
    if not any(weights):
        with pytest.raises(Refused):
            split(amount, weights)
        return
    parts = split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < sum(weights)


@given(st.lists(amounts, max_size=8), roundings)
def test_fitted_amounts_sum_to_the_rounded_sum(exact, rounding):
    fitted = fit(exact, rounding)
    assert sum(fitted, Decimal(0)) == rounding(sum(exact, Decimal(0)))
    assert all(abs(a - b) < rounding.to for a, b in zip(fitted, exact, strict=True))


def test_money_is_split_to_the_cent():
    parts = Money(Decimal("10.00"), "CNY").split([1, 1, 1])
    assert [str(part) for part in parts] == ["3.34 CNY", "3.33 CNY", "3.33 CNY"]
    with pytest.raises(Refused, match="not a whole number"):
        Money(Decimal("0.005"), "CNY").split([1, 1])


def test_two_currencies_neither_add_nor_compare():
    yuan, dollar = Money(Decimal(1), "CNY"), Money(Decimal(1), "USD")
    with pytest.raises(Refused, match="of two currencies"):
        yuan + dollar
    with pytest.raises(Refused, match="of two currencies"):
        assert yuan < dollar
    with pytest.raises(Refused, match="unknown currency 'RMB'"):
        Money(Decimal(1), "RMB")
    assert total([yuan, yuan * 2], "CNY") - yuan == Money(Decimal(2), "CNY")
    assert Money(Decimal("1.005"), "CNY").rounded().amount == Decimal("1.01")
    assert Money(Decimal("1.5"), "JPY").rounded().amount == 2
