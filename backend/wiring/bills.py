"""Bill runs go on by themselves, each step asks for the next; bills hear of intervals that were revised since."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.service import corrections, runs
from backend.kernel.events import Event
from backend.kernel.scope import Scope


def step(session: Session, scope: Scope, event: Event) -> None:
    """Take the run one step further; told twice, it is only a step further than it would be."""
    runs.advance(session, scope, run_id=UUID(str(event.body["run_id"])))


def revised(session: Session, scope: Scope, event: Event) -> None:
    """Have the bills that rest on revised intervals wait to be rated again."""
    for one in event.body["points"]:
        corrections.note_revised(
            session, scope, point_id=UUID(one["point_id"]), start=datetime.fromisoformat(one["start"]),
            end=datetime.fromisoformat(one["end"]), intervals=int(one["count"]),
        )  # fmt: skip
