"""Money comes in once, pays the oldest bills, waits for its owner where it has none, and is given back."""

from __future__ import annotations

import threading
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.billing import events as billing
from backend.billing.models import Way
from backend.billing.rules.ledger import BANK, CASH, CREDIT, RECEIVABLE, UNASSIGNED
from backend.billing.service import bills, contracts, ledger, payments
from backend.kernel import events, ids
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.scope import Scope
from tests.backend.billing.scene import fill, meter, sign, store, wipe

MONTH, LONGER = Decimal("2126.66"), Decimal("2197.17")
"""What 30 days come to, and 31: 62.40 a day, 10.00 a month, 13 %."""

BOTH = MONTH + LONGER
OCTOBER = date(2026, 10, 1)


@pytest.fixture
def billed(acting, desk, east, book, owner_database):
    """The customer owes September and October of one contract; returns the bills, the older first."""
    wipe(owner_database)
    with acting() as (session, _):
        point_id, key = meter(session, east, f"meter {ids.new_id()}")
    fill(owner_database, key, end=date(2026, 11, 1))
    with acting("manager") as (session, scope):
        tariff_id = store(session, scope, east)
        contract = sign(session, scope, east, "EL-77", tariff_id, [point_id], payer="East mill")
    desk.bill()
    run_id = desk.preview(OCTOBER)
    desk.issue(run_id, date(2026, 11, 1))
    with acting("manager") as (session, scope):
        return bills.bills(session, scope, contract_id=contract.id).items[::-1]


def cash(acting, east, amount: str, receipt: str = "R1", **more):
    with acting("manager") as (session, scope):
        return payments.take_cash(
            session, scope, organisation_id=east.enterprise.id, amount=Decimal(amount), receipt=receipt,
            **{"customer_id": east.customer.id, "currency": "CNY", "received_on": date(2026, 11, 5)} | more,
        )  # fmt: skip


def bank(acting, east, *rows: str, name: str = "statement.csv"):
    content = "\n".join(["date,amount,payer,reference,id", *rows]).encode()
    with acting("manager") as (session, scope):
        return payments.import_bank_file(
            session, scope, organisation_id=east.enterprise.id, name=name, content=content, currency="CNY"
        )


def left(acting, billed):
    with acting("manager") as (session, scope):
        found = payments.open_of(session, scope, bill_ids=[one.id for one in billed])
    return [found[one.id] for one in billed]


def accounts(acting, book) -> dict[str, Decimal]:
    with acting("manager") as (session, scope):
        assert ledger.verify(session, scope, book_id=book.id) is None
        balance = ledger.trial_balance(session, scope, book_id=book.id)
    assert sum(one.amount for one in balance) == 0
    return {one.code: one.amount for one in balance}


def test_cash_pays_the_oldest_bill_first(acting, east, book, billed):
    cash(acting, east, "3000.00")
    assert left(acting, billed) == [0, BOTH - 3000]
    there = accounts(acting, book)
    assert (there[CASH], there[RECEIVABLE]) == (3000, BOTH - 3000)


def test_a_receipt_sent_twice_is_taken_once_and_another_word_on_it_is_refused(acting, east, book, billed):
    first, again = cash(acting, east, "100"), cash(acting, east, "100")
    assert first.id == again.id
    assert accounts(acting, book)[CASH] == 100
    with pytest.raises(Conflict):
        cash(acting, east, "101")


def test_what_is_paid_too_much_is_credit_and_pays_the_next_bill(
    acting, desk, east, book, billed, owner_database
):
    cash(acting, east, "5000.00")
    assert left(acting, billed) == [0, 0]
    assert accounts(acting, book)[CREDIT] == BOTH - 5000
    with acting() as (session, _):
        point_id, key = meter(session, east, f"meter {ids.new_id()}")
    fill(owner_database, key)
    with acting("manager") as (session, scope):
        more = sign(session, scope, east, "EL-78", store(session, scope, east), [point_id], ends_on=OCTOBER)
    desk.bill()
    with acting("manager") as (session, scope):
        (bill,) = bills.bills(session, scope, contract_id=more.id).items
    assert left(acting, [bill]) == [MONTH - (5000 - BOTH)]
    there = accounts(acting, book)
    assert there[CREDIT] == 0
    assert there[RECEIVABLE] == BOTH + MONTH - 5000


def test_a_bank_file_finds_who_paid_by_reference_and_payer(acting, east, book, billed):
    number = f"{billed[1].year}-{billed[1].serial:06d}"
    taken = bank(
        acting, east, f"2026-11-05,{LONGER},Somebody,Bill {number},T1", "2026-11-06,26.66,EAST MILL,,T2",
        "2026-11-06,5.00,Nobody,thanks,T3", "2026-11-06,-9.00,Bank,fees,T4",
    )  # fmt: skip
    assert [one.matched_by for one in taken.assigned] == ["bill", "payer"]
    assert [one.reference for one in taken.unassigned] == ["thanks"]
    assert (taken.file.lines, taken.file.skipped) == (4, 1)
    assert left(acting, billed) == [MONTH - Decimal("26.66"), 0]
    there = accounts(acting, book)
    assert (there[BANK], there[UNASSIGNED]) == (LONGER + Decimal("31.66"), -5)


def test_the_same_file_is_refused_and_a_line_of_another_file_is_taken_once(acting, east, book, billed):
    row = "2026-11-05,10.00,East mill,,T1"
    bank(acting, east, row)
    with pytest.raises(Conflict, match="taken already"):
        bank(acting, east, row, name="again.csv")
    taken = bank(acting, east, row, "2026-11-06,20.00,East mill,,T2")
    assert [one.amount for one in taken.assigned] == [20]
    assert taken.file.skipped == 1
    assert accounts(acting, book)[BANK] == 30


def test_a_file_with_a_wrong_line_is_refused_whole(acting, east, book, billed):
    with pytest.raises(Refused, match="line 3"):
        bank(acting, east, "2026-11-05,10.00,East mill,,T1", "2026-11-05,ten,East mill,,T2")
    assert BANK not in accounts(acting, book)


def test_what_nobody_is_found_for_stays_in_sight_until_it_is_assigned(acting, east, book, billed):
    (payment,) = bank(acting, east, "2026-11-05,10.00,Nobody,,T1").unassigned
    with acting("manager") as (session, scope):
        assert [one.id for one in payments.payments(session, scope, unassigned=True).items] == [payment.id]
        payments.assign(session, scope, payment_id=payment.id, customer_id=east.customer.id)
    with acting("manager") as (session, scope):
        assert payments.payments(session, scope, unassigned=True).items == []
        with pytest.raises(Conflict):
            payments.assign(session, scope, payment_id=payment.id, customer_id=east.customer.id)
    assert left(acting, billed)[0] == MONTH - 10
    assert accounts(acting, book)[UNASSIGNED] == 0


def test_only_credit_is_given_back(acting, east, book, billed):
    cash(acting, east, "4400.00")
    credit = 4400 - BOTH
    back = {"organisation_id": east.enterprise.id, "customer_id": east.customer.id, "currency": "CNY",
            "paid_on": date(2026, 11, 9), "way": Way.BANK, "reason": "moved out"}  # fmt: skip
    with pytest.raises(Refused, match=f"credit is {credit}"), acting("manager") as (session, scope):
        payments.refund(session, scope, amount=credit + 1, **back)
    with acting("manager") as (session, scope):
        payments.refund(session, scope, amount=credit, **back)
    there = accounts(acting, book)
    assert (there[CREDIT], there[BANK]) == (0, -credit)
    with pytest.raises(Refused), acting("manager") as (session, scope):
        payments.refund(session, scope, amount=Decimal("0.01"), **back)


def test_payments_at_the_same_time_pay_no_bill_twice(acting, east, book, billed):
    threads = [
        threading.Thread(target=cash, args=(acting, east, "700.00", f"R{number}")) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert left(acting, billed) == [0, 0]
    there = accounts(acting, book)
    assert (there[CASH], there[CREDIT], there[RECEIVABLE]) == (5600, BOTH - 5600, 0)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE payment SET amount = 1", "UPDATE payment SET customer_id = NULL", "DELETE FROM payment"],
)
def test_a_payment_stays_as_it_is(acting, east, billed, owner_database, statement):
    cash(acting, east, "10")
    with (
        pytest.raises(DBAPIError, match="stays as it is"),
        owner_database.transaction(Scope.public()) as session,
    ):
        session.execute(text(statement))


def test_what_was_paid_with_is_only_ever_added_to(acting, east, billed, owner_database):
    cash(acting, east, "10")
    with (
        pytest.raises(DBAPIError, match="only ever added to"),
        owner_database.transaction(Scope.public()) as session,
    ):
        session.execute(text("DELETE FROM allocation"))


@pytest.mark.parametrize("role", ["technician", "operator", "customer"])
def test_only_those_who_keep_accounts_take_money(acting, east, billed, role):
    with pytest.raises(Forbidden), acting(role) as (session, scope):
        payments.take_cash(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id, amount=Decimal(1),
            currency="CNY", received_on=OCTOBER, receipt="X",
        )  # fmt: skip


def test_a_customer_sees_their_payments_and_nobody_elses(acting, east, billed, world):
    made = cash(acting, east, "10")
    with acting("customer") as (session, scope):
        assert [one.id for one in payments.payments(session, scope).items] == [made.id]
    with acting("customer", world.west) as (session, scope):
        assert payments.payments(session, scope).items == []
        with pytest.raises(NotFound):
            payments.payment(session, scope, payment_id=made.id)


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN"])
def test_what_is_no_amount_is_not_taken(acting, east, billed, amount):
    with pytest.raises(Refused):
        cash(acting, east, amount)


def test_a_prepaid_balance_that_runs_low_is_told_once(
    acting, desk, east, book, billed, owner_database, monkeypatch
):
    """3,000 paid ahead, 2,126.66 or 2,197.17 a month: told below 1,000 and below nothing, and not again."""
    monkeypatch.setattr(events, "_listeners", {})
    events.listen(billing.BALANCE_LOW, "test", lambda _session, _scope, _event: None)
    cash(acting, east, str(BOTH + 3000))
    with acting() as (session, _):
        point_id, key = meter(session, east, f"meter {ids.new_id()}")
    fill(owner_database, key, end=date(2026, 12, 1))
    prepaid = {"is_prepaid": True, "low_balance": Decimal(1000)}
    with acting("manager") as (session, scope):
        sign(session, scope, east, "PRE-1", store(session, scope, east), [point_id], **prepaid)
        contracts.end_contract(session, scope, contract_id=billed[0].contract_id, ends_on=date(2026, 11, 1))
    told = []
    for month in (9, 10, 11):
        desk.issue(desk.preview(date(2026, month, 1)), date(2026, 12, 1))
        with acting() as (session, _):
            told.append(
                list(
                    session.scalars(
                        text("SELECT body ->> 'balance' FROM outbox WHERE listener = 'test' ORDER BY id")
                    )
                )
            )
    balances = [3000 - MONTH, 3000 - BOTH, 3000 - BOTH - MONTH]
    assert [[Decimal(one) for one in some] for some in told] == [balances[:1], balances[:2], balances[:2]]
