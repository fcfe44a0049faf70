"""What was issued for supply of some days, without its taxes; confined to who keeps the accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from backend.billing.models import Bill, BillLine, BillSoFar, BillStatus, SupplyContract
from backend.billing.queries.confined import keeps
from backend.billing.rules.ledger import TAX
from backend.kernel.scope import Scope


def issued(
    session: Session, scope: Scope, nodes: Collection[UUID], first: date, until: date, *, to_them: bool
) -> Sequence[Any]:
    """Rows of bills and notes some organisations issued, or got from others (to_them), whose days touch [first, until).

    id, year, serial, kind, customer_id, contract_id, number (of the contract), starts_on, ends_on, currency, total,
    tax; in order of days
    """
    tax = (
        select(func.coalesce(func.sum(BillLine.amount), 0))
        .where(BillLine.bill_id == Bill.id, BillLine.account == TAX)
        .correlate(Bill)
        .scalar_subquery()
    )
    query = (
        select(
            Bill.id, Bill.year, Bill.serial, Bill.kind, Bill.customer_id, Bill.contract_id, SupplyContract.number,
            Bill.starts_on, Bill.ends_on, Bill.currency, Bill.total, tax.label("tax"),
        )
        .join(SupplyContract, SupplyContract.id == Bill.contract_id)
        .where(
            _concerns(Bill, nodes, to_them), keeps(scope, Bill.organisation_id),
            Bill.status == BillStatus.ISSUED, Bill.starts_on < until, Bill.ends_on > first,
        )
        .order_by(Bill.starts_on, Bill.year, Bill.serial)
    )  # fmt: skip
    return session.execute(query).all()


def running(
    session: Session, scope: Scope, nodes: Collection[UUID], first: date, until: date, *, to_them: bool
) -> Sequence[Any]:
    """Rows of bills so far of the same, whose counted days touch [first, until).

    contract_id, customer_id, number, starts_on, until, currency, amount (with taxes), parts
    """
    query = (
        select(
            BillSoFar.contract_id, BillSoFar.customer_id, SupplyContract.number, BillSoFar.starts_on, BillSoFar.until,
            BillSoFar.currency, BillSoFar.amount, BillSoFar.parts,
        )
        .join(SupplyContract, SupplyContract.id == BillSoFar.contract_id)
        .where(
            _concerns(BillSoFar, nodes, to_them), keeps(scope, BillSoFar.organisation_id),
            BillSoFar.amount.is_not(None), BillSoFar.starts_on < until, BillSoFar.until > first,
        )
        .order_by(BillSoFar.starts_on, SupplyContract.number)
    )  # fmt: skip
    return session.execute(query).all()


def _concerns(table: Any, nodes: Collection[UUID], to_them: bool) -> ColumnElement[bool]:
    """Condition: these organisations supply; or others supply them."""
    if not to_them:
        return table.organisation_id.in_(nodes)  # type: ignore[no-any-return]  # a column's own word
    return and_(table.customer_id.in_(nodes), table.organisation_id.not_in(nodes))
