"""The self-assessment: floods, chatter, stale alarms, the split of priorities."""

from __future__ import annotations

import numpy as np
import pytest

from backend.alarms.rules.defaults import PointFacts, suggest
from backend.alarms.rules.parameters import read
from backend.alarms.rules.statistics import OPEN_US, Annunciations, Flood, assess

MINUTE = 60_000_000
DAY = 1440 * MINUTE


def told(*rows: tuple[float, int, int, float | None], seen_after=()) -> Annunciations:
    """Alarms as (minute, rule, priority, minutes until it ended or None); seen_after: minutes until acknowledged."""
    at = np.array([round(row[0] * MINUTE) for row in rows], dtype=np.int64)
    ended = [OPEN_US if row[3] is None else round((row[0] + row[3]) * MINUTE) for row in rows]
    seen = np.full(len(rows), OPEN_US)
    for i, minutes in enumerate(seen_after):
        seen[i] = at[i] + round(minutes * MINUTE)
    return Annunciations(
        at, np.array([row[1] for row in rows]), np.array([row[2] for row in rows]),
        np.array(ended, dtype=np.int64), seen,
    )  # fmt: skip


def judged(*rows, operators=1):
    found = assess(told(*rows), start_us=0, end_us=DAY, operators=operators)
    return found, {measure.name: measure for measure in found.measures}


def test_a_quiet_day_meets_every_target():
    spread = [(i * 70, i, 1 if i == 3 else 2 if i < 3 else 3, 5) for i in range(20)]
    found, measures = judged(*spread)
    assert found.total == 20 and found.by_priority == {1: 1, 2: 3, 3: 16, 4: 0}
    missed = [name for name, measure in measures.items() if measure.is_met is False]
    assert missed == ["load of the ten most frequent rules [share]"]  # twenty rules, once each: half of all


def test_a_flood_begins_above_ten_in_ten_minutes_and_ends_below_five():
    burst = [(60 + i * 0.5, i, 3, 5) for i in range(12)]
    ebb = [(70 + i, i, 3, 5) for i in range(6)]
    end = [(80 + i, i, 3, 5) for i in range(4)]
    found, measures = judged(*burst, *ebb, *end)
    assert found.floods == [Flood(60 * MINUTE, 80 * MINUTE, 18)]
    assert measures["most alarms in ten minutes and operator"].value == 12
    assert not measures["time in flood [share]"].is_met
    assert judged(*burst, *ebb, *end, operators=2)[0].floods == []


def test_three_times_in_a_minute_is_chatter():
    assert judged((1, 7, 3, 0.1), (1.4, 7, 3, 0.1), (1.9, 7, 3, 0.1))[0].chattering == [7]
    assert judged((1, 7, 3, 0.1), (1.4, 7, 3, 0.1), (2.1, 7, 3, 0.1))[0].chattering == []


def test_what_comes_and_goes_within_ten_seconds_is_fleeting():
    assert judged((1, 1, 3, 0.1), (2, 2, 3, 0.2))[1]["fleeting alarms"].value == 1


def test_what_stands_for_more_than_a_day_is_stale():
    found = assess(told((0, 1, 3, None), (1441, 2, 3, 5)), start_us=0, end_us=2 * DAY, operators=1)
    assert found.stale == [1]


UNTIL_SEEN = "seconds until acknowledged (median)"


def test_the_median_until_acknowledged_takes_what_was_acknowledged():
    rows = [(i, i, 3, 5) for i in range(4)]
    found = assess(told(*rows, seen_after=(1, 2, 9)), start_us=0, end_us=DAY, operators=1)
    assert {one.name: one.value for one in found.measures}[UNTIL_SEEN] == 120


def test_where_nothing_was_acknowledged_there_is_no_median_yet():
    assert judged((1, 1, 3, 5))[1][UNTIL_SEEN].value is None


def test_no_alarms_at_all_is_no_error():
    found, measures = judged()
    assert found.total == 0 and all(measure.is_met in (True, None) for measure in measures.values())


@pytest.mark.parametrize(
    ("facts", "kinds"),
    [
        ({"quantity": "voltage", "unit": "V", "typical": 398.0}, ["silence", "limit"]),
        ({"quantity": "frequency", "unit": "Hz"}, ["silence", "limit"]),
        ({"quantity": "temperature", "unit": "°C", "low": 0.0, "high": 100.0}, ["silence", "limit"]),
        ({"quantity": "flow", "unit": "m3/h", "carrier": "water"}, ["silence", "night_flow"]),
        (
            {"quantity": "volume", "unit": "m3", "carrier": "gas", "kind": "register"},
            ["silence", "night_flow"],
        ),
        ({"quantity": "pressure", "unit": "bar", "typical": 4.0}, ["silence", "rate"]),
    ],
)
def test_suggestions_suit_the_quantity_and_can_be_read(facts, kinds):
    given = {"name": "Intake", "name_zh": "入口", "carrier": "electricity", "kind": "instant"} | facts
    drafts = suggest(PointFacts(**given))
    assert [draft.kind for draft in drafts] == kinds
    for draft in drafts:
        read(draft.kind, draft.parameters)


def test_the_band_of_a_voltage_follows_its_nominal():
    (_, band) = suggest(PointFacts("Bus", None, "electricity", "voltage", "kV", "instant", typical=10.3))
    assert band.parameters == {"L": 9.45, "H": 11.55}
