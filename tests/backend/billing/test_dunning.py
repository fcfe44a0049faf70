"""Overdue bills are reminded of step by step, each once; what is disputed or paid by a plan is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from backend.billing.models import BillKind, HoldReason
from backend.billing.rules.ledger import FEES, RECEIVABLE
from backend.billing.service import bills, corrections, dunning, ledger, payments
from backend.kernel import clock
from backend.kernel.errors import Forbidden, NotFound, Refused
from tests.backend.billing.debts import DUE, MONTH, at, owe, remind
from tests.backend.billing.scene import NEXT


@pytest.fixture
def billed(acting, desk, owner_database):
    """The customer owes September, due on 15 October."""
    return owe(acting, desk, owner_database)


def levels(acting, role="manager") -> list[int]:
    with acting(role) as (session, scope):
        return sorted(one.level for one in dunning.reminders(session, scope).items)


def balance(acting, book) -> dict[str, Decimal]:
    with acting("manager") as (session, scope):
        assert ledger.verify(session, scope, book_id=book.id) is None
        found = ledger.trial_balance(session, scope, book_id=book.id)
    assert sum(one.amount for one in found) == 0
    return {one.code: one.amount for one in found}


def test_a_bill_is_reminded_of_step_by_step_and_each_fee_is_a_debit_note_in_the_books(acting, book, billed):
    days = [DUE + timedelta(days=days) for days in range(0, 60, 1)]
    told = {on: made for on in days if (made := remind(acting, on))}
    assert [(on - DUE).days for on in told] == [7, 21, 35]
    assert levels(acting) == [1, 2, 3]
    there = balance(acting, book)
    assert there[FEES] == -15
    assert there[RECEIVABLE] == MONTH + 15
    with acting("manager") as (session, scope):
        family = bills.family(session, scope, bill_id=billed.id)
        assert [(one.kind, one.total) for one in family if one.id != billed.id] == [
            (BillKind.DEBIT_NOTE, 5),
            (BillKind.DEBIT_NOTE, 10),
        ]
        (first,) = [one for one in dunning.reminders(session, scope).items if one.level == 2]
        assert ledger.entry_of(session, scope, cause_id=first.note_id).text.startswith("Debit note")
    assert levels(acting, "customer") == [1, 2, 3]


def test_a_fee_is_paid_like_any_bill_and_is_not_reminded_of_itself(acting, east, book, billed):
    for days in (7, 21):
        remind(acting, DUE + timedelta(days=days))
    with acting("manager") as (session, scope):
        payments.take_cash(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id, currency="CNY",
            amount=MONTH, received_on=DUE, receipt="R1",
        )  # fmt: skip
    assert remind(acting, DUE + timedelta(days=90)) == []
    assert balance(acting, book)[RECEIVABLE] == 5
    with acting("manager") as (session, scope):
        payments.take_cash(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id, currency="CNY",
            amount=Decimal(5), received_on=DUE, receipt="R2",
        )  # fmt: skip
        assert dunning.overdue(session, scope).items == []
    assert balance(acting, book)[RECEIVABLE] == 0


def test_rating_again_leaves_fees_alone(acting, billed):
    remind(acting, DUE + timedelta(days=7))
    remind(acting, DUE + timedelta(days=21))
    with acting("manager") as (session, scope):
        assert corrections.rerate(session, scope, bill_id=billed.id, on=NEXT, reason="asked") == []


def test_nobody_is_reminded_at_night(acting, billed):
    on = DUE + timedelta(days=8)
    assert [len(remind(acting, on, hour)) for hour in (3, 8, 18, 23, 9)] == [0, 0, 0, 0, 1]


def test_a_bill_that_is_held_is_not_reminded_of_until_it_is_released(acting, billed):
    with acting("manager") as (session, scope):
        held = dunning.hold(
            session, scope, bill_id=billed.id, reason=HoldReason.COMPLAINT, note="wrong reading"
        )
        again = dunning.hold(session, scope, bill_id=billed.id, reason=HoldReason.COMPLAINT, note="once more")
        assert again.id == held.id
        dunning.hold(session, scope, bill_id=billed.id, reason=HoldReason.HARDSHIP, note="asked for time")
    assert remind(acting, DUE + timedelta(days=7)) == []
    with acting("manager") as (session, scope):
        (shown,) = dunning.overdue(session, scope).items
        assert (shown.row.is_held, shown.next_on) == (True, None)
        for one in dunning.holds(session, scope).items:
            dunning.release(session, scope, hold_id=one.id)
        assert dunning.holds(session, scope).items == []
        assert dunning.release(session, scope, hold_id=held.id).released_at is not None
    assert [one.level for one in remind(acting, DUE + timedelta(days=9))] == [1]


def test_an_operator_says_its_own_steps_and_what_is_not_worth_one(acting, east, book, billed, owner_database):
    where = east.enterprise.id
    with acting("manager") as (session, scope):
        dunning.set_policy(
            session, scope, organisation_id=where, steps=[(3, Decimal("2.50"))], least=MONTH + 1
        )
    assert remind(acting, DUE + timedelta(days=30)) == []
    with acting("manager") as (session, scope):
        dunning.set_policy(session, scope, organisation_id=where, steps=[(3, Decimal("2.50"))], least=MONTH)
    assert [one.fee for one in remind(acting, DUE + timedelta(days=3))] == [Decimal("2.50")]
    assert remind(acting, DUE + timedelta(days=60)) == []
    for steps in ([], [(7, Decimal(1)), (7, Decimal(1))], [(7, Decimal("0.001"))], [(7, Decimal(-1))]):
        with pytest.raises(Refused), acting("manager") as (session, scope):
            dunning.set_policy(session, scope, organisation_id=where, steps=steps, least=Decimal(1))
    with acting("manager") as (session, scope):
        usual = [(one.after_days, one.fee) for one in dunning.LADDER]
        dunning.set_policy(session, scope, organisation_id=where, steps=usual, least=dunning.LEAST)


def test_workers_at_the_same_time_remind_once(acting, book, billed):
    made, ready = [], threading.Barrier(6)

    def one() -> None:
        ready.wait()
        with acting() as (session, scope):
            made.append(dunning.remind(session, scope, bill_id=billed.id))

    with at(DUE + timedelta(days=21)):
        remind(acting, DUE + timedelta(days=7))
        threads = [threading.Thread(target=one) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(one.level for one in made if one) == [2]
    assert balance(acting, book)[FEES] == -5


KILLED = """
import os, sys
from uuid import UUID
from backend.billing.service import dunning
from backend.kernel.db import Database
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
database = Database(sys.argv[1])
with database.transaction(Scope.public()) as session:
    scope = tenancy.system_scope(session, UUID(sys.argv[2]), reason="reminders that are killed")
with database.transaction(scope) as session:
    made = dunning.remind(session, scope, bill_id=UUID(sys.argv[3]))
    session.flush()
    print(made.level, flush=True)
    sys.stdin.readline()
"""


def test_a_worker_killed_before_its_commit_leaves_nothing_and_the_next_one_reminds(
    acting, database_url, east, book, billed
):
    on = DUE + timedelta(days=7)
    ahead = datetime(on.year, on.month, on.day, 2, tzinfo=UTC) - clock.now()
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, database_url, str(east.region.id), str(billed.id)], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {clock.OFFSET: str(ahead.total_seconds())},
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "1\n"
        process.kill()
        assert process.wait() == -9
    assert levels(acting) == []
    assert [one.level for one in remind(acting, on)] == [1]
    assert remind(acting, on) == []
    assert levels(acting) == [1]


@pytest.mark.parametrize("role", ["technician", "dispatcher", "customer"])
def test_only_those_who_keep_accounts_hold_release_and_set(acting, east, billed, role):
    with pytest.raises(NotFound), acting(role) as (session, scope):
        dunning.hold(session, scope, bill_id=billed.id, reason=HoldReason.OTHER, note="x")
    with pytest.raises(Forbidden), acting(role) as (session, scope):
        dunning.set_policy(
            session, scope, organisation_id=east.enterprise.id, steps=[(7, Decimal(0))], least=Decimal(1)
        )
    with acting(role) as (session, scope):
        assert dunning.overdue(session, scope).items == []
