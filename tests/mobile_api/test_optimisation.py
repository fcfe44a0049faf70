"""Plants and plans over the API."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from backend.kernel import clock
from backend.kernel.ids import show
from backend.optimisation import service
from backend.optimisation.rules.targets import Kind
from tests import coordination
from tests.plants import document, equip


@pytest.fixture(scope="module")
def planned(world):
    equip(world, world.east)
    with world.database.transaction(world.east.scope) as session:
        return service.make_plan(
            session,
            world.east.scope,
            plant_id=world.east.ids["plant_model"],
            at=clock.now() - timedelta(hours=3),
        )


def test_a_plant_is_said_looked_at_and_switched(phone, world, planned):
    operator, site = phone(world.east, "operator"), show(world.east.ids["site"])
    body = {"document": document(world.east, Boiler={"heat_kw": 950})}
    assert operator.ask("POST", f"/sites/{site}/plant-model/check", json=body).json == {
        "units": 7, "carriers": ["electricity", "heat", "gas"]
    }  # fmt: skip
    kept = operator.ask("PUT", f"/sites/{site}/plant-model", json=body)
    assert (kept.status_code, kept.json["number"]) == (200, 2)
    assert operator.get(f"/sites/{site}/plant-model").json["id"] == kept.json["id"]
    assert [
        one["number"] for one in operator.get(f"/plant-models/{kept.json['plant_id']}/versions").json["items"]
    ] == [2, 1]
    (listed,) = operator.get("/plant-models").json["items"]
    assert listed["site"] == "east site" and listed["is_active"]
    off = operator.ask("PATCH", f"/plant-models/{listed['id']}", json={"is_active": False})
    assert off.json["is_active"] is False
    operator.ask("PATCH", f"/plant-models/{listed['id']}", json={"is_active": True})
    wrong = operator.ask("PUT", f"/sites/{site}/plant-model", json={"document": {"name": "x"}})
    assert wrong.status_code == 422 and wrong.json["field"] == "demands"
    stale = operator.ask("POST", f"/plans/{show(planned.id)}/accept")
    assert (stale.status_code, stale.json["field"]) == (
        409,
        "plan_id",
    )  # the plant is described otherwise since
    operator.ask("PUT", f"/sites/{site}/plant-model", json={"document": document(world.east)})


def test_a_plan_is_made_and_read_with_its_hours(phone, world, planned):
    operator, plant = phone(world.east, "operator"), show(planned.plant_id)
    made = operator.ask("POST", f"/plant-models/{plant}/plans")
    assert (made.status_code, made.json["status"]) == (201, "optimal")
    whole = operator.get(f"/plans/{made.json['id']}").json
    assert len(whole["hours"]) == len(whole["flows"][0]["rates"]) == len(whole["carriers"][0]["price"])
    assert {one["unit"] for one in whole["flows"]} >= {"Grid", "Battery"}
    assert "NaN" not in json.dumps(whole) and whole["targets"] == []
    listed = operator.get("/plans", plant_id=plant).json["items"]
    assert listed[0]["id"] == whole["id"] and "flows" not in listed[0]
    assert phone(world.west, "operator").get(f"/plans/{whole['id']}").status_code == 404
    assert phone(world.east, "dispatcher").ask("POST", f"/plant-models/{plant}/plans").status_code == 403


def test_what_if_is_answered_and_nothing_is_kept(phone, world, planned):
    operator, path = phone(world.east, "operator"), f"/plans/{show(planned.id)}/what-if"
    count = len(operator.get("/plans").json["items"])
    dearer = operator.ask("POST", path, json={"price_factor": 1.5}).json
    assert dearer["difference"] > 0
    assert operator.ask("POST", path, json={"out": ["Nobody"]}).json["field"] == "out"
    assert operator.ask("POST", path, json={"load_factor": -1}).status_code == 422
    assert operator.ask("POST", path, json={"with_targets": False}).json["difference"] == pytest.approx(
        0, abs=50
    )
    assert len(operator.get("/plans").json["items"]) == count


def test_a_plan_says_what_was_agreed_and_what_it_may_use_of_it(phone, world, planned):
    agreed = coordination.agree(world, world.east, Kind.ENERGY, 30_000.0)
    made = phone(world.east, "operator").ask("POST", f"/plant-models/{show(planned.plant_id)}/plans").json
    coordination.forget(world, world.east, agreed)
    (one,) = made["targets"]
    assert (one["kind"], one["carrier"], one["most"], one["by_need"]) == (
        "energy",
        "electricity",
        30_000,
        True,
    )
    assert (
        one["used"] + one["filled"] + one["left"] == pytest.approx(30_000)
        and 0 < one["allowed"] < one["left"]
    )


def test_a_plan_is_accepted_once_and_held_against_what_was_counted(phone, world, planned):
    manager, path = phone(world.east, "manager"), f"/plans/{show(planned.id)}"
    first, again = (manager.ask("POST", f"{path}/accept") for _ in range(2))
    assert first.status_code == 201 and first.json["id"] == again.json["id"]
    assert manager.get("/schedules").json["items"][0]["plan_id"] == show(planned.id)
    outcome = manager.get(f"{path}/outcome").json
    lines = {one["name"]: one for one in outcome["lines"]}
    assert lines["Grid"]["actual"] is not None and lines["Load"]["known"] > 0
    assert outcome["deviation"] == pytest.approx(outcome["actual"] - outcome["planned"])
