"""The journal: batches in the order they were committed, for those who follow behind ingest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.metering import queries, rules
from backend.metering.rules import ReadingBatch, Spans


@dataclass(frozen=True)
class JournalBatch:
    """One commit of readings.

    spans: the stretches it changed (None when nothing changed)
    readings: the readings themselves, sorted as they came; None for imports and old batches
    """

    sequence: int
    received_at: datetime
    source: str
    is_live: bool
    spans: Spans | None
    readings: ReadingBatch | None


def cursor(session: Session, scope: Scope, follower: str) -> int:
    """Return the sequence `follower` has read up to; 0 before its first time."""
    return queries.cursor(session, scope, follower)


def move_cursor(
    session: Session, scope: Scope, follower: str, sequence: int, *, error: str | None = None
) -> None:
    """Remember how far `follower` has read, in the transaction of its work."""
    queries.move_cursor(session, scope, follower, sequence, error)


def read(
    session: Session, scope: Scope, after: int, *, limit: int = 200, readings: bool = True
) -> list[JournalBatch]:
    """Return up to `limit` batches after a sequence, in commit order.

    readings: unpack the readings too (alarms need them; roll-ups need only the spans)
    """
    return [
        JournalBatch(
            row.sequence,
            row.received_at,
            row.source,
            row.is_live,
            rules.unpack_spans(row.spans) if row.spans else None,
            rules.unpack(row.journal) if readings and row.journal else None,
        )
        for row in queries.batches_after(session, scope, after, limit, with_journal=readings)
    ]
