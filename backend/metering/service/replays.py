"""Dead letters on their way back: somebody asks, the worker that can decode them tries again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import audit, clock
from backend.kernel.errors import Conflict
from backend.kernel.scope import Role, Scope
from backend.metering import queries
from backend.metering.models import DeadLetter
from backend.metering.queries import gateways

ASKED = "asked"
"""Outcome of a letter that is not settled yet: somebody wants it tried again."""


def ask_for_replay(session: Session, scope: Scope, *, letter_id: UUID) -> DeadLetter:
    """Have a dead letter tried again, after its mapping was mended; a worker does it within seconds."""
    letter = queries.dead_letter(session, scope, letter_id)
    scope.demand(letter.organisation_id, Role.ADMINISTRATOR, Role.OPERATOR, Role.DISPATCHER)
    if letter.settled_at is not None:
        raise Conflict("this letter is settled already", field="letter_id", value=str(letter_id))
    letter.outcome = ASKED
    session.flush()
    session.execute(text("SELECT pg_notify('ingest_plan', '')"))
    audit.record(
        session, scope, action="dead_letter.replay_asked", entity="dead_letter", entity_id=letter.id,
        organisation_id=letter.organisation_id,
    )  # fmt: skip
    return letter


def letters_asked(
    session: Session, scope: Scope, *, connections: Sequence[UUID], limit: int = 100
) -> Sequence[UUID]:
    """Return the letters of these connections that are to be tried again, oldest first."""
    return gateways.letters_asked(session, scope, ASKED, connections, limit)


def letter_to_replay(session: Session, scope: Scope, letter_id: UUID) -> DeadLetter | None:
    """Return a letter that is to be tried again, locked until the end; None where another worker has it."""
    return gateways.letter_asked(session, scope, ASKED, letter_id)


def note_replay(session: Session, scope: Scope, *, letter: DeadLetter, reason: str | None) -> None:
    """Settle a letter that went through, or note why it failed again."""
    scope.demand(letter.organisation_id)
    letter.attempts += 1
    if reason is None:
        letter.settled_at, letter.outcome = clock.now(), "replayed"
    else:
        letter.reason, letter.outcome = reason, None
    session.flush()
