"""Supply is cut for debt by people, never by itself, only where nothing speaks against it; a payment takes it back."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend import wiring
from backend.billing.models import CutStatus, HoldReason
from backend.billing.service import cuts, dunning, payments, plans
from backend.infra import outbox
from backend.kernel.errors import Conflict, Forbidden, NotFound
from backend.kernel.scope import Scope
from backend.workorders import service as work
from tests.backend.billing.debts import DUE, MONTH, at, owe, remind

LAST = DUE + timedelta(days=36)
"""A Friday: all reminders went out by then."""

MONDAY = LAST + timedelta(days=10)
MILD = {"low_c": 9.0, "high_c": 21.0}


@pytest.fixture
def reminded(environment, acting, desk, owner_database):
    """The customer owes September and was reminded three times; returns the bill."""
    bill = owe(acting, desk, owner_database)
    for days in (7, 21, 35):
        remind(acting, DUE + timedelta(days=days))
    with owner_database.transaction(acting.nobody) as session:
        session.execute(text("UPDATE outbox SET done_at = now()"))
        session.execute(text("UPDATE work_order SET title = 'of another test'"))
    return bill


@pytest.fixture
def announced(acting, reminded):
    """And was told that supply may be cut."""
    with at(LAST), acting("manager") as (session, scope):
        return cuts.announce(session, scope, contract_id=reminded.contract_id)


def request(acting, cut, on: date = MONDAY, hour: int = 10, **said):
    with at(on, hour), acting("manager") as (session, scope):
        return cuts.request(session, scope, cut_id=cut.id, **MILD | said)


def status(acting, cut) -> CutStatus:
    with acting() as (session, scope):
        return cuts.cut(session, scope, cut_id=cut.id).status


def pay(acting, east, amount=MONTH + 15):
    with acting("manager") as (session, scope):
        payments.take_cash(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id, currency="CNY",
            amount=Decimal(amount), received_on=LAST, receipt=f"R{amount}",
        )  # fmt: skip


def orders(acting) -> list:
    """Deliver what is due; return titles and statuses of the orders that disconnections made."""
    with at(MONDAY + timedelta(days=1)):
        while due := outbox.claim_due(acting.database):
            for entry in due:
                outbox.deliver(acting.database, entry)
    with acting() as (session, _):
        rows = session.execute(
            text("SELECT title, status FROM work_order WHERE title LIKE '%onnect supply%' ORDER BY number")
        )
        return [tuple(row) for row in rows]


def test_nobody_is_told_before_the_last_reminder(acting, desk, owner_database):
    bill = owe(acting, desk, owner_database)
    remind(acting, DUE + timedelta(days=7))
    with pytest.raises(Conflict, match="1 of 3 reminders"), at(LAST), acting("manager") as (session, scope):
        cuts.announce(session, scope, contract_id=bill.contract_id)


def test_a_person_asks_for_it_after_the_notice_and_people_get_a_work_order(acting, east, announced):
    with pytest.raises(Conflict) as early:
        request(acting, announced, LAST + timedelta(days=3))
    assert early.value.context["reasons"] == ["no_notice"]
    request(acting, announced)
    assert [title for title, _ in orders(acting)] == ["Disconnect supply for debt: contract EL-1"]
    with acting("manager") as (session, scope):
        assert cuts.note_cut(session, scope, cut_id=announced.id).status is CutStatus.CUT


@pytest.mark.parametrize(
    ("on", "hour", "said", "reasons"),
    [
        (MONDAY, 7, {}, ["night"]), (MONDAY, 15, {}, ["night"]), (MONDAY - timedelta(days=1), 10, {}, ["rest_day"]),
        (MONDAY + timedelta(days=4), 10, {}, ["before_rest_day"]), (MONDAY, 10, {"low_c": 2.0}, ["cold"]),
        (MONDAY, 10, {"high_c": 38.0}, ["hot"]), (MONDAY, 10, {"low_c": None}, ["cold", "hot"]),
    ],
)  # fmt: skip
def test_it_is_refused_with_every_reason_against_it(acting, announced, on, hour, said, reasons):
    with pytest.raises(Conflict) as refused:
        request(acting, announced, on, hour, **said)
    assert refused.value.context["reasons"] == reasons
    assert status(acting, announced) is CutStatus.ANNOUNCED


def test_who_is_protected_disputes_or_pays_in_parts_is_not_even_told(acting, east, reminded, owner_database):
    with at(LAST), acting("manager") as (session, scope):
        held = dunning.hold(session, scope, bill_id=reminded.id, reason=HoldReason.COMPLAINT, note="wrong")
        with pytest.raises(Conflict, match="plan_kept"):
            cuts.announce(session, scope, contract_id=reminded.contract_id)
        dunning.release(session, scope, hold_id=held.id)
        plans.agree(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id,
            bill_ids=[reminded.id], parts=2, first_on=LAST,
        )  # fmt: skip
        with pytest.raises(Conflict, match="plan_kept"):
            cuts.announce(session, scope, contract_id=reminded.contract_id)
    with owner_database.transaction(acting.nobody) as session:
        session.execute(text("UPDATE supply_contract SET is_protected = true"))
    with pytest.raises(Conflict, match="protected"), at(LAST), acting("manager") as (session, scope):
        cuts.announce(session, scope, contract_id=reminded.contract_id)


def test_a_payment_before_it_is_done_withdraws_it_and_the_order_says_so(acting, east, announced):
    request(acting, announced)
    assert [state for _, state in orders(acting)] == ["reported"]
    pay(acting, east)
    orders(acting)
    assert status(acting, announced) is CutStatus.WITHDRAWN
    orders(acting)
    with acting() as (session, scope):
        order_id = cuts.cut(session, scope, cut_id=announced.id).order_id
        (remark,) = [one.text for one in work.look(session, scope, order_id=order_id).comments]
    assert remark.startswith("Do not disconnect")
    with acting("manager") as (session, scope):  # somebody did it all the same
        assert cuts.note_cut(session, scope, cut_id=announced.id).status is CutStatus.RECONNECTING


def test_a_payment_after_it_is_done_has_supply_given_back_once(acting, east, announced):
    request(acting, announced)
    orders(acting)
    with acting("manager") as (session, scope):
        cuts.note_cut(session, scope, cut_id=announced.id)
    pay(acting, east, "10.00")
    orders(acting)
    assert status(acting, announced) is CutStatus.CUT
    pay(acting, east)
    for _ in range(2):
        made = orders(acting)
    assert status(acting, announced) is CutStatus.RECONNECTING
    assert [title for title, _ in made][1:] == ["Reconnect supply: contract EL-1"]
    with acting("manager") as (session, scope):
        assert cuts.note_reconnected(session, scope, cut_id=announced.id).ended_at is not None


@pytest.mark.parametrize("role", ["technician", "customer"])
def test_only_those_who_keep_accounts_ask_for_it(acting, announced, role):
    with pytest.raises((NotFound, Forbidden)), acting(role) as (session, scope):
        cuts.request(session, scope, cut_id=announced.id, **MILD)
    with pytest.raises((NotFound, Forbidden)), acting(role) as (session, scope):
        cuts.announce(session, scope, contract_id=announced.contract_id)


@pytest.fixture(autouse=True)
def connected(environment, acting, database):
    """Listeners as in the product."""
    wiring.connect()
    acting.database, acting.nobody = database, Scope.public()
