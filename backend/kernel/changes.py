"""What changed, in the order of commits: the feed that phones follow (backend/decisions/0002 tells why such an order).

A service that changes something phones hold notes it; the notes of a transaction are written once,
just before its commit, under a lock that is held until the commit is done. So a cursor never passes
a change that commits later. Reading the feed means: take the things named after the cursor as they are now.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.kernel import clock, commits
from backend.kernel.db import Base
from backend.kernel.scope import Scope

CHANGE_LOCK = 0x45_4E_43_48
"""Held from just before the commit: changes become visible in the order of their sequence."""

_WRITE = text("""
INSERT INTO change (sequence, entity, entity_id, organisation_id, at)
SELECT nextval('change_sequence'), n.entity, n.entity_id, n.organisation_id, :at
FROM unnest(cast(:entities AS text[]), cast(:ids AS uuid[]), cast(:organisations AS uuid[]))
     WITH ORDINALITY AS n(entity, entity_id, organisation_id, place)
ORDER BY n.place""")


class Change(Base):
    """Something phones may hold was made, changed or archived. Only ever added to.

    sequence: given under a lock just before the commit; the feed's cursor
    entity: name of its table; entity_id: which row; organisation_id: who owns it
    """

    __tablename__ = "change"
    __table_args__ = (
        Index("ix_change_organisation_id_sequence", "organisation_id", "sequence"),
        Index("ix_change_entity_id", "entity_id", "sequence"),
    )

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entity: Mapped[str]
    entity_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    at: Mapped[datetime]


@dataclass(frozen=True)
class Changed:
    """One thing that changed: its newest place in the feed."""

    sequence: int
    entity: str
    entity_id: UUID
    organisation_id: UUID


def note(session: Session, _scope: Scope, *, entity: str, entity_id: UUID, organisation_id: UUID) -> None:
    """Say that something phones may hold has changed; written once per thing, at the commit.

    A savepoint that is rolled back takes its notes with it.
    """
    commits.put_down(session, "changes", (entity, entity_id, organisation_id))


def since(session: Session, scope: Scope, *, sequence: int, limit: int = 500) -> Sequence[Changed]:
    """Return the changes after `sequence` that the scope's organisations own, in commit order.

    A thing that changed twice within the answer stands in it once, at its last place.
    """
    rows = session.execute(
        select(Change.sequence, Change.entity, Change.entity_id, Change.organisation_id)
        .where(Change.sequence > sequence, Change.organisation_id.in_(scope.organisations))
        .order_by(Change.sequence)
        .limit(limit)
    )
    newest: dict[tuple[str, UUID], Changed] = {}
    for row in rows:
        newest.pop((row.entity, row.entity_id), None)
        newest[row.entity, row.entity_id] = Changed(*row)
    return list(newest.values())


def noted_at(session: Session, scope: Scope, *, entity_id: UUID, sequence: int) -> datetime | None:
    """Return when a thing had last changed as far as a place in the feed, None where it had not yet."""
    return session.scalar(
        select(Change.at)
        .where(
            Change.entity_id == entity_id, Change.sequence <= sequence,
            Change.organisation_id.in_(scope.organisations),
        )
        .order_by(Change.sequence.desc())
        .limit(1)
    )  # fmt: skip


def revisions(
    session: Session, scope: Scope, *, entity: str, entity_ids: Collection[UUID]
) -> dict[UUID, int]:
    """Return the place in the feed of the last change of several things; those never noted are left out."""
    if not entity_ids:
        return {}
    rows = session.execute(
        select(Change.entity_id, func.max(Change.sequence))
        .where(
            Change.entity == entity,
            Change.entity_id.in_(entity_ids),
            Change.organisation_id.in_(scope.organisations),
        )
        .group_by(Change.entity_id)
    )
    return {row[0]: row[1] for row in rows}


def head(session: Session, _scope: Scope) -> int:
    """Return where the feed stands, 0 while it is empty: read it before the rows of a first snapshot."""
    return session.scalar(select(func.coalesce(func.max(Change.sequence), 0))) or 0


@commits.writes("changes")
def _write(session: Session, noted: list[tuple[str, UUID, UUID]]) -> None:
    """Write the notes: whoever waits for the lock waits for one flush to disk."""
    entities, identifiers, organisations = zip(*dict.fromkeys(noted), strict=True)
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CHANGE_LOCK})
    session.execute(
        _WRITE,
        {
            "at": clock.now(), "entities": list(entities), "ids": list(identifiers),
            "organisations": list(organisations),
        },
    )  # fmt: skip
