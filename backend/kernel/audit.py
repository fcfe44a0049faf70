"""Who changed what: one audit event per change, written in the transaction that made it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.kernel import clock
from backend.kernel.db import Base, Key
from backend.kernel.scope import Scope


class AuditEvent(Base):
    """One change by a person, a gateway, a worker or a command."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_where", "organisation_id", "id"),)

    id: Mapped[Key]
    organisation_id: Mapped[UUID | None]
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reason: Mapped[str | None]


def record(
    session: Session,
    scope: Scope,
    *,
    action: str,
    entity: str,
    entity_id: UUID | str,
    organisation_id: UUID | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Leave the trace of a change. Values are plain JSON; never secrets."""
    session.add(
        AuditEvent(
            organisation_id=organisation_id, at=clock.now(), actor_kind=scope.kind.value, actor_id=scope.actor_id,
            action=action, entity=entity, entity_id=str(entity_id), before=before, after=after,
            reason=scope.reason or None,
        )
    )  # fmt: skip


def others_word(
    session: Session,
    scope: Scope,
    *,
    entity: str,
    entity_id: UUID,
    organisation_id: UUID,
    field: str,
    since: datetime,
) -> AuditEvent | None:
    """Return the last change somebody else made to one field of a thing after an instant, None where nobody did."""
    return session.scalar(
        select(AuditEvent)
        .where(
            AuditEvent.organisation_id == organisation_id,
            AuditEvent.organisation_id.in_(scope.organisations),
            AuditEvent.entity == entity,
            AuditEvent.entity_id == str(entity_id),
            AuditEvent.at > since,
            AuditEvent.before.has_key(field),
            or_(AuditEvent.actor_id.is_(None), AuditEvent.actor_id != scope.actor_id),
        )
        .order_by(AuditEvent.at.desc())
        .limit(1)
    )
