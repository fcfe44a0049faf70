"""Supply that may be cut, and what its contracts owe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backend.billing.models import (
    Bill,
    BillReminder,
    BillStatus,
    SupplyCut,
)
from backend.billing.queries.confined import keeps, pays
from backend.billing.queries.dunning import holds_up
from backend.billing.queries.payments import left
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope


def cut(session: Session, scope: Scope, cut_id: UUID, *, lock: bool = False) -> SupplyCut:
    """One cut; raises NotFound. lock: of those the scope keeps, for who acts on it."""
    mine = keeps(scope, SupplyCut.organisation_id)
    query = select(SupplyCut).where(
        SupplyCut.id == cut_id, mine if lock else or_(mine, pays(scope, SupplyCut.customer_id))
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return required(session, query, "there is no such disconnection", cut_id=cut_id)


def open_cut(session: Session, scope: Scope, contract_id: UUID) -> SupplyCut | None:
    """The cut of a contract that has not ended."""
    query = select(SupplyCut).where(
        SupplyCut.contract_id == contract_id,
        SupplyCut.ended_at.is_(None),
        keeps(scope, SupplyCut.organisation_id),
    )
    return session.scalar(query)


def open_cuts(session: Session, scope: Scope, customer_id: UUID) -> Sequence[UUID]:
    """The cuts of a customer that have not ended."""
    query = select(SupplyCut.id).where(
        SupplyCut.customer_id == customer_id,
        SupplyCut.ended_at.is_(None),
        keeps(scope, SupplyCut.organisation_id),
    )
    return session.scalars(query.order_by(SupplyCut.id)).all()


def cuts(
    session: Session, scope: Scope, *, customer_id: UUID | None, cursor: str | None, limit: int
) -> paging.Page[SupplyCut]:
    """A page of cuts, the newest first; customers see theirs."""
    query = select(SupplyCut).where(
        or_(keeps(scope, SupplyCut.organisation_id), pays(scope, SupplyCut.customer_id))
    )
    if customer_id is not None:
        query = query.where(SupplyCut.customer_id == customer_id)
    return paging.page(session, query, by=(SupplyCut.id.desc(),), cursor=cursor, limit=limit)


def arrears(session: Session, scope: Scope, contract_id: UUID, before: date) -> Any:
    """Row debt, level, is_held of a contract's bills due before a day: what is left, the last reminder, whether one of
    them is disputed or paid by a plan."""
    told = select(func.max(BillReminder.level)).where(BillReminder.bill_id == Bill.id).scalar_subquery()
    query = select(
        func.coalesce(func.sum(left()), Decimal(0)).label("debt"), func.coalesce(func.max(told), 0).label("level"),
        func.coalesce(func.bool_or(holds_up()), False).label("is_held"),
    ).where(
        Bill.contract_id == contract_id, Bill.status == BillStatus.ISSUED, Bill.total > 0, left() > 0,
        Bill.due_on < before, keeps(scope, Bill.organisation_id),
    )  # fmt: skip
    return session.execute(query).one()
