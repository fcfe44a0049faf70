"""Payments by a provider: its stand-in is a process of its own, which calls back over HTTP as providers do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backend import wiring
from backend.billing.service import ledger, providers
from backend.infra import outbox
from backend.kernel import clock, ids
from backend.kernel.errors import Unavailable
from tests.apps import Phone
from tests.billing import charge
from tests.provider import provided


@pytest.fixture(scope="module")
def billed(app, world):
    """The east has a bill, a draft, payments and a book."""
    wiring.connect()
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


@pytest.fixture(scope="module")
def provider(app, billed):
    """The process, and the application served to it over HTTP."""
    with provided(app) as stand_in:
        yield stand_in


@pytest.fixture
def pay(ask, billed, provider):
    """Ask for a payment as the customer; returns its id and the provider's name of it."""

    def one(amount: str):
        new = {"contract_id": ids.show(billed.ids["contract"]), "amount": amount}
        asked = ask("customer", "POST", "/intents", json=new)
        assert asked.status_code == 201, asked.text
        return asked.json["id"], asked.json["pay_url"].rsplit("/", 1)[1]

    return one


@pytest.fixture
def paid(ask, pay, provider):
    """Have a payment made; returns it as the API shows it."""

    def one(amount: str):
        _, name = pay(amount)
        assert provider.calls({"payment": name}) == [200]
        return next(one for one in by_provider(ask) if Decimal(one["amount"]) == Decimal(amount))

    return one


def by_provider(ask):
    return [
        one for one in ask("manager", "GET", "/payments?limit=200").json["items"] if one["way"] == "provider"
    ]


def accounts(world, billed) -> dict[str, Decimal]:
    with world.database.transaction(billed.scope) as session:
        assert ledger.verify(session, billed.scope, book_id=billed.ids["book"]) is None
        balance = ledger.trial_balance(session, billed.scope, book_id=billed.ids["book"])
    assert sum(one.amount for one in balance) == 0
    return {one.code: one.amount for one in balance}


def deliver(world) -> None:
    for entry in outbox.claim_due(world.database):
        outbox.deliver(world.database, entry)


@pytest.mark.parametrize(
    ("amount", "times", "at_once"),
    [("12.00", 3, False), ("12.01", 6, True)],
    ids=["again and again", "at once"],
)
def test_a_payment_is_taken_once_however_often_it_is_told(
    world, ask, billed, pay, provider, amount, times, at_once
):
    before = accounts(world, billed).get("1150", Decimal(0))
    _, name = pay(amount)
    assert provider.calls(*[{"payment": name}] * times, at_once=at_once) == [200] * times
    assert [one["amount"] for one in by_provider(ask)].count(f"{amount}00") == 1
    assert accounts(world, billed)["1150"] == before + Decimal(amount)


def test_words_that_come_in_another_order_or_late_leave_a_payment_paid(ask, pay, provider):
    failed = {"more": {"status": "failed"}}
    _, early = pay("13.00")
    assert provider.calls({"payment": early}, {"payment": early} | failed) == [200, 200]
    _, late = pay("13.01")
    assert provider.calls({"payment": late} | failed, {"payment": late, "after_s": 0.2}) == [200, 200]
    found = [one["amount"] for one in by_provider(ask)]
    assert found.count("13.0000") == found.count("13.0100") == 1


@pytest.mark.parametrize(
    "forged",
    [{"by": "a secret that somebody else has got"}, {"then": {"amount": "0.07"}}, {"age_s": 301}, {"age_s": -310},
     {"bare": True}],
    ids=["another secret", "another body", "an old call sent again", "of tomorrow", "no signature"],
)  # fmt: skip
def test_what_is_forged_or_old_is_refused_without_telling_why(app, ask, pay, provider, forged):
    _, name = pay("7.00")
    assert provider.calls({"payment": name} | forged) == [401]
    assert "7.0000" not in [one["amount"] for one in by_provider(ask)]
    bare = app.test_client().post("/api/v1/billing/provider-calls", json={})
    assert (bare.status_code, bare.json["title"]) == (401, "this call is not taken")
    assert "remedy" not in bare.json


@pytest.mark.parametrize(
    "more", [{"amount": "9.00"}, {"currency": "USD"}, {"payment": "pay_of_another"}],
)  # fmt: skip
def test_a_signed_word_on_another_amount_currency_or_payment_is_refused(ask, pay, provider, more):
    _, name = pay("8.00")
    assert provider.calls({"payment": name, "more": more}) == [409]
    assert "8.0000" not in [one["amount"] for one in by_provider(ask)]


def test_a_provider_that_is_away_is_said_to_be(ask, billed, provider):
    provider.is_away(times=1)
    new = {"contract_id": ids.show(billed.ids["contract"]), "amount": "7.00"}
    asked = ask("customer", "POST", "/intents", json=new)
    assert (asked.status_code, asked.json["code"]) == (503, Unavailable("").code)
    assert ask("customer", "POST", "/intents", json=new).status_code == 201


@pytest.fixture
def credit(ask, billed):
    """The customer has paid ahead, so that there is something to give back."""
    new = {"organisation_id": ids.show(billed.enterprise.id), "customer_id": ids.show(billed.customer.id),
           "amount": "500.00", "currency": "CNY", "received_on": "2026-10-05",
           "receipt": ids.show(ids.new_id())}  # fmt: skip
    assert ask("manager", "POST", "/payments", json=new).status_code == 201


def give_back(ask, payment, amount, role="manager"):
    body = {"amount": amount, "paid_on": "2026-10-07", "reason": "paid twice"}
    return ask(role, "POST", f"/payments/{payment['id']}/refunds", json=body)


def shown(ask, refund):
    listed = ask("manager", "GET", "/refunds?limit=200").json["items"]
    return next(one for one in listed if one["id"] == refund["id"])


def hand_over(app, world, billed, refund):
    """Do what the outbox does, with the application's own provider."""
    with world.database.transaction(billed.scope) as session:
        providers.send_back(session, billed.scope, app.payments, refund_id=ids.parse(refund["id"]))


def test_money_goes_back_by_the_provider_once_and_is_told_of_as_often_as_it_likes(
    app, world, ask, billed, credit, paid, provider
):
    payment = paid("40.00")
    before = accounts(world, billed)["1150"]
    refund = give_back(ask, payment, "30.00").json
    assert (refund["status"], refund["way"]) == ("wanted", "provider")
    for _ in range(2):
        hand_over(app, world, billed, refund)
    (name,) = [
        name
        for name, said in provider.refunds().items()
        if ids.parse(said["refund"]) == ids.parse(refund["id"])
    ]
    assert shown(ask, refund)["status"] == "sent"
    assert provider.calls(*[{"refund": name}] * 3, at_once=True) == [200] * 3
    assert shown(ask, refund)["status"] == "paid"
    assert provider.calls({"refund": name, "more": {"status": "failed"}}) == [409]
    assert accounts(world, billed)["1150"] == before - 30
    over = give_back(ask, payment, "10.01")
    assert (over.status_code, over.json["title"]) == (422, "10.0000 CNY are left of this payment")


def test_a_refund_that_fails_leaves_the_customer_their_credit(
    app, world, ask, billed, credit, paid, provider
):
    payment = paid("41.00")
    before = accounts(world, billed)
    refund = give_back(ask, payment, "41.00").json
    assert accounts(world, billed)["2100"] == before["2100"] + 41
    hand_over(app, world, billed, refund)
    (name,) = [name for name, said in provider.refunds().items() if said["amount"] == "41.00"]
    failed = {"refund": name, "more": {"status": "failed", "reason": "the card is closed"}}
    assert provider.calls(failed, failed, {"refund": name}) == [200, 200, 409]
    assert accounts(world, billed) == before
    told = shown(ask, refund)
    assert (told["status"], told["failure"]) == ("failed", "the card is closed")
    assert give_back(ask, payment, "41.00").status_code == 201


def test_a_provider_that_is_away_is_asked_again_and_one_that_will_not_ends_it(
    app, world, ask, billed, credit, paid, provider, monkeypatch
):
    monkeypatch.setattr(wiring.money, "payments", lambda: app.payments)
    payment = paid("42.00")
    deliver(world)
    refund = give_back(ask, payment, "20.00").json
    provider.is_away(times=1)
    deliver(world)
    assert shown(ask, refund)["status"] == "wanted"
    with clock.shifted(outbox.AGAIN * 2):
        deliver(world)
    assert shown(ask, refund)["status"] == "sent"
    provider.is_away(refuses=1)
    before = accounts(world, billed)
    another = give_back(ask, payment, "5.00").json
    deliver(world)
    told = shown(ask, another)
    assert told["status"] == "failed"
    assert "the card is closed" in told["failure"]
    assert accounts(world, billed) == before
    provider.is_away()


def test_only_who_keeps_the_accounts_has_money_given_back(ask, billed, credit, paid):
    payment = paid("43.00")
    assert give_back(ask, payment, "1.00", "customer").status_code == 404
    cash = next(one for one in ask("manager", "GET", "/payments").json["items"] if one["way"] == "cash")
    assert give_back(ask, cash, "1.00").status_code == 409
    new = {"organisation_id": ids.show(billed.enterprise.id), "customer_id": ids.show(billed.customer.id),
           "amount": "1.00", "currency": "CNY", "paid_on": "2026-10-07", "reason": "x", "way": "provider"}  # fmt: skip
    assert ask("manager", "POST", "/refunds", json=new).status_code == 422
