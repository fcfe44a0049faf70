"""What stands on a bill is what was rated, booked and corrected, and only who may see the bill may have it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from backend.billing.service import bills, corrections, documents, payments
from backend.kernel.errors import NotFound
from tests.backend.billing.scene import FIRST, NEXT, fill, meter, sign, store

URL = "https://energy.example"
NOVEMBER = date(2026, 11, 1)


@pytest.fixture(scope="module")
def story(acting, east, desk, owner_database):
    """Two months are billed; between them a payment comes in, and the first bill is corrected."""
    with acting() as (session, _):
        point_id, key = meter(session, east, "the meter")
    fill(owner_database, key, start=FIRST, end=NEXT)
    fill(owner_database, key, wh=1200, start=NEXT, end=NOVEMBER)
    with acting("manager") as (session, scope):
        contract = sign(session, scope, east, "EL-1", store(session, scope, east), [point_id])
    desk.bill()
    with acting("manager") as (session, scope):
        (first,) = bills.bills(session, scope, contract_id=contract.id).items
        payments.take_cash(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id, amount=Decimal(2000),
            currency="CNY", received_on=date(2026, 10, 9), receipt="R-1",
        )  # fmt: skip
        corrections.adjust(
            session,
            scope,
            bill_id=first.id,
            amount=Decimal("-26.66"),
            on=date(2026, 10, 12),
            reason="Goodwill",
        )
    run_id = desk.preview(NEXT)
    desk.issue(run_id, NOVEMBER)
    with acting("manager") as (session, scope):
        second, note, *_ = sorted(
            bills.bills(session, scope, contract_id=contract.id).items,
            key=lambda one: one.issued_at,
            reverse=True,
        )
    return {"first": first.id, "note": note.id, "second": second.id, "run": run_id}


def told(acting, bill_id, role="manager"):
    with acting(role) as (session, scope):
        return documents.bill_document(session, scope, bill_id=bill_id, base_url=URL)


def test_the_amount_due_follows_from_the_account(acting, story):
    second = told(acting, story["second"])
    account = second.account
    assert account.before == Decimal("2126.66")
    assert [(one.booked_on, one.amount) for one in account.payments] == [(date(2026, 10, 9), Decimal(-2000))]
    (correction,) = account.corrections
    assert (correction.kind, correction.corrects, correction.amount, correction.reason) == (
        "credit_note", told(acting, story["first"]).number, Decimal("-26.66"), "Goodwill",
    )  # fmt: skip
    assert second.due == second.total + 100
    assert told(acting, story["first"]).due == Decimal("2126.66"), "what came later does not change a bill"


def test_the_amount_due_is_what_the_ledger_says(acting, story, east, book):
    with acting("manager") as (session, scope):
        owed = payments.owed(session, scope, book_id=book.id, customer_id=east.customer.id, currency="CNY")
        ahead = payments.credit(session, scope, book_id=book.id, customer_id=east.customer.id, currency="CNY")
    assert told(acting, story["second"]).due == owed - ahead


def test_a_bill_is_compared_with_the_one_before_and_what_corrected_it(acting, story):
    second = told(acting, story["second"])
    assert (second.last_month.use, second.last_month.amount) == (Decimal(2880), Decimal(2100))
    assert second.last_year is None and told(acting, story["first"]).last_month is None


def test_daily_use_sums_to_what_was_billed(acting, story):
    second = told(acting, story["second"])
    assert second.use.periods == ("peak", "valley")
    assert [len(row) for row in second.use.amounts] == [31, 31]
    billed = {line.period: line.quantity for line in second.lines if line.component == "energy"}
    sums = {code: sum(row) for code, row in zip(second.use.periods, second.use.amounts, strict=True)}
    assert sums == pytest.approx({code: float(quantity) for code, quantity in billed.items()})
    assert not second.use.is_revised
    assert told(acting, story["first"]).use.is_revised, "it has a note"


def test_a_note_names_what_it_corrects(acting, story):
    note = told(acting, story["note"])
    assert (note.kind, note.reason, note.total) == ("credit_note", "Goodwill", Decimal("-26.66"))
    assert note.corrects == told(acting, story["first"]).number
    assert note.use is None


def test_a_customer_has_the_same_bill_as_who_wrote_it(acting, story):
    assert told(acting, story["second"], "customer") == told(acting, story["second"])
    assert told(acting, story["second"]).pay_url == f"{URL}/bills/{story['second']}/pay"


def test_another_region_has_none(acting, story, world):
    with acting("manager", world.west) as (session, scope), pytest.raises(NotFound):
        documents.bill_document(session, scope, bill_id=story["second"], base_url=URL)


def test_many_are_told_as_each_alone(acting, story):
    with acting() as (session, scope):
        many = documents.bill_documents(
            session, scope, bill_ids=[story["first"], story["second"]], base_url=URL
        )
    assert many[story["second"]] == told(acting, story["second"])
    assert many[story["first"]] == told(acting, story["first"])
