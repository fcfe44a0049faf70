"""Numbers, times and names as people read them; the same in the server's pages and in the browser."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from backend.kernel.periods import Period
from portal import drawing, plots, words
from portal.plots import Series
from tests.portal.field.node import NODE

NUMBERS_JS = Path(__file__).parents[2] / "portal" / "frontend" / "parts" / "numbers.js"
CASES = [
    (0, "kWh", "0", "kWh"),
    (0.5, "kWh", "0.500", "kWh"),
    (999.6, "kWh", "1,000", "kWh"),
    (12_345, "kWh", "12.3", "MWh"),
    (1_234_567, "kWh", "1.23", "GWh"),
    (0.05, "MWh", "50.0", "kWh"),
    (4920, "kW", "4.92", "MW"),
    (-35.26, "kW", "-35.3", "kW"),
    (1500, "m3", "1,500", "m³"),
    (5_812.4, "m3", "5,810", "m³"),
    (21.456, "°C", "21.5", "°C"),
    (0.00123, "mg/m3", "0.00123", "mg/m³"),
]


@pytest.mark.parametrize(("value", "unit", "digits", "shown"), CASES)
def test_a_tile_shows_three_significant_digits_and_a_unit_people_know(value, unit, digits, shown):
    number = words.number(value, unit)
    assert (number.digits, number.unit) == (digits, shown)


def test_nothing_measured_is_not_a_number_at_all():
    assert words.number(None, "kWh") is None
    assert words.number(float("nan"), "kWh") is None


def test_a_register_is_shown_as_it_stands():
    assert words.number(70_512.34, "kWh", digits=0).digits == "70,512.3"


def test_the_browser_writes_numbers_as_the_server_does():
    script = (
        f"import {{ number }} from {json.dumps(NUMBERS_JS.as_uri())};"
        f"console.log(JSON.stringify({json.dumps([case[:2] for case in CASES])}.map(([v, u]) => number(v, u))));"
    )
    done = subprocess.run(
        [*NODE, "--input-type=module", "-e", script], capture_output=True, text=True, check=True, timeout=30
    )
    assert [(one["digits"], one["unit"]) for one in json.loads(done.stdout)] == [case[2:] for case in CASES]


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36 Edg/120.0", "Edge · Windows"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Mobile MicroMessenger/8.0", "WeChat · Android"),
        ("curl/8.0", ""),
        (None, ""),
    ],
)  # fmt: skip
def test_a_log_in_is_told_by_its_browser_and_system(agent, said):
    assert words.browser(agent) == said


def test_carriers_stand_in_one_order():
    assert words.carriers_in_order({"water", "gas", "electricity"}) == ["electricity", "gas", "water"]


def test_a_day_reads_as_people_say_it():
    assert words.of_day(date(2026, 11, 22), "en") == "Sun 22 Nov"
    assert words.of_day(date(2026, 11, 22), "zh") == "11月22日 周日"
    assert words.of_month(date(2026, 11, 1), "zh") == "2026年11月"


def test_a_missing_value_breaks_the_line_and_leaves_a_gap():
    by = drawing.scale([1, 2, 3], top=0, bottom=100)
    drawn = drawing.curve([1, None, 3, 3], by, left=0, right=300)
    assert drawn.line.count("M") == 2
    assert drawn.gaps == ((50.0, 100.0),)


def test_a_scale_has_round_ends_that_hold_every_value():
    by = drawing.scale([3, 97], top=0, bottom=100)
    assert by.low == 0
    assert by.high >= 97
    assert by.y(by.low) == 100
    assert by.y(by.high) == 0


def test_silence_breaks_a_line_but_a_slow_meter_does_not():
    start = datetime(2026, 3, 1, tzinfo=UTC)
    steady = [(start + timedelta(minutes=15 * step), 1.0) for step in range(8)]
    assert plots.with_gaps(steady) == steady
    torn = steady[:3] + [(at + timedelta(hours=3), value) for at, value in steady[3:]]
    assert [value for _at, value in plots.with_gaps(torn)].count(None) == 1


def test_a_day_of_25_hours_is_drawn_with_25_hours():
    autumn = Period(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    hours = [(autumn.start + timedelta(hours=hour), float(hour)) for hour in range(25)]
    marks = plots.marks(autumn, "Europe/Berlin", plots.wide(290))
    assert [mark["text"] for mark in marks][:2] == ["00:00", "03:00"]
    picture = plots.plot([Series("x", "heat", hours, kind="bar")], "kWh", autumn, "Europe/Berlin")
    assert len(picture["series"][0]["bars"]) == 25


def test_two_days_have_hours_below_them_and_the_day_at_midnight():
    days = Period(datetime(2026, 11, 27, 16, tzinfo=UTC), datetime(2026, 11, 29, 16, tzinfo=UTC))
    marks = plots.marks(days, "Asia/Shanghai", plots.wide(290))
    assert [mark["text"] for mark in marks][:5] == ["Sat", "06:00", "12:00", "18:00", "Sun"]


def test_what_lies_below_zero_is_filled_up_to_zero():
    day = Period(datetime(2026, 11, 28, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC))
    samples = [(day.start + timedelta(hours=hour), float(hour - 12)) for hour in range(24)]
    drawn = plots.plot([Series("x", "heat", samples)], "kW", day, "UTC")
    zero = next(rule["y"] for rule in drawn["rules"] if rule["value"] == 0)
    assert drawn["series"][0]["band"].startswith(f"M46.0,{zero:.1f}L")
