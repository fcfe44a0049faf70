"""Upward news. An event is written once per listener in the transaction that caused it (transactional outbox)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, insert, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.kernel import clock, ids
from backend.kernel.db import Base, Key
from backend.kernel.scope import Scope


@dataclass(frozen=True)
class Event:
    """Something that happened, as plain JSON values.

    name: area.what, for example 'alarms.raised'; version: of the body's shape
    occurred_at: when it happened in the world; recorded_at: when we wrote it
    """

    name: str
    organisation_id: UUID
    body: dict[str, Any]
    version: int = 1
    id: UUID = field(default_factory=ids.new_id)
    occurred_at: datetime = field(default_factory=clock.now)
    recorded_at: datetime = field(default_factory=clock.now)
    actor_id: UUID | None = None
    cause_id: UUID | None = None


Listener = Callable[[Session, Scope, Event], None]
_listeners: dict[str, dict[str, Listener]] = {}


class Outbox(Base):
    """One event on its way to one listener. Done when the listener's transaction committed."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_open", "due_at", postgresql_where=text("done_at IS NULL")),)

    id: Mapped[Key]
    event_id: Mapped[UUID]
    listener: Mapped[str]
    name: Mapped[str]
    version: Mapped[int]
    organisation_id: Mapped[UUID]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    actor_id: Mapped[UUID | None]
    cause_id: Mapped[UUID | None]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    done_at: Mapped[datetime | None]

    def event(self) -> Event:
        """Return the event as it was published."""
        return Event(
            self.name, self.organisation_id, self.body, self.version, self.event_id, self.occurred_at,
            self.recorded_at, self.actor_id, self.cause_id,
        )  # fmt: skip


def listen(name: str, listener_name: str, listener: Listener) -> None:
    """Have `listener` told of events called `name`. Done on one page: backend/wiring."""
    _listeners.setdefault(name, {})[listener_name] = listener


def listener(name: str, listener_name: str) -> Listener | None:
    """Return a registered listener, or None when the code no longer has it."""
    return _listeners.get(name, {}).get(listener_name)


def publish(session: Session, event: Event) -> None:
    """Write the event for each of its listeners, in the caller's transaction."""
    rows = [
        {
            "id": ids.new_id(), "event_id": event.id, "listener": name, "name": event.name,
            "version": event.version, "organisation_id": event.organisation_id, "body": event.body,
            "actor_id": event.actor_id, "cause_id": event.cause_id, "occurred_at": event.occurred_at,
            "recorded_at": event.recorded_at, "due_at": event.recorded_at,
        }
        for name in _listeners.get(event.name, {})
    ]  # fmt: skip
    if rows:
        session.execute(insert(Outbox), rows)
        session.execute(text("SELECT pg_notify('outbox', '')"))
