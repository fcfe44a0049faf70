"""Hours of days, whatever the clocks do; what is not known is never zero."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.analysis.rules import heatmap
from backend.analysis.rules.heatmap import HOUR_US, Hours
from backend.analysis.rules.weather import fitted, weather
from backend.kernel import periods

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def hours_of(first, until, zone, amount=None):
    start, end = (int(periods.day(on, zone).start.timestamp()) * 1_000_000 for on in (first, until))
    starts = np.arange(start, end, HOUR_US)
    values = np.arange(len(starts), dtype=float) if amount is None else np.full(len(starts), amount)
    return Hours(starts, values, np.ones(len(starts)))


@pytest.mark.parametrize(
    ("on", "hours", "skipped"),
    [(date(2026, 3, 29), 23, 1), (date(2026, 10, 25), 25, 0), (date(2026, 7, 1), 24, 0)],
)
def test_days_of_23_and_25_hours(on, hours, skipped):
    found = heatmap.of_days(
        hours_of(on, on + timedelta(days=1), BERLIN, 2.0), on, on + timedelta(days=1), BERLIN
    )
    assert found.skipped.sum() == skipped
    assert np.isnan(found.amount).sum() == skipped  # the hour that did not happen
    assert np.nanmax(found.amount) == np.nanmin(found.amount) == 2.0  # the one that came twice is a mean
    amount, share = heatmap.by_day(
        hours_of(on, on + timedelta(days=1), BERLIN, 2.0), on, on + timedelta(days=1), BERLIN
    )
    assert amount.tolist() == [2.0 * hours]
    assert share.tolist() == [1.0]


@given(st.dates(date(2025, 1, 1), date(2026, 6, 1)), st.integers(1, 40), st.sampled_from([BERLIN, SHANGHAI]))
def test_days_sum_to_the_hours(first, count, zone):
    hours = hours_of(first, first + timedelta(days=count), zone)
    amount, share = heatmap.by_day(hours, first, first + timedelta(days=count), zone)
    assert amount.sum() == hours.amount.sum()
    assert share.min() == 1.0


def test_an_hour_nobody_read_is_not_known():
    first = date(2026, 7, 1)
    hours = hours_of(first, date(2026, 7, 3), SHANGHAI)
    some = Hours(hours.start_us[:30], hours.amount[:30], np.where(np.arange(30) == 3, 0.0, 1.0))
    found = heatmap.of_days(some, first, date(2026, 7, 3), SHANGHAI)
    assert np.isnan(found.amount[3, 0])
    assert np.isnan(found.amount[6:, 1]).all()
    load = heatmap.load(some, first, date(2026, 7, 3), SHANGHAI, before=datetime(2026, 8, 1, tzinfo=UTC))
    assert (load.whole, load.hours) == (29, 48)


def test_base_peak_and_duration():
    first = date(2026, 7, 1)
    hours = hours_of(first, date(2026, 7, 8), SHANGHAI)
    load = heatmap.load(hours, first, date(2026, 7, 8), SHANGHAI, before=datetime(2026, 8, 1, tzinfo=UTC))
    assert load.peak == 167
    assert load.peak_at == periods.day(date(2026, 7, 8), SHANGHAI).start - timedelta(hours=1)
    assert load.base == 72  # the median of 0, 24, …, 144
    assert load.duration.tolist() == sorted(hours.amount.tolist(), reverse=True)
    assert 0 < load.factor < 1


def test_the_weather_is_found_where_it_rules():
    rng = np.random.default_rng(1)
    before_c = rng.uniform(-5, 25, 60)
    amount = 100 + 12 * np.maximum(18 - before_c, 0) + rng.normal(0, 3, 60)
    found = weather(amount, before_c, before_c - 2)
    assert found.per_heating == pytest.approx(12, abs=0.5)
    assert found.base == pytest.approx(100, abs=8)
    assert found.fit > 0.95
    degrees = found.heating[0] - found.heating[1]
    assert found.by_weather == pytest.approx(found.per_heating * degrees)


def test_a_poor_fit_says_nothing_and_few_days_neither():
    rng = np.random.default_rng(2)
    warm, noise = rng.uniform(-5, 25, 60), rng.uniform(0, 100, 60)
    assert weather(noise, warm, warm + 1).by_weather is None
    assert weather(noise[:10], warm[:10], warm) is None
    assert weather(noise, np.full(60, np.nan), warm) is None


@given(
    st.lists(st.floats(0, 1e4), min_size=20, max_size=20),
    st.lists(st.floats(0, 30), min_size=20, max_size=20),
)
def test_slopes_are_never_below_zero(amount, heating):
    slopes, fit = fitted(np.array(amount), np.array(heating), np.zeros(20))
    assert min(slopes[1:]) >= 0
    assert fit <= 1.0 + 1e-9
