"""Schedules of views and their deliveries, confined to who analyses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.analysis.models import AnalysisDelivery, AnalysisSchedule
from backend.analysis.queries.confined import analyses
from backend.billing.models import DeliveryStatus
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope


def schedule(session: Session, scope: Scope, schedule_id: UUID, *, lock: bool = False) -> AnalysisSchedule:
    """One schedule, locked for who changes it; raises NotFound."""
    query = select(AnalysisSchedule).where(
        AnalysisSchedule.id == schedule_id, analyses(scope, AnalysisSchedule.organisation_id)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return required(session, query, "there is no such schedule", schedule_id=schedule_id)


def schedules(
    session: Session, scope: Scope, *, cursor: str | None, limit: int
) -> paging.Page[AnalysisSchedule]:
    """A page of schedules, the newest first."""
    query = select(AnalysisSchedule).where(analyses(scope, AnalysisSchedule.organisation_id))
    return paging.page(session, query, by=(AnalysisSchedule.id.desc(),), cursor=cursor, limit=limit)


def known(session: Session, scope: Scope, schedule_id: UUID) -> int:
    """How many periods of a schedule have a delivery."""
    query = select(func.count()).where(
        AnalysisDelivery.schedule_id == schedule_id, analyses(scope, AnalysisDelivery.organisation_id)
    )
    return session.scalar(query) or 0


def delivery(session: Session, scope: Scope, delivery_id: UUID) -> AnalysisDelivery:
    """One delivery, locked; raises NotFound."""
    query = select(AnalysisDelivery).where(
        AnalysisDelivery.id == delivery_id, analyses(scope, AnalysisDelivery.organisation_id)
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    return required(session, locked, "there is no such delivery", delivery_id=delivery_id)


def deliveries(
    session: Session, scope: Scope, schedule_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[AnalysisDelivery]:
    """A page of a schedule's deliveries, the latest period first."""
    query = select(AnalysisDelivery).where(
        AnalysisDelivery.schedule_id == schedule_id, analyses(scope, AnalysisDelivery.organisation_id)
    )
    by = (AnalysisDelivery.first.desc(), AnalysisDelivery.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def latest(session: Session, scope: Scope, schedule_ids: Sequence[UUID]) -> dict[UUID, AnalysisDelivery]:
    """Schedule's id -> its delivery that needs looking at: one that failed, else the latest."""
    query = (
        select(AnalysisDelivery)
        .where(
            AnalysisDelivery.schedule_id.in_(schedule_ids), analyses(scope, AnalysisDelivery.organisation_id)
        )
        .order_by(AnalysisDelivery.status == DeliveryStatus.FAILED, AnalysisDelivery.first)
    )
    return {one.schedule_id: one for one in session.scalars(query)}


def waiting(session: Session, scope: Scope, now: datetime, limit: int) -> list[UUID]:
    """The ids of deliveries whose time has come, those first that wait longest."""
    query = select(AnalysisDelivery.id).where(
        AnalysisDelivery.status != DeliveryStatus.DONE, AnalysisDelivery.next_try_at <= now,
        analyses(scope, AnalysisDelivery.organisation_id),
    )  # fmt: skip
    return list(
        session.scalars(query.order_by(AnalysisDelivery.next_try_at, AnalysisDelivery.id).limit(limit))
    )


def free(session: Session, scope: Scope, delivery_id: UUID, now: datetime) -> AnalysisDelivery | None:
    """A delivery whose time has come, locked; None where another is at it, or it is done."""
    query = select(AnalysisDelivery).where(
        AnalysisDelivery.id == delivery_id, AnalysisDelivery.status != DeliveryStatus.DONE,
        AnalysisDelivery.next_try_at <= now, analyses(scope, AnalysisDelivery.organisation_id),
    )  # fmt: skip
    return session.scalar(query.with_for_update(skip_locked=True))
