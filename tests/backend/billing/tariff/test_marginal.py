"""What one more unit costs: by hour, with shares on top, peaks apart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from backend.billing.rules.tariff import Span, marginal, parse
from backend.kernel.errors import Refused

QUARTER = 900_000_000
DAY = Span(date(2026, 6, 10), date(2026, 6, 11))
TOU = {
    "periods": {"night": {"en": "N"}, "day": {"en": "D"}},
    "rules": [{"period": "night", "hours": "00:00-06:00"}, {"period": "day"}],
}


def tariff(*components, **version):
    named = [{"name": {"en": "x"}, **one} for one in components]
    return parse({
        "code": "t", "name": {"en": "T"}, "carrier": "electricity", "currency": "CNY", "zone": "Asia/Shanghai",
        "versions": [{"from": "2020-01-01", "schedules": {"tou": TOU}, "components": named, **version}],
    })  # fmt: skip


ENERGY = {"kind": "energy", "code": "energy", "unit": "kWh", "by": "tou", "price": {"night": 0.3, "day": 0.9}}
FUND = {"kind": "energy", "code": "fund", "unit": "kWh", "price": 0.1}
DEMAND = {"kind": "demand", "code": "demand", "minutes": 15, "price": 40, "at_least": ["contracted_kw", 0.4]}
TAX = {"kind": "share", "code": "tax", "of": ["energy", "demand"], "rate": 0.1}
VAT = {"kind": "share", "code": "vat", "of": "energy", "rate": 0.13, "included": True}


def test_prices_add_up_by_hour_and_included_taxes_add_nothing():
    found = marginal(tariff(ENERGY, FUND, VAT), DAY, QUARTER)
    assert found.unit == "kWh" and len(found.prices) == 96
    np.testing.assert_allclose(found.prices, np.where(np.arange(96) < 24, 0.4, 1.0))


def test_a_share_lies_on_energy_and_peak():
    found = marginal(tariff(ENERGY, DEMAND, TAX), DAY, QUARTER, {"contracted_kw": Decimal(500)})
    np.testing.assert_allclose(found.prices[[0, 95]], [0.33, 0.99])
    (peak,) = found.peaks
    assert (peak.price, peak.least, peak.minutes, int(peak.counts.sum())) == (
        pytest.approx(44),
        200.0,
        15,
        96,
    )


def test_what_feeding_in_earns_is_below_zero():
    paid = {"kind": "energy", "code": "paid", "unit": "kWh", "of": "export", "price": 0.25, "pays": True}
    assert marginal(tariff(ENERGY, paid), DAY, QUARTER, register="export").prices[0] == pytest.approx(-0.25)


def test_steps_and_conditions_are_told():
    steps = {
        "kind": "energy",
        "code": "energy",
        "unit": "kWh",
        "price": {"": [0.5, 0.8]},
        "blocks": {"limits": [100]},
    }
    found = marginal(tariff(steps), DAY, QUARTER)
    assert found.prices[0] == pytest.approx(0.8) and "last block" in found.remarks[0]


@pytest.mark.parametrize(
    ("components", "said"),
    [
        (
            [{"kind": "standing", "code": "s", "per": "month", "price": 3}],
            "charges for no amount on 'import'",
        ),
        (
            [{"kind": "spot", "code": "s", "unit": "kWh", "prices": "p"}],
            "spot prices, which are not known ahead",
        ),
        ([{**ENERGY, "price": "agreed"}], "the tariff needs 'agreed'"),
    ],
)
def test_what_has_no_price_ahead_is_refused(components, said):
    with pytest.raises(Refused, match=said):
        marginal(tariff(*components), DAY, QUARTER)
