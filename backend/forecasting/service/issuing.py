"""Issue forecasts for what is due, all of a site at once, and make a past one again from what was known then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.forecasting.models import Forecast, ForecastModel, ForecastTarget
from backend.forecasting.models.packing import pack_floats, pack_versions, unpack_versions
from backend.forecasting.queries import forecasts as queries
from backend.forecasting.queries import targets
from backend.forecasting.queries import weather as skies_asked
from backend.forecasting.rules import Foreseen, Method, Model, NoForecast, OldModel, Passed, Weather, Why
from backend.forecasting.rules import forecast as foresee
from backend.forecasting.service import looking, reading, skies
from backend.forecasting.service.looking import ForecastSeries
from backend.forecasting.service.reading import Known, Series
from backend.forecasting.service.targets import as_it_was
from backend.kernel import clock, ids
from backend.kernel.errors import Conflict
from backend.kernel.scope import Scope

PAST = timedelta(days=70)
"""So much of the past a forecast is made from: the naive rungs look 49 days back, the profile 56."""
KEPT_WHOLE, KEPT_HOURLY = timedelta(days=35), timedelta(days=400)
"""All forecasts are kept so long; then the first of each hour; then the first of each day."""
WEATHER_LOCK = "SELECT pg_advisory_xact_lock{kind}(hashtext('forecasting.weather'))"
"""Weather comes in one delivery at a time and never while a forecast is made: numbers tell what was known."""


@dataclass(frozen=True)
class Sky:
    """A place's weather as one forecast knew it: the last run that had come, and what it said, if anything."""

    number: int
    weather: Weather | None


def due(session: Session, scope: Scope, *, at: datetime | None = None) -> dict[UUID, list[UUID]]:
    """Return site -> targets whose running step has no forecast yet."""
    now, found = at or clock.now(), defaultdict(list)
    rows = targets.running(session, scope)
    last = queries.last_issued(session, scope, [row[0].id for row in rows])
    for one, site_id, _, _ in rows:
        step = timedelta(minutes=one.step_minutes)
        if one.id not in last or last[one.id] < reading.floor_to(now, step):
            found[site_id].append(one.id)
    return dict(found)


def issue_forecasts(session: Session, scope: Scope, *, target_ids: Collection[UUID]) -> list[ForecastSeries]:
    """Forecast targets from what is known now, and keep what it was made from; return the forecasts.

    A target of which nothing honest can be said gets none, and says why (`failing`).
    """
    wanted = reading.series_of(session, scope, list(targets.locked(session, scope, target_ids)))
    if not wanted:
        return []
    session.execute(text(WEATHER_LOCK.format(kind="_shared")))
    issued_at = clock.now()
    known = _known(session, scope, wanted, issued_at)
    models = targets.champions(session, scope, [one.target.id for one in wanted])
    skies_of: dict[tuple[UUID | None, int], Sky] = {}
    made = []
    for one in wanted:
        key = one.target.weather_place_id, one.target.horizon_hours
        if key not in skies_of:
            skies_of[key] = _sky(session, scope, one.target, issued_at)
        row = _issue(session, one, known[one.target.id], models.get(one.target.id), skies_of[key], issued_at)
        made += [looking.series(row, one.target)] if row is not None else []
    session.flush()
    return made


def replay(session: Session, scope: Scope, forecast_id: UUID) -> ForecastSeries:
    """Make a forecast again from what was known when it was issued: the same values, whatever came since.

    raises Conflict where what it was made from is not kept any more, or its model cannot be read
    """
    row = queries.forecast(session, scope, forecast_id)
    then = as_it_was(targets.target(session, scope, row.target_id), row.issued_at)
    (one,) = reading.series_of(session, scope, [then])
    end = reading.floor_to(row.issued_at, one.step)
    known = reading.known_then(
        session, scope, one, start=row.past_from, end=end, versions=unpack_versions(row.inputs, 1)[0]
    )
    model = targets.model(session, scope, row.model_id) if row.model_id is not None else None
    if row.method in (Method.MODEL, Method.MODEL_WITHOUT_WEATHER) and _readable(model) is Why.MODEL_OLD:
        raise Conflict(
            "the model of this forecast was made by an earlier version", field="forecast_id",
            remedy="look at the forecast as it was issued",
        )  # fmt: skip
    sky = _sky(session, scope, one.target, row.issued_at, number=row.weather_number)
    made = _foresee(one, row.past_from, known, model, sky, row.issued_at)
    again = _row(one, known, model, sky, row.issued_at, made)
    again.id = row.id
    return looking.series(again, one.target)


def revised_since(session: Session, scope: Scope, forecast_id: UUID) -> int:
    """Return how many intervals that a forecast was made from have another version now, or came only since."""
    row = queries.forecast(session, scope, forecast_id)
    (one,) = reading.series_of(session, scope, [targets.target(session, scope, row.target_id)])
    end = reading.floor_to(row.issued_at, one.step)
    now = reading.known_now(session, scope, [one], start=row.past_from, end=end)[one.target.id]
    return int((now.versions != unpack_versions(row.inputs, 1)[0]).sum())


def keep_house(session: Session, scope: Scope) -> int:
    """Thin old forecasts; return how many were deleted."""
    now = clock.now()
    hourly = queries.thin(session, scope, before=now - KEPT_WHOLE, per="hour")
    return hourly + queries.thin(session, scope, before=now - KEPT_HOURLY, per="day")


def told(passed: Sequence[Passed]) -> list[dict[str, Any]]:
    """Return why rungs were not taken as plain values."""
    return [asdict(one) | {"facts": {k: round(v, 4) for k, v in one.facts.items()}} for one in passed]


def _known(
    session: Session, scope: Scope, wanted: Sequence[Series], issued_at: datetime
) -> dict[UUID, Known]:
    """Return what the targets measured up to now; those of one step length are read together."""
    together: dict[timedelta, list[Series]] = defaultdict(list)
    for one in wanted:
        together[one.step].append(one)
    found: dict[UUID, Known] = {}
    for step, some in together.items():
        end = reading.floor_to(issued_at, step)
        found |= reading.known_now(session, scope, some, start=_past_from(issued_at, step), end=end)
    return found


def _past_from(issued_at: datetime, step: timedelta) -> datetime:
    return reading.floor_to(issued_at - PAST, max(step, timedelta(hours=1)))


def _sky(
    session: Session, scope: Scope, of: ForecastTarget, issued_at: datetime, *, number: int | None = None
) -> Sky:
    """Return the weather known at an instant. number: of the last run that had come, None for now."""
    place_id = of.weather_place_id
    if place_id is None:
        return Sky(0, None)
    up_to = skies_asked.newest_number(session, scope, place_id) if number is None else number
    start = reading.floor_to(issued_at - PAST, timedelta(hours=1))
    end = issued_at + timedelta(hours=of.horizon_hours + 1)
    return Sky(
        up_to,
        skies.known_at(session, scope, place_id, start=start, end=end, at=issued_at, up_to=up_to),
    )


def _foresee(
    one: Series, past_from: datetime, known: Known, model: ForecastModel | None, sky: Sky, issued_at: datetime
) -> Foreseen:
    return foresee(
        _readable(model), one.past(past_from, known.values), sky.weather,
        kind=one.kind, issued_at=issued_at, steps=one.target.horizon_hours * 60 // one.target.step_minutes,
    )  # fmt: skip


def _readable(model: ForecastModel | None) -> Model | Why | None:
    """Return a kept model, or why it cannot be used."""
    try:
        return None if model is None else Model.from_text(model.body)
    except OldModel:
        return Why.MODEL_OLD


def _issue(
    session: Session, one: Series, known: Known, model: ForecastModel | None, sky: Sky, issued_at: datetime
) -> Forecast | None:
    try:
        made = _foresee(one, _past_from(issued_at, one.step), known, model, sky, issued_at)
    except NoForecast as error:
        one.target.failing_since = one.target.failing_since or issued_at
        one.target.failing = {"missing": error.missing.value, "passed": told(error.passed)}
        return None
    one.target.failing_since = one.target.failing = None
    row = _row(one, known, model, sky, issued_at, made)
    session.add(row)
    return row


def _row(
    one: Series, known: Known, model: ForecastModel | None, sky: Sky, issued_at: datetime, made: Foreseen
) -> Forecast:
    there = np.flatnonzero(np.isfinite(known.values))
    past_from = _past_from(issued_at, one.step)
    return Forecast(
        id=ids.new_id(), organisation_id=one.target.organisation_id, target_id=one.target.id, issued_at=issued_at,
        starts_at=made.start, step_minutes=made.step_min, steps=len(made.values), quantiles=pack_floats(made.values),
        method=made.method, passed=told(made.passed),
        model_id=model.id if model is not None else None,
        known_until=past_from + (int(there[-1]) + 1) * one.step if there.size else None,
        weather_known_at=sky.weather.issued_at if sky.weather and made.method is Method.MODEL else None,
        weather_number=sky.number, past_from=past_from, inputs=pack_versions(known.versions),
    )  # fmt: skip
