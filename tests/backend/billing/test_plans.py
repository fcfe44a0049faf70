"""Debts are paid in parts: what is paid of the bills is paid of the plan, and nothing is booked for it."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.billing.models import PlanStatus, Way
from backend.billing.rules.dunning import Instalment, is_kept, spread
from backend.billing.service import bills, corrections, ledger, payments, plans
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from tests.backend.billing.debts import DUE, MONTH, at, owe, remind

FIRST_ON = date(2026, 11, 1)


@pytest.fixture
def billed(acting, desk, owner_database):
    """The customer owes September, due on 15 October."""
    return owe(acting, desk, owner_database)


@pytest.fixture
def agree(acting, east, billed):
    """Agree on a plan over the bill: `agree(parts=3)`."""

    def one(**more):
        said = {"bill_ids": [billed.id], "parts": 3, "first_on": FIRST_ON} | more
        with at(DUE):
            return agreed(acting, east, said)

    return one


def agreed(acting, east, said):
    with acting("manager") as (session, scope):
        return plans.agree(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id, **said
        )


@pytest.fixture
def cash(acting, east):
    """Take cash of the customer: `cash("100.00")`, each a receipt of its own."""
    taken = []

    def one(amount) -> None:
        taken.append(amount)
        with acting("manager") as (session, scope):
            payments.take_cash(
                session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id, currency="CNY",
                amount=Decimal(amount), received_on=FIRST_ON, receipt=f"R{len(taken)}",
            )  # fmt: skip

    return one


def review(acting, made, on: date) -> PlanStatus:
    with at(on), acting() as (session, scope):
        return plans.review(session, scope, plan_id=made.plan.id).status


def shown(acting, made, role="manager"):
    with acting(role) as (session, scope):
        return plans.plan(session, scope, plan_id=made.plan.id)


def test_parts_are_the_debt_to_the_cent_and_are_paid_in_order(acting, agree, cash):
    made = agree()
    assert [(one.due_on, one.amount) for one in made.parts] == [
        (FIRST_ON, Decimal("708.89")), (date(2026, 12, 1), Decimal("708.89")), (date(2027, 1, 1), Decimal("708.88")),
    ]  # fmt: skip
    cash("1000.00")
    found = shown(acting, made)
    assert [one.paid for one in found.parts] == [Decimal("708.89"), Decimal("291.11"), 0]
    assert found.paid == 1000


def test_nothing_is_booked_for_a_plan(acting, book, agree):
    with acting("manager") as (session, scope):
        before = ledger.trial_balance(session, scope, book_id=book.id)
    agree()
    with acting("manager") as (session, scope):
        assert ledger.trial_balance(session, scope, book_id=book.id) == before


def test_a_plan_ends_when_all_is_paid(acting, agree, cash):
    made = agree()
    cash("2000.00")
    assert review(acting, made, date(2026, 12, 3)) is PlanStatus.ACTIVE
    cash("126.66")
    assert review(acting, made, date(2026, 12, 3)) is PlanStatus.PAID
    assert review(acting, made, date(2027, 2, 1)) is PlanStatus.PAID
    assert [one.paid for one in shown(acting, made).parts] == [one.amount for one in made.parts]


def test_a_credit_note_over_a_planned_bill_pays_of_the_plan(acting, billed, agree):
    made = agree()
    with acting("manager") as (session, scope):
        corrections.adjust(
            session, scope, bill_id=billed.id, amount=Decimal(-800), on=FIRST_ON, reason="wrong reading"
        )
    assert shown(acting, made).paid == 800


def test_a_part_that_is_missing_ends_the_plan_and_reminders_go_on(acting, agree, cash):
    made = agree()
    assert remind(acting, DUE + timedelta(days=10)) == []
    cash("708.88")
    assert review(acting, made, FIRST_ON + timedelta(days=2)) is PlanStatus.ACTIVE
    assert review(acting, made, FIRST_ON + timedelta(days=3)) is PlanStatus.BROKEN
    assert [one.level for one in remind(acting, FIRST_ON + timedelta(days=4))] == [1]


def test_a_cancelled_plan_leaves_the_bills_due_and_free_for_another(acting, agree):
    made = agree()
    with pytest.raises(Conflict, match="another plan"):
        agree()
    with acting("manager") as (session, scope):
        assert plans.cancel(session, scope, plan_id=made.plan.id).plan.status is PlanStatus.CANCELLED
        with pytest.raises(Conflict, match="cancelled"):
            plans.cancel(session, scope, plan_id=made.plan.id)
    assert agree(parts=2).plan.status is PlanStatus.ACTIVE


def test_two_plans_at_once_over_a_bill_are_one(acting, east, billed):
    made, refused, ready = [], [], threading.Barrier(4)
    said = {"bill_ids": [billed.id], "parts": 3, "first_on": FIRST_ON}

    def one() -> None:
        ready.wait()
        try:
            made.append(agreed(acting, east, said))
        except Conflict as error:
            refused.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    with at(DUE):  # one clock for all of them
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(made), len(refused)) == (1, 3)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"parts": 1}, Refused), ({"parts": 37}, Refused), ({"bill_ids": []}, Refused), ({"grace_days": 32}, Refused),
        ({"first_on": date(2026, 1, 1)}, Refused), ({"first_on": date(2028, 1, 1)}, Refused),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(agree, more, error):
    with pytest.raises(error):
        agree(**more)


def test_what_is_paid_is_not_planned(agree, cash):
    cash(MONTH)
    with pytest.raises(Conflict, match="nothing is left"):
        agree()


def test_a_customer_sees_their_plan_and_nobody_elses(acting, world, east, billed, agree):
    made = agree()
    assert shown(acting, made, "customer").plan.total == MONTH
    with acting("customer", world.west) as (session, scope):
        assert plans.plans(session, scope).items == []
        with pytest.raises(NotFound):
            plans.plan(session, scope, plan_id=made.plan.id)
    with pytest.raises(NotFound), acting("customer") as (session, scope):
        plans.cancel(session, scope, plan_id=made.plan.id)
    with pytest.raises(Forbidden), acting("customer") as (session, scope):
        plans.agree(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id,
            bill_ids=[billed.id], parts=3, first_on=FIRST_ON,
        )  # fmt: skip


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=12), st.integers(-100, 10**7))
def test_what_is_paid_of_the_parts_is_what_was_paid_and_no_part_is_paid_twice(cents, paid):
    parts = [Instalment(FIRST_ON + timedelta(days=30 * n), Decimal(one) / 100) for n, one in enumerate(cents)]
    found = spread(parts, Decimal(paid) / 100)
    assert sum(found) == min(max(Decimal(paid), Decimal(0)), Decimal(sum(cents))) / 100
    assert all(0 <= got <= part.amount for got, part in zip(found, parts, strict=True))
    full = [got == part.amount for got, part in zip(found, parts, strict=True)]
    assert full == sorted(full, reverse=True)
    assert is_kept(parts, Decimal(paid) / 100, FIRST_ON + timedelta(days=3)) == (found[0] == parts[0].amount)


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(1, 150_000)), st.tuples(st.just("wait"), st.integers(1, 20)),
        st.tuples(st.just("back"), st.integers(1, 50_000)),
    ),
    min_size=1, max_size=10,
)  # fmt: skip


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(moves=MOVES)
def test_whatever_happens_books_balance_no_step_comes_twice_and_nothing_is_paid_twice(
    acting, desk, east, book, owner_database, moves
):
    """Money comes and goes while time passes and workers remind: a walk over days."""
    bill = owe(acting, desk, owner_database)
    today, told, taken, back = DUE, [], Decimal(0), Decimal(0)
    for number, (move, how_much) in enumerate(moves):
        amount = Decimal(how_much) / 100
        with acting("manager") as (session, scope):
            there = {
                "organisation_id": east.enterprise.id,
                "customer_id": east.customer.id,
                "currency": "CNY",
            }
            if move == "pay":
                payments.take_cash(
                    session, scope, amount=amount, received_on=DUE, receipt=f"R{number}", **there
                )
                taken += amount
            elif move == "back" and amount <= payments.credit(
                session, scope, book_id=book.id, customer_id=east.customer.id, currency="CNY"
            ):
                payments.refund(
                    session, scope, amount=amount, paid_on=DUE, way=Way.CASH, reason="asked", **there
                )
                back += amount
        today += timedelta(days=how_much % 20 if move == "wait" else 0)
        told += [one.level for one in remind(acting, today)]
    assert told == list(range(1, len(told) + 1))
    with acting("manager") as (session, scope):
        assert ledger.verify(session, scope, book_id=book.id) is None
        there = {one.code: one.amount for one in ledger.trial_balance(session, scope, book_id=book.id)}
        family = bills.family(session, scope, bill_id=bill.id)
        left = payments.open_of(session, scope, bill_ids=[one.id for one in family])
    assert sum(there.values()) == 0
    assert min(left.values()) >= 0
    assert there["1200"] == sum(left.values())
    owed = sum(one.total for one in family)
    assert there.get("2100", Decimal(0)) == -(taken - back - (owed - sum(left.values())))
