"""Figures on paper are exact, tabular, and in the reader's language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from reports import figures


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1234567.5", "1,234,567.5"),
        ("1E+3", "1,000"),
        ("0.500", "0.5"),
        ("-3", "−3"),
        ("0", "0"),
        ("100", "100"),
    ],
)
def test_a_number_keeps_all_its_places_and_no_more(value, shown):
    assert figures.number(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("2126.6600", "CNY", "¥2,126.66"), ("-0.5", "CNY", "−¥0.50"), ("12", "JPY", "JPY 12"),
        ("0.1234", "EUR", "€0.1234"), ("1E+2", "CHF", "CHF 100.00"),
    ],
)  # fmt: skip
def test_an_amount_has_its_currencys_coins_and_hides_none(value, currency, shown):
    assert figures.money(Decimal(value), currency) == shown


@pytest.mark.parametrize(
    ("now", "then", "shown"),
    [("110", "100", "+10.0 %"), ("90", "100", "−10.0 %"), ("5", "0", None), ("-50", "-100", "+50.0 %")],
)
def test_a_change_is_against_what_was(now, then, shown):
    assert figures.change(Decimal(now), Decimal(then)) == shown


def test_a_span_names_its_last_day():
    assert figures.span(date(2026, 9, 1), date(2026, 10, 1), "en") == "1 Sep 2026 – 30 Sep 2026"
    assert figures.span(date(2026, 2, 1), date(2026, 3, 1), "zh") == "2026年2月1日 至 2026年2月28日"


@pytest.mark.parametrize("highest", [0.0007, 0.31, 1, 3, 4, 338, 999, 1000, 123_456, 0])
def test_an_axis_reaches_what_it_shows_in_a_few_round_steps(highest):
    marks = figures.steps(highest)
    assert marks[0] == 0 and marks[-1] >= highest and 2 <= len(marks) <= 6
    assert marks == sorted(set(marks))
    step = f"{marks[1]:.0e}" if marks[1] else ""
    assert step[0] in "1235", "1, 2, 2.5 or 5 times a power of ten"


def test_a_time_zone_is_called_as_people_call_it():
    assert figures.zone_name("Asia/Shanghai", "zh") == "中国时间"
    assert figures.zone_name("Europe/Berlin", "en") == "Central European Time"
    assert figures.zone_name("UTC", "en") == "UTC"
