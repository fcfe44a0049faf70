"""What documents on schedule are of, confined to who keeps the accounts; for the schedules see `recurring.py`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.billing.models import BillRun
from backend.billing.queries.confined import keeps
from backend.kernel.scope import Scope


def runs_issued(session: Session, scope: Scope, organisation_id: UUID, first: Any, until: Any) -> list[UUID]:
    """The ids of the runs an operator issued in local days [first, until), in order."""
    query = select(BillRun.id).where(
        BillRun.organisation_id == organisation_id, BillRun.issue_on >= first, BillRun.issue_on < until,
        keeps(scope, BillRun.organisation_id),
    )  # fmt: skip
    return list(session.scalars(query.order_by(BillRun.issue_on, BillRun.id)))
