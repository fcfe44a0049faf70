"""Paying through a provider: nothing is paid before its signed call."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from backend.billing.ports import Asked
from backend.billing.rules import signing
from backend.billing.service import accounts
from backend.kernel import clock, ids
from tests.portal.test_pages import text_of

SECRET = "a secret of both"


@pytest.fixture
def customer(browser, world):
    return browser(world.east, "customer")


@pytest.fixture
def provider(app, monkeypatch):
    """A provider that takes orders; its calls are made by the test, over HTTP, signed."""
    taken = []

    class Stand:
        def ask(self, order):
            taken.append(order)
            return Asked(f"pay_{len(taken)}", f"https://pay.example/{len(taken)}")

    monkeypatch.setattr(app, "payments", Stand())
    monkeypatch.setattr(app.settings, "payment_secret", SECRET, raising=False)
    return taken


def call(app, order, payment, status="paid", secret=SECRET):
    body = json.dumps({
        "operator": ids.show(order.operator_id), "intent": ids.show(order.intent_id), "payment": payment,
        "status": status, "amount": str(order.amount), "currency": order.currency,
        "paid_on": clock.now().date().isoformat(),
    }).encode()  # fmt: skip
    signed = signing.sign(secret, clock.now_us() // 1_000_000, body)
    return app.test_client().post(
        "/api/v1/billing/provider-calls", data=body,
        headers={signing.HEADER: signed, "Content-Type": "application/json"},
    )  # fmt: skip


def test_without_a_provider_the_page_says_how_to_pay_by_bank(customer, billed):
    number = re.search(r"\d{4}-\d{6}", customer.get(f"/bills/{billed.bills[1]}").text)[0]
    said = text_of(customer.get(f"/bills/{billed.bills[1]}/pay"))
    assert "Online payment is not set up here." in said and number in said
    assert (
        "no payment provider"
        in text_of(customer.post(f"/bills/{billed.bills[1]}/pay", data={"amount": "1"})).lower()
    )


def test_it_is_paid_when_the_provider_says_so_and_not_before(app, customer, billed, provider):
    before = billed.acting(accounts.left_of, bill_ids=[billed.bills[1]])[billed.bills[1]]
    begun = customer.post(f"/bills/{billed.bills[1]}/pay", data={"amount": "100.50"})
    back = begun.headers["Location"]
    page = customer.get(back)
    assert begun.status_code == 303
    assert "https://pay.example/1" in page.text and "not confirmed yet" in text_of(page)
    assert call(app, provider[0], "pay_1", secret="another").status_code == 401
    assert "not confirmed yet" in text_of(customer.get(back))
    assert call(app, provider[0], "pay_1").status_code == 200
    assert "The provider confirmed it" in text_of(customer.get(back))
    after = billed.acting(accounts.left_of, bill_ids=[billed.bills[1]])[billed.bills[1]]
    assert before - after == Decimal("100.50")
    assert "paid in part" in text_of(customer.get("/bills"))


def test_a_payment_that_failed_is_said_to_have(app, customer, billed, provider):
    back = customer.post(f"/bills/{billed.bills[1]}/pay", data={"amount": "2"}).headers["Location"]
    call(app, provider[0], "pay_1", status="failed")
    said = text_of(customer.get(back))
    assert "not paid" in said and "Nothing was taken" in said


@pytest.mark.parametrize("amount", ["", "much", "-1", "0", "1.001", "NaN"])
def test_what_is_no_amount_is_refused_beside_its_field(customer, billed, provider, amount):
    answer = customer.post(f"/bills/{billed.bills[1]}/pay", data={"amount": amount})
    assert answer.status_code == 422
    assert "no amount to be paid" in text_of(answer)
    assert provider == []


def test_nobody_else_looks_at_a_payment(browser, world, customer, billed, provider):
    back = customer.post(f"/bills/{billed.bills[1]}/pay", data={"amount": "3"}).headers["Location"]
    assert browser(world.west, "customer").get(back).status_code == 404
