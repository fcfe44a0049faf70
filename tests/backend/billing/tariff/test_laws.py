"""What holds of every bill: energy is conserved, periods split and join, lines explain their amount."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backend.billing.rules import tariff as t
from backend.billing.rules.tariff.blocks import fill, spread

HOUR_US = 3_600_000_000
FEW = settings(max_examples=25)
"""For laws whose every example compiles plans, which costs tens of milliseconds."""
ZONES = ["Asia/Shanghai", "Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC"]

hours = st.tuples(st.integers(0, 47), st.integers(1, 48)).filter(lambda ends: ends[0] != ends[1])
rules = st.fixed_dictionaries(
    {"period": st.sampled_from("abc")},
    optional={
        "months": st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True),
        "days": st.lists(
            st.sampled_from(["mon", "sat", "workday", "weekend", "rest", "all"]), min_size=1, max_size=2
        ),
        "hours": hours.map(lambda ends: "-".join(f"{half // 2:02}:{half % 2 * 30:02}" for half in ends)),
    },
)
prices = st.decimals(0, 5, places=4).map(str)
limits = st.lists(st.integers(1, 5000), min_size=1, max_size=3, unique=True).map(sorted)


@st.composite
def schedules(draw: st.DrawFn) -> dict[str, Any]:
    """Return a schedule whose last rule leaves no gap."""
    return {
        "periods": {code: {"en": code.upper()} for code in "abc"},
        "rules": [*draw(st.lists(rules, max_size=5)), {"period": draw(st.sampled_from("abc"))}],
    }


@st.composite
def energies(draw: st.DrawFn, code: str, per: st.SearchStrategy[str], shared: bool) -> dict[str, Any]:
    """Return an energy component, by price period and block."""
    said: dict[str, Any] = {"kind": "energy", "code": code, "name": {"en": code}, "unit": "kWh", "by": "tou"}
    if draw(st.booleans()):
        uppers = draw(limits)
        said["blocks"] = {"limits": uppers, "per": draw(per)}
        if shared and said["blocks"]["per"] != "each_day":
            said["blocks"]["shared"] = draw(st.booleans())
        price = st.lists(prices, min_size=len(uppers) + 1, max_size=len(uppers) + 1)
    else:
        price = st.lists(prices, min_size=1, max_size=1)
    said["price"] = {period: draw(price) for period in "abc"}
    return said


@st.composite
def tariffs(draw: st.DrawFn, per: st.SearchStrategy[str], shared: bool = True) -> t.Tariff:
    """Return a tariff of energies, a standing charge and a tax, of one or two versions."""

    def version(since: str) -> dict[str, Any]:
        return {
            "from": since,
            "schedules": {"tou": draw(schedules())},
            "components": [
                draw(energies("first", per, shared)),
                draw(energies("second", per, shared)),
                {"kind": "standing", "code": "standing", "name": {"en": "s"}, "price": draw(prices),
                 "per": draw(st.sampled_from(["day", "month", "year"]))},
                {"kind": "share", "code": "tax", "name": {"en": "t"}, "of": ["first", "standing"], "rate": "0.13"},
            ],
        }  # fmt: skip

    versions = [version("2020-01-01")]
    if draw(st.booleans()):
        versions.append(version(draw(st.dates(date(2024, 2, 1), date(2024, 12, 31))).isoformat()))
    return t.parse(
        {
            "code": "any",
            "name": {"en": "Any"},
            "carrier": "electricity",
            "currency": "CNY",
            "zone": draw(st.sampled_from(ZONES)),
            "versions": versions,
        }
    )


spans = st.builds(
    lambda start, days: t.Span(start, start + timedelta(days=days)),
    st.dates(date(2024, 2, 1), date(2024, 12, 20)),
    st.integers(2, 20),
)


def use(plan: t.Plan, seed: int) -> t.Series:
    amounts = np.random.default_rng(seed).integers(0, 4000, len(plan.grid))
    return t.Series(plan.grid.start_us, plan.grid.length_us, {"import": amounts})


@FEW
@given(tariffs(st.sampled_from(["month", "day", "each_day", "year", "period"])), spans, st.integers(0, 99))
def test_energy_is_conserved_over_periods_blocks_and_days(tariff, span, seed):
    plan = t.compile(tariff, span, HOUR_US // 2)
    series = use(plan, seed)
    rating = plan.rate(series)
    used = Decimal(int(series.registers["import"].sum())) / 1000
    for component in ("first", "second"):
        lines = [line for line in rating.lines if line.component == component]
        assert sum(line.quantity for line in lines) == used
        rests_on = np.concatenate([line.intervals for line in lines if line.block in (None, 1)])
        assert len({tuple(stretch) for stretch in rests_on.tolist()}) >= 1


@FEW
@given(tariffs(st.sampled_from(["month", "day", "each_day", "year", "period"])), spans, st.integers(0, 99))
def test_a_line_is_its_quantity_times_its_price_and_lines_sum_to_the_total(tariff, span, seed):
    plan = t.compile(tariff, span, HOUR_US // 2)
    rating = plan.rate(use(plan, seed))
    for line in rating.lines:
        assert line.price is not None
        assert abs(line.quantity * line.price - line.amount.amount) <= Decimal("0.005")
        assert span.start <= line.start < line.end <= span.end
        assert line.version <= line.start
    assert sum(line.amount.amount for line in rating.lines) == rating.total.amount


steps = st.builds(
    lambda to, how: f"{to} {how}",
    st.sampled_from(["0.01", "0.1", "1", "0.05"]),
    st.sampled_from(["half_up", "half_even", "down", "up"]),
)
roundings = st.dictionaries(st.sampled_from(["line", "component", "total"]), steps)


@FEW
@given(tariffs(st.sampled_from(["month", "year"])), spans, st.integers(0, 99), roundings)
def test_rounded_anywhere_lines_sum_to_the_total(tariff, span, seed, rounding):
    document = t.dump(tariff)
    for version in document["versions"]:
        version |= {"rounding": rounding} if rounding else {}
    plan = t.compile(t.parse(document), span, HOUR_US // 2)
    rating = plan.rate(use(plan, seed))
    assert sum(line.amount.amount for line in rating.lines) == rating.total.amount
    if "total" in rounding:
        step = Decimal(rounding["total"].split()[0])
        assert rating.total.amount % step == 0
    elif "component" in rounding:
        step = Decimal(rounding["component"].split()[0])
        assert all(line.amount.amount % step == 0 for line in rating.lines)
    elif "line" in rounding:
        step = Decimal(rounding["line"].split()[0])
        assert all(line.amount.amount % step == 0 for line in rating.lines)


@FEW
@given(tariffs(st.sampled_from(["each_day", "year"]), shared=False), spans, st.integers(0, 99), st.data())
def test_a_period_costs_what_its_parts_cost(tariff, span, seed, data):
    """Of splittable components: time of use, daily and yearly blocks, standing charges and shares of them."""
    assert all(each.is_splittable for version in tariff.versions for each in version.components)
    middle = span.start + timedelta(days=data.draw(st.integers(1, span.days - 1)))
    plan = t.compile(tariff, span, HOUR_US // 2)
    series = use(plan, seed)
    whole = plan.rate(series)
    before = t.compile(tariff, t.Span(span.start, middle), HOUR_US // 2).rate(series)
    after = t.compile(tariff, t.Span(middle, span.end), HOUR_US // 2).rate(
        series, t.Facts(opening=before.closing)
    )
    # a line is rounded to the cent and a quantity to six places, so parts may differ by half a cent a line
    lines = len(whole.lines) + len(before.lines) + len(after.lines)
    assert abs(before.total.amount + after.total.amount - whole.total.amount) <= lines * Decimal("0.006")
    for code in ("first", "second"):
        parts = sum(
            line.quantity for rating in (before, after) for line in rating.lines if line.component == code
        )
        assert parts == sum(line.quantity for line in whole.lines if line.component == code)
    assert after.closing == whole.closing


@FEW
@given(tariffs(st.sampled_from(["month", "year"])), spans, st.integers(0, 99))
def test_customers_rated_together_and_alone_come_to_the_same(tariff, span, seed):
    plan = t.compile(tariff, span, HOUR_US // 2)
    amounts = np.random.default_rng(seed).integers(0, 9000, (3, len(plan.grid)))
    together = plan.rate_many(
        t.Series(plan.grid.start_us, HOUR_US // 2, {"import": amounts}), [t.Facts()] * 3
    )
    alone = [plan.rate(t.Series(plan.grid.start_us, HOUR_US // 2, {"import": row})) for row in amounts]
    assert [rating.total for rating in together] == [rating.total for rating in alone]
    assert [len(rating.lines) for rating in together] == [len(rating.lines) for rating in alone]


@FEW
@given(tariffs(st.sampled_from(["month", "day", "each_day", "year", "period"])))
def test_a_tariff_is_read_back_from_what_was_written(tariff):
    assert t.parse(t.dump(tariff)) == tariff
    assert t.read(t.write(tariff)) == tariff


@given(st.sampled_from(ZONES), st.dates(date(2024, 1, 1), date(2025, 12, 1)), st.integers(1, 70))
def test_a_grid_covers_local_days_of_23_24_and_25_hours(zone, start, days):
    grid = t.compile(_standing(zone), t.Span(start, start + timedelta(days=days)), HOUR_US // 2).grid
    lengths = np.bincount(grid.day) * grid.length_us // 60_000_000
    assert set(lengths.tolist()) <= {
        23 * 60,
        24 * 60,
        25 * 60,
        24 * 60 - 30,
        24 * 60 + 30,
    }  # Lord Howe moves by half
    assert len(lengths) == days
    assert (grid.minute[np.flatnonzero(np.diff(grid.day, prepend=-1))] == 0).all()


def _standing(zone: str) -> t.Tariff:
    component = {"kind": "standing", "code": "s", "name": {"en": "s"}, "price": 1}
    return t.parse(
        {"code": "s", "name": {"en": "s"}, "carrier": "heat", "currency": "EUR", "zone": zone,
         "versions": [{"from": "2020-01-01", "components": [component]}]}
    )  # fmt: skip


@given(
    st.integers(-(10**9), 10**12),
    st.lists(st.fractions(0, 10**12), max_size=4).map(sorted),
    st.fractions(0, 10**12),
)
def test_blocks_sum_to_the_amount(amount, uppers, used):
    parts = fill(amount, uppers, used)
    assert sum(parts) == amount
    assert len(parts) == len(uppers) + 1
    assert amount < 0 or all(part >= 0 for part in parts)


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=4),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=4),
)
def test_blocks_spread_over_periods_sum_to_each_period(blocks, weights):
    assume(sum(weights) > 0)
    amounts = weights
    scaled = fill(sum(amounts), [sum(blocks[: i + 1]) for i in range(len(blocks) - 1)])
    rows = spread(scaled, amounts)
    assert [sum(row) for row in rows] == amounts
    for column, size in zip(zip(*rows, strict=True), scaled, strict=True):
        assert abs(sum(column) - size) <= len(amounts)
