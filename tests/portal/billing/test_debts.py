"""What is owed: reminders, instalments, disconnections, refunds, requests, balances; the office's side and theirs."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from decimal import Decimal

import pytest

from backend import wiring
from backend.billing.models import RequestKind
from backend.billing.service import archives, bills, contracts, payments, prepaid, requests
from backend.billing.service.contracts import NewSupplyContract
from backend.infra import outbox
from backend.kernel import clock, ids
from backend.kernel.periods import local_date
from reports import migration as workbook
from tests.backend.billing.scene import ZONE
from tests.billing import charge
from tests.portal.test_pages import text_of

TODAY = local_date(clock.now(), ZONE)


@pytest.fixture(scope="module")
def charged(world):
    """East's customer owes a bill that is long overdue, pays it by a plan, may be cut off, and asked for parts."""
    charge(world, world.east)
    return world.east


@pytest.fixture
def office(browser, charged):
    return browser(charged, "manager")


@pytest.fixture
def customer(browser, charged):
    return browser(charged, "customer")


@pytest.fixture
def acting(world, charged):
    """Do something as the region's system."""

    def one(deed, **given):
        with world.database.transaction(charged.scope) as session:
            return deed(session, charged.scope, **given)

    return one


BOTH = ["/instalments", "/prepaid", "/statutory-invoices"]
OFFICE = [
    "/overdue", "/instalments", "/disconnections", "/account-requests", "/prepaid", "/refunds", "/receivables",
    "/statutory-invoices", "/reminder-steps", "/refunds/new", "/instalments/new", "/billing/from-before",
]  # fmt: skip


@pytest.mark.parametrize("page", OFFICE)
def test_the_office_has_a_page_for_each(office, page):
    answer = office.get(page)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("page", [one for one in OFFICE if one not in BOTH])
def test_those_pages_are_not_for_customers(customer, page):
    assert customer.get(page).status_code == 403


def test_an_overdue_bill_says_what_comes_next_and_is_held_and_released(office, charged):
    assert "reminders on hold" in text_of(office.get("/overdue"))
    bill = f"/bills/{charged.ids['bill']}"
    released = office.post(f"/holds/{charged.ids['hold']}/release", follow_redirects=True)
    assert "Reminders go on." in text_of(released)
    held = office.post(
        f"{bill}/hold", data={"reason": "hardship", "note": "asked for time"}, follow_redirects=True
    )
    assert "asked for time" in text_of(held)
    nothing = office.post(f"{bill}/hold", data={"reason": "enquiry", "note": ""}, follow_redirects=True)
    assert "says why" in text_of(nothing)


def test_the_steps_of_reminding_are_said(office):
    kept = office.post(
        "/reminder-steps", data={"steps": "10: 0\n30: 5.00", "least": "2"}, follow_redirects=True
    )
    assert "holds for reminders to come" in text_of(kept)
    assert "30: 5.00" in office.get("/reminder-steps").text
    wrong = office.post("/reminder-steps", data={"steps": "soon", "least": "2"})
    assert wrong.status_code == 422 and "21: 5.00" in text_of(wrong)
    twice = office.post("/reminder-steps", data={"steps": "10: 0\n10: 0", "least": "2"})
    assert twice.status_code == 422


def test_a_plan_shows_its_parts_to_both_sides_and_only_the_office_ends_it(office, customer, charged):
    plan = f"/instalments/{charged.ids['instalment_plan']}"
    theirs = text_of(customer.get(plan))
    assert "90.00 CNY in 3 parts" in theirs and "30.00 CNY" in theirs and "Cancel the plan" not in theirs
    assert "Instalments" in text_of(customer.get("/bills"))
    assert customer.post(f"{plan}/cancel").status_code == 403
    ended = office.post(f"{plan}/cancel", follow_redirects=True)
    assert "due as it was" in text_of(ended)


def test_a_customer_asks_for_instalments_and_the_office_grants_them(office, customer, charged, acting):
    bill = charged.ids["bill"]
    asked = customer.post(f"/bills/{bill}/instalments", data={"parts": "4", "text": "after the harvest"})
    assert asked.status_code == 422 and "asked already" in text_of(asked)
    page = text_of(office.get("/account-requests"))
    assert "3 parts" in page and "Grant" in page
    no = office.post(f"/account-requests/{charged.ids['request']}/decline", data={"answer": "call us"},
                     follow_redirects=True)  # fmt: skip
    assert "Declined" in text_of(no)
    assert "call us" in text_of(customer.get("/bills"))
    asked = customer.post(f"/bills/{bill}/instalments", data={"parts": "4", "text": "after the harvest"})
    assert asked.status_code == 303, asked.text
    (one,) = acting(requests.requests, is_open=True).items
    yes = office.post(f"/account-requests/{one.id}/grant", data={"first_on": TODAY.isoformat(), "parts": "4"},
                      follow_redirects=True)  # fmt: skip
    assert "Granted and done" in text_of(yes)
    assert "in 4 parts" in text_of(customer.get("/bills"))


def test_what_speaks_against_a_disconnection_is_said_and_it_is_withdrawn(office, customer, charged):
    cut = f"/disconnections/{charged.ids['cut']}"
    said = text_of(office.get(cut))
    assert "The notice is less than seven days old" in said and "No thermometer stands at the site" in said
    refused = office.post(f"{cut}/request", data={"low_c": "12", "high_c": "20"}, follow_redirects=True)
    assert "may not be cut now" in text_of(refused)
    assert customer.post(f"{cut}/withdraw").status_code == 403
    assert "Supply stays as it is." in text_of(office.post(f"{cut}/withdraw", follow_redirects=True))


def test_a_disconnection_is_announced_only_after_the_reminders(office, charged):
    said = office.post(f"/supply-contracts/{charged.ids['contract']}/disconnection", follow_redirects=True)
    assert "Announce it" in text_of(said) and "The customer is told" not in text_of(said)


def test_credit_is_asked_back_and_given_back(office, customer, charged, acting):
    east = charged
    acting(payments.take_cash, organisation_id=east.enterprise.id, customer_id=east.customer.id, amount=Decimal(200),
           currency="CNY", received_on=TODAY, receipt="R-9")  # fmt: skip
    assert "Ask for a refund" in text_of(customer.get("/bills"))
    too_much = customer.post("/refunds/ask", data={"amount": "1000", "text": "my bank"})
    assert too_much.status_code == 422 and "the credit is" in text_of(too_much)
    assert customer.post("/refunds/ask", data={"amount": "20", "text": "ICBC 6222"}).status_code == 303
    (one,) = [row for row in acting(requests.requests, is_open=True).items if row.kind is RequestKind.REFUND]
    granted = office.post(f"/account-requests/{one.id}/grant", data={"paid_on": TODAY.isoformat(), "way": "bank"},
                          follow_redirects=True)  # fmt: skip
    assert "Granted and done" in text_of(granted)
    assert "ICBC 6222" in text_of(office.get("/refunds"))
    form = {"customer_id": ids.show(east.customer.id), "amount": "10", "currency": "CNY", "way": "cash",
            "paid_on": TODAY.isoformat(), "reason": "moved out"}  # fmt: skip
    assert "Given back and booked." in text_of(office.post("/refunds/new", data=form, follow_redirects=True))
    assert office.post("/refunds/new", data=form | {"amount": "9999"}).status_code == 422


def test_a_prepaid_balance_says_how_long_it_lasts(office, customer, charged, acting, world):
    with world.database.transaction(charged.scope) as session:
        new = NewSupplyContract(
            charged.customer.id, "PRE-7", charged.ids["tariff"], TODAY - timedelta(days=10), [], is_prepaid=True,
            low_balance=Decimal(50), emergency_credit=Decimal(20),
        )  # fmt: skip
        made = contracts.create_contract(
            session, charged.scope, organisation_id=charged.enterprise.id, new=new
        )
        prepaid.refresh(session, charged.scope, contract_id=made.id)
    theirs = text_of(customer.get("/prepaid"))
    assert (
        "about 3." in theirs
        and "lasts about" in theirs
        and "Emergency credit: 0.00 CNY of 20.00 CNY used" in theirs
    )
    assert "Balance" in text_of(customer.get("/home"))
    assert "PRE-7" in text_of(office.get("/prepaid"))
    assert "emergency credit 20.00 CNY" in text_of(office.get(f"/supply-contracts/{made.id}"))
    asked = customer.post(f"/supply-contracts/{made.id}/pay-in", data={"amount": "50"})
    assert asked.status_code == 422 and "No payment provider is set up here".lower() in text_of(asked).lower()


def test_a_workbook_from_before_is_looked_through_then_written(office, charged):
    template = office.get("/billing/from-before/template")
    assert workbook.read(template.data).contracts == []
    cells = {"number": "OLD-7", "customer": "East mill", "tariff": "flat", "starts_on": "2028-01-01"}
    good = workbook.write(workbook.Given(contracts=[workbook.rules.Row(2, cells)]))
    bad = workbook.write(workbook.Given(contracts=[workbook.rules.Row(2, cells | {"tariff": "none"})]))

    def send(data, deed):
        return office.post("/billing/from-before", data={"file": (io.BytesIO(data), "a.xlsx"), "deed": deed},
                           follow_redirects=True)  # fmt: skip

    fault = send(bad, "look")
    assert "1 fault; nothing was written." in text_of(fault) and "row 2" in text_of(fault)
    assert send(bad, "write").status_code == 422
    assert "1 new, 0 here already" in text_of(send(good, "look"))
    assert "Written" in text_of(send(good, "write"))
    assert send(b"no workbook", "look").status_code == 422


def test_all_bills_of_a_run_come_in_one_file(office, customer, charged, acting, world):
    run = acting(bills.bill, bill_id=charged.ids["bill"]).run_id
    page = f"/bill-runs/{run}"
    assert "0 of 1 bills are packed" in text_of(office.get(page))
    assert office.get(f"{page}/archive?locale=en").status_code == 409
    assert "Pack them: 中文" in text_of(office.get(page))
    office.post(f"{page}/archive", data={"locale": "zh"})
    wiring.connect()
    while due := outbox.claim_due(world.database):
        for entry in due:
            outbox.deliver(world.database, entry)
    assert [one.done for one in acting(archives.archives, run_id=run)] == [1, 1]
    file = zipfile.ZipFile(io.BytesIO(office.get(f"{page}/archive?locale=zh").data))
    assert file.testzip() is None and file.namelist() == ["bill-2026-000001.pdf"]
    assert customer.get(f"{page}/archive?locale=zh").status_code == 403
    draft = office.post(
        f"/bill-runs/{charged.ids['run']}/archive", data={"locale": "zh"}, follow_redirects=True
    )
    assert "another state" in text_of(draft) or "previewed" in text_of(draft)


def test_a_point_is_said_to_be_shut(office, customer, charged):
    page = f"/points/{charged.ids['supply_energy']}/shut"
    assert "It was never said to be shut" in text_of(office.get(page))
    form = {"starts_at": "2026-10-01T08:00", "ends_at": "", "reason": "valve closed"}
    assert "valve closed" in text_of(office.post(page, data=form, follow_redirects=True))
    assert office.post(page, data=form | {"reason": ""}).status_code == 422
    assert customer.post(page, data=form).status_code in (403, 404)
