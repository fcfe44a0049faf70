"""The demo's weather: observed as the model has it, foretold with an error that grows, dropped hour by hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from backend.demo import foretelling
from backend.demo.devices import weather
from backend.forecasting.service.weather_files import read_weather

NOW = datetime(2026, 3, 9, 14, 20, tzinfo=UTC)
HOUR = foretelling.HOUR


def test_what_is_foretold_is_off_by_more_the_further_ahead():
    issues = [NOW.replace(minute=0) - n * 6 * HOUR for n in range(12)]
    missed = {name: [] for name in foretelling.VARIABLES}
    for at in issues:
        true = foretelling.observed(at, foretelling.AHEAD_H)
        said = foretelling.foretold(at, true)
        for name in missed:
            missed[name].append(np.abs(said[name] - true[name]))
    warm = np.mean(missed["temperature_c"], axis=0)
    assert 0.2 < warm[:12].mean() < 1.5 < warm[96:].mean() < 4.0
    assert all(np.mean(off, axis=0)[96:].mean() > 0 for off in missed.values())
    once, again = (
        foretelling.foretold(issues[0], true)["ghi_wm2"] for true in 2 * [foretelling.observed(issues[0], 24)]
    )
    assert np.array_equal(once, again)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(foretelling, "SETTLEMENT_DAYS", 12)
    monkeypatch.setattr(foretelling, "FORETOLD_DAYS", 3)
    place = tmp_path / "weather" / "somewhere"
    place.mkdir(parents=True)
    (place / foretelling.MARK).touch()
    assert weather.marked(tmp_path) == [place]
    return place


def test_each_hour_one_file_says_what_is_new(folder):
    first = weather.tell(folder, NOW)
    assert weather.tell(folder, NOW + timedelta(minutes=30)) is None
    second = weather.tell(folder, NOW + 5 * HOUR)
    seen, *ahead = read_weather(first.name, first.read_bytes())
    assert seen.start + len(seen.columns["temperature_c"]) * HOUR == NOW.replace(minute=0)
    assert [one.issued_at.hour % 6 for one in ahead] == [0] * 12
    more, newest = read_weather(second.name, second.read_bytes())
    assert (more.start, len(more.columns["ghi_wm2"])) == (NOW.replace(minute=0), 5)
    assert newest.issued_at == NOW.replace(hour=18, minute=0)
    assert len(newest.columns["ghi_wm2"]) == foretelling.AHEAD_H
