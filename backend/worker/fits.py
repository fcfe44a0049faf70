"""What analysis works out by itself: fits of use once a week, places among peers once a night. Each by itself."""

from __future__ import annotations

import structlog
from celery import shared_task

from backend.analysis.service import benchmark, intensity
from backend.kernel.db import database
from backend.tenancy import service as tenancy
from backend.worker.fieldwork import by_itself

_log = structlog.get_logger(__name__)


@shared_task(name="fits.refit")
def refit() -> int:
    """Fit anew how each organisation's use depends on weather and production; returns how many fits there are."""
    count = 0
    for scope in tenancy.system_scopes(database(), "fits of use"):
        for organisation_id in sorted(scope.organisations):
            with by_itself("use not fitted", id=str(organisation_id)):
                with database().transaction(scope) as session:
                    made = intensity.refit(session, scope, organisation_id=organisation_id, by_schedule=True)
                count += len(made)
    _log.info("fits of use", fits=count)
    return count


@shared_task(name="fits.make_places")
def make_places() -> int:
    """Make the places among peers of all months and the year that are over; returns how many are new."""
    count = 0
    for scope in tenancy.system_scopes(database(), "places among peers"):
        for first, until in benchmark.periods_due(benchmark.today()):
            with by_itself("places not made", first=str(first)), database().transaction(scope) as session:
                count += benchmark.make_places(session, scope, first=first, until=until)
    return count
