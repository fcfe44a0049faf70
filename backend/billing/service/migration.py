"""Contracts, registers and opening balances brought in a workbook: looked through first, then written whole or not.

What is there already and says the same is left; what says otherwise is a fault, since a workbook changes no contract.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import SupplyContract
from backend.billing.queries import migration as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules import migration as rules
from backend.billing.rules import shares
from backend.billing.rules.migration import BALANCES, CONTRACTS, REGISTERS, Given
from backend.billing.rules.periods import BillingCalendar
from backend.billing.service import contracts, ledger, openings
from backend.billing.service.contracts import NewContractPoint, NewSupplyContract
from backend.billing.service.openings import NewOpening
from backend.kernel import audit, ids, sheets
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Scope
from backend.kernel.sheets import Parsed, Problem
from backend.tenancy import service as tenancy

USUAL: dict[str, Any] = {
    "months": 1, "day": 1, "first": 1, "due_days": 14, "facts": {}, "is_prepaid": False, "is_protected": False,
    "register": "import", "share": shares.WHOLE,
}  # fmt: skip
"""What an empty cell means."""

SAME = ("starts_on", "ends_on", "months", "day", "first", "due_days", "facts", "payer", "low_balance", "is_prepaid",
        "is_protected", "emergency_credit")  # fmt: skip
"""What a contract that is there already must say, too."""


@dataclass
class Report:
    """What a workbook would bring, or brought: rows by sheet. problems: nothing is written while there is one."""

    problems: list[Problem] = field(default_factory=list)
    created: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    is_written: bool = False


class RowRefused(Exception):
    """A row looked right and was refused all the same when it was written."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass
class Known:
    """What rows may speak of: by their names here."""

    customers: dict[str, list[UUID]]
    tariffs: dict[str, UUID]
    contracts: dict[str, SupplyContract]
    points: dict[tuple[str | None, str], list[UUID]]
    closed_until: date | None


def bring(
    session: Session, scope: Scope, *, organisation_id: UUID, given: Given, write: bool = False
) -> Report:
    """Look a workbook through, and write it when asked and nothing is wrong with it; again, it changes nothing."""
    scope.demand(organisation_id, *KEEPERS)
    book = ledger.book_of(session, scope, organisation_id=organisation_id)
    ledger.hold(
        session, scope, book_id=book.id
    )  # two of the same at once: the second finds what the first wrote
    report = Report()
    rows = {
        sheet: list(_read(sheet, found, report))
        for sheet, found in zip(rules.SHEETS, (given.contracts, given.registers, given.balances), strict=True)
    }
    known = _known(session, scope, organisation_id, rows, book.closed_until)
    new = _look(session, scope, rows, known, report)
    report.problems.sort(key=lambda one: (rules.SHEETS.index(one.sheet), one.row))
    if report.problems or not write:
        return report
    try:
        with session.begin_nested():
            _write(session, scope, organisation_id, new, known)
    except RowRefused as refused:
        report.problems.append(refused.problem)
        return report
    report.is_written = True
    audit.record(
        session, scope, action="billing.migrated", entity="organisation", entity_id=organisation_id,
        organisation_id=organisation_id, after=dict(report.created),
    )  # fmt: skip
    return report


def _read(sheet: str, rows: Sequence[sheets.Row], report: Report) -> Iterator[Parsed]:
    """Yield rows as typed values, with what an empty cell means; a key that stands twice is a fault."""
    seen: dict[tuple[Any, ...], int] = {}
    before = len(report.problems)
    parsed = sheets.parse(sheet, rows, rules.readers(sheet), report.problems, rules.hints(sheet))
    faulty = {(one.row, one.column) for one in report.problems[before:]}
    for one in parsed:
        for name in rules.needed(sheet):
            if one.values[name] is None and (one.number, name) not in faulty:
                _fault(report, sheet, one, name, "this cell is empty", rules.hints(sheet)[name])
        one.values = {name: USUAL.get(name) if value is None else value for name, value in one.values.items()}
        key = tuple(one.values[name] for name in _KEYS[sheet])
        if None not in key[:1] and key in seen:
            _fault(
                report, sheet, one, _KEYS[sheet][0], f"row {seen[key]} says the same", "leave one of them out"
            )
        seen.setdefault(key, one.number)
        yield one


_KEYS = {
    CONTRACTS: ("number",), REGISTERS: ("contract", "point", "position", "register"),
    BALANCES: ("contract", "reference"),
}  # fmt: skip


def _fault(report: Report, sheet: str, row: Parsed, column: str, message: str, remedy: str) -> None:
    value = sheets.shown(row.values.get(column))
    report.problems.append(Problem(sheet, row.number, column, message, value, remedy))


def _known(
    session: Session, scope: Scope, organisation_id: UUID, rows: Mapping[str, Sequence[Parsed]],
    closed_until: date | None,
) -> Known:  # fmt: skip
    """Ask once for everything the rows speak of."""
    customers: dict[str, list[UUID]] = {}
    for node in tenancy.subtree(session, scope, organisation_id):
        for said in {node.name, node.name_zh or node.name, ids.show(node.id)}:
            customers.setdefault(said, []).append(node.id)
    said = {row.values[name] for sheet, name in ((CONTRACTS, "number"), (REGISTERS, "contract"), (BALANCES, "contract"))
            for row in rows[sheet] if row.values[name]}  # fmt: skip
    found = queries.contracts_numbered(session, scope, organisation_id, said)
    codes = {row.values["tariff"] for row in rows[CONTRACTS] if row.values["tariff"]}
    named = rows[REGISTERS]
    points: dict[tuple[str | None, str], list[UUID]] = {}
    for one in queries.points_said(
        session, scope, {row.values["position"] for row in named if row.values["position"]},
        {row.values["point"] for row in named if row.values["point"]},
        [key for row in named if (key := _id_of(row.values["point"]))],
    ):  # fmt: skip
        points.setdefault((one.code, one.name), []).append(one.id)
        points[None, ids.show(one.id)] = [one.id]
    tariffs = queries.tariffs_coded(session, scope, organisation_id, codes)
    return Known(customers, tariffs, found, points, closed_until)


def _id_of(said: str | None) -> UUID | None:
    try:
        return ids.parse(said) if said and len(said) in (26, 36) else None
    except EnerfieldError:
        return None


@dataclass
class New:
    """Rows that are not there yet, with what they speak of."""

    contracts: list[tuple[Parsed, UUID, UUID]] = field(default_factory=list)
    registers: list[tuple[Parsed, UUID]] = field(default_factory=list)
    balances: list[Parsed] = field(default_factory=list)


def _look(
    session: Session, scope: Scope, rows: Mapping[str, Sequence[Parsed]], known: Known, report: Report
) -> New:
    """Say what is wrong with rows, and which are new."""
    new = New()
    for row in rows[CONTRACTS]:
        _look_at_contract(row, known, report, new)
    numbers = {row.values["number"] for row in rows[CONTRACTS]} | known.contracts.keys()
    there = [one.id for one in known.contracts.values()]
    paid, opened = (
        queries.points_paid(session, scope, there), queries.balances_opened(session, scope, there),
    )  # fmt: skip
    for row in rows[REGISTERS]:
        _look_at_register(row, known, numbers, paid, report, new)
    for row in rows[BALANCES]:
        _look_at_balance(row, known, numbers, opened, report, new)
    return new


def _look_at_contract(row: Parsed, known: Known, report: Report, new: New) -> None:
    values, before = row.values, len(report.problems)
    customer = _one(known.customers.get(values["customer"] or "", []))
    tariff = known.tariffs.get(values["tariff"] or "")
    if values["customer"] and customer is None:
        many = len(known.customers.get(values["customer"], [])) > 1
        _fault(
            report, CONTRACTS, row, "customer", "more than one organisation is called so" if many else
            "no organisation below the operator is called so", "write its id" if many else "add the customer first",
        )  # fmt: skip
    if values["tariff"] and tariff is None:
        _fault(report, CONTRACTS, row, "tariff", "no tariff has this code", "store the tariff first")
    if values["ends_on"] and values["starts_on"] and values["ends_on"] <= values["starts_on"]:
        _fault(report, CONTRACTS, row, "ends_on", "it ends before it starts", "write a later day, or nothing")
    for column, error in _calendar_faults(values):
        _fault(report, CONTRACTS, row, column, error.message, error.remedy or rules.hints(CONTRACTS)[column])
    there = known.contracts.get(values["number"] or "")
    if there is not None and len(report.problems) == before:
        _demand_same(row, there, (customer, tariff), report)
    if len(report.problems) > before:
        return
    if there is not None:
        report.unchanged[CONTRACTS] += 1
    elif customer and tariff:
        new.contracts.append((row, customer, tariff))
        report.created[CONTRACTS] += 1


def _calendar_faults(values: Mapping[str, Any]) -> Iterator[tuple[str, Refused]]:
    try:
        BillingCalendar(values["months"], values["day"], values["first"])
    except Refused as error:
        yield (error.field if error.field in values else "first") or "months", error


def _demand_same(row: Parsed, there: SupplyContract, spoken: tuple[Any, Any], report: Report) -> None:
    for column, said, kept in (
        ("customer", spoken[0], there.customer_id), ("tariff", spoken[1], there.tariff_id),
        *((name, row.values[name], getattr(there, name)) for name in SAME),
    ):  # fmt: skip
        if said != kept:
            shown = ids.show(kept) if isinstance(kept, UUID) else kept
            _fault(
                report, CONTRACTS, row, column, f"the contract is here already and says {shown}",
                "change it here, or write what it says",
            )  # fmt: skip


def _look_at_register(
    row: Parsed, known: Known, numbers: set[str], paid: Mapping[tuple[UUID, UUID, str], int], report: Report, new: New
) -> None:  # fmt: skip
    values, before = row.values, len(report.problems)
    place = (None if _id_of(values["point"]) else values["position"], values["point"] or "")
    hits = known.points.get(place, [])
    point = _one(hits)
    if values["point"] and point is None:
        many = len(hits) > 1
        _fault(
            report, REGISTERS, row, "point", "more than one point is called so" if many else "there is no such point",
            "write its id" if many else "write the position's code and the point's name there, or the point's id",
        )  # fmt: skip
    _demand_contract(REGISTERS, row, numbers, report)
    if len(report.problems) > before or point is None:
        return
    contract = known.contracts.get(values["contract"])
    share = None if contract is None else paid.get((contract.id, point, values["register"]))
    if share is None:
        new.registers.append((row, point))
        report.created[REGISTERS] += 1
    elif share == values["share"]:
        report.unchanged[REGISTERS] += 1
    else:
        _fault(
            report, REGISTERS, row, "share", f"the contract pays for {share / 10_000:g} % of it already",
            "write that, or change it here",
        )  # fmt: skip


def _look_at_balance(
    row: Parsed, known: Known, numbers: set[str], opened: Mapping[tuple[UUID, str], Any], report: Report, new: New
) -> None:  # fmt: skip
    values, before = row.values, len(report.problems)
    _demand_contract(BALANCES, row, numbers, report)
    if values["booked_on"] and known.closed_until and values["booked_on"] < known.closed_until:
        _fault(
            report, BALANCES, row, "booked_on", f"the books are closed until {known.closed_until}",
            "write that day or a later one",
        )  # fmt: skip
    if values["amount"] == 0:
        _fault(report, BALANCES, row, "amount", "nothing is owed, nor paid ahead", "leave the row out")
    if len(report.problems) > before or None in (values["amount"], values["booked_on"], values["reference"]):
        return
    contract = known.contracts.get(values["contract"])
    there = None if contract is None else opened.get((contract.id, values["reference"]))
    if there is None:
        new.balances.append(row)
        report.created[BALANCES] += 1
    elif there.amount == values["amount"]:
        report.unchanged[BALANCES] += 1
    else:
        _fault(
            report, BALANCES, row, "amount", f"this reference is booked already with {there.amount:.2f}",
            "correct it by a note, or write another reference",
        )  # fmt: skip


def _demand_contract(sheet: str, row: Parsed, numbers: set[str], report: Report) -> None:
    if row.values["contract"] and row.values["contract"] not in numbers:
        _fault(
            report, sheet, row, "contract", "there is no such contract", f"add it to the sheet '{CONTRACTS}'"
        )


def _one(found: Sequence[UUID]) -> UUID | None:
    return found[0] if len(found) == 1 else None


# --- writing


@contextmanager
def _naming(sheet: str, row: Parsed) -> Iterator[None]:
    """Say of which row it is what a service refuses."""
    try:
        yield
    except EnerfieldError as error:
        column = error.field if error.field in row.values else rules.needed(sheet)[0]
        value = sheets.shown(row.values[column])
        problem = Problem(sheet, row.number, column, error.message, value, error.remedy)
        raise RowRefused(problem) from None


def _write(session: Session, scope: Scope, organisation_id: UUID, new: New, known: Known) -> None:
    for row, customer, tariff in new.contracts:
        with _naming(CONTRACTS, row):
            said = _contract(row.values, customer, tariff)
            made = contracts.create_contract(session, scope, organisation_id=organisation_id, new=said)
        known.contracts[made.number] = made
    for row, point in new.registers:
        with _naming(REGISTERS, row):
            wanted = NewContractPoint(point, row.values["register"], row.values["share"])
            contract = known.contracts[row.values["contract"]]
            contracts.add_point(session, scope, contract=contract, new=wanted)
    openings.write(session, scope, organisation_id=organisation_id, new=[
        NewOpening(known.contracts[row.values["contract"]], row.values["reference"], row.values["amount"],
                   row.values["booked_on"], row.values["due_on"] or row.values["booked_on"])
        for row in new.balances
    ])  # fmt: skip


def _contract(values: Mapping[str, Any], customer: UUID, tariff: UUID) -> NewSupplyContract:
    return NewSupplyContract(
        customer_id=customer, number=values["number"], tariff_id=tariff, starts_on=values["starts_on"], points=(),
        ends_on=values["ends_on"], calendar=BillingCalendar(values["months"], values["day"], values["first"]),
        due_days=values["due_days"], facts={name: Decimal(said) for name, said in values["facts"].items()},
        payer=values["payer"], low_balance=values["low_balance"],
        emergency_credit=values["emergency_credit"], is_prepaid=values["is_prepaid"],
        is_protected=values["is_protected"],
    )  # fmt: skip
