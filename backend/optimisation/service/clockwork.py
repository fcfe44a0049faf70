"""What the clock asks: which plants want a plan now, and which plans may be forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from backend.kernel import clock, periods
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.optimisation import queries
from backend.optimisation.models import PlanKind, PlanStatus
from backend.optimisation.rules import hours

DAY_AHEAD_HOUR = 14
"""From this hour on (local) tomorrow is planned: day-ahead prices and forecasts are there by then."""
AGAIN = timedelta(minutes=10)
"""A plan that failed is tried again after that; its failure is told once."""
KEPT = timedelta(days=92)
"""Plans nobody accepted are kept so long after their end."""


def due(session: Session, scope: Scope, *, at: datetime | None = None) -> list[tuple[UUID, PlanKind]]:
    """Return the plants that are planned for by the clock and want a plan of a kind now."""
    now = at or clock.now()
    return [
        (plant_id, kind)
        for plant_id in queries.active(session, scope)
        for kind in (PlanKind.ROLLING, PlanKind.DAY_AHEAD)
        if is_due(session, scope, plant_id=plant_id, kind=kind, at=now)
    ]


def is_due(
    session: Session, scope: Scope, *, plant_id: UUID, kind: PlanKind, at: datetime | None = None
) -> bool:
    """Tell whether a plant wants a plan of a kind: for the coming quarter hour, or for tomorrow."""
    now = at or clock.now()
    if (
        plant_id not in queries.active(session, scope)
        or queries.version_at(session, scope, plant_id, now) is None
    ):
        return False
    start = hours.quarter(now) + hours.QUARTER
    if kind is PlanKind.DAY_AHEAD:
        zone = network.site_of(session, scope, queries.plant(session, scope, plant_id).site_id).timezone
        if now.astimezone(ZoneInfo(zone)).hour < DAY_AHEAD_HOUR:
            return False
        last = queries.newest(session, scope, [plant_id], kind=kind).get(plant_id)
        is_made = last is not None and periods.local_date(last.made_at, zone) == periods.local_date(now, zone)
    else:
        last = queries.plan_for(session, scope, plant_id, kind, start)
        is_made = last is not None
    if last is None or not is_made:
        return True
    return last.status is PlanStatus.FAILED and now - last.made_at >= AGAIN


def forget(session: Session, scope: Scope) -> int:
    """Delete plans that are long over and that nobody accepted; returns how many."""
    return queries.forget_before(session, scope, clock.now() - KEPT)
