"""Closed orders that are looked at again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.kernel import paging
from backend.kernel.errors import NotFound
from backend.kernel.scope import Scope
from backend.workorders.models import QualityCheck, WorkOrder


@dataclass(frozen=True)
class QualityCount:
    """How many were drawn, how many of them were looked at, and how many were found wanting."""

    drawn: int
    checked: int
    wanting: int


def quality_check(session: Session, scope: Scope, check_id: UUID) -> QualityCheck:
    """One check, locked; raises NotFound."""
    found = session.scalar(
        select(QualityCheck)
        .where(QualityCheck.id == check_id, QualityCheck.organisation_id.in_(scope.organisations))
        .with_for_update()
    )
    if found is None:
        raise NotFound("there is no such check", field="check_id", value=str(check_id))
    return found


def quality_checks(
    session: Session, scope: Scope, *, organisations: Collection[UUID] | None, is_open: bool, cursor: str | None,
    limit: int,
) -> paging.Page[tuple[QualityCheck, WorkOrder]]:  # fmt: skip
    """A page of checks with their orders, the newest drawn first; is_open: only those nobody did yet."""
    query = (
        select(QualityCheck, WorkOrder)
        .join(WorkOrder, WorkOrder.id == QualityCheck.work_order_id)
        .where(QualityCheck.organisation_id.in_(_within(scope, organisations)))
    )
    if is_open:
        query = query.where(QualityCheck.checked_at.is_(None))
    by = (QualityCheck.drawn_at.desc(), QualityCheck.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def quality_of(session: Session, scope: Scope, order: WorkOrder) -> QualityCheck | None:
    """The check of an order's last cycle that was drawn."""
    return session.scalar(
        select(QualityCheck)
        .where(QualityCheck.work_order_id == order.id, QualityCheck.organisation_id.in_(scope.organisations))
        .order_by(QualityCheck.cycle.desc())
        .limit(1)
    )


def quality_count(session: Session, scope: Scope, organisations: Collection[UUID] | None) -> QualityCount:
    """Count checks of organisations."""
    row = session.execute(
        select(
            func.count(), func.count(QualityCheck.checked_at),
            func.count().filter(QualityCheck.is_good.is_(False)),
        ).where(QualityCheck.organisation_id.in_(_within(scope, organisations)))
    ).one()  # fmt: skip
    return QualityCount(row[0], row[1], row[2])


def _within(scope: Scope, organisations: Collection[UUID] | None) -> frozenset[UUID]:
    return scope.organisations if organisations is None else scope.organisations & frozenset(organisations)
