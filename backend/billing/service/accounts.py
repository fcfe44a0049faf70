"""Accounts as customers and the office look at them: balance, how bills stand, why one differs from another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import Bill, ContractPoint, PaymentIntent, SupplyContract, TariffVersion
from backend.billing.queries import accounts as queries
from backend.billing.queries import bills, payments
from backend.billing.rules import comparison
from backend.billing.rules import tariff as rules
from backend.billing.rules.comparison import ComparedBill, ComparedLine, Difference
from backend.kernel import paging
from backend.kernel.scope import Scope


class Standing(StrEnum):
    """How an issued bill stands."""

    PAID = "paid"
    OPEN = "open"
    PART = "part"
    OVERDUE = "overdue"
    CREDIT = "credit"


@dataclass(frozen=True)
class Account:
    """What a customer owes an operator, and has paid ahead, by the ledger."""

    operator_id: UUID
    customer_id: UUID
    currency: str
    owed: Decimal
    credit: Decimal

    @property
    def balance(self) -> Decimal:
        """What is left of the credit: below nothing it is owed."""
        return self.credit - self.owed


@dataclass(frozen=True)
class Compared:
    """An earlier bill and why the later one differs from it."""

    earlier: Bill
    before: Decimal
    now: Decimal
    why: Difference


def accounts(session: Session, scope: Scope, *, customers: Collection[UUID] | None = None) -> list[Account]:
    """Return the accounts of customers the scope keeps or asks for."""
    return [Account(*row) for row in queries.standing(session, scope, customers)]


def ageing(session: Session, scope: Scope, *, today: date) -> Sequence[Any]:
    """Return rows customer_id, currency, bills, open, overdue, since of who owes something, the largest debt first."""
    return queries.ageing(session, scope, today)


def standing(bill: Bill, left: Decimal, today: date) -> Standing:
    """Return how an issued bill stands; left: what is left to pay of it."""
    if bill.total <= 0:
        return Standing.CREDIT
    if left <= 0:
        return Standing.PAID
    if bill.due_on is not None and bill.due_on < today:
        return Standing.OVERDUE
    return Standing.OPEN if left == bill.total else Standing.PART


def contracts_by_id(
    session: Session, scope: Scope, *, contract_ids: Collection[UUID]
) -> dict[UUID, SupplyContract]:
    """Return contracts by id, of those the scope keeps or has."""
    return queries.contracts_by_id(session, scope, contract_ids)


def contracts_of(session: Session, scope: Scope, *, customers: Collection[UUID]) -> Sequence[SupplyContract]:
    """Return customers' contracts, the newest first."""
    return queries.contracts_of(session, scope, customers)


def carriers(session: Session, scope: Scope, *, contract_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return contract's id -> the carrier of its first point."""
    return queries.carriers(session, scope, contract_ids)


def points(session: Session, scope: Scope, *, contract_id: UUID) -> Sequence[tuple[ContractPoint, Any]]:
    """Return what a contract pays for: (ContractPoint, Point)."""
    return [(own, point) for own, point in queries.points(session, scope, [contract_id])]


def tariff_of(session: Session, scope: Scope, *, version_id: UUID) -> tuple[TariffVersion, rules.Tariff]:
    """Return the revision of a tariff a bill was made by, read."""
    version = queries.tariff_version(session, scope, version_id)
    return version, rules.parse(version.document)


def revisions(
    session: Session, scope: Scope, *, tariff_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[TariffVersion]:
    """Return a page of a tariff's revisions, the newest first."""
    return queries.versions_of(session, scope, tariff_id, cursor=cursor, limit=limit)


def compared(session: Session, scope: Scope, *, bill: Bill) -> dict[str, Compared]:
    """Return why a bill differs from the one of the period before, and from that of a year ago, where there are any.

    Notes count with the bills they correct.
    """
    before = queries.bill_before(session, scope, bill.contract_id, bill.starts_on)
    year_ago = queries.bill_of(session, scope, bill.contract_id, _year_before(bill.starts_on))
    now = _compared(session, scope, bill)
    found = {}
    for name, earlier in (("before", before), ("year", year_ago)):
        if earlier is not None and earlier.id != bill.id and earlier.currency == bill.currency:
            then = _compared(session, scope, earlier)
            found[name] = Compared(earlier, then.total, now.total, comparison.compare(then, now))
    return found


def _compared(session: Session, scope: Scope, bill: Bill) -> ComparedBill:
    lines = [
        ComparedLine(line.component, line.kind, line.period, line.block, line.quantity, line.amount)
        for one in bills.family(session, scope, bill.id)
        for line in bills.lines(session, scope, one.id)
        if not line.is_included
    ]
    return ComparedBill((bill.ends_on - bill.starts_on).days, tuple(lines))


def _year_before(on: date) -> date:
    return on.replace(year=on.year - 1, day=min(on.day, 28))


def intent(session: Session, scope: Scope, *, intent_id: UUID) -> PaymentIntent:
    """Return one payment asked of a provider; raises NotFound."""
    return queries.intent(session, scope, intent_id)


def open_intents(session: Session, scope: Scope, *, customers: Collection[UUID]) -> Sequence[PaymentIntent]:
    """Return payments asked of a provider for customers that it has not told of yet."""
    return queries.open_intents(session, scope, customers)


def open_bills(session: Session, scope: Scope, *, customers: Collection[UUID]) -> Sequence[Bill]:
    """Return customers' bills that are not paid in full, those due first first."""
    return queries.open_bills(session, scope, customers)


def left_of(session: Session, scope: Scope, *, bill_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """Return what is left to pay of bills."""
    return payments.open_of(session, scope, bill_ids)
