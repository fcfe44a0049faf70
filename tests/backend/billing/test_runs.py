"""From stored intervals to issued bills: right, once, numbered without a gap, and in the books."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.billing.models import BillStatus, RunStatus
from backend.billing.rules.ledger import RECEIVABLE, SUPPLY, TAX
from backend.billing.service import bills, contracts, ledger, runs
from backend.kernel import ids
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.scope import Scope
from tests.backend.billing.scene import FIRST, NEXT, TOU, fill, meter, sign, store

WHOLE_MONTH = Decimal("2126.66")
"""30 days: 56 kWh × 0.9 + 40 kWh × 0.3 = 62.40 a day, 1,872.00; + 10.00; 13 % of 1,882.00 = 244.66."""


@pytest.fixture(scope="module")
def tariff_id(acting, east, book):
    with acting("manager") as (session, scope):
        return store(session, scope, east)


@pytest.fixture
def month(acting, east, tariff_id, owner_database):
    """A contract with a meter that counted 1 kWh in each interval of the month; `month(**more)`."""

    def one(*, filled: bool = True, **more):
        with acting() as (session, _):
            point_id, key = meter(session, east, f"meter {ids.new_id()}")
        if filled:
            fill(owner_database, key)
        with acting("manager") as (session, scope):
            tariff = more.pop("tariff_id", tariff_id)
            made = sign(session, scope, east, f"C-{ids.new_id()}", tariff, [point_id], **more)
        return made, key

    yield one
    with owner_database.transaction(
        Scope.public()
    ) as session:  # no run of the next test meets this one's contracts
        session.execute(text("UPDATE supply_contract SET ends_on = starts_on + 1 WHERE ends_on IS NULL"))


def bills_of(acting, contract, role="manager"):
    with acting(role) as (session, scope):
        return bills.bills(session, scope, contract_id=contract.id).items


def test_a_month_is_billed_line_by_line(acting, desk, month):
    contract, _ = month()
    desk.bill()
    (bill,) = bills_of(acting, contract)
    assert (bill.status, bill.starts_on, bill.ends_on, bill.due_on) == (
        BillStatus.ISSUED,
        FIRST,
        NEXT,
        date(2026, 10, 15),
    )
    assert bill.total == WHOLE_MONTH
    with acting("manager") as (session, scope):
        lines = bills.lines(session, scope, bill_id=bill.id)
    assert [(one.component, one.period, one.quantity, one.price, one.amount) for one in lines] == [
        ("energy", "peak", 1680, Decimal("0.9"), 1512),
        ("energy", "valley", 1200, Decimal("0.3"), 360),
        ("standing", None, 1, 10, 10),
        ("vat", None, 1882, Decimal("0.13"), Decimal("244.66")),
    ]
    assert lines[0].starts_at.isoformat() == "2026-09-01T00:00:00+00:00"  # 08:00 in Shanghai
    assert lines[0].version == date(2026, 1, 1)


def test_an_issued_bill_stands_in_the_ledger(acting, desk, month, book):
    contract, _ = month()
    with acting() as (session, scope):
        before = {b.code: b.amount for b in ledger.trial_balance(session, scope, book_id=book.id)}
    desk.bill()
    (bill,) = bills_of(acting, contract)
    with acting() as (session, scope):
        after = {b.code: b.amount for b in ledger.trial_balance(session, scope, book_id=book.id)}
        entry = ledger.entry_of(session, scope, cause_id=bill.id)
        assert ledger.verify(session, scope, book_id=book.id) is None
    assert {code: after[code] - before.get(code, 0) for code in after} == {
        RECEIVABLE: bill.total, TAX: Decimal("-244.66"), SUPPLY: Decimal("-1882.00"),
    }  # fmt: skip
    assert entry.text == f"Bill {bill.year}-{bill.serial:06d}"


def test_numbers_have_no_gap_whatever_was_thrown_away(acting, desk, month):
    month()
    thrown = desk.preview()
    with acting("manager") as (session, scope):
        runs.abandon(session, scope, run_id=thrown)
    month()
    desk.bill()
    with acting() as (session, _):
        serials = list(session.scalars(text("SELECT serial FROM bill WHERE year = 2026 ORDER BY serial")))
        assert session.scalar(text("SELECT count(*) FROM bill WHERE run_id = :run"), {"run": thrown}) == 0
        assert (
            session.scalar(
                text("SELECT count(*) FROM bill_line l LEFT JOIN bill b ON b.id = bill_id WHERE b.id IS NULL")
            )
            == 0
        )
    assert serials == list(range(1, len(serials) + 1))


def test_a_second_run_over_the_month_bills_nothing_again(acting, desk, month):
    contract, _ = month()
    desk.bill()
    again = desk.preview()
    with acting("manager") as (session, scope):
        assert runs.summary(session, scope, run_id=again) == []
    assert len(bills_of(acting, contract)) == 1


def test_the_database_itself_refuses_a_second_bill_for_a_day(acting, desk, month):
    contract, _ = month()
    desk.bill()
    double = (
        "INSERT INTO bill SELECT (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(), 'serial', NULL,"
        " 'issued_at', NULL, 'status', 'draft'))).* FROM bill b WHERE contract_id = :contract"
    )
    with pytest.raises(DBAPIError, match="ex_bill_once"), acting() as (session, _):
        session.execute(text(double), {"contract": contract.id})


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        ({"starts_on": date(2026, 9, 16)}, 15),
        ({"ends_on": date(2026, 9, 11)}, 10),
        ({"starts_on": date(2026, 9, 11), "ends_on": date(2026, 9, 12)}, 1),
    ],
)
def test_who_moves_in_or_out_pays_their_days(acting, desk, month, dates, days):
    contract, _ = month(**dates)
    desk.bill()
    (bill,) = bills_of(acting, contract)
    net = Decimal("62.40") * days + (Decimal(10) * days / 30).quantize(Decimal("0.01"))
    assert bill.total == net + (net * Decimal("0.13")).quantize(Decimal("0.01"))
    assert (bill.ends_on - bill.starts_on).days == days


def test_a_price_change_within_the_month_divides_it(acting, desk, month, east):
    document = TOU | {"code": "changing", "versions": [
        TOU["versions"][0],
        TOU["versions"][0] | {"from": "2026-09-16", "components": [
            TOU["versions"][0]["components"][0] | {"price": {"peak": 1.0, "valley": 0.3}},
            *TOU["versions"][0]["components"][1:],
        ]},
    ]}  # fmt: skip
    with acting("manager") as (session, scope):
        changing = store(session, scope, east, document)
    contract, _ = month(tariff_id=changing)
    desk.bill()
    (bill,) = bills_of(acting, contract)
    with acting("manager") as (session, scope):
        lines = bills.lines(session, scope, bill_id=bill.id)
    assert [(one.starts_on.day, one.ends_on.day, one.price, one.amount) for one in lines if one.period == "peak"] == [
        (1, 16, Decimal("0.9"), 756), (16, 1, Decimal("1"), 840),
    ]  # fmt: skip
    # 756 + 180 + 5 + 122.33 and 840 + 180 + 5 + 133.25
    assert bill.total == Decimal("2221.58")
    assert {one.version for one in lines} == {date(2026, 1, 1), date(2026, 9, 16)}


def test_what_cannot_be_billed_is_set_aside_with_its_reason_and_the_rest_is_billed(acting, desk, month):
    good, _ = month()
    bare, _ = month(filled=False)
    run_id = desk.bill()
    with acting("manager") as (session, scope):
        (aside,) = runs.exceptions(session, scope, run_id=run_id).items
    assert aside.contract_id == bare.id
    assert aside.reason.startswith("2880 intervals are missing of point")
    assert bills_of(acting, bare) == []
    assert len(bills_of(acting, good)) == 1


def test_a_month_whose_holidays_are_not_published_is_set_aside_and_says_so(acting, desk, month):
    contract, _ = month(filled=False)
    run_id = desk.preview(date(2027, 1, 1))
    with acting("manager") as (session, scope):
        (aside,) = runs.exceptions(session, scope, run_id=run_id).items
    assert (aside.contract_id, aside.reason) == (
        contract.id,
        "the holidays of 2027 are not in the calendar 'CN'",
    )
    assert bills_of(acting, contract) == []


def test_what_was_set_aside_is_billed_by_a_later_run(acting, desk, month, owner_database):
    contract, key = month(filled=False)
    desk.bill()
    fill(owner_database, key)
    desk.bill()
    assert [one.total for one in bills_of(acting, contract)] == [WHOLE_MONTH]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE bill SET total = 1", "DELETE FROM bill", "UPDATE bill_line SET amount = 1", "DELETE FROM bill_line",
     "INSERT INTO bill_line SELECT (jsonb_populate_record(l, '{\"place\": 99}')).* FROM bill_line l LIMIT 1"],
)  # fmt: skip
def test_what_is_issued_stays_as_it_is(acting, desk, month, owner_database, statement):
    month()
    desk.bill()
    with pytest.raises(DBAPIError, match=r"as it is|as they are"), acting() as (session, _):
        session.execute(text(statement))
    with (
        pytest.raises(DBAPIError, match=r"as it is|as they are"),
        owner_database.transaction(Scope.public()) as session,
    ):
        session.execute(text(statement))


def test_a_run_is_approved_once_and_only_when_previewed(acting, desk, month):
    month()
    run_id = desk.preview()
    desk.issue(run_id)
    with acting("manager") as (session, scope):
        assert runs.run(session, scope, run_id=run_id).status is RunStatus.ISSUED
        with pytest.raises(Conflict, match="issued"):
            runs.approve(session, scope, run_id=run_id, issue_on=NEXT)
        with pytest.raises(Conflict, match="issued"):
            runs.abandon(session, scope, run_id=run_id)


@pytest.mark.parametrize("role", ["technician", "dispatcher", "operator", "customer"])
def test_only_those_who_keep_accounts_run_bills(acting, desk, east, month, role):
    month()
    run_id = desk.preview()
    with pytest.raises(Forbidden), acting(role) as (session, scope):
        runs.start_run(session, scope, organisation_id=east.enterprise.id, on=FIRST)
    with pytest.raises(NotFound), acting(role) as (session, scope):
        runs.approve(session, scope, run_id=run_id, issue_on=NEXT)
    with acting("manager") as (session, scope):
        runs.abandon(session, scope, run_id=run_id)


def test_a_customer_sees_a_bill_when_it_is_issued_and_nobody_elses(acting, desk, month, world):
    contract, _ = month()
    run_id = desk.preview()
    assert bills_of(acting, contract, "customer") == []
    desk.issue(run_id)
    (bill,) = bills_of(acting, contract, "customer")
    with acting("customer") as (session, scope):
        assert len(bills.lines(session, scope, bill_id=bill.id)) == 4
    with acting("customer", world.west) as (session, scope):
        assert bills.bills(session, scope).items == []
        with pytest.raises(NotFound):
            bills.bill(session, scope, bill_id=bill.id)
    assert bills_of(acting, contract, "technician") == []


def test_a_contract_is_not_ended_within_what_is_billed(acting, desk, month):
    contract, _ = month()
    desk.bill()
    with pytest.raises(Refused, match="billed until 2026-10-01"), acting("manager") as (session, scope):
        contracts.end_contract(session, scope, contract_id=contract.id, ends_on=date(2026, 9, 20))


OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def test_a_period_waits_while_the_one_before_is_a_draft_and_the_run_to_finish_is_named(
    acting, desk, month, owner_database
):
    contract, key = month(filled=False)
    fill(owner_database, key, end=NOVEMBER)
    before = desk.preview(FIRST)
    early = desk.preview(OCTOBER)
    with acting("manager") as (session, scope):
        (aside,) = runs.exceptions(session, scope, run_id=early).items
        assert runs.summary(session, scope, run_id=early) == []
    assert aside.contract_id == contract.id
    assert aside.reason == (
        f"2026-09-01 to 2026-10-01 is a draft still, of the run of 2026-09-01 ({ids.show(before)}):"
        " issue or abandon that run, then run this period again"
    )
    desk.issue(before)
    desk.issue(desk.preview(OCTOBER), NOVEMBER)
    assert [one.starts_on for one in bills_of(acting, contract)] == [OCTOBER, FIRST]


def test_drafts_another_run_overtook_are_not_issued(acting, desk, month, owner_database):
    """Two runs at once: October is drafted before September is, so it cannot know what September leaves to it."""
    contract, key = month(filled=False)
    fill(owner_database, key, end=NOVEMBER)
    late = desk.preview(OCTOBER)
    early = desk.preview(FIRST)
    with (
        pytest.raises(Conflict, match="is a draft still, of the run of 2026-09-01"),
        acting("manager") as (s, scope),
    ):
        runs.approve(s, scope, run_id=late, issue_on=NOVEMBER)
    desk.issue(early)
    with pytest.raises(Conflict, match="after they were made") as refused, acting("manager") as (s, scope):
        runs.approve(s, scope, run_id=late, issue_on=NOVEMBER)
    assert refused.value.remedy == "abandon this run and run it again"
    with acting("manager") as (session, scope):
        runs.abandon(session, scope, run_id=late)
    desk.issue(desk.preview(OCTOBER), NOVEMBER)
    assert len(bills_of(acting, contract)) == 2
