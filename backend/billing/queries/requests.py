"""What customers ask of the office, confined to who keeps the accounts and to the customers who asked."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from backend.billing.models import AccountRequest, RequestKind, RequestStatus
from backend.billing.queries.confined import keeps, pays
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope


def seen(scope: Scope) -> ColumnElement[bool]:
    """Condition on AccountRequest: the scope keeps the accounts, or is the customer."""
    return or_(keeps(scope, AccountRequest.organisation_id), pays(scope, AccountRequest.customer_id))


def request(session: Session, scope: Scope, request_id: UUID) -> AccountRequest:
    """One request of those the scope keeps, locked for who answers; raises NotFound."""
    query = select(AccountRequest).where(
        AccountRequest.id == request_id, keeps(scope, AccountRequest.organisation_id)
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    return required(session, locked, "there is no such request", request_id=request_id)


def open_request(
    session: Session, scope: Scope, operator_id: UUID, customer_id: UUID, kind: RequestKind, currency: str
) -> AccountRequest | None:
    """The open request of a customer to an operator, of a kind."""
    query = select(AccountRequest).where(
        AccountRequest.organisation_id == operator_id, AccountRequest.customer_id == customer_id,
        AccountRequest.kind == kind, AccountRequest.currency == currency,
        AccountRequest.status == RequestStatus.OPEN, seen(scope),
    )  # fmt: skip
    return session.scalar(query)


def requests(
    session: Session,
    scope: Scope,
    *,
    customers: Collection[UUID] | None,
    is_open: bool,
    cursor: str | None,
    limit: int,
) -> paging.Page[AccountRequest]:
    """A page of requests, the newest first."""
    query = select(AccountRequest).where(seen(scope))
    if customers is not None:
        query = query.where(AccountRequest.customer_id.in_(customers))
    if is_open:
        query = query.where(AccountRequest.status == RequestStatus.OPEN)
    return paging.page(session, query, by=(AccountRequest.id.desc(),), cursor=cursor, limit=limit)


def open_count(session: Session, scope: Scope) -> int:
    """How many wait for the office."""
    query = select(func.count()).where(
        AccountRequest.status == RequestStatus.OPEN, keeps(scope, AccountRequest.organisation_id)
    )
    return session.scalar(query) or 0
