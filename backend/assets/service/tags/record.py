"""What every change of a tag leaves behind: its event, the audit, and a note for phones."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets.models.tags import Tag, TagEvent, TagEventKind
from backend.assets.rules.clones import Place
from backend.kernel import audit, changes, clock, ids
from backend.kernel.scope import Role, Scope

HANDS = (Role.ADMINISTRATOR, Role.OPERATOR, Role.DISPATCHER, Role.TECHNICIAN)
"""Who binds, moves and retires tags."""

DESKS = (Role.ADMINISTRATOR, Role.OPERATOR, Role.DISPATCHER)
"""Who has batches made and answers warnings."""


def note(
    session: Session, scope: Scope, tag: Tag, kind: TagEventKind, *, at: datetime | None = None,
    place: Place | None = None, reason: str | None = None, photo_sha256: str | None = None,
    asset: tuple[UUID | None, UUID | None] | None = None,
) -> TagEvent:  # fmt: skip
    """Write an event into a tag's history.

    at: when it happened, now unless a phone says otherwise; asset: (position_id, device_id), the tag's own
    unless it has just lost it
    """
    now = clock.now()
    position_id, device_id = asset or (tag.position_id, tag.device_id)
    event = TagEvent(
        id=ids.new_id(), organisation_id=tag.organisation_id, tag_id=tag.id, kind=kind, at=min(at or now, now),
        recorded_at=now, actor_id=scope.actor_id, position_id=position_id, device_id=device_id, reason=reason,
        photo_sha256=photo_sha256, **fix(place),
    )  # fmt: skip
    session.add(event)
    return event


def trace(
    session: Session, scope: Scope, tag: Tag, action: str, *, before: dict[str, str | None] | None = None,
    after: dict[str, str | None] | None = None,
) -> None:  # fmt: skip
    """Leave the audit event of a change, and tell phones that the tag is another now."""
    audit.record(
        session, scope, action=f"tag.{action}", entity="tag", entity_id=tag.id,
        organisation_id=tag.organisation_id, before=before, after=after,
    )  # fmt: skip
    changes.note(session, scope, entity="tag", entity_id=tag.id, organisation_id=tag.organisation_id)


def fix(place: Place | None, prefix: str = "") -> dict[str, float | None]:
    """Return a place as the columns it is kept in."""
    parts = ("longitude", "latitude", "accuracy_m")
    return {f"{prefix}{part}": getattr(place, part) if place else None for part in parts}


def shown(position_id: UUID | None, device_id: UUID | None) -> dict[str, str | None]:
    """Return what a tag is bound to, as plain JSON."""
    return {
        "position": str(position_id) if position_id else None,
        "device": str(device_id) if device_id else None,
    }
