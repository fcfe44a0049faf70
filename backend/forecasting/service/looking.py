"""Look at what is foreseen: the newest forecast that was known at an instant, and what is kept of others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.forecasting.models import Forecast, ForecastModel, ForecastTarget
from backend.forecasting.models.packing import unpack_floats
from backend.forecasting.queries import forecasts as queries
from backend.forecasting.queries import targets
from backend.forecasting.rules import QUANTILES, Method
from backend.forecasting.rules.foreseen import MEDIAN
from backend.forecasting.service import reading
from backend.kernel import clock, paging
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier

Floats = NDArray[np.float64]
LEVELS = QUANTILES
"""Columns of `ForecastSeries.values`."""


@dataclass(frozen=True, eq=False)
class ForecastSeries:
    """A forecast, or the part of one that was asked for.

    start: of its first step (UTC); step_minutes: length of a step
    values: amounts of each step [unit], one column a quantile of LEVELS, never falling from left to right
    method: the rung of the ladder; passed: the rungs above it and why not they, [{method, why, facts}]
    known_until: end of the newest amount it was made from; weather_known_at: when its weather was foretold, if any
    """

    forecast_id: UUID
    target_id: UUID
    issued_at: datetime
    start: datetime
    step_minutes: int
    unit: str
    values: Floats
    method: Method
    passed: Sequence[Mapping[str, Any]]
    model_id: UUID | None
    known_until: datetime | None
    weather_known_at: datetime | None

    @property
    def step(self) -> timedelta:
        """Length of a step."""
        return timedelta(minutes=self.step_minutes)

    @property
    def end(self) -> datetime:
        """End of its last step (UTC)."""
        return self.start + len(self.values) * self.step

    @property
    def median(self) -> Floats:
        """The amount as likely too high as too low [unit], shape (steps,)."""
        return self.values[:, MEDIAN]

    def cut(self, start: datetime, end: datetime) -> ForecastSeries:
        """Return the steps that start in [start, end)."""
        first = max(0, -int((self.start - start) // self.step))
        last = max(first, -int((self.start - end) // self.step))
        return replace(self, start=self.start + first * self.step, values=self.values[first:last])


def at(
    session: Session,
    scope: Scope,
    *,
    target_ids: Collection[UUID],
    start: datetime,
    end: datetime,
    known_at: datetime | None = None,
) -> dict[UUID, ForecastSeries]:
    """Return of each target the newest forecast known at an instant (default: now), cut to [start, end).

    known_at: only what was issued by then. Targets without one, or not seen by the scope, are left out.
    """
    found = targets.targets_by_id(session, scope, target_ids)
    rows = queries.newest(session, scope, list(found), start=start, end=end, known_at=known_at or clock.now())
    cut = {row.target_id: series(row, found[row.target_id]).cut(start, end) for row in rows}
    return {target_id: one for target_id, one in cut.items() if len(one.values)}


def day_ahead(
    session: Session, scope: Scope, *, target_id: UUID, days: Sequence[Period]
) -> list[tuple[Period, ForecastSeries]]:
    """Return for each day the forecast last issued before it, cut to the day, or the first one issued in it.

    days: local days in order, each with an end; those never forecast are left out
    """
    of = targets.target(session, scope, target_id)
    ends = [day.end or day.start for day in days]
    rows = queries.day_ahead(session, scope, target_id, [day.start for day in days], ends)
    known, found = [series(row, of) for row in rows], []
    for day, end in zip(days, ends, strict=True):
        before = [one for one in known if one.issued_at <= day.start and one.end > day.start]
        within = [one for one in known if day.start < one.issued_at < end]
        chosen = before[-1] if before else within[0] if within else None
        if chosen is not None and len((cut := chosen.cut(day.start, end)).values):
            found.append((day, cut))
    return found


def series(row: Forecast, of: ForecastTarget) -> ForecastSeries:
    """Return a stored forecast with its values."""
    return ForecastSeries(
        row.id, row.target_id, row.issued_at, row.starts_at, row.step_minutes, of.unit,
        unpack_floats(row.quantiles, len(QUANTILES)), row.method, row.passed, row.model_id, row.known_until,
        row.weather_known_at,
    )  # fmt: skip


def target(session: Session, scope: Scope, target_id: UUID) -> ForecastTarget:
    """Return one target; raises NotFound."""
    return targets.target(session, scope, target_id)


def list_targets(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None = None,
    carrier: Carrier | None = None, cursor: str | None = None, limit: int = 50,
) -> paging.Page[ForecastTarget]:  # fmt: skip
    """Return a page of what is forecast, by name."""
    return targets.targets(
        session, scope, organisations=organisations, carrier=carrier, cursor=cursor, limit=limit
    )


def terms(session: Session, scope: Scope, target_ids: Collection[UUID]) -> dict[UUID, list[Any]]:
    """Return the terms of targets with their points."""
    return dict(targets.terms(session, scope, target_ids))


def place_of(session: Session, scope: Scope, one: ForecastTarget) -> tuple[str, str]:
    """Return time zone and calendar of a target's site."""
    return targets.place_of(session, scope, one)


def forecast(session: Session, scope: Scope, forecast_id: UUID) -> ForecastSeries:
    """Return one forecast, whenever it was issued; raises NotFound."""
    row = queries.forecast(session, scope, forecast_id)
    return series(row, targets.target(session, scope, row.target_id))


def list_forecasts(
    session: Session, scope: Scope, *, target_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[Forecast]:
    """Return a page of a target's forecasts without their values, the newest first."""
    targets.target(session, scope, target_id)
    return queries.forecasts(session, scope, target_id, cursor=cursor, limit=limit)


def list_models(
    session: Session, scope: Scope, *, target_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[ForecastModel]:
    """Return a page of a target's models, the newest first."""
    targets.target(session, scope, target_id)
    return targets.models(session, scope, target_id, cursor=cursor, limit=limit)


def standing(session: Session, scope: Scope, target_ids: Collection[UUID]) -> dict[UUID, ForecastModel]:
    """Return the champion of each target that has one."""
    return targets.standing(session, scope, target_ids)


def last_issued(session: Session, scope: Scope, target_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Return when each target was last forecast."""
    return queries.last_issued(session, scope, target_ids)


def actual(
    session: Session, scope: Scope, *, target_id: UUID, period: Period
) -> tuple[datetime, timedelta, Floats]:
    """Return what a target measured: start of the first step in a period, length of a step, amounts [unit].

    NaN stands where a step is not over yet, or something of it is unknown.
    """
    assert period.end is not None, "what was measured has an end"
    (one,) = reading.series_of(session, scope, [targets.target(session, scope, target_id)])
    start = reading.floor_to(period.start, one.step)
    end = reading.floor_to(period.end, one.step)
    found = reading.known_now(session, scope, [one], start=start, end=end)
    return start, one.step, found[target_id].values
