"""What happens to people's log-ins and passwords, written where those who administer them can read it."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.scope import Scope
from backend.tenancy import queries


def note_about(
    session: Session, scope: Scope, person_id: UUID, action: str, after: dict[str, Any] | None = None,
    *, before: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Leave one event at each node where the person holds a role; at none when they hold none."""
    for node in queries.membership_nodes(session, person_id) or (None,):
        audit.record(
            session, scope, action=action, entity="person", entity_id=person_id, organisation_id=node,
            before=before, after=after,
        )  # fmt: skip


def account_digest(account: str) -> str:
    """Return what stands for an address somebody typed: enough to see that it is the same one again."""
    return hashlib.sha256(account.encode()).hexdigest()[:16]
