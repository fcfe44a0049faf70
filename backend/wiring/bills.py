"""Bill runs go on by themselves: each step asks for the next."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.service import runs
from backend.kernel.events import Event
from backend.kernel.scope import Scope


def step(session: Session, scope: Scope, event: Event) -> None:
    """Take the run one step further; told twice, it is only a step further than it would be."""
    runs.advance(session, scope, run_id=UUID(str(event.body["run_id"])))
