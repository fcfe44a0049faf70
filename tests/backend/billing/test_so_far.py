"""The bill so far is what a bill of today would be, its projection what one of the whole period would; told of once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend.billing import events as billing
from backend.billing.service import bills, so_far
from backend.kernel import events, ids
from tests.backend.billing.debts import MONTH, at
from tests.backend.billing.scene import FIRST, NEXT, fill, meter, sign, store, wipe

TENTH = date(2026, 10, 11)
"""Ten days of October are over."""


@pytest.fixture
def contract(acting, desk, east, book, owner_database):
    """Billed for September: a kWh in each quarter of an hour."""
    wipe(owner_database)
    with acting() as (session, _):
        point_id, key = meter(session, east, f"meter {ids.new_id()}")
    fill(owner_database, key, start=FIRST - timedelta(days=31), end=NEXT)
    with acting("manager") as (session, scope):
        made = sign(session, scope, east, "EL-1", store(session, scope, east), [point_id],
                    starts_on=FIRST - timedelta(days=31))  # fmt: skip
    desk.issue(desk.preview(FIRST - timedelta(days=1)), FIRST)
    desk.issue(desk.preview(FIRST), NEXT)
    return made, key


@pytest.fixture
def told(acting, monkeypatch):
    """Return what was told of high bills: `told()`."""
    monkeypatch.setattr(events, "_listeners", {})
    events.listen(billing.HIGH_BILL, "so far", lambda _session, _scope, _event: None)

    def found():
        with acting() as (session, _):
            return list(
                session.scalars(text("SELECT body FROM outbox WHERE listener = 'so far' ORDER BY id"))
            )

    return found


def refresh(acting, on: date, hour: int = 10):
    with at(on, hour), acting() as (session, scope):
        after = None
        while (after := so_far.refresh(session, scope, after_id=after, limit=1)) is not None:
            pass
    with acting() as (session, scope):
        return {one.contract_id: one for one in so_far.bills_so_far(session, scope)}


def test_ten_days_cost_what_ten_days_of_a_bill_cost_and_the_month_what_its_bill_will(
    acting, desk, contract, owner_database
):
    made, key = contract
    fill(owner_database, key, start=NEXT, end=TENTH)
    found = refresh(acting, TENTH)[made.id]
    assert (found.starts_on, found.ends_on, found.until) == (NEXT, date(2026, 11, 1), TENTH)
    net = Decimal("62.40") * 10 + Decimal("3.23")  # 10 of 31 days of the month's ten yuan
    assert found.amount == net + (net * Decimal("0.13")).quantize(Decimal("0.01"))
    fill(owner_database, key, start=TENTH, end=date(2026, 11, 1))
    desk.issue(desk.preview(NEXT), date(2026, 11, 1))
    with acting("manager") as (session, scope):
        newest = bills.bills(session, scope, contract_id=made.id).items[0]
    assert found.projected == newest.total, "every hour was as the weeks before had it"
    assert found.is_high is False


def test_a_month_that_will_be_dear_is_told_of_once_and_the_next_one_again(
    acting, contract, told, owner_database
):
    made, key = contract
    fill(owner_database, key, wh=4000, start=NEXT, end=TENTH)
    for hour in (9, 10):
        found = refresh(acting, TENTH, hour)[made.id]
        assert found.is_high
        assert found.projected > found.usual * Decimal("1.25")
    (said,) = told()
    assert (said["customer_id"], Decimal(said["usual"])) == (str(made.customer_id), found.usual)
    assert found.usual == (MONTH / 30 * 31).quantize(Decimal("0.01")) or found.usual > MONTH
    fill(owner_database, key, wh=8000, start=TENTH, end=date(2026, 11, 6))
    refresh(acting, date(2026, 11, 6))
    assert len(told()) == 2


def test_before_a_day_is_over_there_is_no_amount_and_where_nothing_came_none_either(acting, contract):
    made, _ = contract
    assert refresh(acting, NEXT)[made.id].amount is None
    silent = refresh(acting, TENTH)[made.id]
    assert (silent.amount, silent.until, silent.projected) == (None, None, None)


def test_a_customer_sees_theirs_and_another_operator_nothing(acting, world, contract):
    made, _ = contract
    refresh(acting, NEXT)
    with acting("customer") as (session, scope):
        assert made.id in {one.contract_id for one in so_far.bills_so_far(session, scope)}
    with acting("manager", world.west) as (session, scope):
        assert so_far.bills_so_far(session, scope) == []
