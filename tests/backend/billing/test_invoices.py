"""Statutory invoices: asked for when a bill is issued, red ones when it is corrected; failures stay in sight."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend import wiring
from backend.billing.models import InvoiceStatus
from backend.billing.service import corrections, invoices
from backend.infra import outbox
from backend.infra.einvoice import HttpOffice
from backend.infra.signed import SignedPost
from backend.kernel import clock
from backend.kernel.errors import Conflict, NotFound
from backend.kernel.scope import Scope
from tests.backend.billing.debts import MONTH, owe
from tests.backend.billing.scene import NEXT

SECRET = "a secret that the office knows too"


class Office:
    """The stand-in's process, as tests tell it what to do."""

    def __init__(self, url: str) -> None:
        self.url = url

    def is_away(self, *, times: int = 0, refuses: int = 0) -> None:
        """Have it answer so often with an error, or refuse all."""
        said = json.dumps({"times": times, "refuses": refuses}).encode()
        urllib.request.urlopen(f"{self.url}/away", said).close()

    def told(self):
        """Return what it was asked, and the numbers it gave."""
        with urllib.request.urlopen(self.url) as answer:
            return json.load(answer)


@pytest.fixture
def office(environment, owner_database, monkeypatch):
    """An office of its own for each test, and the product set up with it."""
    wiring.connect()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.counterparts.office", SECRET], stdout=subprocess.PIPE, text=True
    )
    url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
    server = SignedPost(url, SECRET, "the invoice office", within_s=60)
    monkeypatch.setattr(wiring.money, "office", lambda: HttpOffice(server))
    with owner_database.transaction(Scope.public()) as session:
        session.execute(text("UPDATE outbox SET done_at = now() WHERE done_at IS NULL"))
    yield Office(url)
    server.session.close()
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def bill(office, acting, desk, owner_database):
    """September's bill, just issued."""
    return owe(acting, desk, owner_database)


def deliver(database, *, later: timedelta = timedelta()) -> None:
    """Do what the outbox does until nothing is due."""
    with clock.shifted(later):
        while claimed := outbox.claim_due(database):
            for entry in claimed:
                outbox.deliver(database, entry)


def shown(acting, bill, role="manager"):
    with acting(role) as (session, scope):
        (row,) = invoices.invoices(session, scope, bill_id=bill.id).items
        return row


def test_a_bill_that_is_issued_has_its_invoice_and_a_credit_note_a_red_one(acting, database, office, bill):
    deliver(database)
    found, *_ = shown(acting, bill)
    assert (found.status, found.number, found.is_red) == (InvoiceStatus.ISSUED, "00000001", False)
    (said,) = office.told()["asked"]
    assert (said["total"], said["tax"], said["buyer"]) == (str(MONTH), "244.66", "East mill")
    assert sum(Decimal(one["amount"]) for one in said["lines"]) == MONTH
    with acting("manager") as (session, scope):
        note = corrections.adjust(
            session, scope, bill_id=bill.id, amount=Decimal(-100), on=NEXT, reason="goodwill"
        )
    deliver(database)
    red, *_ = shown(acting, note)
    assert (red.status, red.number, red.is_red) == (InvoiceStatus.ISSUED, "00000002", True)
    assert office.told()["asked"][-1]["red_of"] == "00000001"
    assert shown(acting, bill, "customer")[0].number == "00000001"


def test_an_office_that_is_away_is_asked_again_and_that_is_in_sight(acting, database, office, bill):
    office.is_away(times=1)
    deliver(database)
    found, attempts, error, _ = shown(acting, bill)
    assert (found.status, attempts) == (InvoiceStatus.WAITING, 1)
    assert "the invoice office does not answer" in error
    deliver(database, later=outbox.AGAIN * 2)
    assert shown(acting, bill)[0].status is InvoiceStatus.ISSUED
    deliver(database, later=outbox.AGAIN * 9)
    assert len(office.told()["numbers"]) == 1


def test_a_red_invoice_waits_for_the_one_it_takes_back(acting, database, office, bill):
    office.is_away(times=1)
    with acting("manager") as (session, scope):
        note = corrections.adjust(
            session, scope, bill_id=bill.id, amount=Decimal(-100), on=NEXT, reason="goodwill"
        )
    deliver(database)
    assert shown(acting, note)[0].status is InvoiceStatus.WAITING
    for turn in (2, 9):
        deliver(database, later=outbox.AGAIN * turn)
    assert {shown(acting, one)[0].status for one in (bill, note)} == {InvoiceStatus.ISSUED}


def test_what_the_office_refuses_says_why_until_somebody_asks_again(acting, database, office, bill):
    office.is_away(refuses=1)
    deliver(database)
    found, *_ = shown(acting, bill)
    assert found.status is InvoiceStatus.REFUSED
    assert "the buyer is not known" in found.reason
    office.is_away()
    deliver(database, later=outbox.AGAIN * 9)
    assert shown(acting, bill)[0].status is InvoiceStatus.REFUSED
    with pytest.raises(NotFound), acting("customer") as (session, scope):
        invoices.retry(session, scope, bill_id=bill.id)
    with acting("manager") as (session, scope):
        invoices.retry(session, scope, bill_id=bill.id)
    deliver(database)
    assert shown(acting, bill)[0].status is InvoiceStatus.ISSUED
    with pytest.raises(Conflict, match="issued"), acting("manager") as (session, scope):
        invoices.retry(session, scope, bill_id=bill.id)


def test_without_an_office_no_invoice_is_asked_for(acting, database, office, bill, monkeypatch):
    monkeypatch.setattr(wiring.money, "office", lambda: None)
    deliver(database)
    with acting("manager") as (session, scope):
        assert invoices.invoices(session, scope).items == []
