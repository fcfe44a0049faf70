"""Delivery of the outbox: claim what is due, give each entry to its listener in one transaction.

An entry is done when the listener's transaction commits. Losing a message costs a minute (it is
due again), delivering it twice costs nothing (the second finds it done).
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select, update

from backend.kernel import clock, events
from backend.kernel.db import Database, confine
from backend.kernel.events import Outbox
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy

AGAIN = timedelta(seconds=60)
LONGEST_WAIT = timedelta(hours=6)
KEPT = timedelta(days=30)

_log = structlog.get_logger(__name__)


def claim_due(database: Database, *, limit: int = 500) -> list[UUID]:
    """Return entries that are due and make them due again later, so that a lost message is sent anew."""
    now = clock.now()
    with database.transaction(Scope.public()) as session:
        due = (
            select(Outbox.id)
            .where(Outbox.done_at.is_(None), Outbox.due_at <= now)
            .order_by(Outbox.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claimed = update(Outbox).where(Outbox.id.in_(due)).values(due_at=now + AGAIN).returning(Outbox.id)
        return list(session.scalars(claimed))


def deliver(database: Database, entry_id: UUID) -> bool:
    """Give one entry to its listener; True when this call did it. A failure is noted and tried again."""
    try:
        with database.transaction(Scope.public()) as session:
            entry = session.scalar(
                select(Outbox)
                .where(Outbox.id == entry_id, Outbox.done_at.is_(None))
                .with_for_update(skip_locked=True)
            )
            if entry is None:
                return False
            listener = events.listener(entry.name, entry.listener)
            if listener is not None:
                scope = tenancy.system_scope(session, entry.organisation_id, reason=entry.listener)
                confine(session, scope)
                listener(session, scope, entry.event())
            entry.done_at, entry.error = clock.now(), None
            return True
    except Exception as error:  # whatever a listener raises, the entry stays and says why
        _log.error("listener failed", entry=str(entry_id), exc_info=error)
        _note_failure(database, entry_id, error)
        return False


def open_count(database: Database) -> int:
    """Return how many entries are not delivered yet."""
    with database.transaction(Scope.public()) as session:
        return session.scalar(select(func.count()).where(Outbox.done_at.is_(None))) or 0


def forget_delivered(database: Database) -> int:
    """Delete entries delivered a month ago; returns how many."""
    with database.transaction(Scope.public()) as session:
        old = delete(Outbox).where(Outbox.done_at < clock.now() - KEPT)
        return session.execute(old).rowcount


def _note_failure(database: Database, entry_id: UUID, error: Exception) -> None:
    with database.transaction(Scope.public()) as session:
        entry = session.get(Outbox, entry_id, with_for_update=True)
        if entry is None or entry.done_at is not None:
            return
        entry.attempts += 1
        entry.error = f"{type(error).__name__}: {error}"[:2000]
        entry.due_at = clock.now() + min(AGAIN * 2 ** min(entry.attempts - 1, 12), LONGEST_WAIT)
