"""Paying through a provider: nothing is paid before its signed call."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from backend.billing.service import accounts
from portal.billing import words
from tests.portal.test_pages import text_of
from tests.provider import provided


@pytest.fixture
def customer(browser, world):
    return browser(world.east, "customer")


@pytest.fixture
def provider(app):
    """A provider's process, which calls the application over HTTP."""
    with provided(app) as stand_in:
        yield stand_in


def payment_on(page) -> str:
    """The provider's name of the payment a page leads to."""
    return re.search(r"https://pay\.example/(pay_\w+)", page.text)[1]


def test_without_a_provider_the_page_says_how_to_pay_by_bank(customer, billed):
    number = re.search(r"\d{4}-\d{6}", customer.get(f"/bills/{billed.bills[1]}").text)[0]
    said = text_of(customer.get(f"/bills/{billed.bills[1]}/pay"))
    assert "Online payment is not set up here." in said and number in said
    assert (
        "no payment provider"
        in text_of(customer.post(f"/bills/{billed.bills[1]}/pay", data={"amount": "1"})).lower()
    )


def test_it_is_paid_when_the_provider_says_so_and_not_before(customer, billed, provider):
    before = billed.acting(accounts.left_of, bill_ids=[billed.bills[1]])[billed.bills[1]]
    begun = customer.post(f"/bills/{billed.bills[1]}/pay", data={"amount": "100.50"})
    back = begun.headers["Location"]
    page = customer.get(back)
    assert begun.status_code == 303
    assert "not confirmed yet" in text_of(page)
    name = payment_on(page)
    assert provider.calls({"payment": name, "then": {"amount": "100.51"}}) == [401]
    assert "not confirmed yet" in text_of(customer.get(back))
    assert provider.calls({"payment": name}) == [200]
    assert "The provider confirmed it" in text_of(customer.get(back))
    after = billed.acting(accounts.left_of, bill_ids=[billed.bills[1]])[billed.bills[1]]
    assert before - after == Decimal("100.50")
    left = f"{words.money(after, 'CNY')} of it are still open"
    assert left in text_of(customer.get(f"/bills/{billed.bills[1]}"))


@pytest.mark.parametrize("amount", ["", "much", "-1", "0", "1.001", "NaN"])
def test_what_is_no_amount_is_refused_beside_its_field(customer, billed, provider, amount):
    answer = customer.post(f"/bills/{billed.bills[1]}/pay", data={"amount": amount})
    assert answer.status_code == 422
    assert "no amount to be paid" in text_of(answer)
    assert accounts_of(billed) == []


def accounts_of(billed):
    """Payments asked for and not settled."""
    return list(billed.acting(accounts.open_intents, customers=[billed.world.east.customer.id]))


def test_nobody_else_looks_at_a_payment(browser, world, customer, billed, provider):
    back = customer.post(f"/bills/{billed.bills[1]}/pay", data={"amount": "3"}).headers["Location"]
    assert browser(world.west, "customer").get(back).status_code == 404
