"""Inspection plans."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.workorders.models import InspectionPlan


def plans(
    session: Session, scope: Scope, *, position_id: UUID | None = None, only_active: bool = True,
    cursor: str | None = None, limit: int = paging.MOST,
) -> paging.Page[InspectionPlan]:  # fmt: skip
    """Plans, those due first at the top."""
    statement = select(InspectionPlan).where(InspectionPlan.organisation_id.in_(scope.organisations))
    if position_id is not None:
        statement = statement.where(InspectionPlan.position_id == position_id)
    if only_active:
        statement = statement.where(InspectionPlan.is_active)
    due = func.coalesce(InspectionPlan.next_on, date.max)
    return paging.page(session, statement, by=(due, InspectionPlan.id), cursor=cursor, limit=limit)


def plan(session: Session, scope: Scope, plan_id: UUID, *, lock: bool = False) -> InspectionPlan:
    """One plan; raises NotFound."""
    statement = select(InspectionPlan).where(
        InspectionPlan.id == plan_id, InspectionPlan.organisation_id.in_(scope.organisations)
    )
    query = statement.with_for_update() if lock else statement
    return required(session, query, "there is no such plan", plan_id=plan_id)
