"""Plans by the clock: each quarter hour anew, tomorrow's in the afternoon, and what became of the accepted ones.

The clock asks every minute; a plan whose quarter hour has one is not made twice, and of several workers one makes it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from sqlalchemy.exc import DBAPIError

from backend.kernel import clock
from backend.kernel.db import database
from backend.kernel.leases import Lease
from backend.kernel.scope import Scope
from backend.optimisation import service
from backend.optimisation.service import PlanKind, actuals, clockwork
from backend.tenancy import service as tenancy
from backend.worker.fieldwork import by_itself

_log = structlog.get_logger(__name__)

LEASE_S = 300.0
"""For what is gathered and kept, beyond what the solver may take: a worker that dies leaves the plant to another."""
STALE = timedelta(minutes=10)
"""A job that waited so long in the queue is for a quarter hour that is over."""


@shared_task(name="optimisation.tick")
def tick() -> int:
    """Put the plants on the queue that want a plan now, a job each; returns how many."""
    count = 0
    for scope in tenancy.system_scopes(database(), "plans by the clock"):
        with database().transaction(scope) as session:
            wanted = clockwork.due(session, scope)
        for plant_id, kind in wanted:
            make.apply_async([str(plant_id), kind.value], expires=STALE.total_seconds())
        count += len(wanted)
    return count


@shared_task(name="optimisation.make")
def make(plant: str, kind: str) -> str | None:
    """Make one plan under a lease; returns its status, None where another worker makes it or it was made."""
    plant_id, wanted = UUID(plant), PlanKind(kind)
    for scope in tenancy.system_scopes(database(), "plans by the clock"):
        with database().transaction(scope) as session:
            if not clockwork.is_due(session, scope, plant_id=plant_id, kind=wanted):
                continue
            takes_s = clockwork.takes_at_most_s(session, scope, plant_id=plant_id)
            lease = Lease(f"plan {plant} {kind}", LEASE_S + takes_s)
            if not lease.hold(session):
                return None
        try:
            return _make(scope, plant_id, wanted)
        finally:
            with database().transaction(scope) as session:
                lease.release(session)
    return None


def _make(scope: Scope, plant_id: UUID, kind: PlanKind) -> str:
    at = clock.now()
    try:
        with database().transaction(scope) as session:
            return service.make_plan(session, scope, plant_id=plant_id, kind=kind, at=at).status.value
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        _log.exception("plan not made", plant=str(plant_id), kind=kind.value)
        refusal: dict[str, Any] = {
            "code": "unexpected", "message": f"no plan could be made: {type(error).__name__}: {error}",
            "field": None, "value": None, "remedy": "tell the administrator: it stands in the log", "faults": [],
        }  # fmt: skip
        with database().transaction(scope) as session:
            kept = service.note_failure(session, scope, plant_id=plant_id, kind=kind, at=at, refusal=refusal)
        return kept.status.value


@shared_task(name="optimisation.compare")
def compare() -> int:
    """Work out what became of accepted plans; returns of how many."""
    count = 0
    for scope in tenancy.system_scopes(database(), "plans against what was counted"):
        with database().transaction(scope) as session:
            due = actuals.due(session, scope)
        for plan_id in due:
            with by_itself("plan not compared", plan=str(plan_id)):
                with database().transaction(scope) as session:
                    actuals.work_out(session, scope, plan_id=plan_id)
                count += 1
    return count


@shared_task(name="optimisation.forget")
def forget() -> int:
    """Delete rolling plans nobody accepted that are long over; returns how many."""
    count = 0
    for scope in tenancy.system_scopes(database(), "old plans"):
        with database().transaction(scope) as session:
            count += clockwork.forget(session, scope)
    return count
