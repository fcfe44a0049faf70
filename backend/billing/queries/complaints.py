"""Complaints about bills, confined to those who keep the accounts and to the customers who made them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from backend.billing.models import Bill, Complaint, ComplaintState, ComplaintWord
from backend.billing.queries.confined import keeps, pays
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope


def seen(scope: Scope) -> ColumnElement[bool]:
    """Condition on Complaint: the scope keeps the accounts, or is the customer."""
    return or_(keeps(scope, Complaint.organisation_id), pays(scope, Complaint.customer_id))


def complaint(session: Session, scope: Scope, complaint_id: UUID) -> Complaint:
    """One complaint, locked for who says something; raises NotFound."""
    query = select(Complaint).where(Complaint.id == complaint_id, seen(scope))
    locked = query.with_for_update().execution_options(populate_existing=True)
    return required(session, locked, "there is no such complaint", complaint_id=complaint_id)


def complaints(
    session: Session, scope: Scope, *, states: Collection[ComplaintState], bill_id: UUID | None,
    cursor: str | None, limit: int,
) -> paging.Page[tuple[Complaint, Bill]]:  # fmt: skip
    """A page of complaints with their bills, the one that moved last first."""
    query = (
        select(Complaint, Bill)
        .join(Bill, Bill.id == Complaint.bill_id)
        .where(Complaint.state.in_(states), seen(scope))
    )
    if bill_id is not None:
        query = query.where(Complaint.bill_id == bill_id)
    by = (Complaint.moved_at.desc(), Complaint.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def words(session: Session, scope: Scope, complaint_id: UUID) -> Sequence[ComplaintWord]:
    """What was said about a complaint, in order."""
    query = (
        select(ComplaintWord)
        .join(Complaint, Complaint.id == ComplaintWord.complaint_id)
        .where(ComplaintWord.complaint_id == complaint_id, seen(scope))
    )
    return session.scalars(query.order_by(ComplaintWord.said_at, ComplaintWord.id)).all()


def first_words(session: Session, scope: Scope, complaint_ids: Collection[UUID]) -> dict[UUID, str]:
    """Complaint's id -> what it says at first."""
    query = (
        select(ComplaintWord.complaint_id, ComplaintWord.text)
        .join(Complaint, Complaint.id == ComplaintWord.complaint_id)
        .where(ComplaintWord.complaint_id.in_(complaint_ids), seen(scope))
        .order_by(ComplaintWord.complaint_id, ComplaintWord.said_at, ComplaintWord.id)
        .ext(distinct_on(ComplaintWord.complaint_id))
    )
    return {row.complaint_id: row.text for row in session.execute(query)}


def open_count(session: Session, scope: Scope) -> int:
    """How many complaints wait for the office."""
    query = select(func.count()).where(
        Complaint.state == ComplaintState.OPEN, keeps(scope, Complaint.organisation_id)
    )
    return session.scalar(query) or 0


def disputed(session: Session, scope: Scope, bill_ids: Collection[UUID]) -> set[UUID]:
    """Which of some bills have a complaint that is not settled."""
    query = select(Complaint.bill_id).where(
        Complaint.bill_id.in_(bill_ids), Complaint.state != ComplaintState.SETTLED, seen(scope)
    )
    return set(session.scalars(query))
