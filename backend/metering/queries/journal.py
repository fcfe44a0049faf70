"""The journal of batches and the cursors of its followers.

Batches carry no organisation: followers work for the whole installation, and what they make of a
batch is confined by the points they hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import literal, null, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.errors import Forbidden
from backend.kernel.scope import Kind, Scope
from backend.metering.models import Batch, Cursor


def batches_after(
    session: Session, scope: Scope, after: int, limit: int, *, with_journal: bool
) -> Sequence[Any]:
    """Rows of the journal after a sequence: sequence, received_at, source, is_live, spans, journal."""
    _system_only(scope)
    journal = Batch.journal if with_journal else null().label("journal")
    return session.execute(
        select(Batch.sequence, Batch.received_at, Batch.source, Batch.is_live, Batch.spans, journal)
        .where(Batch.sequence > literal(after))
        .order_by(Batch.sequence)
        .limit(limit)
    ).all()


def cursor(session: Session, scope: Scope, follower: str) -> int:
    """How far a follower has read."""
    _system_only(scope)
    return session.scalar(select(Cursor.sequence).where(Cursor.follower == follower)) or 0


def move_cursor(session: Session, scope: Scope, follower: str, sequence: int, error: str | None) -> None:
    """Write how far a follower has read."""
    _system_only(scope)
    values = {"sequence": sequence, "moved_at": clock.now(), "error": error}
    statement = insert(Cursor).values(follower=follower, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["follower"], set_=values))


def _system_only(scope: Scope) -> None:
    if scope.kind is not Kind.SYSTEM:
        raise Forbidden("only workers follow the journal")
