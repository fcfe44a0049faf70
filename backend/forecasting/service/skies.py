"""The weather as it was known: observed until an instant, then as the last forecast before it said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.forecasting.models import WeatherKind, WeatherRun
from backend.forecasting.models.packing import unpack_floats
from backend.forecasting.queries import weather as queries
from backend.forecasting.rules import WEATHER_COLUMNS, Weather
from backend.forecasting.service.reading import floor_to
from backend.kernel.scope import Scope

Floats = NDArray[np.float64]


class Sheet:
    """Columns of weather on regular steps, NaN where nothing is laid yet.

    start, end: whole steps; step_min: their length [min]
    """

    def __init__(self, start: datetime, end: datetime, step_min: int) -> None:
        self.start, self.step = start, timedelta(minutes=step_min)
        self.steps = int((end - start) / self.step)
        self.columns = {name: np.full(self.steps, np.nan) for name in WEATHER_COLUMNS}

    def lay(self, run: WeatherRun, *, where: NDArray[np.bool_] | None = None, over: bool = True) -> None:
        """Lay what a run says on the steps it covers. where: only there; over: also on what is laid already."""
        first = (self.start - run.starts_at) / timedelta(minutes=run.step_minutes)
        each = self.step / timedelta(minutes=run.step_minutes)
        place = np.floor(first + each * (np.arange(self.steps) + 0.5)).astype(np.int64)
        inside = (place >= 0) & (place < run.steps)
        if where is not None:
            inside &= where
        said = unpack_floats(run.values, run.steps)
        for name, values in zip(run.variables, said, strict=True):
            read = np.full(self.steps, np.nan)
            read[inside] = values[place[inside]]
            free = np.isfinite(read) if over else np.isfinite(read) & np.isnan(self.columns[name])
            self.columns[name][free] = read[free]

    def instants(self) -> list[datetime]:
        """Return the start of each step."""
        return [self.start + n * self.step for n in range(self.steps)]

    def weather(self, issued_at: datetime) -> Weather | None:
        """Return what is laid, without variables nobody said anything of; None where that is all of them."""
        known = {name: column for name, column in self.columns.items() if np.isfinite(column).any()}
        step_min = int(self.step / timedelta(minutes=1))
        return Weather(self.start, step_min, known, issued_at) if known else None


def known_at(
    session: Session, scope: Scope, place_id: UUID, *, start: datetime, end: datetime, at: datetime, up_to: int
) -> Weather | None:  # fmt: skip
    """Return the weather of a place in [start, end) as it was known at an instant, None where no forecast was.

    up_to: the number of the last run that had come by then
    """
    ahead = queries.newest_forecast(session, scope, place_id, issued_by=at, up_to=up_to)
    if ahead is None:
        return None
    seen = queries.runs(session, scope, place_id, kind=WeatherKind.OBSERVED, start=start, end=at, up_to=up_to)
    sheet = _sheet(start, end, [ahead, *seen])
    sheet.lay(ahead)
    for run in seen:
        sheet.lay(run)
    return sheet.weather(ahead.issued_at)


def day_ahead(
    session: Session, scope: Scope, place_id: UUID, *, start: datetime, end: datetime, zone: str
) -> Weather | None:
    """Return the weather of [start, end) as it was known at the local midnight before; observed where nothing was.

    Models learn from it and are judged by it, so that the error of weather forecasts is in both.
    """
    seen = queries.runs(session, scope, place_id, kind=WeatherKind.OBSERVED, start=start, end=end)
    ahead = queries.last_of_days(session, scope, place_id, start=start, end=end, zone=zone)
    if not seen and not ahead:
        return None
    sheet = _sheet(start, end, [*seen, *ahead])
    midnight = _midnights(sheet.instants(), zone)
    for run in ahead:
        sheet.lay(run, where=midnight >= run.issued_at.timestamp())
    for run in reversed(seen):
        sheet.lay(run, over=False)
    return sheet.weather(end)


def _sheet(start: datetime, end: datetime, runs: Sequence[WeatherRun]) -> Sheet:
    step_min = min(60, *(run.step_minutes for run in runs))
    step_min = next(n for n in (60, 30, 15, 10, 5) if n <= step_min)
    first = floor_to(start, timedelta(hours=1))
    last = floor_to(end - timedelta(microseconds=1), timedelta(hours=1)) + timedelta(hours=1)
    return Sheet(first, last, step_min)


def _midnights(instants: Sequence[datetime], zone: str) -> Floats:
    """Return the local midnight before each instant [s since 1970]."""
    place = ZoneInfo(zone)
    found: dict[object, float] = {}
    midnights = []
    for at in instants:
        day = at.astimezone(place).date()
        if day not in found:
            found[day] = datetime(day.year, day.month, day.day, tzinfo=place).astimezone(UTC).timestamp()
        midnights.append(found[day])
    return np.array(midnights)
