"""The office's desk: runs, contracts, tariffs, money and books; and complaints, which both sides see."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest

from backend.billing.service import bills, payments
from backend.kernel import clock, ids
from backend.kernel.periods import local_date
from portal.billing import words
from tests.backend.billing import scene
from tests.billing import FLAT
from tests.portal.test_pages import text_of


@pytest.fixture
def office(browser, world):
    return browser(world.east, "manager")


@pytest.fixture
def customer(browser, world):
    return browser(world.east, "customer")


def test_a_run_is_begun_looked_through_and_thrown_away(office, billed):
    begun = office.post("/bill-runs", data={"day": billed.months[2].isoformat()})
    run = begun.headers["Location"].rsplit("/", 1)[1]
    assert "drafts so far" in text_of(office.get(f"/bill-runs/{run}"))
    billed.finish(run)
    said = text_of(office.get(f"/bill-runs/{run}"))
    assert "waits for approval" in said and "Left out" in said and "intervals are missing" in said
    done = office.post(f"/bill-runs/{run}/abandon", follow_redirects=True)
    assert "no number was used" in text_of(done)


def test_a_run_is_approved_and_its_bills_issued(office, billed, world):
    with world.database.transaction(world.east.scope) as session:
        tariff = scene.store(session, world.east.scope, world.east, FLAT)
        signed = scene.sign(
            session, world.east.scope, world.east, "E-2", tariff, [], starts_on=billed.months[1]
        )
    run = (
        office.post("/bill-runs", data={"day": billed.months[1].isoformat()})
        .headers["Location"]
        .rsplit("/", 1)[1]
    )
    billed.finish(run)
    page = text_of(office.get(f"/bill-runs/{run}"))
    assert "Approve and issue" in page and "1 bill" in page
    today = local_date(clock.now(), scene.ZONE)
    office.post(f"/bill-runs/{run}/issue", data={"issue_on": today.isoformat()})
    billed.finish(run)
    assert "issued" in text_of(office.get(f"/bill-runs/{run}"))
    assert signed.number in text_of(office.get(f"/supply-contracts/{signed.id}"))


def test_a_run_on_no_day_is_refused_in_words(office, billed):
    said = text_of(office.post("/bill-runs", data={"day": "soon"}, follow_redirects=True))
    assert "This is no day" in said


def test_a_contract_is_written_down_and_ended(office, billed, world):
    form = {
        "customer_id": ids.show(world.east.customer.id), "number": "E-9", "tariff_id": ids.show(billed.tariff),
        "starts_on": "2026-01-01", "months": "1", "day": "1", "due_days": "21", "facts": "people: 4",
    }  # fmt: skip
    made = office.post("/supply-contracts/new", data=form, follow_redirects=True)
    said = text_of(made)
    assert "E-9" in said and "Park, time of use" in said and "21" in said
    again = office.post("/supply-contracts/new", data=form)
    assert again.status_code == 422 and "number is taken" in text_of(again)
    ended = office.post(made.request.path + "/end", data={"ends_on": "2026-02-01"}, follow_redirects=True)
    assert "The contract ends." in text_of(ended)


def test_a_tariff_reads_as_prices_hours_and_sentences(office, billed):
    page = office.get(f"/tariffs/{billed.tariff}")
    said = text_of(page)
    assert "Peak 0.9 CNY / kWh" in said and "Valley: 00:00–08:00, 22:00–24:00" in said
    assert "all year · working days, weekends" in said and "13 % of energy, standing." in said
    assert page.text.count('class="p0"') >= 2


def test_a_tariffs_text_is_checked_with_all_findings_and_kept_only_when_right(office, billed):
    text = office.get("/tariffs/new?like=park-tou").text
    yaml = (
        re.search(r"<textarea[^>]*>(.*?)</textarea>", text, re.S)[1]
        .replace("&#34;", '"')
        .replace("&#39;", "'")
    )
    wrong = yaml.replace("kind: energy", "kind: moon").replace("kind: share", "kind: shore")
    refused = office.post("/tariffs/new", data={"text": wrong, "deed": "keep"})
    assert refused.status_code == 422
    assert "shore" in text_of(refused) and "moon" in text_of(refused)
    assert "It reads well." in text_of(office.post("/tariffs/new", data={"text": yaml, "deed": "check"}))
    dearer = yaml.replace("peak: 0.9", "peak: 0.95")
    kept = office.post("/tariffs/new", data={"text": dearer, "deed": "keep"}, follow_redirects=True)
    assert "Kept as revision 2." in text_of(kept) and "0.95 CNY / kWh" in text_of(kept)


def test_the_simulator_names_the_cheapest_tariff(office, billed, world):
    flat = {
        "code": "one-price", "name": {"en": "One price"}, "carrier": "electricity", "currency": "CNY",
        "zone": scene.ZONE,
        "versions": [{"from": "2020-01-01", "components": [
            {"kind": "energy", "code": "energy", "name": {"en": "Energy"}, "unit": "kWh", "price": 2}]}],
    }  # fmt: skip
    with world.database.transaction(world.east.scope) as session:
        other = scene.store(session, world.east.scope, world.east, flat)
    query = f"contract={ids.show(billed.contract)}&tariff={ids.show(billed.tariff)}&tariff={ids.show(other)}"
    said = text_of(office.get(f"/tariffs/simulator?{query}&start={billed.months[0]}&periods=1"))
    days = (billed.months[1] - billed.months[0]).days
    assert words.amount(Decimal(days * 96 * 2), "CNY") in said
    assert said.index("cheapest") < said.index("Period by period")


def test_a_bank_file_is_looked_at_before_it_is_taken_once(office, billed):
    number = re.search(r"\d{4}-\d{6}", office.get(f"/bills/{billed.bills[1]}").text)[0]
    statement = (
        f"date,amount,payer,reference\n2026-01-05,10.00,Mill,{number}\n2026-01-06,7.00,Nobody,thanks\n"
    )

    def send(deed, content=statement):
        file = (io.BytesIO(content.encode()), "bank.csv")
        return office.post("/payments/bank-file", data={"file": file, "deed": deed, "currency": "CNY"},
                           content_type="multipart/form-data", follow_redirects=True)  # fmt: skip

    before = len(billed.acting(payments.payments).items)
    looked = text_of(send("look"))
    assert "2 would be taken, 1 of them have an owner" in looked and "by the bill" in looked
    assert len(billed.acting(payments.payments).items) == before
    taken = send("take")
    assert "1 payment assigned, 1 without owner, 0 left out." in text_of(taken)
    assert "taken already" in text_of(send("take"))
    wrong = text_of(send("look", statement.replace("10.00", "ten")))
    assert "ten" in wrong
    payment = re.search(r"/payments/([0-9a-f-]{36})/assign", office.get("/payments?show=unassigned").text)[1]
    done = office.post(f"/payments/{payment}/assign", data={"customer_id": ids.show(billed.world.east.customer.id)},
                       follow_redirects=True)  # fmt: skip
    assert "Every payment has its owner" in text_of(done)


def test_cash_is_taken_and_receivables_fall(office, billed):
    before = text_of(office.get("/receivables"))
    form = {"customer_id": ids.show(billed.world.east.customer.id), "amount": "25.50", "currency": "CNY",
            "received_on": local_date(clock.now(), scene.ZONE).isoformat(), "receipt": "R-77"}  # fmt: skip
    assert "Taken." in text_of(office.post("/payments/cash", data=form, follow_redirects=True))
    after = text_of(office.get("/receivables"))
    assert before != after and "East mill" in after
    assert office.post("/payments/cash", data=form | {"amount": "-3", "receipt": "R-78"}).status_code == 422


def test_the_ledger_balances_its_chain_holds_and_a_month_is_closed(office, billed):
    said = text_of(office.get("/ledger"))
    sums = re.findall(r"Sum \[CNY\] ([\d,.]+) ([\d,.]+)", said)
    assert len(sums) == 1 and sums[0][0] == sums[0][1]
    assert "Bill 2" in text_of(office.get("/ledger/entries"))
    assert "The chain holds" in text_of(office.post("/ledger/check", follow_redirects=True))
    future = local_date(clock.now(), scene.ZONE) + timedelta(days=40)
    refused = office.post("/ledger/closings", data={"until": future.isoformat()}, follow_redirects=True)
    assert "nothing is booked before that day" not in text_of(refused)
    done = office.post(
        "/ledger/closings", data={"until": billed.months[0].isoformat()}, follow_redirects=True
    )
    assert "closed until" in text_of(done)


def test_a_bill_is_corrected_by_a_note_that_both_see(office, customer, billed):
    today = local_date(clock.now(), scene.ZONE).isoformat()
    path = f"/bills/{billed.bills[0]}"
    assert "nothing differs" in text_of(
        office.post(path + "/rerate", data={"on": today, "reason": "a check"}, follow_redirects=True)
    )
    office.post(path + "/adjust", data={"on": today, "reason": "goodwill", "amount": "-5"})
    said = text_of(customer.get(path))
    assert "Corrections" in said and "goodwill" in said and "−5.00 CNY" in said
    note = next(one for one in billed.acting(bills.family, bill_id=billed.bills[0]) if one.corrects_id)
    assert "The bill it corrects" in text_of(customer.get(f"/bills/{note.id}"))


def test_a_complaint_about_a_line_is_answered_asked_again_and_settled(office, customer, billed):
    asked = customer.post(
        f"/bills/{billed.bills[1]}/complaints", data={"place": "0", "text": "We were closed at night."}
    )
    path = asked.headers["Location"]
    assert "We were closed at night." in text_of(office.get("/complaints"))
    assert (
        "the customer has no answer yet"
        in text_of(office.post(path + "/settle", follow_redirects=True)).lower()
    )
    office.post(path + "/words", data={"text": "The freezer ran."})
    seen = text_of(customer.get(path))
    assert "The freezer ran." in seen and "answered" in seen and "Energy, Peak" in seen
    assert "the freezer ran." not in text_of(office.get("/complaints?show=settled")).lower()
    customer.post(path + "/words", data={"text": "It was off."})
    assert "waits for an answer" in text_of(office.get(path))
    assert "settled" in text_of(customer.post(path + "/settle", follow_redirects=True))
    assert customer.post(f"/bills/{billed.bills[1]}/complaints", data={"text": " "}).status_code == 303


@pytest.mark.parametrize(
    "path", ["/bill-runs", "/tariffs", "/payments", "/receivables", "/ledger", "/supply-contracts"]
)
@pytest.mark.parametrize("role", ["customer", "technician", "dispatcher", "operator"])
def test_the_office_is_for_those_who_keep_accounts(browser, world, billed, role, path):
    assert browser(world.east, role).get(path).status_code == 403


def test_another_regions_office_sees_none_of_it(browser, world, billed):
    other = browser(world.west, "administrator")
    for path in (
        f"/tariffs/{billed.tariff}",
        f"/supply-contracts/{billed.contract}",
        f"/bills/{billed.bills[0]}",
    ):
        assert other.get(path).status_code == 404
    assert "E-1" not in text_of(other.get("/supply-contracts"))
