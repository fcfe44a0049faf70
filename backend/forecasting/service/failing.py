"""Why no model could be trained: kept with its target, and told once to those who can mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.forecasting import events
from backend.forecasting.models import ForecastTarget
from backend.forecasting.queries import targets
from backend.kernel import clock
from backend.kernel.events import publish
from backend.kernel.scope import Scope


class Untrained(StrEnum):
    """Why a try to train came to nothing."""

    NO_VALUES = "no_values"
    TOO_SHORT = "too_short"
    GAPS = "gaps"
    NO_NEW_DAYS = "no_new_days"
    ERROR = "error"


PATIENCE = {Untrained.NO_VALUES: timedelta(days=2), Untrained.TOO_SHORT: timedelta(days=31)}
"""So long after a target was set up this is no news: its meters only begin to count."""


@dataclass(frozen=True)
class NotLearnt:
    """Why nothing was learnt; facts: days, least_days; of an error what it said."""

    why: Untrained
    facts: Mapping[str, Any] = field(default_factory=dict)


def note_untrained(session: Session, scope: Scope, *, target_id: UUID, because: NotLearnt) -> None:
    """Keep why no model could be trained of a target nobody holds (`note`)."""
    note(session, targets.held(session, scope, target_id), because)


def note(session: Session, one: ForecastTarget, because: NotLearnt) -> None:
    """Keep why no model could be trained; whoever runs the forecast is told once for each reason."""
    now, before = clock.now(), one.untrained or {}
    is_same = before.get("why") == because.why.value
    is_told = bool(is_same and before.get("is_told"))
    is_news = not is_told and now - one.created_at >= PATIENCE.get(because.why, timedelta(0))
    one.untrained_since = one.untrained_since or now
    one.untrained = {"why": because.why.value, "facts": dict(because.facts), "is_told": is_told or is_news}
    session.flush()
    if is_news:
        body = {"target_id": str(one.id), "name": one.name, "name_zh": one.name_zh, "why": because.why.value,
                "facts": dict(because.facts)}  # fmt: skip
        publish(session, events.event(events.MODEL_UNTRAINED, one.organisation_id, body))
