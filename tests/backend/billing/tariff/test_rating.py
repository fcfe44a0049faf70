"""What a bill rests on, and what cannot be rated."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.billing import tariffs
from backend.billing.rules import tariff as t
from backend.billing.rules.tariff.calendar import CALENDARS, DayKind
from backend.billing.rules.tariff.components.power_factor import adjustment, power_factor
from backend.kernel.errors import Refused

HOUR_US = 3_600_000_000
QUARTER_US = HOUR_US // 4
JUNE = t.Span(date(2026, 6, 1), date(2026, 7, 1))

PARK: dict[str, Any] = {
    "code": "park",
    "name": {"en": "Park, time of use", "zh": "园区分时电价"},
    "carrier": "electricity",
    "currency": "CNY",
    "zone": "Asia/Shanghai",
    "versions": [
        {
            "from": "2026-01-01",
            "calendar": "CN",
            "schedules": {
                "tou": {
                    "periods": {"peak": {"en": "Peak", "zh": "峰"}, "valley": {"en": "Valley", "zh": "谷"}},
                    "rules": [{"period": "valley", "hours": "22:00-08:00"}, {"period": "peak"}],
                }
            },
            "components": [
                {"kind": "energy", "code": "energy", "name": {"en": "Energy", "zh": "电度电费"}, "unit": "kWh",
                 "by": "tou", "price": {"peak": 0.9, "valley": 0.3}},
                {"kind": "demand", "code": "demand", "name": {"en": "Demand", "zh": "需量电费"}, "price": 40,
                 "minutes": 15},
                {"kind": "standing", "code": "standing", "name": {"en": "Standing charge", "zh": "固定费"},
                 "per": "month", "price": 10},
                {"kind": "share", "code": "vat", "name": {"en": "VAT", "zh": "增值税"},
                 "of": ["energy", "demand", "standing"], "rate": 0.13},
            ],
        }
    ],
}  # fmt: skip


DEMANDS = [
    {
        "kind": "demand",
        "code": code,
        "name": {"en": code},
        "price": 1,
        "minutes": 15,
        "sliding": code == "sliding",
    }
    for code in ("clock", "sliding")
]
SLIDING = t.compile(
    t.parse({**PARK, "versions": [{"from": "2026-01-01", "components": DEMANDS}]}), JUNE, 5 * 60_000_000
)


def june(*, peak_at: int | None = None) -> tuple[t.Plan, t.Series]:
    """Return a plan for June and a load of 4 kW, with 10 kW in one quarter of an hour."""
    plan = t.compile(t.parse(PARK), JUNE, QUARTER_US)
    amounts = np.full(len(plan.grid), 1000)
    if peak_at is not None:
        amounts[peak_at] = 2500
    return plan, t.Series(plan.grid.start_us, QUARTER_US, {"import": amounts})


def test_a_line_rests_on_the_intervals_of_its_price_period():
    plan, series = june()
    peak, valley = plan.rate(series).lines[:2]
    assert (peak.name["zh"], peak.period_name, peak.unit, peak.register) == (
        "电度电费",
        {"en": "Peak", "zh": "峰"},
        "kWh",
        "import",
    )
    assert len(peak.intervals) == 30  # a stretch a day
    first = [datetime.fromtimestamp(at / 1e6, UTC).isoformat() for at in peak.intervals[0]]
    assert first == ["2026-06-01T00:00:00+00:00", "2026-06-01T14:00:00+00:00"]  # 08:00 to 22:00 in Shanghai
    covered = sum(int((line.intervals[:, 1] - line.intervals[:, 0]).sum()) for line in (peak, valley))
    assert covered == 30 * 24 * HOUR_US


def test_a_demand_line_rests_on_the_window_of_the_peak():
    plan, series = june(peak_at=1000)
    demand = next(line for line in plan.rate(series).lines if line.component == "demand")
    assert (demand.quantity, demand.unit, demand.amount.amount) == (10, "kW·month", 400)
    assert demand.intervals.tolist() == [[int(plan.grid.starts[1000]), int(plan.grid.starts[1001])]]


def test_demand_is_measured_over_the_whole_bill_though_prices_change_within():
    document = copy.deepcopy(PARK)
    later = copy.deepcopy(PARK["versions"][0])
    later["from"] = "2026-06-21"
    later["components"][1]["price"] = 70
    document["versions"].append(later)
    plan = t.compile(t.parse(document), JUNE, QUARTER_US)
    amounts = np.full(len(plan.grid), 1000)
    amounts[1000] = 2500  # on 11 June, under the old price
    rating = plan.rate(t.Series(plan.grid.start_us, QUARTER_US, {"import": amounts}))
    demands = [
        (line.start, line.quantity, line.amount.amount) for line in rating.lines if line.component == "demand"
    ]
    assert demands == [
        (date(2026, 6, 1), Decimal("6.666667"), Decimal("266.67")),  # 10 kW x 20/30 x 40
        (date(2026, 6, 21), Decimal("3.333333"), Decimal("233.33")),  # 10 kW x 10/30 x 70
    ]


def test_a_billing_month_may_begin_on_any_day():
    standing = [line for line in t.parse(PARK).versions[0].components if line.code == "standing"]
    assert len(standing) == 1
    span = t.Span(date(2026, 6, 16), date(2026, 7, 16))
    plan = t.compile(t.parse(PARK), span, QUARTER_US)
    series = t.Series(plan.grid.start_us, QUARTER_US, {"import": np.zeros(len(plan.grid), dtype=np.int64)})
    assert plan.rate(series, t.Facts(months=Fraction(1))).of("standing").amount == 10
    by_calendar = plan.rate(series).of("standing").amount  # 15/30 of June and 15/31 of July
    assert by_calendar == Decimal("9.84")


def test_a_tax_within_prices_is_shown_and_not_added():
    document = copy.deepcopy(PARK)
    document["versions"][0]["components"][3]["included"] = True
    plan, series = june()
    plan = t.compile(t.parse(document), JUNE, QUARTER_US)
    rating = plan.rate(series)
    vat = rating.lines[-1]
    assert vat.is_included
    assert rating.total.amount == sum(line.amount.amount for line in rating.lines[:-1])
    assert vat.amount.amount == (rating.total.amount / Decimal("1.13") * Decimal("0.13")).quantize(
        Decimal("0.01")
    )


def test_series_may_reach_beyond_the_period_but_not_fall_short():
    plan, series = june()
    longer = np.concatenate([np.full(96, 9), series.registers["import"], np.full(5, 9)])
    longer_series = t.Series(plan.grid.start_us - 96 * QUARTER_US, QUARTER_US, {"import": longer})
    assert plan.rate(longer_series).total == plan.rate(series).total
    shorter = t.Series(plan.grid.start_us, QUARTER_US, {"import": series.registers["import"][:-1]})
    with pytest.raises(Refused, match="do not cover 2026-06-01 to 2026-07-01"):
        plan.rate(shorter)


@pytest.mark.parametrize(
    ("length_us", "message"),
    [
        (HOUR_US, "a demand over 15 min cannot be read off intervals of 60 min"),
        (7 * 60_000_000, "intervals of 7 min do not begin where days begin"),
    ],
)
def test_intervals_that_do_not_fit_are_refused(length_us, message):
    with pytest.raises(Refused, match=message):
        t.compile(t.parse(PARK), JUNE, length_us)


def test_an_interval_that_lies_in_two_price_periods_is_refused():
    document = copy.deepcopy(PARK)
    schedule = document["versions"][0]["schedules"]["tou"]
    schedule["rules"] = [{"period": "valley", "hours": "08:20-08:40"}, {"period": "peak"}]
    del document["versions"][0]["components"][1]
    document["versions"][0]["components"][-1]["of"] = "energy"
    with pytest.raises(Refused, match="the interval from 08:00 lies in two price periods"):
        t.compile(t.parse(document), JUNE, HOUR_US)


def test_what_is_missing_is_named():
    plan, _ = june()
    with pytest.raises(Refused, match="no register 'import' was handed in"):
        plan.rate(
            t.Series(plan.grid.start_us, QUARTER_US, {"export": np.zeros(len(plan.grid), dtype=np.int64)})
        )
    volume = t.Series(
        plan.grid.start_us, QUARTER_US, {"import": np.zeros(len(plan.grid), dtype=np.int64)}, "m3"
    )
    with pytest.raises(Refused, match="m3 \\(volume\\) cannot be charged per kWh \\(energy\\)"):
        plan.rate(volume)
    heat = tariffs.shipped("beijing-heat-area")
    with pytest.raises(Refused, match="needs 'area_m2', which the contract does not say"):
        t.rate(heat, t.Span(date(2024, 1, 1), date(2024, 2, 1)), t.Series(0, HOUR_US, {}))
    with pytest.raises(Refused, match="holidays of 2031 are not in the calendar 'CN'"):
        t.compile(t.parse(PARK), t.Span(date(2031, 1, 1), date(2031, 2, 1)), QUARTER_US)


def test_make_up_days_of_china_are_working_days():
    """国办发明电〔2025〕7号, 2025-11-04: 15 to 23 February 2026 free, 14 and 28 February worked."""
    china = CALENDARS["CN"]
    assert china.kind(date(2026, 2, 14)) == china.kind(date(2026, 2, 28)) == DayKind.MAKE_UP
    assert {china.kind(date(2026, 2, day)) for day in range(15, 24)} == {DayKind.HOLIDAY}
    assert china.kind(date(2026, 2, 13)) == DayKind.WORKDAY
    assert china.kind(date(2026, 3, 1)) == DayKind.WEEKEND


@pytest.mark.parametrize(
    ("standard", "factor", "percent"),
    [
        ("0.90", "1.00", "-0.75"), ("0.90", "0.95", "-0.75"), ("0.90", "0.91", "-0.15"), ("0.90", "0.90", "0"),
        ("0.90", "0.89", "0.5"), ("0.90", "0.70", "10"), ("0.90", "0.69", "11"), ("0.90", "0.65", "15"),
        ("0.90", "0.64", "17"), ("0.85", "0.94", "-1.1"), ("0.85", "0.92", "-0.8"), ("0.85", "0.88", "-0.3"),
        ("0.85", "0.80", "2.5"), ("0.85", "0.61", "14"), ("0.85", "0.59", "17"), ("0.80", "0.91", "-1.15"),
        ("0.80", "0.85", "-0.5"), ("0.80", "0.79", "0.5"), ("0.80", "0.54", "17"),
    ],
)  # fmt: skip
def test_the_power_factor_table_of_1983(standard, factor, percent):
    """功率因数调整电费办法, (83)水电财字第215号, 1983-12-02: rows of its tables."""
    document = copy.deepcopy(PARK)
    component = {
        "kind": "power_factor",
        "code": "pf",
        "name": {"en": "pf"},
        "of": "energy",
        "table": f"china-{standard}",
    }
    document["versions"][0]["components"].append(component)
    table = t.parse(document).versions[0].components[-1].table
    assert adjustment(Decimal(factor), table) == Decimal(percent)


def test_a_power_factor_is_rounded_half_up_to_hundredths():
    assert power_factor(100, 0) == 1
    assert power_factor(0, 0) == 1
    assert power_factor(4, 3) == Decimal("0.80")
    assert power_factor(36_000, 16_200) == Decimal("0.91")
    assert power_factor(0, 5) == 0


def test_many_customers_need_as_many_facts():
    plan, series = june()
    with pytest.raises(Refused, match="intervals of 1 customers, facts of 2"):
        plan.rate_many(series, [t.Facts(), t.Facts()])


def test_a_register_may_be_the_same_for_all():
    plan, series = june()
    amounts = np.stack([series.registers["import"], series.registers["import"] * 2])
    given = t.Series(
        plan.grid.start_us, QUARTER_US, {"common": series.registers["import"], "import": amounts}
    )
    ratings = plan.rate_many(given, [t.Facts(), t.Facts()])
    assert given.amounts("common", plan.grid).shape == (2, len(plan.grid))
    assert [rating.of("demand").amount for rating in ratings] == [160, 320]
    with pytest.raises(Refused, match="different numbers of customers"):
        t.Series(0, QUARTER_US, {"import": amounts, "export": np.zeros((3, 9), dtype=np.int64)})


def test_a_condition_by_the_month_goes_by_days_where_a_price_changes_within():
    document = copy.deepcopy(PARK)
    for since in ("2026-01-01", "2026-06-11"):
        version = copy.deepcopy(PARK["versions"][0])
        when = {"of": "energy", "per": ["capacity_kva", "months"], "least": 260}
        discount = {
            "kind": "share",
            "code": "discount",
            "name": {"en": "D"},
            "of": "demand",
            "rate": -0.1,
            "when": when,
        }
        version |= {"from": since, "components": [*version["components"][:3], discount]}
        document["versions"].append(version)
    del document["versions"][0]
    tariff = t.parse(document)
    assert tariff.needs() == {"capacity_kva"}
    plan, series = t.compile(tariff, JUNE, QUARTER_US), june()[1]  # 4 kW: 2880 kWh, 288 for each of 10 kVA
    discounts = [
        line.amount.amount
        for line in plan.rate(series, t.Facts({"capacity_kva": Decimal(10)})).lines
        if line.component == "discount"
    ]
    assert discounts == [Decimal("-5.33"), Decimal("-10.67")]
    assert "discount" not in plan.rate(series, t.Facts({"capacity_kva": Decimal(12)})).by_component()


def test_an_included_tax_is_rounded_where_only_the_total_is():
    document = copy.deepcopy(PARK)
    document["versions"][0]["rounding"] = {"total": "0.01"}
    document["versions"][0]["components"][3]["included"] = True
    rating = t.compile(t.parse(document), JUNE, QUARTER_US).rate(june()[1])
    assert rating.lines[-1].amount.amount == (
        rating.total.amount / Decimal("1.13") * Decimal("0.13")
    ).quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    ("first", "last", "days"), [("2023-11-01", "2024-03-01", 121), ("2024-11-01", "2025-03-01", 120)]
)
def test_a_season_that_ends_with_february_has_the_days_of_its_year(first, last, days):
    component = {"kind": "standing", "code": "heat", "name": {"en": "Heat"}, "per": "season", "price": days,
                 "between": "11-01..02-29"}  # fmt: skip
    document = {**PARK, "versions": [{"from": "2020-01-01", "components": [component]}]}
    span = t.Span(date.fromisoformat(first), date.fromisoformat(last))
    assert t.rate(t.parse(document), span, t.Series(0, HOUR_US, {})).total.amount == days
    day = t.Span(span.start, date(span.start.year, 11, 2))
    assert t.rate(t.parse(document), day, t.Series(0, HOUR_US, {})).total.amount == 1


def test_interval_prices_are_multiplied_exactly_however_large():
    agile = tariffs.shipped("octopus-agile")
    span = t.Span(date(2024, 6, 1), date(2024, 6, 2))
    plan = t.compile(agile, span, HOUR_US // 2)
    prices = np.arange(48) * 10_007 - 200_000  # some below zero
    for scale in (1, 10**12):  # the larger ones overflow 64 bits when multiplied
        amounts = (np.arange(48) % 7 + 1) * scale
        given = t.Series(
            plan.grid.start_us, HOUR_US // 2, {"import": amounts}, "kWh", 1000, {"agile": prices}
        )
        rating = plan.rate(given, t.Facts({"standing_price": Decimal(0)}))
        exact = sum(int(a) * int(p) for a, p in zip(amounts, prices, strict=True))
        assert rating.of("energy").amount == (Decimal(exact) / 1000 / 1_000_000).quantize(Decimal("0.01"))
        assert rating.lines[0].price is None
    with pytest.raises(Refused, match="no prices 'agile' were handed in"):
        plan.rate(t.Series(plan.grid.start_us, HOUR_US // 2, {"import": amounts}), t.Facts())


@given(st.integers(0, 999))
def test_a_sliding_window_sees_at_least_what_the_clocks_sees(seed):
    amounts = np.random.default_rng(seed).integers(0, 4000, len(SLIDING.grid))
    series = t.Series(SLIDING.grid.start_us, 5 * 60_000_000, {"import": amounts})
    clock, sliding = (line.quantity for line in SLIDING.rate(series).lines)
    assert amounts.mean() * 12 / 1000 <= clock <= sliding
    windows = np.convolve(amounts, [1, 1, 1], "valid") * 4
    assert sliding == Decimal(int(windows.max())) / 1000
    assert clock == Decimal(int(windows[::3].max())) / 1000
