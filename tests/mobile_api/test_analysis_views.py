"""Analysis as partners ask for it."""

from __future__ import annotations

import pytest

from backend.kernel import clock
from backend.kernel.ids import show
from tests.apps import Phone, make_app
from tests.measured import NOW, measure
from tests.world import make_world

OCTOBER = {"first": "2026-10-01", "until": "2026-11-01"}


@pytest.fixture(scope="module")
def app(environment, database):
    made = make_app(database)
    yield made
    made.extensions["live"].close()


@pytest.fixture(scope="module")
def world(app, database):
    with clock.shifted(NOW - clock.now()):
        made = make_world(database)
        measure(made)
        yield made


@pytest.fixture(scope="module")
def phone(app, world):
    return Phone(app, world.east.email("manager"))


@pytest.fixture(scope="module")
def october(world):
    return {"organisation": show(world.east.region.id), **OCTOBER}


def test_consumption_sums_exactly(phone, october):
    answer = phone.get("/analysis/consumption", **october, by="category")
    assert answer.status_code == 200, answer.text
    power = next(one for one in answer.json["groups"] if one["carrier"] == "electricity")
    assert power["now"] == 14 * 744
    assert {row["key"]: row["now"] for row in power["rows"]} == {
        "lighting": 4 * 744, "hvac": 2 * 744, "rest": 8 * 744
    }  # fmt: skip
    assert power["now"] - power["before"] == pytest.approx(sum(row["moved"] for row in power["rows"]))
    water = next(one for one in answer.json["groups"] if one["carrier"] == "water")
    assert water["now"] is None
    assert water["silent"] == 1


def test_flows_and_habits(phone, october):
    part = phone.get("/analysis/flows", **october).json["parts"][0]
    power = [
        one for one in part["flows"] if one["source_kind"] == "carrier" and one["source"] == "Electricity"
    ]
    assert sum(one["amount"] for one in power) == 15 * 744
    found = phone.get("/analysis/habits", **october, carrier="electricity").json
    assert found["load"]["peak"] == 14
    assert len(found["days"]) == 31
    assert found["days"][0]["hours"] == [14] * 24


def test_a_file_and_a_schedule(phone, october, world):
    file = phone.get("/analysis/views/flows/file", **october, format="xlsx")
    assert file.data.startswith(b"PK")
    assert phone.get("/analysis/views/gold/file", **october).status_code == 404
    new = {"organisation_id": show(world.east.region.id), "view": "habits", "filters": {"carrier": "heat"},
           "every": "week", "starts_on": "2026-10-05", "forms": ["pdf"], "road": "folder"}  # fmt: skip
    made = phone.ask("POST", "/analysis/schedules", json=new)
    assert made.status_code == 201, made.text
    assert made.json["filters"]["carrier"] == "heat"
    assert phone.get(f"/analysis/schedules/{made.json['id']}/deliveries").json["items"] == []
    ended = phone.ask("POST", f"/analysis/schedules/{made.json['id']}/end", json={"ends_on": "2026-10-05"})
    assert ended.json["ends_on"] == "2026-10-05"
    wrong = phone.ask("POST", "/analysis/schedules", json=new | {"filters": {"by": "colour"}})
    assert (wrong.status_code, "by" in wrong.text) == (422, True)


def test_customers_are_told_to_look_elsewhere(app, world, october):
    customer = Phone(app, world.east.email("customer"))
    assert (
        customer.get(
            "/analysis/consumption", **october | {"organisation": show(world.east.customer.id)}
        ).status_code
        == 403
    )
