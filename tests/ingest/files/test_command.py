"""`enerfield readings import`, as somebody types it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from backend.cli.readings import command
from backend.metering.models.connection import Protocol
from tests.ingest.field import make_field


@pytest.fixture(scope="module")
def region(environment, database):
    return make_field(database, protocol=Protocol.FILE, address={})


@pytest.fixture
def run(region):
    def runner(*arguments):
        return CliRunner().invoke(command, ["import", *map(str, arguments)])

    return runner


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "meters.csv"
    path.write_text("time,tag,value\n2026-01-01T00:00:00Z,m1,1\n2026-01-01T01:00:00Z,m1,2\n")
    return path


def test_a_dry_run_says_what_a_file_holds_and_stores_nothing(run, path):
    answer = run(path, "--dry-run")
    assert answer.exit_code == 0, answer.output
    assert "2 readings of 1 tags" in answer.output
    assert "m1: 2 interval values, 2026-01-01 00:00 to 2026-01-01 01:00 UTC, 1 to 2 kWh" in answer.output


def test_tags_without_points_are_left_out_unless_they_are_to_be_made(run, path):
    assert "2 of tags nobody reads" in run(path).output
    assert "stored: 2 new" in run(path, "--create", "--zone", "Europe/Berlin").output
    assert "0 new, 0 corrected, 2 there already" in run(path).output


def test_a_file_with_bad_cells_is_refused_by_row_and_column_unless_told_otherwise(run, path):
    path.write_text("time,tag,value\n2026-02-01T00:00:00Z,m2,x\n2026-02-01T01:00:00Z,m2,2\n")
    refused = run(path, "--create")
    assert refused.exit_code == 1
    assert "row 2, value: 'x': not a number" in refused.output
    assert "stored" not in refused.output
    assert "stored: 1 new" in run(path, "--create", "--skip-bad").output


def test_a_folder_is_imported_with_all_that_is_understood(run, path):
    (path.parent / "letter.txt").write_text("Dear customer,\n")
    answer = run(path.parent, "--create")
    assert answer.exit_code == 0, answer.output
    assert "no known layout fits letter.txt" in answer.output
    assert "meters.csv" in answer.output


def test_a_layout_of_ones_own_is_a_file(run, tmp_path):
    (tmp_path / "layout.toml").write_text(
        'time = "Datum"\nzone = "Europe/Berlin"\ndelimiter = ";"\n[values."*"]\nunit = "kWh"\n'
    )
    (tmp_path / "table.csv").write_text("Datum;Halle\n2026-01-01 00:00;5\n")
    answer = run(tmp_path / "table.csv", "--layout", tmp_path / "layout.toml", "--dry-run")
    assert "Halle: 1 interval values, 2025-12-31 23:00" in answer.output


def test_the_real_folders_are_understood(run, data_folder):
    folders = [data_folder / name for name in ("danish_heat_meters", "green_button")]
    answer = run(*folders, "--create", "--site", "Real files")
    assert answer.exit_code == 0, answer.output
    assert "heat.660.energy" in answer.output
    assert "5446AF3F/MeterReading/01: 1340 interval values" in answer.output
    again = run(*folders)
    assert " 0 new, 0 corrected" in again.output


FEED = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><content>
<Customer xmlns="http://naesb.org/espi/customer"><name>A. Customer</name></Customer></content></entry></feed>"""


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (
            "customer.xml",
            FEED,
            "holds no readings (no IntervalBlock) (a customer feed says who is supplied; ask",
        ),
        ("empty.csv", "time,tag,value\n", "there is no reading in it"),
    ],
)
def test_a_file_without_readings_is_refused_with_the_reason(run, tmp_path, dry, name, content, why):
    (tmp_path / name).write_text(content)
    answer = run(tmp_path / name, "--create", *dry)
    assert answer.exit_code == 1
    assert why in answer.output
