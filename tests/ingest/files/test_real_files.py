"""Files of the trade that nobody here made, with the results their publishers or other readers give."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import datetime, time

import numpy as np
import pytest

from backend.kernel.errors import Refused
from ingest.files.green_button import read_green_button
from ingest.files.load import examine
from ingest.files.nem12 import read_nem12
from ingest.files.periods import Habits, periods
from ingest.files.series import Report

HOUR_US = 3_600_000_000


@pytest.fixture(scope="module")
def folder(data_folder):
    def finder(name):
        found = data_folder / name
        if not found.exists():
            pytest.skip(f"no {name} in the real data")
        return found

    return finder


def test_nem12_files_give_what_another_reader_gives(folder):
    place = folder("nem12")
    expected = json.loads((place / "expected_by_nemreader.json").read_text())
    judged = 0
    for name, channels in expected.items():
        if "nem13" in name.lower() or name.startswith("invalid/"):
            continue
        sums, counts, first = defaultdict(float), defaultdict(int), {}
        with (place / name).open(encoding="utf-8-sig") as lines:
            for series in read_nem12(lines, Report()):
                sums[series.tag] += float(np.nansum(series.value))
                counts[series.tag] += len(series)
                first.setdefault(series.tag, series.at_us[0] + 10 * HOUR_US)
        for channel in channels:
            tag = f"{channel['nmi']}.{channel['channel']}"
            assert counts[tag] == channel["n"], name
            assert sums[tag] == pytest.approx(channel["sum"], abs=0.01), name
            begin = datetime.fromisoformat(channel["first_start"] + "+00:00").timestamp()
            assert first[tag] == begin * 1e6, name
            judged += 1
    assert judged > 150


def test_nem12_qualities_are_kept(folder):
    qualities = []
    with (folder("nem12") / "Example_NEM12_multiple_quality.csv").open() as lines:
        for series in read_nem12(lines, Report()):
            qualities += series.quality.tolist()
    assert qualities == [3] * 20 + [0] * 4 + [3] * 24, "final substitute, actual, substitute"


@pytest.mark.parametrize(
    "name",
    [
        "Example_NEM12_30min_200_15min_300.csv",
        "Example_NEM12_powercor.csv",
        "Example_NEM12_incomplete_interval.csv",
    ],
)
def test_nem12_files_that_are_wrong_are_refused_or_flagged(folder, name):
    report = Report()
    try:
        with (folder("nem12") / "invalid" / name).open() as lines:
            list(read_nem12(lines, report))
    except Refused:
        return
    assert report.count > 0


def test_nem13_is_not_taken_for_nem12(folder):
    lines = (folder("nem12") / "Example_NEM13_consumption_data.csv").read_text().splitlines()
    with pytest.raises(Refused, match="not NEM12"):
        list(read_nem12(lines, Report()))


def test_green_button_feeds_sum_to_the_known_totals(folder):
    place = folder("green_button")
    for name, total in json.loads((place / "expected_totals.json").read_text()).items():
        try:
            found = list(read_green_button(place / name, Report()))
        except Refused:
            assert total["IntervalReading"] == 0
            continue
        assert sum(len(series) for series in found) == total["IntervalReading"]
        assert sum(float(series.value.sum()) for series in found) == total["sum_value"]
        if found:
            assert min(int(series.at_us.min()) for series in found) == total["min_start"] * 1_000_000


def test_the_day_of_twenty_three_hours_has_92_quarters(folder):
    (series,) = read_green_button(folder("green_button") / "test_usage_data_11.xml", Report())
    assert (len(series), series.minutes) == (92, 15)
    assert set(np.diff(series.at_us)) == {900_000_000}


def test_cumulative_reversed_repeated_and_broken_meter_files_come_out_as_open_energy_dashboard_expects(
    folder,
):
    place = folder("oed_csv_pipeline")
    cases = json.loads((place / "cases.json").read_text())
    judged = 0
    for name, case in cases.items():
        if [upload["kind"] for upload in case["uploads"]] != ["READINGS"]:
            continue
        with (place / f"{name}Expected.csv").open() as expected:
            wanted = [(float(row[0]), row[1], row[2]) for row in csv.reader(expected)]
        assert _oed(place / case["files"][0], case["uploads"][0]["fields"]) == wanted, (
            name,
            case["description"],
        )
        judged += 1
    assert judged >= 25


def _oed(path, said) -> list[tuple[float, str, str]]:
    def clock(text):
        hours, minutes, *seconds = text.split(":")
        second = float(seconds[0]) if seconds else 0.0
        return time(int(hours), int(minutes), int(second), round(second % 1 * 1e6))

    habits = Habits(
        is_cumulative=said.get("cumulative") == "true",
        may_reset=said.get("cumulativeReset") == "true",
        reset_from=clock(said.get("cumulativeResetStart", "00:00")),
        reset_to=clock(said.get("cumulativeResetEnd", "23:59:59.999999")),
        copies=int(said.get("duplications", 1)),
        newest_first=said.get("timeSort") == "decreasing",
        ends_only=said.get("endOnly") == "true",
        gap_seconds=float(said.get("lengthGap", 0)),
    )
    with path.open() as lines:
        raw = list(csv.reader(lines))[1 if said.get("headerRow") == "true" else 0 :]
    try:
        rows = [
            (
                float(row[0]),
                None if habits.ends_only else datetime.fromisoformat(row[1]),
                datetime.fromisoformat(row[1 if habits.ends_only else 2]),
            )
            for row in raw
        ]
        found = periods(rows, habits, Report())
    except (Refused, ValueError):
        return []
    return [(p.amount, str(p.start), str(p.end)) for p in found]


def test_cambridge_buildings_are_read_as_a_column_each(folder):
    electricity = examine(folder("cambridge_estates") / "electricity_kWh_hourly.csv.gz")
    gas = examine(folder("cambridge_estates") / "gas_kWh_hourly.csv.gz")
    assert (len(electricity.tags), len(gas.tags)) == (34, 26)
    assert electricity.tags["electricity.b0"].count == 17_520
    assert gas.tags["gas.b0"].sample.carrier == "gas"
    assert electricity.report.count == gas.report.count == 0


def test_the_danish_heat_register_advances_by_what_its_publishers_say(folder):
    contents = examine(folder("danish_heat_meters") / "heat_registers_hourly_2018_2019.csv.gz")
    energy, volume = contents.tags["heat.660.energy"], contents.tags["heat.660.volume"]
    assert energy.high - energy.low == pytest.approx(35_115.6, abs=0.1)
    assert volume.high - volume.low == pytest.approx(889.5, abs=0.1)
    assert (energy.sample.unit, energy.sample.kind, energy.sample.carrier) == ("kWh", "register", "heat")


def test_water_registers_in_local_time_pass_both_changes_of_the_clock(folder):
    contents = examine(folder("daiad_water_meters") / "hourly_registers_raw.csv.gz")
    assert len(contents.tags) == 24
    assert contents.report.count == 0


def test_a_year_of_minutes_is_read_in_parts(folder):
    water = examine(folder("ampds2_water_gas") / "Water_WHW_minute_year1.csv.gz")
    gas = examine(folder("ampds2_water_gas") / "NaturalGas_FRG_minute_year1.csv.gz")
    assert water.tags["water.volume"].count == gas.tags["gas.volume"].count == 525_600
    register = gas.tags["gas.volume"]
    assert register.high - register.low == pytest.approx(355_082.6, abs=0.2)
