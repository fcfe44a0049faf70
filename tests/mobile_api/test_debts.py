"""Debts, supply and what is brought from before, as a partner's program would use them."""

from __future__ import annotations

import io

import pytest

from backend.kernel import clock, ids
from reports import migration as workbook
from tests.apps import Phone
from tests.billing import charge


@pytest.fixture(scope="module")
def billed(app, world):
    """The east has an overdue bill that is held and paid by a plan, and a customer who may be cut."""
    charge(world, world.east)
    return world.east


@pytest.fixture(scope="module")
def ask(app, billed):
    """Ask as somebody of the east: `ask("manager", "GET", "/plans")`."""
    phones = {}

    def one(role, method, path, **given):
        phone = phones.setdefault(role, Phone(app, billed.email(role)))
        return phone.ask(method, "/billing" + path, **given)

    return one


def test_an_operator_says_by_which_steps_it_reminds(ask, billed):
    path = f"/organisations/{ids.show(billed.enterprise.id)}/dunning"
    assert [one["after_days"] for one in ask("manager", "GET", path).json["steps"]] == [7, 21, 35]
    said = {"steps": [{"after_days": 10, "fee": "3.00"}], "least": "5.00"}
    kept = ask("manager", "PUT", path, json=said)
    assert (kept.status_code, kept.json) == (
        200,
        {"steps": [{"after_days": 10, "fee": "3.00"}], "least": "5.00"},
    )
    twice = {"steps": [{"after_days": 10, "fee": "3.00"}] * 2, "least": "5.00"}
    assert ask("manager", "PUT", path, json=twice).status_code == 422
    assert ask("customer", "GET", path).status_code == 403


def test_what_is_overdue_is_listed_with_what_holds_it_up_and_is_released(ask, billed):
    bill = ids.show(billed.ids["bill"])
    (shown,) = ask("manager", "GET", "/overdue").json["items"]
    assert (shown["bill_id"], shown["open"], shown["is_held"], shown["next_on"]) == (
        bill,
        "90.0000",
        True,
        None,
    )
    held = ask(
        "manager", "POST", f"/bills/{bill}/holds", json={"reason": "hardship", "note": "asked for time"}
    )
    assert (held.status_code, held.json["reason"]) == (201, "hardship")
    assert len(ask("manager", "GET", f"/holds?bill={bill}").json["items"]) == 2
    released = ask("manager", "POST", f"/holds/{held.json['id']}/release")
    assert released.json["released_at"] is not None
    assert len(ask("manager", "GET", f"/holds?bill={bill}").json["items"]) == 1
    assert ask("customer", "POST", f"/holds/{held.json['id']}/release").status_code == 404


def test_a_plan_is_shown_with_its_parts_and_cancelled(ask, billed):
    plan = ids.show(billed.ids["instalment_plan"])
    shown = ask("customer", "GET", f"/plans/{plan}").json
    assert (shown["status"], shown["total"], [one["amount"] for one in shown["parts"]]) == (
        "active", "90.0000", ["30.0000"] * 3
    )  # fmt: skip
    assert [one["id"] for one in ask("customer", "GET", "/plans").json["items"]] == [plan]
    assert ask("customer", "POST", f"/plans/{plan}/cancellation").status_code == 404
    assert ask("manager", "POST", f"/plans/{plan}/cancellation").json["status"] == "cancelled"
    new = {"organisation_id": ids.show(billed.enterprise.id), "customer_id": ids.show(billed.customer.id),
           "bill_ids": [ids.show(billed.ids["bill"])], "parts": 2,
           "first_on": clock.now().date().isoformat()}  # fmt: skip
    made = ask("manager", "POST", "/plans", json=new)
    assert (made.status_code, made.json["bill_ids"]) == (201, new["bill_ids"]), made.text


def test_a_disconnection_shows_what_speaks_against_it(ask, billed):
    cut = ids.show(billed.ids["cut"])
    shown = ask("manager", "GET", f"/cuts/{cut}").json
    assert shown["cut"]["status"] == "announced"
    assert {"no_notice", "cold", "hot"} <= set(shown["against"])
    refused = ask("manager", "POST", f"/cuts/{cut}/request", json={"low_c": None, "high_c": None})
    assert refused.status_code == 409
    assert {"no_notice", "cold", "hot"} <= set(refused.json["reasons"])
    assert [one["id"] for one in ask("customer", "GET", "/cuts").json["items"]] == [cut]
    assert ask("manager", "POST", f"/cuts/{cut}/withdrawal").json["status"] == "withdrawn"


def test_a_workbook_is_looked_through_then_written(ask, billed):
    path = f"/organisations/{ids.show(billed.enterprise.id)}/migration"
    template = ask("manager", "GET", path)
    assert template.status_code == 200
    assert workbook.read(template.data).contracts == []
    tariff = ask("manager", "GET", "/tariffs").json["items"][0]["code"]
    cells = {"number": "OLD-1", "customer": "East mill", "tariff": tariff, "starts_on": "2028-01-01"}
    row = workbook.rules.Row(2, cells)
    data = workbook.write(workbook.Given(contracts=[row]))
    dry = ask("manager", "POST", path, data={"file": (io.BytesIO(data), "a.xlsx")})
    assert (dry.json["is_written"], dry.json["created"], dry.json["problems"]) == (
        False,
        {"Contracts": 1},
        [],
    )
    written = ask("manager", "POST", path, data={"file": (io.BytesIO(data), "a.xlsx"), "write": "true"})
    assert written.json["is_written"], written.text
    wrong = workbook.write(workbook.Given(contracts=[workbook.rules.Row(2, cells | {"tariff": "none"})]))
    (fault,) = ask("manager", "POST", path, data={"file": (io.BytesIO(wrong), "a.xlsx")}).json["problems"]
    assert fault == {"sheet": "Contracts", "row": 2, "column": "tariff", "value": "none",
                     "message": "no tariff has this code", "remedy": "store the tariff first"}  # fmt: skip


def test_invoices_are_listed(ask):
    assert ask("manager", "GET", "/invoices").json["items"] == []
    assert ask("manager", "GET", "/reminders").json["items"] == []
