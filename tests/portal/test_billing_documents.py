"""Pages of documents of billing: who keeps the accounts makes and schedules them, customers have their own."""

from __future__ import annotations

import pytest

from backend.billing.service import schedules
from backend.kernel import ids
from tests.apps import Browser
from tests.billing import charge
from tests.reports.printed import pages_of

PAGE = "/billing/documents"


@pytest.fixture(scope="module")
def charged(world):
    """East has billed its customer a month and taken ten yuan."""
    charge(world, world.east)
    return world.east


@pytest.fixture(scope="module")
def manager(app, charged):
    return Browser(app, charged.people["manager"])


@pytest.fixture(scope="module")
def customer(app, charged):
    return Browser(app, charged.people["customer"])


def test_a_page_offers_what_can_be_made_and_tells_what_comes_by_itself(charged, manager):
    at = ids.show(charged.enterprise.id)
    page = manager.get(f"{PAGE}?at={at}")
    assert page.status_code == 200
    for words in ("Receivables by age", "Statement of account", "Output tax", "Summary of bill runs", "monthly",
                  "about to go out"):  # fmt: skip
        assert words in page.text


@pytest.mark.parametrize(
    ("address", "ending"),
    [
        ("/billing/documents/ageing?as_of=2026-10-31&kind=pdf", "pdf"),
        ("/billing/documents/taxes?first=2026-10-01&last=2026-10-31&kind=csv", "csv"),
        ("/billing/documents/taxes?first=2026-10-01&last=2026-10-31", "xlsx"),
        (
            "/billing/documents/statement?first=2026-10-01&last=2026-10-31&kind=xlsx&customer={customer}",
            "xlsx",
        ),
        ("/bill-runs/{run}/summary?kind=pdf", "pdf"),
        ("/bills/{bill}/pdf", "pdf"),
    ],
)
def test_each_is_handed_out(charged, manager, address, ending):
    filled = address.format(customer=charged.customer.id, run=charged.ids["run"], bill=charged.ids["bill"])
    more = "&" if "?" in filled else "?"
    answer = manager.get(f"{filled}{more}at={ids.show(charged.enterprise.id)}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].endswith(f".{ending}")


@pytest.mark.parametrize(
    "address",
    [
        "/billing/documents/ageing?as_of=yesterday", "/billing/documents/ageing?as_of=2026-10-31&kind=exe",
        "/billing/documents/taxes?first=2026-10-01&last=2026-10-31&kind=pdf",
        "/billing/documents/statement?first=2026-10-01&last=2026-09-01", "/billing/documents/ageing",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(charged, manager, address):
    more = "&" if "?" in address else "?"
    assert manager.get(f"{address}{more}at={ids.show(charged.enterprise.id)}").status_code in {404, 422}


def test_a_customer_has_their_bill_and_statement_and_not_the_page(charged, customer):
    assert customer.get(PAGE).status_code == 403
    bill = customer.get(f"/bills/{charged.ids['bill']}/pdf")
    assert "¥100.00" in pages_of(bill.data)[0]
    statement = customer.get("/billing/documents/statement?first=2026-10-01&last=2026-10-31&kind=pdf")
    assert "90.00" in pages_of(statement.data)[0]
    assert customer.get("/billing/documents/ageing?as_of=2026-10-31").status_code == 403


def test_a_schedule_is_made_and_ended(charged, manager, world):
    at = ids.show(charged.enterprise.id)
    said = {
        "paper": "ageing", "every": "week", "starts_on": "2026-11-02", "ends_on": "", "customer": "", "forms": ["csv"],
        "locale": "zh", "road": "mail", "recipients": "books@east.example\nboss@east.example",
    }  # fmt: skip
    made = manager.post(f"{PAGE}/schedules/new?at={at}", data=said)
    assert made.status_code == 303, made.text
    with world.database.transaction(charged.scope) as session:
        one = schedules.schedules(session, charged.scope).items[0]
    assert one.recipients == ["books@east.example", "boss@east.example"]
    ended = manager.post(f"{PAGE}/schedules/{one.id}/end?at={at}")
    assert ended.status_code == 303
    wrong = manager.post(f"{PAGE}/schedules/new?at={at}", data=said | {"recipients": "nobody"})
    assert wrong.status_code == 422 and "this is no address for mail" in wrong.text
