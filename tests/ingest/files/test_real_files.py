"""Files of the trade that nobody here made, with the results their publishers or other readers give."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from backend.kernel.errors import Conflict, NotFound, Refused
from backend.metering import service as metering
from backend.metering.models.connection import Protocol
from ingest.files.green_button import read_green_button
from ingest.files.layout import Layout
from ingest.files.load import examine, store
from ingest.files.meters import MeterList, rows_of
from ingest.files.nem12 import read_nem12
from ingest.files.periods import Habits, Period, periods
from ingest.files.places import find_shelf
from ingest.files.series import Report
from tests.ingest.field import make_field

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


SAYS_TWO_THINGS = {
    ("NEM13_Scenario12_UNITEDDP_NEMMCO__NEM13#Scenario12#UNITEDDP#NEMMCO.csv", "NEM1312029.12"),
    ("Example_NEM13_forward_estimate.csv", "VDEF005890.41"),
    ("nem13_12_INTEGM_NEMMCO__nem13#12#INTEGM#NEMMCO.csv", "NEM1312026.12"),
    ("nem13_SCENARIO13_TCAUSTM_NEMMCO__nem13#SCENARIO13#TCAUSTM#NEMMCO.csv", "NEM1313048.11"),
}
"""Records whose readings do not differ by the quantity beside them: 9065 and 65, 0 and -10, 99005.1 and
994.9; and one of a register that runs backwards by 10."""


def test_nem13_registers_move_by_what_another_reader_gives(folder):
    place = folder("nem12")
    expected = json.loads((place / "expected_by_nemreader.json").read_text())
    judged, refused = 0, set()
    for name, channels in expected.items():
        if "nem13" not in name.lower():
            continue
        report, visits = Report(), defaultdict(list)
        with (place / name).open(encoding="utf-8-sig") as lines:
            for series in read_nem12(lines, report):
                assert (series.kind, len(series)) == ("register", 2)
                visits[series.tag].append(series)
        for channel in channels:
            tag = f"{channel['nmi']}.{channel['channel']}"
            if not visits[tag]:
                assert report.by_column == {"quantity": report.count}, name
                refused.add((name, tag))
                continue
            assert len(visits[tag]) == channel["n"], name
            moved = sum((s.value[1] - s.value[0]) % s.dial for s in visits[tag])
            assert moved == pytest.approx(abs(channel["sum"]), abs=0.05), name
            for at_us, said in ((min(s.at_us[0] for s in visits[tag]), channel["first_start"]),
                                (max(s.at_us[1] for s in visits[tag]), channel["last_end"])):  # fmt: skip
                wanted = datetime.fromisoformat(said + "+00:00").timestamp()
                assert at_us + 10 * HOUR_US == wanted * 1e6, name
            judged += 1
    assert refused == SAYS_TWO_THINGS
    assert judged >= 35


def test_nem13_qualities_are_those_of_each_visit(folder):
    lines = (folder("nem12") / "Example_NEM13_forward_estimate.csv").read_text().splitlines()
    (series,) = read_nem12(lines, Report())
    assert series.quality.tolist() == [0, 3], "actual, then an estimate of the future"


def test_readings_of_another_meter_at_the_same_register_are_refused_with_a_remedy():
    record = "250,N1,1,1,11,11,{},E,{},20260101000000,A,,,{},20260201000000,A,,,10,kWh,,,"
    lines = [
        "100,NEM13,202601011030,MDA1,Ret1",
        record.format("S1", "0100", "0110"),
        record.format("S2", "0900", "0910"),
    ]
    report = Report()
    (series,) = read_nem12(lines, report)
    assert series.value.tolist() == [100.0, 110.0]
    (problem,) = report.problems
    assert (problem.row, problem.column, problem.value) == (3, "meter serial", "S2")
    assert "record the exchange" in problem.why


def test_files_of_the_market_of_other_kinds_are_refused_by_name():
    with pytest.raises(Refused, match="a NEM14 file, not NEM12 or NEM13"):
        list(read_nem12(["100,NEM14,200401101030,MDA1,Ret1"], Report()))


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


# --- Open Energy Dashboard: every case of its import pipeline

IN_ITS_OWN_HOURS = {"pipe110", "pipe111", "pipe113", "pipe114", "pipe115"}
"""Cases whose expected rows are cut where clocks go forward: the same energy in the same instants."""

NOT_FOR_US = {
    "pipe103": "its list of meters (pipe100InputMeter.csv) is not among the data",
    "pipe117": "the day of 25 hours is stored with 24 of its 25 hours of energy; with us it keeps all",
    "pipe118": "the hour that comes twice is stored once, its second pass (made of negative amounts) dropped",
    "pipe119": "as pipe118",
    "pipe121": "as pipe118",
    "pipe122": "as pipe118",
}
"""What is expected there is what a clock without summer time can show; instants need drop nothing."""


@pytest.fixture(scope="module")
def oed(folder):
    place = folder("oed_csv_pipeline")
    return place, json.loads((place / "cases.json").read_text())


def test_every_case_of_open_energy_dashboard_gives_what_it_expects(oed):
    place, cases = oed
    assert len(cases) == 50
    judged = set()
    for name, case in cases.items():
        if name in NOT_FOR_US or name in ("pipe50", "pipe51", "pipe101", "pipe102"):
            continue
        found, zone = _oed(place, case)
        if name in IN_ITS_OWN_HOURS:
            wanted = _expected(place, name, zone)
            within = [_energy_between(found, start, end) for _, start, end in wanted]
            assert within == pytest.approx([amount for amount, *_ in wanted], abs=1e-9), name
            assert sum(within) == pytest.approx(sum(p.amount for p in found), abs=1e-9), name
        else:
            local = [(p.amount, _local(p.start, zone), _local(p.end, zone)) for p in found]
            wanted = [(amount, _local(start), _local(end)) for amount, start, end in _expected(place, name)]
            assert local == wanted, (name, case["description"])
        judged.add(name)
    assert len(judged) == 40


def test_a_day_of_25_hours_keeps_the_energy_of_all_of_them(oed):
    place, cases = oed
    found, _ = _oed(place, cases["pipe117"])
    assert [p.amount for p in found] == [1440, 3000, 4320]
    assert [(p.end - p.start).total_seconds() / 3600 for p in found] == [24, 25, 24]


@pytest.mark.parametrize("name", ["pipe118", "pipe119", "pipe121"])
def test_negative_amounts_in_the_hour_that_comes_twice_are_refused_like_any(oed, name):
    place, cases = oed
    assert _oed(place, cases[name])[0] == []


def test_a_file_that_begins_within_that_hour_is_read_from_its_first_whole_period_on(oed):
    place, cases = oed
    assert [p.amount for p in _oed(place, cases["pipe122"])[0]] == [46, 69, 92]


def test_a_second_meter_of_the_same_name_is_refused_and_the_first_stays(oed):
    place, _ = oed
    meters = MeterList()
    with pytest.raises(Conflict, match="'pipe101' is in the list already"):
        meters.add(rows_of(place / "pipe101InputMeter.csv"))
    assert meters.meters == {"pipe101": {}}


def test_a_change_of_a_meter_that_is_not_there_is_refused(oed):
    place, _ = oed
    with pytest.raises(NotFound, match="no meter 'pipe102'"):
        MeterList().change(rows_of(place / "pipe102InputMeter.csv"))


@pytest.mark.parametrize(("name", "revises"), [("pipe50", True), ("pipe51", False)])
def test_a_second_file_corrects_or_keeps_what_is_there_as_was_said(oed, database, environment, name, revises):
    place, _ = oed
    field = make_field(database, protocol=Protocol.FILE, address={})
    shelf = find_shelf(
        database, field.scope, field.organisation_id, connection="Files", site="Imports", zone="UTC"
    )
    layout = Layout.of(
        {
            "header": False,
            "time": "c2",
            "end": "c3",
            "zone": "UTC",
            "values": {"c1": {"unit": "kWh", "tag": "energy"}},
        }
    )
    for part in "AB":
        store(
            database, shelf.scope, shelf.connection_id, place / f"{name}{part}Input.csv", layout=layout,
            make=shelf.make_point, revises=revises,
        )  # fmt: skip
    with database.transaction(field.scope) as session:
        ((_, point),) = metering.channels_of(session, field.scope, shelf.connection_id)
    field.keys["energy"] = point.key
    newest = {at: value for _, at, value, _ in sorted(field.rows(), key=lambda row: row[3])}
    for amount, start, end in _expected(place, name, "UTC"):
        hours = range(round(start.timestamp() * 1e6), round(end.timestamp() * 1e6), HOUR_US)
        assert sum(newest[at] for at in hours) == pytest.approx(amount), start
    assert len(newest) == 7 * 24


def _oed(place, case) -> tuple[list[Period], str | None]:
    """Run a case's uploads one after another; returns the periods, and the zone its meter is in."""
    meters, found, zone = MeterList(), [], None
    uploads = case["uploads"] or [
        {"kind": "READINGS", "fields": {}}
    ]  # by letter, which is only another way in
    for upload, file in zip(uploads, case["files"], strict=True):
        said = upload["fields"]
        if upload["kind"] == "METERS":
            rows = rows_of(place / file)
            if said.get("update") == "true":
                meters.change(rows, name=said.get("meterIdentifier"))
            else:
                meters.add(rows)
            continue
        meter = said.get("meterIdentifier", "m")
        meters.meters.setdefault(meter, {})  # the meter was made by hand before
        zone = meters.zone_of(meter)
        habits = meters.habits_of(meter, **_habits(said))
        found += _periods_of(place / file, habits, has_header=said.get("headerRow") == "true")
    return found, zone


def _habits(said) -> dict[str, object]:
    """What an upload says of its file."""
    row = {
        "name": "m", "cumulative": said.get("cumulative"), "reset": said.get("cumulativeReset"),
        "reset start": said.get("cumulativeResetStart"), "reset end": said.get("cumulativeResetEnd"),
        "gap": said.get("lengthGap"), "duplicates": said.get("duplications"), "timesort": said.get("timeSort"),
        "end only": said.get("endOnly"),
    }  # fmt: skip
    meters = MeterList()
    meters.add([row])
    return meters.meters["m"]


def _periods_of(path, habits: Habits, *, has_header: bool) -> list[Period]:
    with path.open() as lines:
        raw = list(csv.reader(lines))[1 if has_header else 0 :]
    try:
        rows = [
            (
                float(row[0]),
                None if habits.ends_only else datetime.fromisoformat(row[1]),
                datetime.fromisoformat(row[1 if habits.ends_only else 2]),
            )
            for row in raw
        ]
        return periods(rows, habits, Report())
    except (Refused, ValueError):
        return []


def _expected(place, name: str, zone: str | None = None) -> list[tuple[float, datetime, datetime]]:
    """The rows a case expects; its clock readings as instants where the zone is known."""
    inside = {} if zone is None else {"tzinfo": ZoneInfo(zone)}
    with (place / f"{name}Expected.csv").open() as rows:
        return [
            (float(amount), *(datetime.fromisoformat(at).replace(**inside) for at in instants))
            for amount, *instants in csv.reader(rows)
        ]


def _local(at: datetime, zone: str | None = None) -> str:
    return str((at if zone is None else at.astimezone(ZoneInfo(zone))).replace(tzinfo=None))


def _energy_between(found: list[Period], start: datetime, end: datetime) -> float:
    """The share of some periods' energy that falls between two instants."""
    total = 0.0
    for p in found:
        first, last = max(p.start.timestamp(), start.timestamp()), min(p.end.timestamp(), end.timestamp())
        total += p.amount * max(0.0, last - first) / (p.end - p.start).total_seconds()
    return total


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
