"""What the same use would have cost under other tariffs."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from backend.billing.rules import tariff as t
from backend.kernel.errors import Refused

HOUR_US = 3_600_000_000
MONTHS = [t.Span(date(2026, month, 1), date(2026, month + 1, 1)) for month in (5, 6, 7)]


def make(code: str, *components: dict[str, Any], **said: Any) -> t.Tariff:
    document = {
        "code": code,
        "name": {"en": code},
        "carrier": "electricity",
        "currency": "CNY",
        "zone": "Asia/Shanghai",
        "versions": [
            {
                "from": "2026-01-01",
                "schedules": {
                    "tou": {
                        "periods": {"day": {"en": "Day"}, "night": {"en": "Night"}},
                        "rules": [{"period": "day", "hours": "08:00-22:00"}, {"period": "night"}],
                    }
                },
                "components": list(components),
            }
        ],
    }
    return t.parse({**copy.deepcopy(document), **said})


def energy(price: Any, **said: Any) -> dict[str, Any]:
    return {
        "kind": "energy",
        "code": "energy",
        "name": {"en": "Energy"},
        "unit": "kWh",
        "price": price,
        **said,
    }


STANDING = {"kind": "standing", "code": "standing", "name": {"en": "Standing"}, "price": 20}
FLAT = make("flat", energy(0.6))
TOU = make("tou", energy({"day": 0.9, "night": 0.3}, by="tou"), STANDING)
STEPS = make("steps", energy([0.5, 0.7], blocks={"limits": [1000], "per": "year"}))
BY_AREA = make("area", {**STANDING, "times": "area_m2"})


def use(night_only_from: date) -> t.Series:
    """Return 1 kW at all hours, and from a date on 2 kW by night only."""
    grid = t.compile(FLAT, t.Span(MONTHS[0].start, MONTHS[-1].end), HOUR_US).grid
    night = (grid.minute < 8 * 60) | (grid.minute >= 22 * 60)
    late = grid.day >= (night_only_from - grid.span.start).days
    return t.Series(grid.start_us, HOUR_US, {"import": np.where(late, np.where(night, 2000, 0), 1000)})


def test_the_cheapest_tariff_is_found_for_all_months_and_for_each():
    found = t.compare([FLAT, TOU, STEPS], use(date(2026, 7, 1)), t.Facts(), MONTHS)
    totals = {cost.tariff.code: cost.total.amount for cost in found.costs}
    # May 744 h, June 720 h at 1 kW; July 31 nights of 10 h at 2 kW: 620 kWh
    assert totals == {
        "flat": Decimal("446.40") + Decimal("432.00") + Decimal("372.00"),
        "tou": Decimal("503.60") + Decimal("488.00") + Decimal("206.00"),
        "steps": Decimal("372.00") + Decimal("128.00") + Decimal("324.80") + Decimal("434.00"),
    }
    assert found.cheapest.tariff.code == "tou"
    assert [cost.tariff.code for cost in found.cheapest_of_each()] == ["steps", "flat", "tou"]


def test_what_differs_is_told_by_kind():
    found = t.compare([FLAT, TOU], use(date(2026, 7, 1)), t.Facts(), MONTHS)
    flat, tou = found.costs
    apart = {kind: amount.amount for kind, amount in found.differences(tou, flat).items()}
    assert apart == {"energy": Decimal("1137.60") - Decimal("1250.40"), "standing": Decimal("60.00")}
    assert sum(apart.values()) == tou.total.amount - flat.total.amount


def test_yearly_steps_go_on_from_month_to_month():
    steps = t.compare([STEPS], use(date(2026, 7, 1)), t.Facts(), MONTHS).costs[0]
    assert [rating.closing["energy.used.2026"] for rating in steps.ratings] == [744, 1464, 2084]


def test_a_year_whose_holidays_are_not_published_is_refused_with_what_is_to_be_done():
    """China tells each year's in the autumn before; 2027's was not told when the calendar was written."""
    document = t.dump(TOU)
    document["versions"][0]["calendar"] = "CN"
    chinese, january = t.parse(document), t.Span(date(2027, 1, 1), date(2027, 2, 1))
    grid = t.compile(FLAT, january, HOUR_US).grid
    given = t.Series(grid.start_us, HOUR_US, {"import": np.full(len(grid), 1000)})
    with pytest.raises(Refused, match="holidays of 2027 are not in the calendar 'CN'") as refused:
        t.compare([chinese], given, t.Facts(), [january])
    assert "it knows 2023 to 2026: add the year's official notice" in refused.value.remedy
    found = t.compare([FLAT, chinese], given, t.Facts(), [january])
    assert [cost.refused for cost in found.left_out] != [None]
    assert [cost.tariff.code for cost in found.costs] == ["flat"], "the others are compared all the same"


def test_a_tariff_that_cannot_be_rated_is_left_out_with_its_reason():
    found = t.compare([FLAT, BY_AREA], use(date(2026, 7, 1)), t.Facts(), MONTHS)
    assert [cost.tariff.code for cost in found.costs] == ["flat"]
    assert [str(cost.refused) for cost in found.left_out] == [
        "the tariff needs 'area_m2', which the contract does not say"
    ]
    with pytest.raises(Refused, match="needs 'area_m2'"):
        t.compare([BY_AREA], use(date(2026, 7, 1)), t.Facts(), MONTHS)


def test_only_like_is_compared_with_like():
    dollars = make("dollars", energy(0.1), currency="USD")
    with pytest.raises(Refused, match="one carrier and currency"):
        t.compare([FLAT, dollars], use(date(2026, 7, 1)), t.Facts(), MONTHS)
