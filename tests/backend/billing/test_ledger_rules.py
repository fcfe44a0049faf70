"""Entries balance, and a chain of them tells where it was touched."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.billing.rules import ledger
from backend.billing.rules.ledger import Cause, Entry, NewEntry, Posting
from backend.kernel.errors import Refused

BOOK, CAUSE, WHO = UUID(int=1), UUID(int=2), UUID(int=3)
NOON = datetime(2026, 11, 2, 4, 0, 0, 250, tzinfo=UTC)


def entry(*sides: tuple[str, str, str], text: str = "Bill 7") -> NewEntry:
    postings = tuple(Posting(account, Decimal(amount), currency, WHO) for account, amount, currency in sides)
    return NewEntry(date(2026, 11, 2), Cause.BILL, CAUSE, text, postings)


def bill(amount: str = "113.00") -> NewEntry:
    return entry(("1200", amount, "CNY"), ("4000", f"-{amount}", "CNY"))


def chained(count: int) -> list[Entry]:
    return ledger.chain(BOOK, (0, ledger.FIRST), NOON, [bill(f"{n}.00") for n in range(1, count + 1)])


@pytest.mark.parametrize(
    ("sides", "said"),
    [
        ([("1200", "1", "CNY")], "two sides"),
        ([("1200", "1", "CNY"), ("4000", "-2", "CNY")], "differ by -1 CNY"),
        ([("1200", "1", "CNY"), ("4000", "-1", "EUR")], "differ by 1 CNY"),
        ([("1200", "0", "CNY"), ("4000", "0", "CNY")], "moves something"),
        ([("1200", "0.00001", "CNY"), ("4000", "-0.00001", "CNY")], "not an amount of money"),
        ([("1200", "NaN", "CNY"), ("4000", "-1", "CNY")], "not an amount of money"),
        ([("1200", "1E+16", "CNY"), ("4000", "-1E+16", "CNY")], "not an amount of money"),
        ([("1200", "1", "yuan"), ("4000", "-1", "yuan")], "not a currency"),
    ],
)
def test_what_is_no_entry_is_refused(sides, said):
    with pytest.raises(Refused, match=said):
        ledger.chain(BOOK, (0, ledger.FIRST), NOON, [entry(*sides)])


def test_an_entry_may_balance_in_two_currencies_at_once():
    two = entry(("1200", "1", "CNY"), ("4000", "-1", "CNY"), ("1200", "2", "EUR"), ("4000", "-2", "EUR"))
    assert ledger.chain(BOOK, (0, ledger.FIRST), NOON, [two])[0].sequence == 1


def test_anybody_can_recompute_a_hash_from_what_the_readme_says():
    made = chained(1)[0]
    said = (
        '{"book":"00000000-0000-0000-0000-000000000001","booked_on":"2026-11-02","cause":"bill",'
        '"cause_id":"00000000-0000-0000-0000-000000000002","postings":'
        '[["1200","1.0000","CNY","00000000-0000-0000-0000-000000000003"],'
        '["4000","-1.0000","CNY","00000000-0000-0000-0000-000000000003"]],'
        f'"previous":"{"00" * 32}",'
        '"recorded_at":"2026-11-02T04:00:00.000250Z","sequence":1,"text":"Bill 7"}'
    )
    assert ledger.canonical(BOOK, 1, NOON, made.new, ledger.FIRST).decode() == said
    assert json.loads(said)["sequence"] == 1
    from hashlib import sha256

    assert made.hash == sha256(said.encode()).digest()


def test_a_whole_chain_holds_and_continues_where_it_stopped():
    first = chained(3)
    more = ledger.chain(BOOK, (3, first[-1].hash), NOON, [bill()])
    assert ledger.first_broken(first + more) is None
    assert ledger.first_broken(more, (3, first[-1].hash)) is None


TOUCHES = {
    "another amount": lambda e: replace(e, new=bill("9.00")),
    "another day": lambda e: replace(e, new=replace(e.new, booked_on=date(2026, 11, 3))),
    "another cause": lambda e: replace(e, new=replace(e.new, cause_id=WHO)),
    "another text": lambda e: replace(e, new=replace(e.new, text="Bill 8")),
    "another customer": lambda e: replace(
        e, new=replace(e.new, postings=tuple(replace(p, party=None) for p in e.new.postings))
    ),
    "another hash": lambda e: replace(e, hash=bytes(range(32))),
    "another instant": lambda e: replace(e, recorded_at=NOON.replace(microsecond=251)),
    "one side alone": lambda e: replace(e, new=replace(e.new, postings=e.new.postings[:1])),
}


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_the_first_touched_entry_is_named(touch, place):
    entries = chained(5)
    entries[place] = touch(entries[place])
    assert ledger.first_broken(entries).sequence == place + 1


def test_an_entry_taken_out_is_missed_and_one_put_in_is_found():
    entries = chained(4)
    assert ledger.first_broken(entries[:1] + entries[2:]) == ledger.Broken(2, "missing")
    assert ledger.first_broken([*entries[:2], entries[1], *entries[2:]]) == ledger.Broken(3, "twice")


AMOUNTS = st.decimals(min_value="0.0001", max_value="999999999", places=4)


@given(
    st.lists(st.tuples(AMOUNTS, st.sampled_from(["CNY", "EUR", "JPY"])), min_size=1, max_size=6), st.data()
)
def test_what_is_taken_always_balances(moves, data):
    """Whatever is thrown at a book: what it takes sums to nothing in each currency."""
    sides = [
        s for amount, money in moves for s in (("1200", str(amount), money), ("4000", str(-amount), money))
    ]
    kept = data.draw(st.lists(st.sampled_from(sides), min_size=1, max_size=len(sides)))
    try:
        made = ledger.chain(BOOK, (0, ledger.FIRST), NOON, [entry(*kept)])
    except Refused:
        assert len(kept) < 2 or ledger.imbalance(entry(*kept).postings)
    else:
        assert ledger.imbalance(made[0].new.postings) == {}


@pytest.mark.parametrize("until", [date(2026, 10, 1), date(2026, 11, 1)])
def test_what_is_closed_is_not_closed_again(until):
    with pytest.raises(Refused, match="closed until 2026-11-01"):
        ledger.demand_closing(until, date(2026, 11, 1), date(2026, 11, 27))


def test_a_period_that_is_not_over_is_not_closed():
    with pytest.raises(Refused, match="when it is over"):
        ledger.demand_closing(date(2026, 12, 1), None, date(2026, 11, 27))
