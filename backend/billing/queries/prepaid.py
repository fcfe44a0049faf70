"""Prepaid contracts and what is left of their balances."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backend.billing.models import Bill, BillKind, BillStatus, PrepaidBalance, SupplyContract
from backend.billing.queries.confined import keeps
from backend.billing.queries.contracts import seen
from backend.kernel.scope import Scope

MOST_SHOWN = 200
"""So many prepaid contracts are shown at once, those that run out first first."""


def prepaid_ids(session: Session, scope: Scope, on: date) -> Sequence[UUID]:
    """The prepaid contracts that run on a day."""
    query = select(SupplyContract.id).where(
        SupplyContract.is_prepaid, SupplyContract.starts_on <= on,
        or_(SupplyContract.ends_on.is_(None), SupplyContract.ends_on > on),
        keeps(scope, SupplyContract.organisation_id),
    )  # fmt: skip
    return session.scalars(query.order_by(SupplyContract.id)).all()


def prepaid_contracts(
    session: Session, scope: Scope, on: date, customers: Collection[UUID] | None
) -> Sequence[tuple[SupplyContract, PrepaidBalance | None]]:
    """The prepaid contracts that run on a day with what is left of each, the least first; customers see theirs."""
    query = (
        select(SupplyContract, PrepaidBalance)
        .outerjoin(PrepaidBalance, PrepaidBalance.contract_id == SupplyContract.id)
        .where(
            SupplyContract.is_prepaid, SupplyContract.starts_on <= on,
            or_(SupplyContract.ends_on.is_(None), SupplyContract.ends_on > on), seen(scope),
        )
    )  # fmt: skip
    if customers is not None:
        query = query.where(SupplyContract.customer_id.in_(customers))
    left = PrepaidBalance.booked - PrepaidBalance.used
    rows = session.execute(query.order_by(left.nulls_last(), SupplyContract.id).limit(MOST_SHOWN))
    return [(contract, balance) for contract, balance in rows]


def balance(session: Session, scope: Scope, contract_id: UUID) -> PrepaidBalance | None:
    """What is left of a contract's balance, as it was worked out last; its customer sees it, too."""
    query = (
        select(PrepaidBalance)
        .join(SupplyContract, SupplyContract.id == PrepaidBalance.contract_id)
        .where(PrepaidBalance.contract_id == contract_id, seen(scope))
    )
    return session.scalar(query)


def balances(session: Session, scope: Scope, contract_ids: Collection[UUID]) -> dict[UUID, PrepaidBalance]:
    """Contract's id -> what is left of its balance."""
    query = select(PrepaidBalance).where(
        PrepaidBalance.contract_id.in_(contract_ids), keeps(scope, PrepaidBalance.organisation_id)
    )
    return {one.contract_id: one for one in session.scalars(query)}


def billed_until(session: Session, scope: Scope, contract_id: UUID) -> date | None:
    """The day a contract's issued bills reach to."""
    query = select(func.max(Bill.ends_on)).where(
        Bill.contract_id == contract_id, Bill.kind == BillKind.BILL, Bill.status == BillStatus.ISSUED,
        keeps(scope, Bill.organisation_id),
    )  # fmt: skip
    return session.scalar(query)
