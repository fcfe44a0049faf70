"""Schedules of documents and their deliveries, confined to who keeps the accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.billing.models import BillRun, DeliveryStatus, DocumentDelivery, DocumentSchedule
from backend.billing.queries.confined import keeps
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope


def schedule(session: Session, scope: Scope, schedule_id: UUID, *, lock: bool = False) -> DocumentSchedule:
    """One schedule, locked for who changes it; raises NotFound."""
    query = select(DocumentSchedule).where(
        DocumentSchedule.id == schedule_id, keeps(scope, DocumentSchedule.organisation_id)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return required(session, query, "there is no such schedule", schedule_id=schedule_id)


def schedules(
    session: Session, scope: Scope, *, cursor: str | None, limit: int
) -> paging.Page[DocumentSchedule]:
    """A page of schedules, the newest first."""
    query = select(DocumentSchedule).where(keeps(scope, DocumentSchedule.organisation_id))
    return paging.page(session, query, by=(DocumentSchedule.id.desc(),), cursor=cursor, limit=limit)


def known(session: Session, scope: Scope, schedule_id: UUID) -> int:
    """How many periods of a schedule have a delivery."""
    query = select(func.count()).where(
        DocumentDelivery.schedule_id == schedule_id, keeps(scope, DocumentDelivery.organisation_id)
    )
    return session.scalar(query) or 0


def delivery(session: Session, scope: Scope, delivery_id: UUID) -> DocumentDelivery:
    """One delivery, locked; raises NotFound."""
    query = select(DocumentDelivery).where(
        DocumentDelivery.id == delivery_id, keeps(scope, DocumentDelivery.organisation_id)
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    return required(session, locked, "there is no such delivery", delivery_id=delivery_id)


def deliveries(
    session: Session, scope: Scope, schedule_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[DocumentDelivery]:
    """A page of a schedule's deliveries, the latest period first."""
    query = select(DocumentDelivery).where(
        DocumentDelivery.schedule_id == schedule_id, keeps(scope, DocumentDelivery.organisation_id)
    )
    by = (DocumentDelivery.first.desc(), DocumentDelivery.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def latest(session: Session, scope: Scope, schedule_ids: Sequence[UUID]) -> dict[UUID, DocumentDelivery]:
    """Schedule's id -> its delivery that needs looking at: one that failed, else the latest."""
    query = (
        select(DocumentDelivery)
        .where(DocumentDelivery.schedule_id.in_(schedule_ids), keeps(scope, DocumentDelivery.organisation_id))
        .order_by(DocumentDelivery.status == DeliveryStatus.FAILED, DocumentDelivery.first)
    )
    return {one.schedule_id: one for one in session.scalars(query)}


def waiting(session: Session, scope: Scope, now: datetime, limit: int) -> list[UUID]:
    """The ids of deliveries whose time has come, those first that wait longest."""
    query = select(DocumentDelivery.id).where(
        DocumentDelivery.status != DeliveryStatus.DONE, DocumentDelivery.next_try_at <= now,
        keeps(scope, DocumentDelivery.organisation_id),
    )  # fmt: skip
    return list(
        session.scalars(query.order_by(DocumentDelivery.next_try_at, DocumentDelivery.id).limit(limit))
    )


def free(session: Session, scope: Scope, delivery_id: UUID, now: datetime) -> DocumentDelivery | None:
    """A delivery whose time has come, locked; None where another is at it, or it is done."""
    query = select(DocumentDelivery).where(
        DocumentDelivery.id == delivery_id, DocumentDelivery.status != DeliveryStatus.DONE,
        DocumentDelivery.next_try_at <= now, keeps(scope, DocumentDelivery.organisation_id),
    )  # fmt: skip
    return session.scalar(query.with_for_update(skip_locked=True))


def runs_issued(session: Session, scope: Scope, organisation_id: UUID, first: Any, until: Any) -> list[UUID]:
    """The ids of the runs an operator issued in local days [first, until), in order."""
    query = select(BillRun.id).where(
        BillRun.organisation_id == organisation_id, BillRun.issue_on >= first, BillRun.issue_on < until,
        keeps(scope, BillRun.organisation_id),
    )  # fmt: skip
    return list(session.scalars(query.order_by(BillRun.issue_on, BillRun.id)))
