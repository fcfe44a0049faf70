"""Documents, confined to a scope."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from backend.assets.models import Document
from backend.assets.queries import visible
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope


def document(session: Session, scope: Scope, document_id: UUID) -> Document:
    """One document; raises NotFound."""
    query = select(Document).where(Document.id == document_id, visible.documents(scope))
    return required(session, query, "there is no such document", document_id=document_id)


def documents(
    session: Session, scope: Scope, *, position_id: UUID | None = None, device_id: UUID | None = None,
    customer_id: UUID | None = None, also_devices: Sequence[UUID] = (), cursor: str | None, limit: int,
) -> paging.Page[Document]:  # fmt: skip
    """Documents of one thing (and of devices that stand there), the newest first; archived ones left out."""
    about: list[ColumnElement[bool]] = [Document.device_id.in_(also_devices)] if also_devices else []
    for column, wanted in (
        (Document.position_id, position_id), (Document.device_id, device_id), (Document.customer_id, customer_id),
    ):  # fmt: skip
        if wanted is not None:
            about.append(column == wanted)
    query = select(Document).where(or_(*about), Document.archived_at.is_(None), visible.documents(scope))
    by = (Document.created_at.desc(), Document.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def same(session: Session, scope: Scope, like: Document) -> Document | None:
    """A document with the same bytes at the same thing, if it is there already."""
    return session.scalar(
        select(Document).where(
            Document.sha256 == like.sha256, Document.archived_at.is_(None), visible.documents(scope),
            Document.position_id.is_not_distinct_from(like.position_id),
            Document.device_id.is_not_distinct_from(like.device_id),
            Document.customer_id.is_not_distinct_from(like.customer_id),
        )
    )  # fmt: skip
