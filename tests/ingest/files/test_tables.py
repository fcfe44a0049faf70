"""Tables of readings: layouts as data, local time, errors by row and column, bounded memory, once."""

from __future__ import annotations

import gzip
import io
import resource
import zipfile
from datetime import timedelta
from itertools import pairwise

import numpy as np
import openpyxl
import pytest

from backend.kernel import clock
from backend.kernel.errors import Refused
from backend.metering import service as metering
from backend.metering.models.connection import Protocol
from ingest.files.green_button import entries
from ingest.files.layout import Layout
from ingest.files.load import examine, store
from ingest.files.meters import MeterList
from ingest.files.places import Shelf, find_shelf
from tests.ingest.field import make_field

HOURLY = {
    "time": "when", "zone": "Europe/Berlin", "delimiter": ";", "decimal": ",",
    "values": {"*": {"unit": "kWh", "minutes": 60}},
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def writer(text, name="file.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return writer


def layout(**other):
    return Layout.of({**HOURLY, **other})


def hours(contents, tag="a"):
    series = contents.tags[tag]
    return series.count, series.first_us, series.last_us


def test_a_decimal_comma_and_thousands_are_read(write):
    path = write("when;a\n2026-01-01 00:00;1.234,5\n2026-01-01 01:00;0,25\n")
    contents = examine(path, layout())
    assert (contents.tags["a"].low, contents.tags["a"].high) == (0.25, 1234.5)


def day(first, last, skip=(), twice=()):
    lines = ["when;a"]
    for hour in range(first, last):
        if hour not in skip:
            lines += [f"2026-{{}} {hour:02}:00;1"] * (2 if hour in twice else 1)
    return "\n".join(lines) + "\n"


def test_the_day_of_twenty_five_hours_has_twenty_five(write):
    contents = examine(write(day(0, 24, twice=(2,)).format(*["10-25"] * 25)), layout())
    count, first, last = hours(contents)
    assert (count, (last - first) // 3_600_000_000) == (25, 24)


def test_an_hour_that_never_was_is_refused_by_its_row(write):
    contents = examine(write(day(0, 24).format(*["03-29"] * 24)), layout())
    (problem,) = contents.report.problems
    assert (problem.row, problem.column, problem.value) == (4, "when", "2026-03-29 02:00")
    assert "does not exist" in problem.why
    assert contents.tags["a"].count == 23


def test_the_hour_that_comes_twice_is_told_apart_across_parts_of_a_file(write):
    from ingest.files.series import Report
    from ingest.files.tables import read_table

    path = write(day(0, 24, twice=(2,)).format(*["10-25"] * 25))
    parts = list(read_table(path, layout(), Report(), part_rows=3))
    instants = np.concatenate([part.at_us for part in parts])
    assert len(parts) == 9
    assert set(np.diff(instants)) == {3_600_000_000}


def test_intervals_labelled_by_their_end_are_kept_by_their_start(write):
    path = write("when;a\n2026-01-01 01:00;1\n")
    assert hours(examine(path, layout(label="end", zone="UTC")))[1] == 1_767_225_600_000_000


def test_bad_cells_are_named_by_row_and_column_and_the_others_stand(write):
    path = write("when;a;b\n2026-01-01 00:00;1;x\nsoon;1;1\n2026-01-01 02:00;-1;\n1970-01-01 00:00;1;1\n")
    contents = examine(path, layout())
    found = {(p.row, p.column, p.why) for p in contents.report.problems}
    assert found == {
        (2, "b", "not a number"), (3, "when", "not an instant"), (4, "a", "an amount cannot be negative"),
        (5, "when", "before the year 2000"),
    }  # fmt: skip
    assert contents.readings == 1


@pytest.mark.parametrize(
    ("text", "table", "why"),
    [
        ("", {}, "empty"), ("other;a\n1;2\n", {}, "no column 'when'"),
        ("when;a\n2026-01-01 00:00;1\n", {"zone": None}, "need a zone"),
        ('when;a\n"2026', {}, "cannot be read"),
    ],
)  # fmt: skip
def test_a_table_of_another_kind_is_refused_whole(write, text, table, why):
    with pytest.raises(Refused, match=why):
        examine(write(text), layout(**table))


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"values": {}}, "names no values"), ({"values": {"a": {"unit": "kWs"}}}, "unknown unit"),
        ({"values": {"a": {"unit": "kWh", "minutes": 7}}}, "minutes"), ({"colour": 1}, "unknown field"),
    ],
)  # fmt: skip
def test_a_layout_that_is_wrong_says_what(table, why):
    with pytest.raises(Refused, match=why):
        layout(**table)


def test_instants_with_their_offset_need_no_zone(write):
    path = write("when;a\n2026-07-01T00:00:00+08:00;1\n2026-07-01T01:00:00+08:00;1\n")
    assert hours(examine(path, layout(zone=None)))[1] == 1_782_835_200_000_000


def test_an_excel_sheet_is_read_like_a_table(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["when", "a", "b"])
    book.active.append([np.datetime64("2026-01-01T00:00").item(), 1.5, None])
    book.active.append([np.datetime64("2026-01-01T01:00").item(), "x", 2])
    book.save(tmp_path / "sheet.xlsx")
    contents = examine(tmp_path / "sheet.xlsx", layout(decimal=".", zone="UTC"))
    assert (contents.tags["a"].count, contents.tags["b"].count) == (1, 1)
    assert [(p.row, p.column) for p in contents.report.problems] == [(3, "a")]


def test_a_workbook_that_is_none_is_refused(tmp_path):
    (tmp_path / "bad.xlsx").write_bytes(b"PK\x03\x04nonsense")
    with pytest.raises((Refused, zipfile.BadZipFile)):
        examine(tmp_path / "bad.xlsx", layout())


def test_xml_with_entities_is_not_read(tmp_path):
    bomb = '<!DOCTYPE a [<!ENTITY x "xx">]><feed xmlns="http://www.w3.org/2005/Atom">&x;</feed>'
    (tmp_path / "bomb.xml").write_text(bomb)
    with pytest.raises(Refused, match="document type or entities"):
        list(entries(tmp_path / "bomb.xml"))


def test_days_given_with_start_and_end_are_spread_over_their_hours_and_marked(write):
    path = write(
        "reading,start,end\n24,2026-01-01 00:00:00,2026-01-02 00:00:00\n48,2026-01-02,2026-01-03 00:00:00\n"
    )
    table = {"time": "start", "end": "end", "zone": "UTC", "values": {"reading": {"unit": "kWh"}}}
    contents = examine(path, Layout.of(table))
    tag = contents.tags["reading"]
    assert (tag.count, tag.low, tag.high) == (48, 1.0, 2.0)
    assert set(tag.sample.quality.tolist()) == {3}


# --- into the database


@pytest.fixture
def shelf(database, environment):
    field = make_field(database, protocol=Protocol.FILE, address={})
    return field, find_shelf(
        database, field.scope, field.organisation_id, connection="Files", site="Imports", zone="Europe/Berlin"
    )


def bring(shelf: Shelf, path, how=None, *, create=True):
    return store(
        shelf.database, shelf.scope, shelf.connection_id, path, layout=how,
        make=shelf.make_point if create else None,
    )  # fmt: skip


def test_a_file_stored_again_changes_nothing_and_a_corrected_one_revises(shelf, write):
    _, place = shelf
    path = write("when;a\n2026-01-01 00:00;1\n2026-01-01 01:00;2\n")
    assert bring(place, path, layout()).new == 2
    again = bring(place, path, layout())
    assert (again.new, again.revised, again.unchanged) == (0, 0, 2)
    corrected = bring(place, write("when;a\n2026-01-01 00:00;1\n2026-01-01 01:00;3\n"), layout())
    assert (corrected.revised, corrected.unchanged) == (1, 1)


def test_tags_nobody_reads_are_left_out_unless_points_are_to_be_made(shelf, write):
    _, place = shelf
    path = write("when;a\n2026-01-01 00:00;1\n")
    assert bring(place, path, layout(), create=False).new == 0
    assert bring(place, path, layout()).new == 1


def test_values_are_converted_to_the_points_unit(shelf, write):
    field, place = shelf
    bring(place, write("when;a\n2026-01-01 00:00;1\n"), layout())
    bring(place, write("when;a\n2026-01-01 01:00;2\n"), layout(values={"*": {"unit": "MWh"}}))
    with field.database.transaction(field.scope) as session:
        ((_, point),) = metering.channels_of(session, field.scope, place.connection_id)
    field.keys["a"] = point.key
    assert [value for _, _, value, _ in field.rows()] == [1.0, 2000.0]


def test_a_million_rows_pass_through_bounded_memory(shelf, tmp_path):
    _, place = shelf
    path = tmp_path / "million.csv"
    first = np.datetime64("2024-01-01T00:00:00")
    with path.open("w") as file:
        file.write("when,tag,value\n")
        for start in range(0, 1_000_000, 50_000):
            numbers = np.arange(start, start + 50_000)
            instants = np.datetime_as_string(first + (numbers // 20).astype("timedelta64[m]"), unit="s")
            buffer = io.StringIO()
            buffer.writelines(f"{at}Z,m{n % 20},{n % 997}\n" for at, n in zip(instants, numbers, strict=True))
            file.write(buffer.getvalue())
    table = {
        "time": "when",
        "meter": "tag",
        "values": {"value": {"unit": "kW", "kind": "instant", "tag": ""}},
    }
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    done = bring(place, path, Layout.of(table))
    after_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert (done.new, done.unchanged) == (1_000_000, 0)
    assert after_mb - before_mb < 300


def test_a_list_of_meters_says_what_one_meters_files_are_like(write, tmp_path):
    listed = tmp_path / "list.csv"
    listed.write_text("name,timezone,timesort,gap\nm1,Europe/Berlin,decreasing,\nm2,,,60\n")
    path = write(
        "reading,start,end\n2,2026-01-01 01:00,2026-01-01 02:00\n1,2026-01-01 00:00,2026-01-01 01:00\n"
    )
    given = Layout.of(
        {"time": "start", "end": "end", "zone": "UTC", "time_format": "%Y-%m-%d %H:%M",
         "values": {"reading": {"unit": "kWh"}}}
    )  # fmt: skip
    meters = MeterList.read(listed)
    contents = examine(path, given.of_meter(meters, "m1"))
    assert (contents.readings, contents.report.count) == (2, 0)
    assert contents.tags["reading"].first_us == 1_767_222_000_000_000, "midnight in Berlin"
    assert examine(path, given.of_meter(meters, "m2")).report.count > 0, "oldest first, it was said"
    with pytest.raises(Refused, match="has no periods of its own"):
        layout().of_meter(meters, "m1")


@pytest.mark.parametrize(
    ("row", "field"), [("m1,Mars/Olympus,,", "timezone"), ("m1,,sideways,", "timesort"), (",,,1", "name")]
)
def test_a_list_of_meters_that_is_wrong_says_where(tmp_path, row, field):
    listed = tmp_path / "list.csv"
    listed.write_text(f"name,timezone,timesort,gap\n{row}\n")
    with pytest.raises(Refused) as refused:
        MeterList.read(listed)
    assert refused.value.field == field


def test_a_reading_of_the_future_is_named_and_left_out(write):
    soon = f"{clock.now() + timedelta(hours=3):%Y-%m-%d %H:00}"
    contents = examine(write(f"when;a\n2026-01-01 00:00;1\n{soon};2\n"), layout(zone="UTC"))
    (problem,) = contents.report.problems
    assert (problem.row, problem.why, contents.readings) == (3, "a reading of the future", 1)


@pytest.mark.parametrize(("order", "copies"), [("increasing", 1), ("decreasing", 1), ("increasing", 2)])
def test_the_hour_that_comes_twice_is_told_apart_whichever_way_a_file_runs(write, tmp_path, order, copies):
    listed = tmp_path / "list.csv"
    listed.write_text(f"name,timezone,timesort,duplicates\nm1,Europe/Berlin,{order},{copies}\n")
    clock_hours = ["01:00", "02:00", "02:00", "03:00", "04:00"]
    rows = [
        f"{n + 1},2026-10-25 {start},2026-10-25 {end}" for n, (start, end) in enumerate(pairwise(clock_hours))
    ]
    if order == "decreasing":
        rows.reverse()
    path = write("\n".join(["reading,start,end", *(row for row in rows for _ in range(copies))]) + "\n")
    given = Layout.of(
        {
            "time": "start",
            "end": "end",
            "time_format": "%Y-%m-%d %H:%M",
            "values": {"reading": {"unit": "kWh"}},
        }
    ).of_meter(MeterList.read(listed), "m1")
    contents = examine(path, given)
    assert contents.report.problems == []
    count, first, last = hours(contents, "reading")
    assert (count, (last - first) // 3_600_000_000) == (4, 3)


def test_periods_are_read_by_the_decimal_mark_of_their_layout(write):
    table = {"time": "start", "end": "end", "zone": "UTC", "values": {"reading": {"unit": "kWh"}}}
    row = "2026-01-01 00:00:00;2026-01-01 01:00:00\n"
    path = write(f"reading;start;end\n1.234,5;{row}")
    contents = examine(path, Layout.of({**table, "delimiter": ";", "decimal": ","}))
    assert contents.tags["reading"].high == 1234.5
    with pytest.raises(Refused, match="not a number"):
        examine(write(f"reading;start;end\n1,5;{row}"), Layout.of({**table, "delimiter": ";"}))


def test_a_file_brought_again_undoes_no_correction_unless_that_is_asked_for(shelf, write):
    _, place = shelf
    path = write("when;a\n2026-01-01 00:00;1\n")
    bring(place, path, layout())
    assert bring(place, write("when;a\n2026-01-01 00:00;5\n", "corrected.csv"), layout()).revised == 1
    assert bring(place, path, layout()).revised == 0
    asked = store(
        place.database, place.scope, place.connection_id, path, layout=layout(), make=place.make_point,
        overrules=True,
    )  # fmt: skip
    assert asked.revised == 1


def test_a_small_file_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("ingest.files.opening.MOST_UNPACKED_BYTES", 2**20)
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("when;a\n" + "2026-01-01 00:00;1\n" * 100_000)
    with pytest.raises(Refused, match="too large when unpacked"):
        examine(path, layout())


def test_a_workbook_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("ingest.files.opening.MOST_WORKBOOK_BYTES", 1_000)
    book = openpyxl.Workbook()
    book.active.append(["when", "a"])
    book.save(tmp_path / "sheet.xlsx")
    with pytest.raises(Refused, match="too large when unpacked"):
        examine(tmp_path / "sheet.xlsx", layout())
    (tmp_path / "torn.xlsx").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(Refused, match="cannot be read"):
        examine(tmp_path / "torn.xlsx", layout())
