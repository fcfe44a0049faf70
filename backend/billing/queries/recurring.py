"""Schedules and their deliveries, of any pair of tables that are `Recurring` and `Delivered`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from backend.billing.models import Delivered, DeliveryStatus, Recurring
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope

S, D = TypeVar("S", bound=Recurring), TypeVar("D", bound=Delivered)
Confined = Callable[[Scope, Any], ColumnElement[bool]]


@dataclass(frozen=True)
class Tables(Generic[S, D]):
    """A pair of tables. confined: the condition of whose rows a scope sees."""

    schedule: type[S]
    delivery: type[D]
    confined: Confined


def schedule(session: Session, scope: Scope, of: Tables[S, D], schedule_id: UUID, *, lock: bool = False) -> S:
    """One schedule, locked for who changes it; raises NotFound."""
    query = select(of.schedule).where(
        of.schedule.id == schedule_id, of.confined(scope, of.schedule.organisation_id)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return required(session, query, "there is no such schedule", schedule_id=schedule_id)


def schedules(
    session: Session, scope: Scope, of: Tables[S, D], *, cursor: str | None, limit: int
) -> paging.Page[S]:
    """A page of schedules, the newest first."""
    query = select(of.schedule).where(of.confined(scope, of.schedule.organisation_id))
    return paging.page(session, query, by=(of.schedule.id.desc(),), cursor=cursor, limit=limit)


def known(session: Session, scope: Scope, of: Tables[S, D], schedule_id: UUID) -> int:
    """How many periods of a schedule have a delivery."""
    query = select(func.count()).where(
        of.delivery.schedule_id == schedule_id, of.confined(scope, of.delivery.organisation_id)
    )
    return session.scalar(query) or 0


def delivery(session: Session, scope: Scope, of: Tables[S, D], delivery_id: UUID) -> D:
    """One delivery, locked; raises NotFound."""
    query = select(of.delivery).where(
        of.delivery.id == delivery_id, of.confined(scope, of.delivery.organisation_id)
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    return required(session, locked, "there is no such delivery", delivery_id=delivery_id)


def deliveries(
    session: Session, scope: Scope, of: Tables[S, D], schedule_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[D]:
    """A page of a schedule's deliveries, the latest period first."""
    query = select(of.delivery).where(
        of.delivery.schedule_id == schedule_id, of.confined(scope, of.delivery.organisation_id)
    )
    by = (of.delivery.first.desc(), of.delivery.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def latest(session: Session, scope: Scope, of: Tables[S, D], schedule_ids: Sequence[UUID]) -> dict[UUID, D]:
    """Schedule's id -> its delivery that needs looking at: one that failed, else the latest."""
    query = (
        select(of.delivery)
        .where(of.delivery.schedule_id.in_(schedule_ids), of.confined(scope, of.delivery.organisation_id))
        .order_by(of.delivery.status == DeliveryStatus.FAILED, of.delivery.first)
    )
    return {one.schedule_id: one for one in session.scalars(query)}


def waiting(session: Session, scope: Scope, of: Tables[S, D], now: datetime, limit: int) -> list[UUID]:
    """The ids of deliveries whose time has come, those first that wait longest."""
    query = select(of.delivery.id).where(
        of.delivery.status != DeliveryStatus.DONE, of.delivery.next_try_at <= now,
        of.confined(scope, of.delivery.organisation_id),
    )  # fmt: skip
    return list(session.scalars(query.order_by(of.delivery.next_try_at, of.delivery.id).limit(limit)))


def free(session: Session, scope: Scope, of: Tables[S, D], delivery_id: UUID, now: datetime) -> D | None:
    """A delivery whose time has come, locked; None where another is at it, or it is done."""
    query = select(of.delivery).where(
        of.delivery.id == delivery_id, of.delivery.status != DeliveryStatus.DONE,
        of.delivery.next_try_at <= now, of.confined(scope, of.delivery.organisation_id),
    )  # fmt: skip
    return session.scalar(query.with_for_update(skip_locked=True))
