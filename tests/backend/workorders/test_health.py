"""How a plant is, by what broke there: the numbers of the page of prose are recomputed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.workorders.rules.health import Mended, health

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("repairs", "score"),
    [
        ([], 100.0),
        ([Mended(NOW - 182.5 * DAY, 2), Mended(NOW, 2, 1, timedelta(hours=30))], 68.0),  # of the docstring
        ([Mended(NOW - 366 * DAY, 1)], 100.0),
        ([Mended(NOW + DAY, 1)], 100.0),
        ([Mended(NOW, 1)], 75.0),
        ([Mended(NOW, 1, 9)], 50.0),  # twice at most
        ([Mended(NOW, 4, 0, 300 * DAY)], 76.0),  # 20 at most
        ([Mended(NOW, 1)] * 9, 0.0),
    ],
)
def test_a_plant_is_as_good_as_its_last_year(repairs, score):
    assert health(repairs, NOW).score == score


def test_it_says_what_it_rests_on():
    told = health([Mended(NOW, 3, 1, timedelta(minutes=90))], NOW).because
    assert told == {"repairs": 1, "came_back": 1, "down_h": 1.5}
