"""Live values for open pages: who may see which points, and what changed since they last looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.scope import Scope
from backend.metering.queries import live as queries
from backend.metering.rules import Quality
from backend.metering.service import journal

MOST_BATCHES = 500

LiveValue = tuple[int, int, float | None, bool]
"""Point key, instant [ms since the Unix epoch], value in the point's unit, whether it may be trusted."""


@dataclass(frozen=True)
class SeenPoint:
    """A point whose present values somebody may see.

    since_ms: instant from which they may [ms since the Unix epoch]: the start of the agreement that
    supplies them there; 0 for their own
    """

    id: UUID
    since_ms: int


def visible_points(
    session: Session,
    scope: Scope,
    *,
    point_ids: Sequence[UUID] | None = None,
    organisations: frozenset[UUID] | None = None,
) -> dict[int, SeenPoint]:
    """Return by key the points whose present values the asker may see, all or some of them."""
    rows = queries.visible_points(
        session, scope, point_ids=point_ids, organisations=organisations, now=clock.now()
    )
    return {row.key: SeenPoint(row.id, clock.to_us(row.since) // 1000 if row.since else 0) for row in rows}


def newest_sequence(session: Session, scope: Scope) -> int:
    """Return how far the journal goes."""
    return queries.newest_sequence(session, scope)


def changed_keys(session: Session, scope: Scope, after: int) -> tuple[int, frozenset[int]]:
    """Return how far the journal was read, and the keys of points that changed after a sequence."""
    batches = journal.read(session, scope, after, limit=MOST_BATCHES, readings=False)
    changed = [batch.spans.point_key for batch in batches if batch.spans is not None]
    keys = frozenset(key for part in changed for key in part.tolist())
    return batches[-1].sequence if batches else after, keys


def live_values(session: Session, scope: Scope, keys: Sequence[int]) -> list[LiveValue]:
    """Return the newest values of points; for keys that `visible_points` gave to the asker."""
    return [
        (row.point_key, clock.to_us(row.read_at) // 1000, row.value, row.quality != Quality.BAD)
        for row in (queries.latest(session, scope, keys) if keys else ())
    ]
