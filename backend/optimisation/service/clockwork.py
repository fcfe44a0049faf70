"""What the clock asks: which plants want a plan now, and which plans may be forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from backend.kernel import clock, periods
from backend.kernel.scope import Scope
from backend.optimisation import queries
from backend.optimisation.models import PlanKind, PlanStatus
from backend.optimisation.rules import hours
from backend.optimisation.service.plants import described

DAY_AHEAD_HOUR = 14
"""From this hour on (local) tomorrow is planned: day-ahead prices and forecasts are there by then."""
AGAIN = timedelta(minutes=10)
"""A plan that failed is tried again after that; its failure is told once."""
SOLVED_MOST = 4
KEPT = timedelta(days=92)
"""Plans nobody accepted are kept so long after their end."""


def due(session: Session, scope: Scope, *, at: datetime | None = None) -> list[tuple[UUID, PlanKind]]:
    """Return the plants that are planned for by the clock and want a plan of a kind now."""
    now = at or clock.now()
    kinds = (PlanKind.ROLLING, PlanKind.DAY_AHEAD)
    wanted = {kind: _wanting(session, scope, kind, now) for kind in kinds}
    plants_ = sorted({*wanted[kinds[0]], *wanted[kinds[1]]})
    return [(plant_id, kind) for plant_id in plants_ for kind in kinds if plant_id in wanted[kind]]


def is_due(
    session: Session, scope: Scope, *, plant_id: UUID, kind: PlanKind, at: datetime | None = None
) -> bool:
    """Tell whether a plant wants a plan of a kind: for the coming quarter hour, or for tomorrow."""
    return plant_id in _wanting(session, scope, kind, at or clock.now(), plant_id)


def _wanting(
    session: Session, scope: Scope, kind: PlanKind, now: datetime, plant_id: UUID | None = None
) -> set[UUID]:
    """Return the plants (or one of them) that want a plan of a kind, in two statements however many there are."""
    active = queries.active(session, scope, now, plant_id)
    last = queries.last_tries(session, scope, [id_ for id_, _ in active], kind)
    return {id_ for id_, zone in active if _wants(kind, now, zone, last.get(id_))}


def _wants(kind: PlanKind, now: datetime, zone: str, last: Any) -> bool:
    """Tell whether a plan is wanted where one was tried last as it was, or never."""
    if kind is PlanKind.DAY_AHEAD:
        if now.astimezone(ZoneInfo(zone)).hour < DAY_AHEAD_HOUR:
            return False
        is_made = last is not None and periods.local_date(last.made_at, zone) == periods.local_date(now, zone)
    else:
        is_made = last is not None and last.starts_at >= hours.quarter(now) + hours.QUARTER
    if last is None or not is_made:
        return True
    return last.status is PlanStatus.FAILED and now - last.made_at >= AGAIN


def takes_at_most_s(session: Session, scope: Scope, *, plant_id: UUID) -> float:
    """Return how long solvers may work on one plan [s]: solved, loosened, compared with rest, loosened again."""
    return SOLVED_MOST * described(session, scope, plant_id=plant_id).model.seconds


def forget(session: Session, scope: Scope) -> int:
    """Delete plans that are long over and that nobody accepted; returns how many."""
    return queries.forget_before(session, scope, clock.now() - KEPT)
