"""The book in the database: nobody changes it, writers queue up, closed periods stay closed."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.billing.rules.ledger import (
    BANK,
    CREDIT,
    RECEIVABLE,
    SUPPLY,
    TAX,
    Broken,
    Cause,
    NewEntry,
    Posting,
)
from backend.billing.service import ledger
from backend.kernel import clock, ids
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.scope import Scope

TODAY = clock.now().date()


def entry(*sides, on: date = TODAY, party=None) -> NewEntry:
    return NewEntry(
        on, Cause.BILL, ids.new_id(), "A bill",
        tuple(Posting(account, Decimal(amount), "CNY", party) for account, amount in sides),
    )  # fmt: skip


def bill(amount: str = "113", tax: str = "13", **more) -> NewEntry:
    net = Decimal(amount) - Decimal(tax)
    return entry((RECEIVABLE, amount), (SUPPLY, -net), (TAX, f"-{tax}"), **more)


@pytest.fixture
def fresh(acting, east, owner_database):
    """An empty book of the east, in place of the one before."""
    with owner_database.transaction(Scope.public()) as session:
        session.execute(text("SET session_replication_role = replica"))
        for table in ("ledger_posting", "journal_entry", "ledger_closing", "ledger_account", "ledger_book"):
            session.execute(text(f"DELETE FROM {table}"))
        session.execute(text("SET session_replication_role = origin"))
    with acting("manager") as (session, scope):
        return ledger.open_book(session, scope, organisation_id=east.enterprise.id, name="East energy")


def post(acting, book, *entries):
    with acting() as (session, scope):
        return ledger.post(session, scope, book_id=book.id, entries=entries)


def test_a_trial_balance_sums_each_account_and_itself_to_nothing(acting, fresh, east):
    post(
        acting,
        fresh,
        bill(party=east.customer.id),
        entry((BANK, "50"), (RECEIVABLE, "-50"), party=east.customer.id),
    )
    with acting("manager") as (session, scope):
        balance = ledger.trial_balance(session, scope, book_id=fresh.id)
        owed = ledger.party_balance(
            session, scope, book_id=fresh.id, account=RECEIVABLE, party_id=east.customer.id, currency="CNY"
        )
    assert {one.code: (one.debit, one.credit) for one in balance} == {
        BANK: (50, 0), RECEIVABLE: (113, 50), TAX: (0, 13), SUPPLY: (0, 100),
    }  # fmt: skip
    assert sum(one.amount for one in balance) == 0
    assert owed == 63


def test_a_trial_balance_of_a_day_leaves_out_what_was_booked_on_it(acting, fresh):
    post(acting, fresh, bill(on=TODAY - timedelta(days=1)), bill())
    with acting("manager") as (session, scope):
        balance = ledger.trial_balance(session, scope, book_id=fresh.id, until=TODAY)
    assert {one.code: one.debit for one in balance}[RECEIVABLE] == 113


@pytest.mark.parametrize("table", ["journal_entry", "ledger_posting"])
@pytest.mark.parametrize(
    "verb", ["UPDATE {} SET organisation_id = organisation_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_nobody_changes_what_is_written(acting, fresh, owner_database, table, verb):
    """Neither the product's role, which has no right, nor the owner, whom a trigger stops."""
    post(acting, fresh, bill())
    with pytest.raises(DBAPIError, match="permission denied"), acting() as (session, _):
        session.execute(text(verb.format(table)))
    with (
        pytest.raises(DBAPIError, match="only ever added to"),
        owner_database.transaction(Scope.public()) as session,
    ):
        session.execute(text(verb.format(table)))


SIDE = text(
    "INSERT INTO ledger_posting (organisation_id, entry_id, place, account_id, amount, currency)"
    " SELECT organisation_id, id, :place, (SELECT id FROM ledger_account WHERE code = '1200'), :amount, 'CNY'"
    " FROM journal_entry"
)


def test_the_database_refuses_at_the_commit_what_does_not_balance(acting, fresh):
    post(acting, fresh, bill())
    with pytest.raises(DBAPIError, match="does not balance"), acting() as (session, _):
        session.execute(SIDE, {"place": 3, "amount": 1})
    with (
        pytest.raises(DBAPIError, match="does not balance"),
        acting() as (session, _),
    ):  # balanced, but added later
        session.execute(SIDE, {"place": 3, "amount": 1})
        session.execute(SIDE, {"place": 4, "amount": -1})


def test_an_entry_without_sides_is_refused_at_the_commit(acting, fresh):
    with pytest.raises(DBAPIError, match="does not balance"), acting() as (session, _):
        session.execute(
            text(
                "INSERT INTO journal_entry (id, organisation_id, book_id, sequence, booked_on, recorded_at, cause,"
                " cause_id, text, sides, previous, hash) SELECT gen_random_uuid(), organisation_id, id, 1, now(),"
                " now(), 'bill', gen_random_uuid(), '', 2, head, sha256('x') FROM ledger_book"
            )
        )


def test_nothing_is_posted_into_a_closed_period(acting, fresh):
    first = TODAY.replace(day=1)
    post(acting, fresh, bill(on=first - timedelta(days=1)))
    with acting("manager") as (session, scope):
        closing = ledger.close(session, scope, book_id=fresh.id, until=first, today=TODAY)
        assert {one["account"]: one["debit"] for one in closing.balance}[RECEIVABLE] == "113.0000"
    with pytest.raises(Refused, match="closed until"):
        post(acting, fresh, bill(on=first - timedelta(days=1)))
    with pytest.raises(DBAPIError, match="closed on"), acting() as (session, _):  # going around the service
        session.execute(
            text(
                "INSERT INTO journal_entry (id, organisation_id, book_id, sequence, booked_on, recorded_at, cause,"
                " cause_id, text, sides, previous, hash) SELECT gen_random_uuid(), organisation_id, id, 2, :day, now(),"
                " 'bill', gen_random_uuid(), '', 2, head, sha256('x') FROM ledger_book"
            ),
            {"day": first - timedelta(days=1)},
        )
    assert post(acting, fresh, bill(on=first))[0].sequence == 2
    with pytest.raises(Refused, match="already"), acting("manager") as (session, scope):
        ledger.close(session, scope, book_id=fresh.id, until=first, today=TODAY)


def test_only_those_who_keep_accounts_close_or_even_see_a_book(acting, fresh):
    for role in ("technician", "dispatcher", "operator", "customer"):
        with pytest.raises(NotFound), acting(role) as (session, scope):
            ledger.close(session, scope, book_id=fresh.id, until=TODAY, today=TODAY)
        with acting(role) as (session, scope):
            assert ledger.books(session, scope).items == []


def test_only_those_who_keep_accounts_open_a_book(acting, east):
    with pytest.raises(Forbidden), acting("operator") as (session, scope):
        ledger.open_book(session, scope, organisation_id=east.park.id, name="Mine")


def test_an_operator_keeps_one_book(acting, fresh, east):
    with pytest.raises(Conflict), acting("manager") as (session, scope):
        ledger.open_book(session, scope, organisation_id=east.enterprise.id, name="Another")


def test_an_unknown_account_is_refused_with_those_there_are(acting, fresh):
    with pytest.raises(Refused, match="no account 9999") as refused:
        post(acting, fresh, entry(("9999", "1"), (SUPPLY, "-1")))
    assert RECEIVABLE in refused.value.remedy


def test_what_was_posted_is_taken_back_once_by_an_entry_of_its_own(acting, fresh):
    made = post(acting, fresh, bill())[0]
    with acting() as (session, scope):
        ledger.reverse(session, scope, book_id=fresh.id, cause_id=made.new.cause_id, on=TODAY, text="Mistake")
    with acting() as (session, scope):
        assert {one.amount for one in ledger.trial_balance(session, scope, book_id=fresh.id)} == {0}
        with pytest.raises(Conflict):
            ledger.reverse(
                session, scope, book_id=fresh.id, cause_id=made.new.cause_id, on=TODAY, text="Again"
            )


def verified(acting, book) -> Broken | None:
    with acting() as (session, scope):
        return ledger.verify(session, scope, book_id=book.id)


TAMPERED = {
    "an amount and its counterpart": (
        "UPDATE ledger_posting SET amount = amount * 2 WHERE entry_id = :third",
        "changed",
    ),
    "one amount": ("UPDATE ledger_posting SET amount = 7 WHERE entry_id = :third AND place = 0", "balance"),
    "the day": ("UPDATE journal_entry SET booked_on = booked_on - 1 WHERE id = :third", "changed"),
    "an entry removed": ("DELETE FROM journal_entry WHERE id = :third", "missing"),
    "a hash made anew": ("UPDATE journal_entry SET hash = sha256('x') WHERE id = :third", "changed"),
}


@pytest.mark.parametrize(("statement", "why"), TAMPERED.values(), ids=TAMPERED)
def test_who_gets_past_the_triggers_is_found_by_the_chain(acting, fresh, owner_database, statement, why):
    post(acting, fresh, *(bill() for _ in range(5)))
    assert verified(acting, fresh) is None
    with owner_database.transaction(Scope.public()) as session:
        session.execute(text("SET session_replication_role = replica"))
        third = session.scalar(text("SELECT id FROM journal_entry WHERE sequence = 3"))
        session.execute(text(statement), {"third": third})
        session.execute(text("SET session_replication_role = origin"))
    broken = verified(acting, fresh)
    assert broken.sequence == 3
    assert why in broken.reason


def test_a_book_cut_off_at_its_end_is_found(acting, fresh, owner_database):
    post(acting, fresh, *(bill() for _ in range(3)))
    with owner_database.transaction(Scope.public()) as session:
        session.execute(text("SET session_replication_role = replica"))
        session.execute(text("DELETE FROM journal_entry WHERE sequence = 3"))
        session.execute(text("SET session_replication_role = origin"))
    assert verified(acting, fresh) == Broken(3, "missing")


def test_writers_at_the_same_time_make_one_chain(acting, fresh):
    """Eight writers of twelve transactions each, some of which are undone: no gap, no fork."""
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for turn in range(12):
                try:
                    with acting() as (session, scope):
                        ledger.post(session, scope, book_id=fresh.id, entries=[bill()] * (1 + turn % 3))
                        if turn % 4 == number % 4:
                            raise RuntimeError("undone")
                except RuntimeError:
                    pass
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with acting() as (session, _):
        sequences = list(session.scalars(text("SELECT sequence FROM journal_entry ORDER BY sequence")))
        assert session.scalar(text("SELECT count(DISTINCT previous) FROM journal_entry")) == len(sequences)
    undone = (
        8 * (2 + 1 + 3) // 1
    )  # each writer undoes three turns; turns n, n+4, n+8 hold 1 + turn % 3 entries
    assert sequences == list(range(1, 8 * 24 - undone + 1))
    assert verified(acting, fresh) is None


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from([BANK, RECEIVABLE, SUPPLY, CREDIT]), st.integers(-9, 9)), max_size=4
        ),
        max_size=4,
    )
)
def test_whatever_is_tried_the_ledger_balances(acting, fresh, tried):
    for sides in tried:
        one = entry(*((account, str(amount)) for account, amount in sides))
        try:
            post(acting, fresh, one)
        except Refused:
            assert len(sides) < 2 or any(a == 0 for _, a in sides) or sum(a for _, a in sides)
    with acting() as (session, scope):
        balance = ledger.trial_balance(session, scope, book_id=fresh.id)
        assert sum(one.debit for one in balance) == sum(one.credit for one in balance)
    assert verified(acting, fresh) is None
