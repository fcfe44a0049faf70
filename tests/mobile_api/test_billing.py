"""Billing through the API, as a partner's program would use it."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest

from backend.kernel import ids
from tests.apps import Phone
from tests.billing import FLAT, charge, finish


@pytest.fixture(scope="module")
def billed(app, world):
    """The east has a bill, a draft, payments and a book."""
    charge(world, world.east)
    return world.east


@pytest.fixture(scope="module")
def ask(app, billed):
    """Ask as somebody of the east: `ask("manager", "GET", "/bills")`."""
    phones = {}

    def one(role, method, path, **given):
        phone = phones.setdefault(role, Phone(app, billed.email(role)))
        return phone.ask(method, "/billing" + path, **given)

    return one


def test_a_customer_sees_their_bill_line_by_line_and_no_draft(ask, billed):
    (bill,) = ask("customer", "GET", "/bills").json["items"]
    assert bill["id"] == ids.show(billed.ids["bill"])
    assert (bill["number"], bill["total"], bill["due_on"]) == ("2026-000001", "100.0000", "2026-10-15")
    shown = ask("customer", "GET", f"/bills/{bill['id']}").json
    assert [line["component"] for line in shown["lines"]] == ["standing"]
    assert shown["open"] == "90.0000"
    draft = ids.show(billed.ids["draft"])
    assert ask("customer", "GET", f"/bills/{draft}").status_code == 404
    assert ask("manager", "GET", f"/bills/{draft}").json["status"] == "draft"


def test_a_customer_neither_runs_bills_nor_sees_the_books(ask, billed):
    where, run = ids.show(billed.enterprise.id), ids.show(billed.ids["run"])
    assert ask(
        "customer", "POST", "/runs", json={"organisation_id": where, "day": "2026-09-01"}
    ).status_code in {403, 404}
    assert ask("customer", "POST", f"/runs/{run}/issue", json={"issue_on": "2026-11-01"}).status_code == 404
    assert ask("customer", "GET", "/books").json["items"] == []
    assert ask("customer", "GET", f"/books/{ids.show(billed.ids['book'])}/trial-balance").status_code == 404


def test_a_run_waits_for_the_draft_before_it_and_is_thrown_away(ask, billed, world):
    where = ids.show(billed.enterprise.id)
    made = ask("manager", "POST", "/runs", json={"organisation_id": where, "day": "2026-11-15"})
    assert (made.status_code, made.json["status"]) == (202, "previewing")
    finish(world, billed, ids.parse(made.json["id"]))
    shown = ask("manager", "GET", f"/runs/{made.json['id']}").json
    assert shown["status"] == "previewed"
    assert shown["summary"] == []
    (left_out,) = ask("manager", "GET", f"/runs/{made.json['id']}/exceptions").json["items"]
    assert left_out["contract_id"] == ids.show(billed.ids["contract"])
    assert ids.show(billed.ids["run"]) in left_out["reason"]
    assert ask("manager", "POST", f"/runs/{made.json['id']}/abandonment").json["status"] == "abandoned"


def test_a_trial_balance_agrees_and_the_chain_holds(ask, billed):
    book = ids.show(billed.ids["book"])
    accounts = ask("manager", "GET", f"/books/{book}/trial-balance").json["accounts"]
    assert (
        sum(Decimal(one["debit"]) for one in accounts) == sum(Decimal(one["credit"]) for one in accounts) > 0
    )
    sound = ask("manager", "GET", f"/books/{book}/verification").json
    assert sound == {"is_sound": True, "sequence": None, "reason": None}


def test_a_bank_file_is_sent_and_what_nobody_is_found_for_is_assigned(ask, billed):
    row = b"date,amount,payer,reference\n2026-10-07,3.00,Nobody,for the API\n"
    said = {
        "organisation_id": ids.show(billed.enterprise.id),
        "currency": "CNY",
        "file": (io.BytesIO(row), "a.csv"),
    }
    taken = ask("manager", "POST", "/bank-files", data=said)
    assert (taken.status_code, taken.json["unassigned"]) == (201, 1), taken.text
    waiting = ask("manager", "GET", "/payments?unassigned=true").json["items"]
    payment = next(one for one in waiting if one["reference"] == "for the API")
    body = {"customer_id": ids.show(billed.customer.id)}
    assigned = ask("manager", "POST", f"/payments/{payment['id']}/assignment", json=body)
    assert assigned.json["matched_by"] == "person"
    broken = said | {"file": (io.BytesIO(b"date,amount\n2026-10-07,x\n"), "b.csv")}
    refused = ask("manager", "POST", "/bank-files", data=broken)
    assert (refused.status_code, refused.json["title"]) == (422, "line 2: 'x' is no amount")


def test_a_tariff_and_a_contract_are_written_down(ask, billed):
    where = ids.show(billed.enterprise.id)
    kept = ask(
        "manager", "POST", "/tariffs", json={"organisation_id": where, "document": FLAT | {"code": "api"}}
    )
    assert (kept.status_code, kept.json["revision"]) == (201, 1), kept.text
    wrong = ask("manager", "POST", "/tariffs", json={"organisation_id": where, "document": {"code": "x"}})
    assert wrong.status_code == 422
    new = {"organisation_id": where, "customer_id": ids.show(billed.customer.id), "number": "API-1",
           "tariff_id": kept.json["id"], "starts_on": "2027-01-01",
           "points": [{"point_id": ids.show(billed.ids["supply_energy"])}]}  # fmt: skip
    made = ask("manager", "POST", "/contracts", json=new)
    assert (made.status_code, made.json["zone"]) == (201, "Asia/Shanghai"), made.text
    ended = ask("manager", "POST", f"/contracts/{made.json['id']}/end", json={"ends_on": "2027-02-01"})
    assert ended.json["ends_on"] == "2027-02-01"


def test_without_a_provider_a_customer_is_told_other_ways(ask, billed):
    contract = ids.show(billed.ids["contract"])
    asked = ask("customer", "POST", "/intents", json={"contract_id": contract, "amount": "7.00"})
    assert (asked.status_code, asked.json["remedy"]) == (422, "pay by bank or in cash")
