"""What optimisation tells: a plan was made, none could be made, a plan was accepted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.kernel.events import Event

PLAN_MADE = "optimisation.plan_made"
PLAN_FAILED = "optimisation.plan_failed"
SCHEDULE_ACCEPTED = "optimisation.schedule_accepted"
LETTER = "optimisation.letter"
ROUND_ASKED = "optimisation.round_asked"
TARGET_MOVED = "optimisation.target_moved"


def event(name: str, organisation_id: UUID, body: dict[str, Any], *, actor_id: UUID | None = None) -> Event:
    """Return an event of optimisation; organisation_id: whose plant it is.

    plan_made: plan_id, plant_id, site_id, kind, status, starts_at, ends_at
    plan_failed: plan_id, plant_id, site_id, kind, site, message, remedy; told once until a plan succeeds
        again or another reason stands there
    schedule_accepted: schedule_id, plan_id, plant_id, site_id, starts_at, ends_at
    round_asked: round_id; of the organisation that plans its plants together
    target_moved: target_id, plant_id, state
    letter: said (of plan_failed), way, person_id, email, locale: one reader, one way
    """
    return Event(name, organisation_id, body, actor_id=actor_id)
