"""What an operator brings from before: looked through, written whole or not at all, and never twice."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend.billing.queries import bills as queries
from backend.billing.rules import migration as rules
from backend.billing.rules.ledger import CREDIT, OPENING, RECEIVABLE
from backend.billing.rules.migration import BALANCES, CONTRACTS, REGISTERS, Given
from backend.billing.service import bills, contracts, dunning, ledger, migration, payments
from backend.kernel import ids
from backend.kernel.errors import Forbidden, Refused
from backend.kernel.sheets import Formula, Row
from reports import migration as workbook
from tests.backend.billing.debts import at
from tests.backend.billing.scene import FIRST, fill, meter, store, wipe

CONTRACT = {"number": "OLD-1", "customer": "East mill", "tariff": "park-tou", "starts_on": date(2026, 9, 1)}
OWED = {"contract": "OLD-1", "reference": "A-17", "amount": Decimal("500.50"), "booked_on": date(2026, 9, 1),
        "due_on": date(2026, 8, 20)}  # fmt: skip
AHEAD = {
    "contract": "OLD-1",
    "reference": "A-18",
    "amount": Decimal("-100.50"),
    "booked_on": date(2026, 9, 1),
}


@pytest.fixture
def point(acting, east, book, owner_database):
    """Nothing in the books, the tariff there, and a meter whose month is stored: its id."""
    wipe(owner_database)
    with acting("manager") as (session, scope):
        store(session, scope, east)
    with acting() as (session, _):
        point_id, key = meter(session, east, f"meter {ids.new_id()}")
    fill(owner_database, key)
    return ids.show(point_id)


def rows(*cells) -> list[Row]:
    return [Row(number, one) for number, one in enumerate(cells, start=2)]


def register(point: str, **more) -> dict:
    return {"contract": "OLD-1", "point": point} | more


def bring(acting, east, given: Given, *, write: bool = True, role: str = "manager"):
    """Send rows as a workbook, so that what is read is what was written."""
    given = workbook.read(workbook.write(given))
    with acting(role) as (session, scope):
        return migration.bring(session, scope, organisation_id=east.enterprise.id, given=given, write=write)


def count(acting) -> dict[str, int]:
    tables = ("supply_contract", "contract_point", "opening_balance", "bill", "journal_entry")
    with acting() as (session, _):
        return {table: session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables}


def test_contracts_registers_and_balances_are_brought_and_billed_and_paid_like_any(
    acting, desk, east, book, point
):
    given = Given(rows(CONTRACT), rows(register(point)), rows(OWED, AHEAD))
    report = bring(acting, east, given)
    assert report.problems == []
    assert dict(report.created) == {CONTRACTS: 1, REGISTERS: 1, BALANCES: 2}
    with acting("manager") as (session, scope):
        (made,) = contracts.contracts(session, scope).items
        there = {one.code: one.amount for one in ledger.trial_balance(session, scope, book_id=book.id)}
        assert (there[OPENING], there[RECEIVABLE], there[CREDIT]) == (-400, 400, 0)
        (note,) = bills.bills(session, scope, contract_id=made.id).items
        assert (note.total, note.due_on, note.serial) == (Decimal("500.50"), date(2026, 8, 20), 1)
        assert payments.open_of(session, scope, bill_ids=[note.id])[note.id] == 400
        assert ledger.verify(session, scope, book_id=book.id) is None
    desk.bill()
    with acting("manager") as (session, scope):
        newest = bills.bills(session, scope, contract_id=made.id).items[0]
        assert newest.total == Decimal("2126.66")
    with at(date(2026, 9, 5)), acting() as (session, scope):
        assert dunning.remind(session, scope, bill_id=note.id).level == 1


def test_the_same_workbook_again_changes_nothing_and_a_grown_one_adds_what_is_new(acting, east, book, point):
    given = Given(rows(CONTRACT), rows(register(point)), rows(OWED, AHEAD))
    bring(acting, east, given)
    before = count(acting)
    again = bring(acting, east, given)
    assert (again.problems, dict(again.created)) == ([], {})
    assert dict(again.unchanged) == {CONTRACTS: 1, REGISTERS: 1, BALANCES: 2}
    assert count(acting) == before
    grown = Given(
        rows(CONTRACT, CONTRACT | {"number": "OLD-2", "starts_on": date(2026, 9, 2)}), rows(register(point)),
        rows(OWED, AHEAD, OWED | {"contract": "OLD-2"}),
    )  # fmt: skip
    assert dict(bring(acting, east, grown).created) == {CONTRACTS: 1, BALANCES: 1}


def test_a_dry_run_says_what_it_would_bring_and_writes_nothing(acting, east, book, point):
    before = count(acting)
    report = bring(acting, east, Given(rows(CONTRACT), rows(register(point)), rows(OWED)), write=False)
    assert (dict(report.created), report.is_written) == ({CONTRACTS: 1, REGISTERS: 1, BALANCES: 1}, False)
    assert count(acting) == before


FAULTS = [
    (
        CONTRACTS,
        {"customer": "Nobody"},
        "customer",
        "Nobody",
        "no organisation below the operator is called so",
    ),
    (CONTRACTS, {"tariff": "none"}, "tariff", "none", "no tariff has this code"),
    (CONTRACTS, {"starts_on": "soon"}, "starts_on", "soon", "'soon' is no day like 2026-11-22"),
    (CONTRACTS, {"starts_on": None}, "starts_on", None, "this cell is empty"),
    (CONTRACTS, {"ends_on": date(2026, 9, 1)}, "ends_on", "2026-09-01", "it ends before it starts"),
    (CONTRACTS, {"months": 5}, "months", "5", "bills of 5 months are not written"),
    (CONTRACTS, {"day": 29}, "day", "29", "not between 1 and 28"),
    (CONTRACTS, {"facts": "area"}, "facts", "area", "'area' is not name=number"),
    (CONTRACTS, {"is_prepaid": "maybe"}, "is_prepaid", "maybe", "'maybe' is neither yes nor no"),
    (REGISTERS, {"contract": "X"}, "contract", "X", "there is no such contract"),
    (REGISTERS, {"point": "no meter"}, "point", "no meter", "there is no such point"),
    (
        REGISTERS,
        {"share": 101},
        "share",
        "101",
        "not above 0 and at most 100, with four decimal places at most",
    ),
    (BALANCES, {"amount": "1.001"}, "amount", "1.001", "'1.001' is no amount to the cent"),
    (BALANCES, {"amount": 0}, "amount", "0.00", "nothing is owed, nor paid ahead"),
    (BALANCES, {"reference": None}, "reference", None, "this cell is empty"),
]


def test_every_fault_is_named_with_its_row_column_value_and_remedy_and_nothing_is_written(
    acting, east, book, point
):
    before = count(acting)
    cells = {CONTRACTS: [CONTRACT], REGISTERS: [register(point)], BALANCES: [OWED]}
    for place, (sheet, more, *_) in enumerate(FAULTS):
        first = cells[sheet][0]
        own = {CONTRACTS: "number", REGISTERS: "register", BALANCES: "reference"}[sheet]
        cells[sheet].append(first | {own: f"n{place}"} | more)
    report = bring(acting, east, Given(*(rows(*cells[sheet]) for sheet in rules.SHEETS)))
    said = [(one.sheet, one.column, one.value, one.message) for one in report.problems]
    assert said == [(sheet, column, value, message) for sheet, _, column, value, message in FAULTS]
    assert [one.row for one in report.problems if one.sheet == CONTRACTS] == list(range(3, 12))
    assert all(one.remedy for one in report.problems)
    assert not report.is_written
    assert count(acting) == before


def test_a_row_that_stands_twice_and_a_formula_are_faults(acting, east, book, point):
    with acting("manager") as (session, scope):
        report = migration.bring(
            session, scope, organisation_id=east.enterprise.id,
            given=Given(rows(CONTRACT, CONTRACT, CONTRACT | {"number": "N", "payer": Formula("=A1")})),
        )  # fmt: skip
    assert [(one.row, one.column, one.message) for one in report.problems] == [
        (3, "number", "row 2 says the same"), (4, "payer", "a formula; write its value"),
    ]  # fmt: skip


def test_what_is_here_already_is_not_changed_by_a_workbook(acting, east, book, point):
    bring(acting, east, Given(rows(CONTRACT), rows(register(point)), rows(OWED)))
    other = Given(
        rows(CONTRACT | {"due_days": 30}),
        rows(register(point, share=50)),
        rows(OWED | {"amount": Decimal(7)}),
    )
    assert [(one.column, one.message) for one in bring(acting, east, other).problems] == [
        ("due_days", "the contract is here already and says 14"),
        ("share", "the contract pays for 100 % of it already"),
        ("amount", "this reference is booked already with 500.50"),
    ]


def test_what_only_the_writing_finds_out_takes_all_of_it_back_and_is_named(acting, east, book, point):
    """Two contracts that want 60 % of the same meter each."""
    before = count(acting)
    given = Given(
        rows(CONTRACT, CONTRACT | {"number": "OLD-2"}),
        rows(register(point, share=60), register(point, share=60, contract="OLD-2")), rows(OWED),
    )  # fmt: skip
    report = bring(acting, east, given)
    (fault,) = report.problems
    assert (fault.sheet, fault.row, fault.column) == (REGISTERS, 3, "share")
    assert fault.message == "40 % of this meter are left on 2026-09-01"
    assert count(acting) == before


def test_twelve_hundred_rows_take_seconds(acting, east, book, point):
    """A hundred contracts share each of four meters; measured in processor time, since machines are shared."""
    with acting() as (session, _):
        points = [ids.show(meter(session, east, f"meter {ids.new_id()}")[0]) for _ in range(4)]
    numbers = [f"N-{number:04d}" for number in range(400)]
    given = Given(
        rows(*(CONTRACT | {"number": one} for one in numbers)),
        rows(*(register(points[place % 4], contract=one, share=1) for place, one in enumerate(numbers))),
        rows(*(OWED | {"contract": one, "reference": one} for one in numbers)),
    )
    started = time.process_time()
    report = bring(acting, east, given)
    took_s = time.process_time() - started
    assert report.problems == []
    assert sum(report.created.values()) == 1200
    assert took_s < 20
    with acting("manager") as (session, scope):
        there = {one.code: one.amount for one in ledger.trial_balance(session, scope, book_id=book.id)}
    assert there == {RECEIVABLE: Decimal("500.50") * 400, OPENING: Decimal("-500.50") * 400}


def test_the_template_has_every_column_and_says_what_it_holds():
    with pytest.raises(Refused, match="cannot be unpacked"):
        workbook.read(b"no workbook")
    empty = workbook.read(workbook.template())
    assert (list(empty.contracts), list(empty.registers), list(empty.balances)) == ([], [], [])
    assert {row.cells["column"] for row in rules.guide() if row.cells["sheet"] == CONTRACTS} == {
        *rules.COLUMNS[CONTRACTS]
    }


@pytest.mark.parametrize("role", ["technician", "dispatcher", "customer"])
def test_only_those_who_keep_accounts_bring_anything(acting, east, book, point, role):
    with pytest.raises(Forbidden):
        bring(acting, east, Given(rows(CONTRACT)), role=role)


def test_a_period_is_billed_with_what_the_one_before_left_whatever_was_brought(
    acting, desk, east, book, point
):
    """An opening balance lies between two bills: the second still takes up where the first ended."""
    bring(acting, east, Given(rows(CONTRACT), rows(register(point))))
    desk.bill(FIRST)
    bring(acting, east, Given((), (), rows(OWED | {"booked_on": date(2026, 10, 1)})))
    with acting("manager") as (session, scope):
        (made,) = contracts.contracts(session, scope).items
        found = queries.closings(session, scope, [made.id], date(2026, 10, 1))
        first = bills.bills(session, scope, contract_id=made.id).items
    assert found[made.id] == next(one.closing for one in first if one.kind.value == "bill")
