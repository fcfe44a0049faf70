"""Bills and notes as they are written down, by COPY: drafts first, then issued with number and postings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import Bill, BillKind, BillRun, BillStatus, SupplyContract
from backend.billing.queries import bills as queries
from backend.billing.queries import contracts, payments
from backend.billing.queries import prepaid as balances
from backend.billing.rules import charging, disconnection, numbering
from backend.billing.rules.ledger import CREDIT, PLACES, RECEIVABLE, SUPPLY, Cause, NewEntry
from backend.billing.rules.tariff import Line
from backend.billing.service import ledger, settlement
from backend.billing.service.rating import Rated
from backend.kernel import bulk, clock, ids
from backend.kernel.events import publish
from backend.kernel.scope import Scope

BILL = (
    "id", "organisation_id", "customer_id", "contract_id", "run_id", "kind", "status", "starts_on", "ends_on", "months",
    "currency", "total", "tariff_version_id", "opening", "closing", "corrects_id", "reason", "made_at",
)  # fmt: skip
LINE = (
    "organisation_id", "bill_id", "place", "component", "kind", "name", "period", "block", "register", "quantity",
    "unit", "price", "amount", "is_included", "account", "starts_on", "ends_on", "starts_at", "ends_at", "version",
)  # fmt: skip
ISSUE = """
UPDATE bill SET status = 'issued', year = :year, serial = v.serial, issued_at = :at, issued_on = :on, due_on = v.due
FROM unnest(CAST(:ids AS uuid[]), CAST(:serials AS int[]), CAST(:dues AS date[])) v(id, serial, due)
WHERE bill.id = v.id
"""
NUMBER = """
INSERT INTO bill_counter (organisation_id, year, last) VALUES (:where, :year, :count)
ON CONFLICT (organisation_id, year) DO UPDATE SET last = bill_counter.last + excluded.last RETURNING last
"""


def write_drafts(session: Session, scope: Scope, run: BillRun, rated: Sequence[Rated]) -> int:
    """Write a draft for each rating of a run; return how many."""
    whole = [one for one in rated if one.rating is not None]
    keys = [ids.new_id() for _ in whole]
    now = clock.now()
    bulk.insert_rows(
        session, "bill", BILL, (_bill(key, one, run.id, now) for key, one in zip(keys, whole, strict=True))
    )
    names: dict[int, str] = {}
    bulk.insert_rows(
        session, "bill_line", LINE,
        (row for key, one in zip(keys, whole, strict=True) for row in _lines(key, one, names)),
    )  # fmt: skip
    return len(whole)


def _bill(key: UUID, one: Rated, run_id: UUID, now: datetime) -> tuple[Any, ...]:
    contract, rating, part = one.wanted.contract, one.rating, one.wanted.part
    assert rating is not None, "only what was rated is billed"
    return (
        key, contract.organisation_id, contract.customer_id, contract.id, run_id, BillKind.BILL.value,
        BillStatus.DRAFT.value, part.span.start, part.span.end, str(part.months), contract.currency,
        rating.total.rounded().amount, one.wanted.version.id, plain(one.wanted.opening), plain(rating.closing), None,
        None, now,
    )  # fmt: skip


def _lines(key: UUID, one: Rated, names: dict[int, str]) -> Iterable[tuple[Any, ...]]:
    assert one.rating is not None, "only what was rated is billed"
    where = one.wanted.contract.organisation_id
    for place, line in enumerate(one.rating.lines):
        yield (where, key, place, *line_values(line, names))


def line_values(line: Line, names: dict[int, str]) -> tuple[Any, ...]:
    """Return a line's columns from `component` on; names: texts of names met before, by identity."""
    met = names.get(id(line.name)) or names.setdefault(id(line.name), json.dumps(dict(line.name)))
    first, last = None, None
    if line.intervals is not None and len(line.intervals):
        first, last = clock.from_us(line.intervals[0, 0]), clock.from_us(line.intervals[-1, 1])
    return (
        line.component, line.kind, met, line.period, line.block, line.register, line.quantity, line.unit, line.price,
        line.amount.amount, line.is_included, charging.account_of(line.kind, line.price), line.start, line.end, first,
        last, line.version,
    )  # fmt: skip


def plain(values: Mapping[str, Decimal]) -> str:
    """Return exact numbers by name as JSON."""
    return json.dumps(plain_values(values))


def plain_values(values: Mapping[str, Decimal]) -> dict[str, str]:
    """Return exact numbers by name as texts."""
    return {name: str(value) for name, value in values.items()}


def issue(
    session: Session, scope: Scope, *, book_id: UUID, bills: Sequence[Bill], on: date,
    due: Mapping[UUID, date] | None = None,
) -> None:  # fmt: skip
    """Issue drafts of one operator: numbers without a gap, postings, events; all in this transaction or none.

    on: the operator's local day; they are numbered in the order given
    due: bill's id -> its day, of those that are not due as their contract says
    """
    if not bills:
        return
    where, now = bills[0].organisation_id, clock.now()
    given = {"where": where, "year": on.year, "count": len(bills)}
    last = int(session.execute(text(NUMBER), given).scalar_one())
    serials = range(last - len(bills) + 1, last + 1)
    agreed = contracts.contracts_by_id(session, scope, {one.contract_id for one in bills})
    own = due or {}
    dues = [own.get(one.id) or on + timedelta(days=agreed[one.contract_id].due_days) for one in bills]
    ledger.post(session, scope, book_id=book_id, entries=_entries(session, scope, bills, serials, on))
    session.execute(
        text(ISSUE),
        {
            "year": on.year,
            "at": now,
            "on": on,
            "ids": [one.id for one in bills],
            "serials": list(serials),
            "dues": dues,
        },
    )
    settlement.settle(session, scope, book_id=book_id, customers={one.customer_id for one in bills}, on=on)
    _warn(session, scope, book_id, bills, agreed)
    for one, serial, due_on in zip(bills, serials, dues, strict=True):
        _tell(session, scope, one, agreed[one.contract_id], numbering.shown(on.year, serial), due_on)
        session.expire(one)


def _entries(
    session: Session, scope: Scope, bills: Sequence[Bill], serials: Iterable[int], on: date
) -> list[NewEntry]:
    posted = queries.posted(session, scope, [one.id for one in bills], SUPPLY)
    entries = []
    for one, serial in zip(bills, serials, strict=True):
        others = {account: amount.quantize(PLACES) for account, amount in posted.get(one.id, {}).items()}
        sides = charging.sides(one.total, others, one.currency, one.customer_id)
        if sides:  # a bill of nothing moves nothing
            said = f"{numbering.WORDS[one.kind.value]} {numbering.shown(on.year, serial)}"
            entries.append(NewEntry(on, Cause(one.kind.value), one.id, said, sides))
    return entries


def _tell(
    session: Session, scope: Scope, one: Bill, contract: SupplyContract, number: str, due: date
) -> None:
    body = {
        "bill_id": str(one.id), "number": number, "kind": one.kind.value, "customer_id": str(one.customer_id),
        "contract_id": str(contract.id), "total": str(one.total), "currency": one.currency, "due_on": due.isoformat(),
    }  # fmt: skip
    publish(session, events.event(events.BILL_ISSUED, one.organisation_id, body, actor_id=scope.actor_id))


def _warn(
    session: Session,
    scope: Scope,
    book_id: UUID,
    bills: Sequence[Bill],
    agreed: Mapping[UUID, SupplyContract],
) -> None:
    """Tell of prepaid balances that these bills brought below what was agreed."""
    prepaid = [one for one in bills if agreed[one.contract_id].is_prepaid]
    customers = {one.customer_id for one in prepaid}
    credit = payments.balances(session, scope, book_id, CREDIT, customers) if prepaid else {}
    owed = payments.balances(session, scope, book_id, RECEIVABLE, customers) if prepaid else {}
    known = balances.balances(session, scope, [one.contract_id for one in prepaid]) if prepaid else {}
    for one in prepaid:
        whose, mine = (one.customer_id, one.currency), agreed[one.contract_id]
        balance = -Decimal(credit.get(whose, 0)) - Decimal(owed.get(whose, 0))
        told = known.get(one.contract_id)  # what was used was told of day by day, where it was worked out
        before = balance + one.total if told is None else min(told.left, balance + one.total)
        if disconnection.warns(before, balance, mine.low_balance, mine.emergency_credit):
            body = {
                "contract_id": str(one.contract_id), "customer_id": str(one.customer_id), "balance": str(balance),
                "currency": one.currency,
                "emergency_credit": mine.emergency_credit and str(mine.emergency_credit),
            }  # fmt: skip
            publish(
                session, events.event(events.BALANCE_LOW, one.organisation_id, body, actor_id=scope.actor_id)
            )
