"""Packed bills of runs, confined to who keeps the accounts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.billing.models import Bill, BillArchive
from backend.billing.queries.confined import keeps
from backend.kernel.db import required
from backend.kernel.scope import Scope


def archive(session: Session, scope: Scope, archive_id: UUID) -> BillArchive:
    """One archive, locked for who packs; raises NotFound."""
    query = select(BillArchive).where(BillArchive.id == archive_id, keeps(scope, BillArchive.organisation_id))
    locked = query.with_for_update().execution_options(populate_existing=True)
    return required(session, locked, "these bills are not packed", archive_id=archive_id)


def of_run(session: Session, scope: Scope, run_id: UUID) -> Sequence[BillArchive]:
    """The archives of a run, the one asked for last first."""
    query = select(BillArchive).where(BillArchive.run_id == run_id, keeps(scope, BillArchive.organisation_id))
    return session.scalars(query.order_by(BillArchive.asked_at.desc(), BillArchive.id)).all()


def bill_count(session: Session, scope: Scope, run_id: UUID) -> int:
    """How many bills a run has."""
    query = select(func.count()).where(Bill.run_id == run_id, keeps(scope, Bill.organisation_id))
    return session.scalar(query) or 0
