"""What use depends on and what it is worth, over the API."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from backend.kernel import clock
from backend.kernel.ids import show
from reports import drivers as files
from tests.billing import charge

BASE = "/analysis"
MONTH = {"first": "2026-01-01", "until": "2026-02-01"}


@pytest.fixture
def at(world):
    return f"{BASE}/organisations/{show(world.east.enterprise.id)}"


@pytest.fixture
def manager(phone, world):
    return phone(world.east, "manager")


def test_a_driver_is_said_corrected_listed_and_taken_back(manager, at):
    said = {"kind": "area", "value": 1200, "starts_on": "2026-01-01"}
    made = manager.ask("POST", f"{at}/drivers", json=said)
    assert (made.status_code, made.json["unit"], made.json["source"]) == (201, "m2", "api")
    again = manager.ask("POST", f"{at}/drivers", json=said | {"value": 1300})
    assert (again.json["id"], again.json["value"]) == (made.json["id"], 1300)
    assert [one["value"] for one in manager.get(f"{at}/drivers?kind=area").json["items"]] == [1300]
    assert manager.ask("DELETE", f"{BASE}/drivers/{made.json['id']}").status_code == 204
    assert manager.get(f"{at}/drivers?kind=area").json["items"] == []


def test_what_cannot_be_names_field_value_and_remedy(manager, at):
    said = {"kind": "hours", "value": 900, "starts_on": "2026-01-01", "ends_on": "2026-01-02"}
    refused = manager.ask("POST", f"{at}/drivers", json=said)
    assert refused.status_code == 422
    assert (refused.json["field"], refused.json["value"]) == ("value", "900")
    assert refused.json["remedy"]


def _send(manager, at, data, name, **more):
    body = {"file": (io.BytesIO(data), name), **more}
    return manager.ask("POST", f"{at}/driver-files", data=body, content_type="multipart/form-data")


def test_a_csv_is_looked_through_then_written(manager, at):
    text = "kind,value,first_day,last_day,product,unit\nproduction,12.5,2026-01-01,2026-01-31,钢材,t\n"
    for encoding in ("utf-8", "gb18030"):
        dry = _send(manager, at, text.encode(encoding), "drivers.csv")
        assert (dry.status_code, dry.json["created"], dry.json["is_written"]) == (200, 1, False)
    assert manager.get(f"{at}/drivers?kind=production").json["items"] == []
    assert _send(manager, at, text.encode(), "drivers.csv", write="true").json["is_written"]
    assert manager.get(f"{at}/drivers?kind=production").json["items"][0]["product"] == "钢材"


def test_a_workbook_with_a_fault_says_where_and_writes_nothing(manager, at):
    from backend.kernel.sheets import Row

    data = files.write([Row(2, {"kind": "heads", "value": "many", "first_day": "2026-01-01"})])
    found = _send(manager, at, data, "drivers.xlsx", write="true").json
    assert (found["is_written"], found["problems"][0]["row"], found["problems"][0]["column"]) == (
        False,
        2,
        "value",
    )
    assert found["problems"][0]["remedy"]


def test_a_file_of_something_else_is_refused(manager, at):
    assert _send(manager, at, b"a,b\n1,2\n", "x.csv").status_code == 422


def test_factors_quotas_and_measures_are_kept(manager, at):
    factor = {
        "carrier": "electricity",
        "kind": "co2",
        "from_on": "2026-01-01",
        "value": "0.21",
        "source": "green contract",
    }
    quota = {"trade": "mill", "carrier": "electricity", "basis": "area", "from_on": "2026-01-01", "value": 80,
             "source": "GB 1234"}  # fmt: skip
    measure = {
        "name": "Lamps",
        "begun_on": "2026-01-01",
        "outlay": "1000",
        "yearly": "250",
        "years": 8,
        "rate": "0.06",
    }
    for kind, said in (("factor", factor), ("quota", quota), ("measure", measure)):
        made = manager.ask("POST", f"{at}/{kind}s", json=said)
        assert made.status_code == 201, made.json
        assert len(manager.get(f"{at}/{kind}s").json["items"]) == 1
        if kind != "measure":
            assert manager.ask("POST", f"{at}/{kind}s", json=said).status_code == 409
        assert manager.ask("DELETE", f"{BASE}/{kind}s/{made.json['id']}").status_code == 204
        assert manager.get(f"{at}/{kind}s").json["items"] == []


def test_the_four_questions_are_answered(manager, world):
    about = MONTH | {"organisation": show(world.east.region.id)}
    efficiency = manager.get(f"{BASE}/efficiency", **about).json
    assert efficiency["plants"] == []
    assert {"area", "heads"} <= set(efficiency["lacking"])
    intensity = manager.get(f"{BASE}/intensity", **about, carrier="electricity").json
    assert intensity["baseline"] is None
    assert "too few" in intensity["reason"]
    benefit = manager.get(f"{BASE}/benefit", **about).json
    assert (benefit["money"], benefit["counted"]) == ([], [])
    assert manager.get(f"{BASE}/benchmark", **about).json == {"items": [], "left": 0}
    assert manager.ask("POST", f"{BASE}/organisations/{about['organisation']}/fits").json == {"fits": 0}


def test_use_of_now_is_counted_with_its_factor(manager, world):
    today = (clock.now() + timedelta(hours=8)).date()
    about = {"organisation": show(world.east.region.id), "first": (today - timedelta(days=1)).isoformat(),
             "until": (today + timedelta(days=1)).isoformat()}  # fmt: skip
    counted = manager.get(f"{BASE}/benefit", **about).json["counted"]
    co2 = next(one for one in counted if one["kind"] == "co2")
    assert co2["value"] == pytest.approx(co2["amount"] * co2["factor"])
    assert co2["is_older"]


def test_who_may_not_look_is_told_so(phone, world, at):
    customer, technician = phone(world.east, "customer"), phone(world.east, "technician")
    about = MONTH | {"organisation": show(world.east.customer.id)}
    assert customer.get(f"{BASE}/benefit", **about).status_code == 403
    assert customer.get(f"{BASE}/organisations/{about['organisation']}/places").json == {"items": []}
    assert (
        technician.ask(
            "POST", f"{at}/drivers", json={"kind": "area", "value": 9, "starts_on": "2026-01-01"}
        ).status_code
        == 403
    )


def test_another_region_is_not_there(phone, world, at):
    stranger = phone(world.west, "manager")
    assert stranger.get(f"{at}/drivers").status_code == 404
    about = MONTH | {"organisation": show(world.east.region.id)}
    assert stranger.get(f"{BASE}/efficiency", **about).status_code in (403, 404)


def test_days_that_cannot_be_are_refused(manager, world):
    about = {"organisation": show(world.east.region.id), "first": "2026-02-01", "until": "2026-01-01"}
    refused = manager.get(f"{BASE}/efficiency", **about)
    assert (refused.status_code, refused.json["field"]) == (422, "until")


def test_a_bill_is_income_above_and_cost_below_by_its_days(manager, world):
    charge(world, world.east)
    east, ten_days = world.east, {"first": "2026-09-11", "until": "2026-09-21"}
    said = {}
    for node in (east.region, east.enterprise, east.customer):
        answer = manager.get(f"{BASE}/benefit", organisation=show(node.id), **ten_days).json
        said[node.id] = [(one["income"], one["cost"]) for one in answer["money"]]
    assert said[east.region.id] == said[east.enterprise.id] == [("33.33", "0")]
    assert said[east.customer.id] == [("0", "33.33")]
    (bill,) = manager.get(f"{BASE}/benefit", organisation=show(east.customer.id), **ten_days).json["billed"]
    assert (bill["bill_id"], bill["counted"]) == (show(east.ids["bill"]), "33.33")
