"""A period is compared with the one before only as far as meters counted in both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pytest

from backend.kernel import clock, periods
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.service import Counted, RollUpFollower
from portal.figures.compared import Comparison, sums

ZONE = "Asia/Shanghai"
HISTORY = {"old meter": 300, "young meter": 130}


@dataclass(frozen=True)
class Meter:
    """What a comparison asks of a point."""

    id: str


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        pytest.param({"a": (110, 1)}, {"a": (100, 1)}, Comparison(110, 100), id="both throughout"),
        pytest.param({"a": (110, 1)}, {"a": (9, 0.1)}, Comparison(is_incomplete=True), id="a part of the one before"),
        pytest.param({"a": (50, 0.4)}, {"a": (99, 1)}, Comparison(is_incomplete=True), id="a part of this one"),
        pytest.param({"a": (110, 1)}, {}, Comparison(), id="nothing before"),
        pytest.param({}, {"a": (99, 1)}, Comparison(is_incomplete=True), id="nothing now"),
        pytest.param(
            {"a": (110, 1), "b": (5, 1)}, {"a": (100, 1), "b": (1, 0.2)}, Comparison(110, 100),
            id="a little more than what is compared",
        ),
        pytest.param(
            {"a": (110, 1), "b": (500, 1)}, {"a": (100, 1), "b": (50, 0.2)}, Comparison(is_incomplete=True),
            id="much more than what is compared",
        ),
    ],
)  # fmt: skip
def test_only_meters_that_counted_throughout_both_are_compared(now, before, said):
    of = [{id_: Counted(*one) for id_, one in amounts.items()} for amounts in (now, before)]
    assert sums(*of).compared([Meter("a"), Meter("b")]) == said


@pytest.fixture(scope="module")
def meters(world):
    """Two meters that count 10 kWh an hour, with different lengths of history."""
    east, scope = world.east, world.east.scope
    hour_us = 3_600_000_000
    until = clock.now_us() // hour_us
    with world.database.transaction(scope) as session:
        for name, days in HISTORY.items():
            new = metering.NewPoint(
                name, Carrier.HEAT, "energy", "kWh", PointKind.REGISTER, is_total=True, interval_minutes=60
            )
            point = metering.create_point(session, scope, position_id=east.ids["plant"], new=new)
            at_us = np.arange(until - days * 24, until + 1) * hour_us
            batch = metering.ReadingBatch(
                np.full(len(at_us), point.key), at_us, np.arange(len(at_us)) * 10.0,
                np.zeros(len(at_us), np.int16),
            )  # fmt: skip
            metering.store_readings(session, scope, batch, source="test", live=False)
    everyone = Scope.system(scope.organisations, "test")
    with world.database.transaction(everyone) as session:
        while RollUpFollower().step(session, everyone):
            pass


def hundred_days():
    """The address of the hundred days until yesterday, compared with the hundred before."""
    today = periods.local_date(clock.now(), ZONE)
    return f"carrier=heat&span=custom&on={today - timedelta(days=100)}&until={today - timedelta(days=1)}"


def test_a_meter_with_half_a_history_shows_no_percentage_nor_does_a_sum_it_is_in(browser, world, meters):
    page = browser(world.east, "manager").get(f"/demand?{hundred_days()}").text
    rows = re.findall(r"<tr.*?</tr>", page, re.S)
    said = {name: next(row for row in rows if name in row.lower()) for name in HISTORY}
    assert "the same" in said["old meter"] and "incomplete" not in said["old meter"]
    assert "history incomplete" in said["young meter"] and "%</b>" not in said["young meter"]


@pytest.mark.parametrize("page", ["overview", "demand"])
def test_what_cannot_be_compared_is_drawn_without_the_period_before(browser, world, meters, page):
    visitor = browser(world.east, "manager")
    assert "history incomplete" in visitor.get(f"/{page}?{hundred_days()}").text
    drawn = visitor.get(f"/balance.json?{hundred_days()}").json["series"]
    assert [one["is_before"] for one in drawn] == [False]


@pytest.mark.parametrize("page", ["overview", "demand"])
def test_in_the_first_hour_of_a_day_pages_say_why_there_is_no_amount_yet(
    browser, world, meters, monkeypatch, page
):
    visitor, why = browser(world.east, "manager"), "the first of this period is not over yet"
    today = periods.day(periods.local_date(clock.now(), ZONE), ZONE).start
    monkeypatch.setattr(clock, "now", lambda: today + timedelta(minutes=40))
    text = visitor.get(f"/{page}").text
    assert why in text and "nothing measured in this period" not in text
    monkeypatch.setattr(clock, "now", lambda: today + timedelta(minutes=61))
    assert why not in visitor.get(f"/{page}").text


def test_the_day_that_runs_is_drawn_and_marked(browser, world, meters):
    visitor = browser(world.east, "manager")
    drawn = visitor.get("/balance.json?carrier=heat&span=month").json["series"][-1]
    today = periods.day(periods.local_date(clock.now(), ZONE), ZONE)
    assert drawn["running"] == drawn["points"][-1][0] == int(today.start.timestamp() * 1000)
    assert "still running" in visitor.get("/overview?carrier=heat&span=month").text
    whole = visitor.get(f"/balance.json?{hundred_days()}").json["series"][-1]
    assert whole["running"] is None


@pytest.mark.parametrize("table", ["readings", "intervals"])
def test_the_table_of_a_long_period_begins_with_the_newest_and_leads_on_to_the_oldest(
    browser, world, meters, table
):
    visitor = browser(world.east, "manager")
    found = visitor.get("/search?q=old+meter").text
    path = re.search(r"/points/[0-9a-f-]{36}", found)[0]
    today = periods.local_date(clock.now(), ZONE)
    address = f"{path}?span=custom&on={today - timedelta(days=30)}&until={today}&table={table}"
    instants: list[str] = []
    while address:
        page = visitor.get(address).text
        rows = page.split('id="counted">')[1].split("</tbody>")[0]
        instants += re.findall(r'datetime="([^"]+)"', rows)
        following = re.search(r'id="counted-next" href="([^"]+)"', page)
        address = following and following[1].replace("&amp;", "&")
    assert instants == sorted(set(instants), reverse=True)
    assert len(instants) >= 30 * 24  # of today there may be none yet
    assert instants[0] > (clock.now() - timedelta(hours=3)).isoformat()
