"""Statutory invoices, and how often they were asked for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend.billing.models import Bill, ElectronicInvoice, InvoiceStatus
from backend.billing.queries.bills import seen
from backend.billing.queries.confined import keeps
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.events import Outbox
from backend.kernel.scope import Scope


def invoice(session: Session, scope: Scope, bill_id: UUID) -> ElectronicInvoice | None:
    """The invoice of a bill."""
    query = select(ElectronicInvoice).where(
        ElectronicInvoice.bill_id == bill_id, keeps(scope, ElectronicInvoice.organisation_id)
    )
    return session.scalar(query)


def locked(session: Session, scope: Scope, bill_id: UUID) -> ElectronicInvoice:
    """The invoice of a bill, locked for who asks for it; raises NotFound."""
    query = select(ElectronicInvoice).where(
        ElectronicInvoice.bill_id == bill_id, keeps(scope, ElectronicInvoice.organisation_id)
    )
    held = query.with_for_update().execution_options(populate_existing=True)
    return required(session, held, "no invoice was asked for", bill_id=bill_id)


def invoices(
    session: Session, scope: Scope, *, bill_id: UUID | None, status: InvoiceStatus | None, cursor: str | None,
    limit: int,
) -> paging.Page[Any]:  # fmt: skip
    """A page of rows (ElectronicInvoice, attempts, error, due_at), the newest bill first; customers see theirs."""
    query = (
        select(ElectronicInvoice, Outbox.attempts, Outbox.error, Outbox.due_at)
        .join(Bill, Bill.id == ElectronicInvoice.bill_id)
        .outerjoin(Outbox, Outbox.event_id == ElectronicInvoice.event_id)
        .where(or_(keeps(scope, ElectronicInvoice.organisation_id), seen(scope)))
    )
    if bill_id is not None:
        query = query.where(ElectronicInvoice.bill_id == bill_id)
    if status is not None:
        query = query.where(ElectronicInvoice.status == status)
    return paging.page(session, query, by=(ElectronicInvoice.bill_id.desc(),), cursor=cursor, limit=limit)
