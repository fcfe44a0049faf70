"""What is left of what was paid ahead is what a bill of today would leave of it, and is told of when it runs low."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend.billing import events as billing
from backend.billing.service import payments, prepaid
from backend.kernel import events, ids
from backend.kernel.errors import NotFound
from tests.backend.billing.debts import MONTH, at
from tests.backend.billing.scene import FIRST, NEXT, fill, meter, sign, store, wipe

DAILY = Decimal("62.40")
"""56 kWh × 0.9 + 40 kWh × 0.3 a day; 10.00 a month and 13 % come to it."""


@pytest.fixture
def contract(acting, desk, east, book, owner_database):
    """Prepaid, 2,000 paid ahead, told of below 1,000; a kWh in each quarter of an hour of September."""
    wipe(owner_database)
    with acting() as (session, _):
        point_id, key = meter(session, east, f"meter {ids.new_id()}")
    fill(owner_database, key)
    with acting("manager") as (session, scope):
        made = sign(
            session, scope, east, "PRE-1", store(session, scope, east), [point_id], is_prepaid=True,
            low_balance=Decimal(1000),
        )  # fmt: skip
        payments.take_cash(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id, currency="CNY",
            amount=Decimal(2000), received_on=FIRST, receipt="R1",
        )  # fmt: skip
    return made


@pytest.fixture
def told(acting, monkeypatch):
    """Return what was told of low balances so far: `told()`."""
    monkeypatch.setattr(events, "_listeners", {})
    events.listen(billing.BALANCE_LOW, "prepaid", lambda _session, _scope, _event: None)

    def found() -> list[Decimal]:
        said = text("SELECT body ->> 'balance' FROM outbox WHERE listener = 'prepaid' ORDER BY id")
        with acting() as (session, _):
            return [Decimal(one) for one in session.scalars(said)]

    return found


def refresh(acting, contract, on: date):
    with at(on), acting() as (session, scope):
        assert contract.id in prepaid.prepaid(session, scope)
        return prepaid.refresh(session, scope, contract_id=contract.id)


def worth(days: int) -> Decimal:
    """What so many days of September come to."""
    net = DAILY * days + (Decimal(10) * days / 30).quantize(Decimal("0.01"))
    return net + (net * Decimal("0.13")).quantize(Decimal("0.01"))


def test_what_was_used_since_the_last_bill_is_counted_day_by_day(acting, contract):
    for on, days in ((date(2026, 9, 1), 0), (date(2026, 9, 2), 1), (date(2026, 9, 11), 10)):
        found = refresh(acting, contract, on)
        assert (found.booked, found.used, found.until) == (2000, worth(days), on)
        assert found.left == 2000 - worth(days)


def test_a_balance_that_runs_low_is_told_of_once_and_an_empty_one_again(acting, contract, told):
    for day in range(1, 31):
        refresh(acting, contract, date(2026, 9, day))
    low = next(2000 - worth(days) for days in range(31) if 2000 - worth(days) < 1000)
    empty = next(2000 - worth(days) for days in range(31) if 2000 - worth(days) < 0)
    assert told() == [low, empty]


def test_where_intervals_are_missing_the_day_it_is_counted_to_and_the_reason_are_said(acting, contract):
    found = refresh(acting, contract, date(2026, 10, 3))
    assert (found.until, found.used) == (NEXT, worth(30))
    assert "192 intervals are missing" in found.reason


def test_a_bill_takes_the_place_of_what_was_used(acting, desk, contract):
    assert refresh(acting, contract, NEXT).used == MONTH
    desk.issue(desk.preview(), NEXT)
    found = refresh(acting, contract, NEXT)
    assert (found.booked, found.used, found.left) == (2000 - MONTH, 0, 2000 - MONTH)


def test_a_customer_sees_their_balance_and_nobody_elses(acting, world, contract):
    with pytest.raises(NotFound), acting("customer") as (session, scope):
        prepaid.balance(session, scope, contract_id=contract.id)
    refresh(acting, contract, date(2026, 9, 11))
    with acting("customer") as (session, scope):
        assert prepaid.balance(session, scope, contract_id=contract.id).left == 2000 - worth(10)
    with pytest.raises(NotFound), acting("customer", world.west) as (session, scope):
        prepaid.balance(session, scope, contract_id=contract.id)
