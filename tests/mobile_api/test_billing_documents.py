"""Documents of billing through the API, as the phone and a partner's program fetch them."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from backend.kernel import ids
from tests.apps import Phone
from tests.billing import charge
from tests.reports.printed import codes_of, pages_of

BILLING = "/billing"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OCTOBER = {"first": "2026-10-01", "until": "2026-11-01"}


@pytest.fixture(scope="module")
def charged(world):
    """East has billed its customer a month and taken ten yuan."""
    charge(world, world.east)
    return world.east


@pytest.fixture(scope="module")
def manager(app, charged):
    return Phone(app, charged.email("manager"))


@pytest.fixture(scope="module")
def customer(app, charged):
    return Phone(app, charged.email("customer"))


def test_a_customer_has_their_bill_with_a_code_that_leads_to_its_page(app, charged, customer):
    answer = customer.get(f"{BILLING}/bills/{ids.show(charged.ids['bill'])}/pdf", locale="en")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert "bill-2026-000001.pdf" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert codes_of(answer.data) == [f"{app.settings.base_url}/bills/{charged.ids['bill']}/pay"]
    shown = pages_of(answer.data)[0]
    for words in ("Electricity bill", "2026-000001", "Standing", "¥100.00", "15 Oct 2026"):
        assert words in shown


def test_a_draft_is_for_who_wrote_it(charged, manager, customer):
    path = f"{BILLING}/bills/{ids.show(charged.ids['draft'])}/pdf"
    assert customer.get(path).status_code == 404
    assert "Draft, not issued" in pages_of(manager.get(path, locale="en").data)[0]


def test_a_statement_is_the_customers_and_who_keeps_the_accounts(app, charged, manager, customer, world):
    path = f"{BILLING}/customers/{ids.show(charged.customer.id)}/statement"
    rows = []
    for phone in (manager, customer):
        answer = phone.get(path, format="xlsx", locale="en", **OCTOBER)
        assert (answer.status_code, answer.mimetype) == (200, XLSX), answer.text
        page = load_workbook(io.BytesIO(answer.data)).worksheets[1]
        rows.append(list(page.iter_rows(values_only=True)))
    assert rows[0] == rows[1]
    assert rows[0][-1][-1] == 90, "100 billed, 10 paid"
    other = Phone(app, world.west.email("manager"))
    assert other.get(path, **OCTOBER).status_code == 404


@pytest.mark.parametrize("form", ["pdf", "xlsx", "csv"])
def test_ageing_and_runs_come_as_what_was_asked_for(charged, manager, form):
    where = ids.show(charged.enterprise.id)
    for path, more in (
        (f"{BILLING}/ageing", {"organisation": where, "as_of": "2026-10-31"}),
        (f"{BILLING}/runs/{ids.show(charged.ids['run'])}/summary", {}),
    ):
        answer = manager.get(path, format=form, locale="zh", **more)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Disposition"].endswith(f".{form}")
        if form == "csv":
            assert answer.data.startswith("\ufeff".encode()) and answer.data.count(b"\r\n") >= 2


def test_taxes_are_no_pdf(charged, manager):
    said = {"organisation": ids.show(charged.enterprise.id), **OCTOBER}
    assert manager.get(f"{BILLING}/taxes", **said).mimetype == XLSX
    assert manager.get(f"{BILLING}/taxes", format="pdf", **said).status_code == 422


def test_only_who_keeps_the_accounts_has_the_operators_documents(charged, customer):
    where = ids.show(charged.enterprise.id)
    assert customer.get(f"{BILLING}/ageing", organisation=where, as_of="2026-10-31").status_code == 403
    assert customer.get(f"{BILLING}/taxes", organisation=where, **OCTOBER).status_code == 403
    assert customer.get(f"{BILLING}/runs/{ids.show(charged.ids['run'])}/summary").status_code == 404
    assert customer.get(f"{BILLING}/document-schedules").json["items"] == []


def test_a_schedule_is_agreed_listed_and_ended(charged, manager):
    new = {
        "organisation_id": ids.show(charged.enterprise.id), "paper": "tax", "every": "month", "starts_on": "2026-10-01",
        "forms": ["csv"], "road": "mail", "recipients": ["books@east.example"],
    }  # fmt: skip
    made = manager.ask("POST", f"{BILLING}/document-schedules", json=new)
    assert made.status_code == 201, made.text
    listed = manager.get(f"{BILLING}/document-schedules").json["items"][0]
    assert listed == made.json and listed["forms"] == ["csv"]
    path = f"{BILLING}/document-schedules/{made.json['id']}"
    ended = manager.ask("POST", f"{path}/end", json={"ends_on": "2026-12-01"})
    assert ended.json["ends_on"] == "2026-12-01"
    assert manager.get(f"{path}/deliveries").json["items"] == []
    wrong = manager.ask("POST", f"{BILLING}/document-schedules", json=new | {"forms": ["pdf"]})
    assert wrong.status_code == 422


def test_what_waits_is_tried_again_at_a_word(charged, manager):
    path = f"{BILLING}/document-deliveries/{ids.show(charged.ids['delivery'])}/retry"
    answer = manager.ask("POST", path, json={})
    assert (answer.status_code, answer.json["status"]) == (202, "waiting")
