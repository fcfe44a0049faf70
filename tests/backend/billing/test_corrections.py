"""What was billed wrongly is made good by notes: of the original period, at the prices of then, once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from backend.billing.models import BillKind
from backend.billing.rules import corrections as rules
from backend.billing.rules.corrections import LineKey, Said
from backend.billing.rules.ledger import CREDIT, RECEIVABLE, SUPPLY, TAX
from backend.billing.service import bills, corrections, ledger, payments
from backend.kernel import ids
from backend.kernel.errors import Conflict, NotFound, Refused
from backend.kernel.scope import Scope
from backend.metering.events import intervals_revised
from backend.wiring import bills as wiring
from tests.backend.billing.scene import NEXT, TOU, fill, meter, sign, store, wipe

MONTH = Decimal("2126.66")
NOON = datetime(2026, 9, 10, 4, tzinfo=UTC)
"""12:00 in Shanghai: peak."""


@pytest.fixture
def billed(acting, desk, east, owner_database):
    """An issued bill of a month of 1 kWh each quarter of an hour, and its meter's key: `billed(document)`."""

    def one(document=TOU, end=NEXT):
        wipe(owner_database)
        with acting() as (session, _):
            point_id, key = meter(session, east, f"meter {ids.new_id()}")
        fill(owner_database, key, end=end)
        with acting("manager") as (session, scope):
            contract = sign(session, scope, east, "EL-1", store(session, scope, east, document), [point_id])
        desk.bill()
        with acting("manager") as (session, scope):
            return bills.bills(session, scope, contract_id=contract.id).items[0], key

    return one


def edit(owner, key: int, at: datetime, wh: int) -> None:
    """Say an interval otherwise, as the desk of validation does."""
    with owner.transaction(Scope.public()) as session:
        done = session.execute(
            text('UPDATE "interval" SET amount = :wh, method = 2 WHERE point_key = :key AND start = :at'),
            {"wh": wh, "key": key, "at": at},
        )
        assert done.rowcount == 1


def rerate(acting, bill, reason: str = "A late reading"):
    with acting("manager") as (session, scope):
        return corrections.rerate(session, scope, bill_id=bill.id, on=date(2026, 11, 3), reason=reason)


def lines_of(acting, bill):
    with acting("manager") as (session, scope):
        return [
            (one.component, one.period, one.quantity, one.amount)
            for one in bills.lines(session, scope, bill_id=bill.id)
        ]


def accounts(acting, book):
    with acting("manager") as (session, scope):
        assert ledger.verify(session, scope, book_id=book.id) is None
        return {one.code: one.amount for one in ledger.trial_balance(session, scope, book_id=book.id)}


def test_an_interval_that_was_too_low_becomes_a_debit_note_over_the_difference(
    acting, book, billed, owner_database
):
    bill, key = billed()
    edit(owner_database, key, NOON, 101_000)
    (note,) = rerate(acting, bill)
    # 100 kWh of peak × 0.9 = 90.00; 13 % of it 11.70
    assert (note.kind, note.total, note.corrects_id) == (BillKind.DEBIT_NOTE, Decimal("101.70"), bill.id)
    assert lines_of(acting, note) == [
        ("energy", "peak", 100, 90), ("vat", None, 90, Decimal("11.70")),
    ]  # fmt: skip
    assert (note.starts_on, note.ends_on, note.issued_on) == (bill.starts_on, bill.ends_on, date(2026, 11, 3))
    assert accounts(acting, book) == {
        RECEIVABLE: MONTH + Decimal("101.70"), TAX: Decimal("-256.36"), SUPPLY: Decimal("-1972.00"),
    }  # fmt: skip


def test_an_interval_that_was_too_high_becomes_a_credit_note(acting, book, billed, owner_database):
    bill, key = billed()
    edit(owner_database, key, NOON, 0)
    (note,) = rerate(acting, bill)
    assert (note.kind, note.total) == (BillKind.CREDIT_NOTE, Decimal("-1.02"))  # 0.90 and 0.12 of VAT
    with acting("manager") as (session, scope):
        assert payments.open_of(session, scope, bill_ids=[bill.id])[bill.id] == MONTH - Decimal("1.02")
    assert accounts(acting, book)[RECEIVABLE] == MONTH - Decimal("1.02")


def test_a_credit_note_of_a_paid_bill_becomes_credit(acting, book, east, billed, owner_database):
    bill, key = billed()
    with acting("manager") as (session, scope):
        payments.take_cash(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id, amount=MONTH,
            currency="CNY", received_on=NEXT, receipt="R1",
        )  # fmt: skip
    edit(owner_database, key, NOON, 0)
    rerate(acting, bill)
    there = accounts(acting, book)
    assert (there[RECEIVABLE], there[CREDIT]) == (0, Decimal("-1.02"))


def test_prices_are_those_of_then_though_the_tariff_says_otherwise_now(acting, east, billed, owner_database):
    bill, key = billed()
    dearer = TOU | {"versions": [TOU["versions"][0] | {"components": [
        TOU["versions"][0]["components"][0] | {"price": {"peak": 9, "valley": 3}},
        *TOU["versions"][0]["components"][1:],
    ]}]}  # fmt: skip
    with acting("manager") as (session, scope):
        store(session, scope, east, dearer)
    assert rerate(acting, bill) == []
    edit(owner_database, key, NOON, 101_000)
    assert [one.total for one in rerate(acting, bill)] == [Decimal("101.70")]


def test_rerating_what_did_not_change_makes_no_note(acting, billed):
    bill, _ = billed()
    assert rerate(acting, bill) == []


EDITS = st.lists(
    st.tuples(st.integers(0, 30 * 96 - 1), st.integers(0, 50_000)),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one[0],
)


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(st.lists(EDITS, min_size=1, max_size=3))
def test_rerating_twice_is_rerating_once_whatever_was_edited(acting, book, billed, owner_database, rounds):
    """After any edits, one re-rating makes bill and notes say what a bill of today would; a second does nothing."""
    bill, key = billed()
    start = datetime(2026, 8, 31, 16, tzinfo=UTC)
    amounts = [1000] * (30 * 96)
    for edits in rounds:
        for place, wh in edits:
            amounts[place] = wh
            edit(owner_database, key, start + timedelta(minutes=15 * place), wh)
        notes = rerate(acting, bill)
        assert len(notes) <= 1
        assert rerate(acting, bill) == []
    peak = sum(wh for place, wh in enumerate(amounts) if 32 <= place % 96 < 88)
    valley = sum(amounts) - peak
    cent = Decimal("0.01")
    net = (
        (Decimal(peak) * 9 / 10000).quantize(cent, "ROUND_HALF_UP")
        + (Decimal(valley) * 3 / 10000).quantize(cent, "ROUND_HALF_UP")
        + 10
    )
    right = net + (net * 13 / 100).quantize(cent, "ROUND_HALF_UP")
    with acting("manager") as (session, scope):
        family = bills.family(session, scope, bill_id=bill.id)
    assert sum(one.total for one in family) == right
    assert accounts(acting, book).get(RECEIVABLE, 0) + accounts(acting, book).get(CREDIT, 0) == right


YEARLY = TOU | {"code": "yearly", "versions": [{
    "from": "2026-01-01", "calendar": "CN",
    "components": [{"kind": "energy", "code": "energy", "name": {"en": "Energy"}, "unit": "kWh",
                    "price": [0.5, 1.0], "blocks": {"limits": [3000], "per": "year"}}],
}]}  # fmt: skip
"""3,000 kWh a year at 0.50, the rest at 1.00."""


def test_what_a_period_leaves_to_the_next_is_corrected_there_too(acting, desk, billed, owner_database):
    bill, key = billed(YEARLY, end=date(2026, 11, 1))
    october = desk.preview(date(2026, 10, 1))
    desk.issue(october, date(2026, 11, 1))
    with acting("manager") as (session, scope):
        second, first = bills.bills(session, scope, contract_id=bill.contract_id).items
    # September 2,880 kWh of the first block; October 120 of it and 2,856 of the second
    assert (first.total, second.total) == (1440, 60 + 2856)
    edit(owner_database, key, NOON, 121_000)
    notes = rerate(acting, first)
    # September takes the 120 kWh of the first block that October had: 60.00 more, and 120 × 0.50 more in October
    assert [(one.starts_on.month, one.total) for one in notes] == [(9, 60), (10, 60)]
    assert rerate(acting, first) == []
    assert rerate(acting, second) == []


def test_a_note_somebody_wrote_is_left_alone_by_rerating(acting, book, billed, owner_database):
    bill, key = billed()
    with acting("manager") as (session, scope):
        note = corrections.adjust(
            session, scope, bill_id=bill.id, amount=Decimal("-20"), on=NEXT, reason="Goodwill"
        )
    assert note.kind is BillKind.CREDIT_NOTE
    assert rerate(acting, bill) == []
    edit(owner_database, key, NOON, 101_000)
    assert [one.total for one in rerate(acting, bill)] == [Decimal("101.70")]
    assert accounts(acting, book)[RECEIVABLE] == MONTH - 20 + Decimal("101.70")


@pytest.mark.parametrize("amount", ["0", "0.001", "NaN"])
def test_a_note_over_nothing_is_refused(acting, billed, amount):
    bill, _ = billed()
    with pytest.raises(Refused), acting("manager") as (session, scope):
        corrections.adjust(session, scope, bill_id=bill.id, amount=Decimal(amount), on=NEXT, reason="x")


def test_a_period_with_a_hole_is_not_rerated(acting, billed, owner_database):
    bill, key = billed()
    with owner_database.transaction(Scope.public()) as session:
        session.execute(
            text('UPDATE "interval" SET method = 3 WHERE point_key = :key AND start = :at'),
            {"key": key, "at": NOON},
        )
    with pytest.raises(Conflict, match="1 intervals are missing"):
        rerate(acting, bill)


def test_notes_and_drafts_are_not_corrected_themselves(acting, billed, owner_database):
    bill, key = billed()
    edit(owner_database, key, NOON, 101_000)
    (note,) = rerate(acting, bill)
    with pytest.raises(Conflict, match="only an issued bill"):
        rerate(acting, note)


def test_a_customer_corrects_nothing(acting, billed):
    bill, _ = billed()
    with pytest.raises(NotFound), acting("customer") as (session, scope):
        corrections.rerate(session, scope, bill_id=bill.id, on=NEXT, reason="cheaper, please")


KEYS = [
    LineKey("energy", "energy", p, None, "import", "kWh", Decimal(1), False, NEXT, NEXT, NEXT) for p in "abc"
]
LINES = st.dictionaries(
    st.sampled_from(KEYS),
    st.builds(Said, st.decimals("0", "99", places=2), st.decimals("-99", "99", places=2)),
)


@given(LINES, LINES)
def test_what_was_said_and_the_difference_are_what_is_right(said, right):
    together = rules.summed([*said.items(), *rules.difference(said, right).items()])
    assert {name: one for name, one in together.items() if any(one)} == {
        name: one for name, one in right.items() if any(one)
    }
    assert rules.difference(right, right) == {}


def test_a_bill_whose_intervals_were_revised_waits_to_be_rated_again(acting, billed, owner_database, east):
    bill, key = billed()
    edit(owner_database, key, NOON, 101_000)

    def waiting(role="manager"):
        with acting(role) as (session, scope):
            return [one.id for one in bills.bills(session, scope, revised=True).items]

    with acting() as (session, scope):
        point_id = session.scalar(text("SELECT id FROM point WHERE key = :key"), {"key": key})
        for start in (NOON, datetime(2026, 9, 30, 16, tzinfo=UTC)):  # the second lies in October, in Shanghai
            told = intervals_revised(
                east.enterprise.id, [(point_id, start, start + timedelta(minutes=15), 1)], actor_id=None
            )
            wiring.revised(session, scope, told)
        assert session.scalar(text("SELECT sum(intervals) FROM revised_bill")) == 1
    assert waiting() == [bill.id]
    assert waiting("customer") == []
    rerate(acting, bill)
    assert waiting() == []
