"""Hosted operation through the API, as a partner's program would use it."""

from __future__ import annotations

import pytest

from backend.kernel import ids
from tests.apps import Phone


@pytest.fixture(scope="module")
def as_role(app, world):
    return lambda role, region=None: Phone(app, (region or world.east).email(role))


def test_a_contract_is_written_and_its_month_is_told(as_role, world):
    new = {"organisation_id": ids.show(world.east.region.id), "customer_id": ids.show(world.east.customer.id),
           "number": "A-1", "title": "The mill", "starts_on": "2026-01-01", "patrols": 20}  # fmt: skip
    made = as_role("manager").ask("POST", "/hosting/contracts", json=new)
    assert made.status_code == 201, made.text
    assert (
        as_role("technician").ask("POST", "/hosting/contracts", json=new | {"number": "A-2"}).status_code
        == 403
    )
    path = f"/hosting/contracts/{made.json['id']}/month"
    told = as_role("dispatcher").get(path, month="2026-10")
    assert told.status_code == 200, told.text
    assert told.json["customer"] == "East mill" and told.json["patrols"] == {
        "part": 0,
        "whole": 20,
        "percent": 0.0,
    }
    assert as_role("dispatcher").get(path, month="2026-13").status_code == 422
    assert as_role("manager", world.west).get(path, month="2026-10").status_code == 404
    assert made.json["id"] in [
        one["id"] for one in as_role("manager").get("/hosting/contracts").json["items"]
    ]
    assert as_role("manager", world.west).get("/hosting/contracts").json["items"] == []


def test_a_shift_is_planned_and_swapped_and_never_doubled(as_role, world):
    phone, people = as_role("dispatcher"), world.east.people
    new = {"organisation_id": ids.show(world.east.region.id), "person_id": ids.show(people["technician"].id),
           "duty": "field", "on": "2099-11-28", "begins": "22:00", "ends": "06:00",
           "zone": "Asia/Shanghai"}  # fmt: skip
    made = phone.ask("POST", "/hosting/shifts", json=new)
    assert made.status_code == 201 and made.json["ends_at"].startswith("2099-11-28T22:00"), made.text
    assert phone.ask("POST", "/hosting/shifts", json=new).status_code == 409
    swap = {"person_id": ids.show(people["manager"].id), "reason": "ill"}
    swapped = phone.ask("POST", f"/hosting/shifts/{made.json['id']}/swap", json=swap)
    assert swapped.json["before_id"] == new["person_id"], swapped.text
    listed = phone.get("/hosting/shifts", start="2099-11-01T00:00:00Z", end="2099-12-01T00:00:00Z").json[
        "items"
    ]
    assert [one["id"] for one in listed] == [made.json["id"]]
    assert phone.ask("POST", "/hosting/shifts", json=new | {"on": "9999-12-31"}).status_code == 422


def test_a_ticket_is_worked_off_in_order_by_two_people(as_role, world):
    first, second = as_role("operator"), as_role("dispatcher")
    new = {"organisation_id": ids.show(world.east.region.id), "kind": "work", "title": "Mend pump two",
           "steps": ["isolate", "mend"]}  # fmt: skip
    made = first.ask("POST", "/hosting/tickets", json=new).json
    path = f"/hosting/tickets/{made['id']}"
    assert made["number"].startswith("WT-") and made["status"] == "issued"
    assert first.ask("POST", path, json={"action": "approve"}).status_code == 409
    assert second.ask("POST", path, json={"action": "approve"}).json["status"] == "approved"
    assert first.ask("POST", path, json={"action": "tick", "place": 1}).status_code == 409
    for place in (0, 1):
        assert first.ask("POST", path, json={"action": "tick", "place": place}).status_code == 200
    assert first.ask("POST", path, json={"action": "finish"}).json["status"] == "finished"
    assert second.ask("POST", path, json={"action": "void", "reason": "late"}).status_code == 409


def test_a_round_says_how_far_it_is(as_role, world):
    new = {"name": "Monthly", "point_ids": [ids.show(world.east.ids["supply_energy"])], "due_day": 25,
           "zone": "Asia/Shanghai"}  # fmt: skip
    made = as_role("operator").ask("POST", "/hosting/rounds", json=new)
    assert made.status_code == 201, made.text
    assert made.json["stops"][0]["unit"] == "kWh"
    assert [one["id"] for one in as_role("technician").get("/hosting/rounds").json["items"]] == [
        made.json["id"]
    ]
    assert (
        as_role("operator").ask("POST", "/hosting/rounds", json=new | {"zone": "Nowhere"}).status_code == 422
    )
