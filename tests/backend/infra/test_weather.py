"""Weather comes from a folder file by file, and from a provider by the hour; what cannot be read is told."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from backend.forecasting.ports import Where
from backend.forecasting.service.weather_files import read_weather
from backend.infra.weather import FolderWeather, OpenMeteo
from backend.kernel import clock, ids
from backend.kernel.errors import Refused, Unavailable

HERE = Where(ids.new_id(), 31.2, 121.5)
SEEN = "issued_at,valid_at,temperature_c,wind_ms\n,2026-03-01T00:00+08:00,4.5,\n,2026-03-01T02:00+08:00,4,2\n"


def test_rows_without_an_issue_were_observed_and_gaps_stay_unknown():
    (seen,) = read_weather("w.csv", SEEN.encode())
    assert not seen.is_forecast
    assert (seen.start, seen.step_minutes) == (datetime(2026, 2, 28, 16, tzinfo=UTC), 120)
    assert seen.columns["temperature_c"].tolist() == [4.5, 4.0]
    assert np.isnan(seen.columns["wind_ms"][0])


def test_each_issue_is_a_forecast_of_its_own():
    rows = [
        f"2026-03-0{day}T00:00Z,2026-03-0{day}T0{hour}:00Z,{day + hour}"
        for day in (1, 2)
        for hour in range(3)
    ]
    found = read_weather("w.csv", ("issued_at,valid_at,temperature_c\n" + "\n".join(rows)).encode())
    assert [(one.is_forecast, one.issued_at.day) for one in found] == [(True, 1), (True, 2)]
    assert found[1].columns["temperature_c"].tolist() == [2, 3, 4]


def test_an_epw_file_is_hours_that_end_at_the_hour_named():
    head = ["LOCATION,Shanghai,-,CHN,SWERA,583620,31.17,121.43,8.0,7"] + ["x"] * 7
    row = "2026,1,1,1,0,?9,3.5,1,80,101300,0,0,300,0,0,0,0,0,0,0,180,2.5,5,5"
    (seen,) = read_weather(
        "shanghai.epw", "\n".join([*head, row, row.replace(",1,1,1,", ",1,1,2,")]).encode()
    )
    assert seen.start == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert {name: values[0] for name, values in seen.columns.items()} == {
        "temperature_c": 3.5, "humidity_pct": 80, "ghi_wm2": 0, "wind_ms": 2.5, "cloud_pct": 50,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "no weather"),
        ("valid_at,temperature_c\n", "no weather"),
        ("valid_at,warmth\n2026-03-01T00:00Z,4\n", "not the columns"),
        ("valid_at,temperature_c\n2026-03-01T00:00,4\n", "row 2: this is no instant with an offset"),
        ("valid_at,temperature_c\n2026-03-01T00:00Z,warm\n", "row 2: this is no number"),
        ("valid_at,temperature_c\n2026-03-01T00:00Z,4,4\n", "another number of fields"),
        ("valid_at,temperature_c\n2026-03-01T00:00Z,4\n2026-03-01T00:00Z,5\n", "twice"),
        ("valid_at,temperature_c\n2026-03-01T00:00Z,4\n2026-03-01T00:07Z,5\n", "steps of 7 min"),
        ("LOCATION,Nowhere\n", "no time zone"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(words, said):
    with pytest.raises(Refused, match=said):
        read_weather("w.csv", words.encode())


def test_a_folder_is_read_file_by_file_and_bad_ones_are_set_aside(tmp_path):
    door = FolderWeather(tmp_path)
    assert door.fetch(HERE) == []
    folder = door.folder(HERE)
    folder.mkdir(parents=True)
    (folder / "1.csv").write_text("valid_at,temperature_c\nyesterday,4\n")
    (folder / "2.csv").write_text(SEEN)
    (folder / ".3.csv").write_text("half")
    with pytest.raises(Refused, match=r"1\.csv: row 2"):
        door.fetch(HERE)
    assert "no instant" in (folder / "refused" / "1.csv.txt").read_text()
    assert len(door.fetch(HERE)) == len(door.fetch(HERE)) == 1  # until it is told that it is kept
    door.taken(HERE)
    assert door.fetch(HERE) == []
    assert (folder / "taken" / "2.csv").exists()


@pytest.fixture(scope="module")
def provider():
    """A provider that answers elsewhere; `provider(path, said)` tells it something."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.counterparts.weather"], stdout=subprocess.PIPE, text=True
    )
    url = f"http://127.0.0.1:{process.stdout.readline().strip()}"

    def tell(path: str, said=None):
        data = None if said is None else json.dumps(said).encode()
        with urllib.request.urlopen(urllib.request.Request(url + path, data)) as answer:
            return json.load(answer)

    tell.url = url
    yield tell
    process.terminate()
    process.wait()
    process.stdout.close()


def hours(count: int, since_h: int) -> dict:
    first = int((clock.now() - timedelta(hours=since_h)).timestamp()) // 3600 * 3600
    return {
        "time": [first + n * 3600 for n in range(count)],
        "temperature_2m": [float(n) for n in range(count)],
        "shortwave_radiation": [None] + [10.0 * n for n in range(1, count)],
    }


def test_a_providers_hours_become_means_and_those_that_are_over_count_as_observed(provider):
    provider("/say", {"status": 200, "hourly": hours(10, 4)})
    seen, ahead = OpenMeteo(provider.url).fetch(HERE)
    assert (seen.is_forecast, ahead.is_forecast) == (False, True)
    assert seen.columns["temperature_c"].tolist() == [0.5, 1.5, 2.5, 3.5]
    assert seen.columns["ghi_wm2"].tolist() == [10, 20, 30, 40]  # the mean of the hour before each hour
    assert ahead.start == seen.start + 4 * timedelta(hours=1)
    assert len(ahead.columns["temperature_c"]) == 5
    asked = provider("/asked")
    assert (asked["latitude"], asked["wind_speed_unit"], asked["timeformat"]) == ("31.2000", "ms", "unixtime")


@pytest.mark.parametrize(
    "said",
    [
        {"status": 503},
        {"status": 200, "hourly": {"time": []}},
        {"status": 200, "hourly": {"time": [0, 1800, 3600], "temperature_2m": [1, 2, 3]}},
        {"status": 200, "hourly": {"time": [0, 3600, 7200], "temperature_2m": [1, 2]}},
        {"status": 200, "hourly": {"time": [0, 3600, 7200]}},
    ],
)
def test_a_provider_that_answers_otherwise_is_unavailable(provider, said):
    provider("/say", {"hourly": hours(3, 1)} | said)
    with pytest.raises(Unavailable):
        OpenMeteo(provider.url).fetch(HERE)
