"""What time brings to forecasts: weather, forecasts that are due, models to train; each in transactions of its own."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from celery import shared_task
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend import wiring
from backend.forecasting import service as forecasts
from backend.forecasting.models import WeatherPlace
from backend.forecasting.ports import Weather, Where
from backend.forecasting.service import NotLearnt, Untrained, weather
from backend.kernel import clock, paging
from backend.kernel.db import database
from backend.kernel.leases import Lease
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from backend.worker.fieldwork import by_itself

_log = structlog.get_logger(__name__)

MOST_FILES = 500
"""Files of one place that are taken at a time."""
ASK_EVERY = timedelta(minutes=55)
"""A provider is asked so often: its models run a few times a day."""
MOST_SAID = 300
"""So much of an unforeseen error is kept with its target [characters]; all of it stands in the log."""
TRAINING_S = 3600.0
"""One worker trains at a time; so long after it fell silent another may [s]."""


@shared_task(name="forecasting.take_weather")
def take_weather() -> int:
    """Take the weather that came for each place; returns how many deliveries were new."""
    count = 0
    for scope in tenancy.system_scopes(database(), "weather"):
        with database().transaction(scope) as session:
            known = _places(session, scope)
        for one in known:
            gateway = wiring.weather_gateways().get(one.source)
            is_early = (
                one.source == "http" and one.asked_at is not None and clock.now() - one.asked_at < ASK_EVERY
            )
            if gateway is not None and not is_early:
                with by_itself("weather not taken", place=str(one.id)):
                    count += _take(scope, gateway, Where(one.id, one.latitude, one.longitude))
    return count


def _places(session: Session, scope: Scope) -> list[WeatherPlace]:
    return list(paging.every(lambda at: weather.list_places(session, scope, cursor=at)))


def _take(scope: Scope, gateway: Weather, where: Where) -> int:
    """Take file by file, each in a transaction; a file is laid aside when it is kept."""
    total = 0
    for _ in range(MOST_FILES):
        with database().transaction(scope) as session:
            taken = weather.fetch(session, scope, gateway, place_id=where.place_id)
        gateway.taken(where)
        if taken.error:
            _log.warning("weather not taken", place=str(where.place_id), error=taken.error)
        if not taken.is_more:
            return total + taken.count
        total += taken.count
    return total


@shared_task(name="forecasting.issue")
def issue() -> int:
    """Issue the forecasts that are due, a site in a transaction; returns how many there were."""
    count = 0
    for scope in tenancy.system_scopes(database(), "forecasts"):
        with database().transaction(scope) as session:
            due = forecasts.due(session, scope)
        for site_id, target_ids in due.items():
            with by_itself("forecasts not issued", site=str(site_id)):
                with database().transaction(scope) as session:
                    made = forecasts.issue_forecasts(session, scope, target_ids=target_ids)
                count += len(made)
    return count


@shared_task(name="forecasting.train")
def train() -> int:
    """Train the models that are due, one after the other; returns how many new champions there are."""
    lease, count = Lease("forecast training", seconds=TRAINING_S), 0
    with database().transaction(Scope.public()) as session:
        if not lease.hold(session):
            return 0
    try:
        for scope in tenancy.system_scopes(database(), "training of forecasts"):
            with database().transaction(scope) as session:
                due = forecasts.due_for_training(session, scope)
            for target_id in due:
                with by_itself("model not trained", target=str(target_id)):
                    count += _trained(scope, lease, target_id)
    finally:
        with database().transaction(Scope.public()) as session:
            lease.release(session)
    return count


def _trained(scope: Scope, lease: Lease, target_id: UUID) -> bool:
    """Train one; an error nobody foresaw stands with the target, too, and is told."""
    try:
        return _train(scope, lease, target_id)
    except Exception as error:
        if not (isinstance(error, DBAPIError) and error.connection_invalidated):
            because = NotLearnt(Untrained.ERROR, {"said": f"{type(error).__name__}: {error}"[:MOST_SAID]})
            with database().transaction(scope) as session:
                forecasts.note_untrained(session, scope, target_id=target_id, because=because)
        raise


def _train(scope: Scope, lease: Lease, target_id: UUID) -> bool:
    """Read, learn and write, with no transaction open while it learns; a first champion forecasts at once."""
    with database().transaction(scope) as session:
        lease.hold(session)
        lesson = forecasts.gather(session, scope, target_id=target_id)
    if lesson is None:
        return False
    learnt = forecasts.learn(lesson)
    with database().transaction(scope) as session:
        made = forecasts.settle(session, scope, lesson, learnt)
        if made is None:
            return False
        _log.info(
            "model trained",
            target=str(target_id),
            number=made.number,
            verdict=made.verdict.value,
            took_s=made.took_s,
        )
        is_first = made.verdict is forecasts.Verdict.CHAMPION and lesson.champion is None
        if is_first:
            forecasts.issue_forecasts(session, scope, target_ids=[target_id])
        return made.verdict is forecasts.Verdict.CHAMPION


@shared_task(name="forecasting.keep_house")
def keep_house() -> int:
    """Thin old forecasts; returns how many were deleted."""
    count = 0
    for scope in tenancy.system_scopes(database(), "old forecasts"):
        with database().transaction(scope) as session:
            count += forecasts.keep_house(session, scope)
    return count
