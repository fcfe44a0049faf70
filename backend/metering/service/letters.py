"""Dead letters: input that could not be taken, kept until somebody has it read again or lets it go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, paging
from backend.kernel.scope import Role, Scope
from backend.metering import queries
from backend.metering.models import DeadLetter
from backend.metering.service.connections import KEEPERS


@dataclass(frozen=True)
class Refusal:
    """Input that could not be taken: where it came from, what it was, and why.

    known: what a replay must know beside the bytes
    """

    organisation_id: UUID
    connection_id: UUID | None
    address: str
    payload: bytes
    reason: str
    received_at: datetime
    id: UUID = field(default_factory=ids.new_id)
    known: dict[str, Any] | None = None


def add_dead_letters(session: Session, scope: Scope, refusals: Sequence[Refusal]) -> None:
    """Keep what could not be taken, so that nothing is lost; the same again is a no-op."""
    for refusal in refusals:
        scope.demand(refusal.organisation_id)
    if refusals:
        rows = [{**refusal.__dict__, "attempts": 0} for refusal in refusals]
        session.execute(insert(DeadLetter).on_conflict_do_nothing(index_elements=["id"]), rows)


def list_dead_letters(
    session: Session, scope: Scope, *, connection_id: UUID | None = None, settled: bool = False,
    cursor: str | None = None, limit: int = 50,
) -> paging.Page[DeadLetter]:  # fmt: skip
    """Return a page of dead letters, newest first."""
    return queries.dead_letters(
        session, scope, connection_id=connection_id, settled=settled, cursor=cursor, limit=limit
    )


def dead_letter(session: Session, scope: Scope, letter_id: UUID) -> DeadLetter:
    """Return one dead letter; raises NotFound."""
    return queries.dead_letter(session, scope, letter_id)


def count_open_dead_letters(session: Session, scope: Scope) -> int:
    """Return how many wait to be looked at."""
    return queries.open_dead_letters(session, scope)


def settle_dead_letter(
    session: Session, scope: Scope, *, letter_id: UUID, outcome: str, reason: str | None = None
) -> DeadLetter:
    """Close a dead letter ('replayed' or 'dismissed'), or note a replay that failed again with its reason."""
    letter = queries.dead_letter(session, scope, letter_id)
    scope.demand(letter.organisation_id, *KEEPERS, Role.DISPATCHER)
    letter.attempts += 1
    if reason is not None:
        letter.reason = reason
    else:
        letter.settled_at, letter.outcome = clock.now(), outcome
    session.flush()
    audit.record(
        session, scope, action=f"dead_letter.{outcome}", entity="dead_letter", entity_id=letter.id,
        organisation_id=letter.organisation_id, after={"reason": reason} if reason else None,
    )  # fmt: skip
    return letter
