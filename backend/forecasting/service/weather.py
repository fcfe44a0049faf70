"""Weather places, what is delivered for them, and how far weather forecasts were off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.forecasting import events
from backend.forecasting.models import WeatherKind, WeatherPlace, WeatherRun
from backend.forecasting.models.packing import pack_floats
from backend.forecasting.ports import BELIEVED, Delivered, Weather, Where
from backend.forecasting.queries import weather as queries
from backend.forecasting.queries.confined import KEEPERS
from backend.forecasting.service.issuing import WEATHER_LOCK
from backend.forecasting.service.skies import Sheet
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.events import publish
from backend.kernel.periods import Period
from backend.kernel.scope import Scope

Floats = NDArray[np.float64]
SOURCES = ("file", "http")
LEADS_H = (6, 24, 72, 168)
"""Errors of weather forecasts are told up to these leads [h]."""
MOST_STEPS = 120_000


@dataclass(frozen=True)
class NewPlace:
    """What is said of a place; see WeatherPlace."""

    name: str
    latitude: float
    longitude: float
    source: str = "file"
    name_zh: str | None = None
    is_simulated: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= 200:
            raise Refused("a name has 1 to 200 characters", field="name", value=self.name[:200],
                          remedy="name the place")  # fmt: skip
        for name, most in (("latitude", 90), ("longitude", 180)):
            if not -most <= getattr(self, name) <= most:
                raise Refused(
                    f"this is no {name}",
                    field=name,
                    value=getattr(self, name),
                    remedy=f"use -{most} to {most}",
                )
        if self.source not in SOURCES:
            raise Refused(
                "weather comes from files or a provider", field="source", value=self.source,
                remedy="use file or http",
            )  # fmt: skip


@dataclass(frozen=True)
class WeatherError:
    """How far forecasts of a variable were off at leads up to `lead_h` hours (from the bound before).

    mae, bias: mean absolute and mean difference, in the variable's unit
    """

    variable: str
    lead_h: int
    mae: float
    bias: float
    values: int


def add_place(session: Session, scope: Scope, *, organisation_id: UUID, new: NewPlace) -> WeatherPlace:
    """Have the weather of a place kept."""
    scope.demand(organisation_id, *KEEPERS)
    one = WeatherPlace(
        id=ids.new_id(), organisation_id=organisation_id, name=new.name.strip(), name_zh=new.name_zh,
        latitude=new.latitude, longitude=new.longitude, source=new.source, is_simulated=new.is_simulated,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(one)
    session.flush()
    audit.record(
        session, scope, action="weather_place.added", entity="weather_place", entity_id=one.id,
        organisation_id=organisation_id, after={"name": one.name, "source": one.source},
    )  # fmt: skip
    return one


def place(session: Session, scope: Scope, place_id: UUID) -> WeatherPlace:
    """Return one place; raises NotFound."""
    return queries.place(session, scope, place_id)


def list_places(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None = None, cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[WeatherPlace]:  # fmt: skip
    """Return a page of weather places, by name."""
    return queries.places(session, scope, organisations=organisations, cursor=cursor, limit=limit)


def receive(session: Session, scope: Scope, *, place_id: UUID, delivered: Sequence[Delivered]) -> int:
    """Keep what was delivered for a place; return how many deliveries were new.

    What lies outside what is believed of its variable is taken as unknown. The same said twice is kept once.
    """
    one = queries.place(session, scope, place_id)
    session.execute(text(WEATHER_LOCK.format(kind="")))
    now, count = clock.now(), 0
    for said in delivered:
        run = _run(one, said)
        run.received_at = now
        if not queries.same_run(session, scope, run):
            session.add(run)
            session.flush()
            count += 1
    one.asked_at, one.error = now, None
    return count


def upload(session: Session, scope: Scope, *, place_id: UUID, delivered: Sequence[Delivered]) -> int:
    """Keep what a person uploaded for a place; return how many deliveries were new."""
    one = queries.place(session, scope, place_id)
    scope.demand(one.organisation_id, *KEEPERS)
    count = receive(session, scope, place_id=place_id, delivered=delivered)
    audit.record(
        session, scope, action="weather.uploaded", entity="weather_place", entity_id=one.id,
        organisation_id=one.organisation_id, after={"deliveries": count},
    )  # fmt: skip
    return count


@dataclass(frozen=True)
class Fetched:
    """How many deliveries were new, whether the gateway may have more at once, and what hindered it."""

    count: int
    is_more: bool
    error: str | None = None


def fetch(session: Session, scope: Scope, gateway: Weather, *, place_id: UUID) -> Fetched:
    """Bring what a gateway has for a place; what hinders it stands in the place's `error`."""
    one = queries.place(session, scope, place_id)
    where = Where(one.id, one.latitude, one.longitude)
    try:
        delivered = gateway.fetch(where)
    except EnerfieldError as error:
        one.asked_at, one.error = clock.now(), error.message
        if (
            isinstance(error, Refused) and one.source == "file"
        ):  # it is laid aside: nobody would look at it again
            body = {
                "place_id": str(one.id),
                "name": one.name,
                "name_zh": one.name_zh,
                "message": error.message,
            }
            publish(session, events.event(events.WEATHER_REFUSED, one.organisation_id, body))
        return Fetched(0, isinstance(error, Refused), error.message)
    if not delivered:
        return Fetched(0, False)
    return Fetched(receive(session, scope, place_id=place_id, delivered=delivered), one.source == "file")


def _run(one: WeatherPlace, said: Delivered) -> WeatherRun:
    names = [name for name in BELIEVED if name in said.columns]
    steps = {len(said.columns[name]) for name in names}
    if len(steps) != 1 or not 1 <= min(steps) <= MOST_STEPS:
        raise Refused(
            "weather has columns of one length, named " + ", ".join(BELIEVED), field="columns",
            value=", ".join(sorted(said.columns)),
        )  # fmt: skip
    values = np.array([_believed(name, said.columns[name]) for name in names])
    return WeatherRun(
        id=ids.new_id(), organisation_id=one.organisation_id, place_id=one.id,
        kind=WeatherKind.FORECAST if said.is_forecast else WeatherKind.OBSERVED, issued_at=said.issued_at,
        starts_at=said.start, step_minutes=said.step_minutes, steps=min(steps), variables=names,
        values=pack_floats(values),
    )  # fmt: skip


def _believed(name: str, values: Floats) -> Floats:
    low, high = BELIEVED[name]
    values = np.asarray(values, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return np.where((values >= low) & (values <= high), values, np.nan)


def errors(session: Session, scope: Scope, *, place_id: UUID, period: Period) -> list[WeatherError]:
    """Return how far weather forecasts for a period were off from what was observed, by variable and lead."""
    assert period.end is not None, "errors are told of a period with an end"
    end = min(period.end, clock.now())
    about = {"start": period.start, "end": end}
    seen = queries.runs(session, scope, place_id, kind=WeatherKind.OBSERVED, **about)
    ahead = queries.runs(session, scope, place_id, kind=WeatherKind.FORECAST, **about)
    if not seen or not ahead or end <= period.start:
        return []
    truth = _sheet(period, end)
    for run in seen:
        truth.lay(run)
    missed: dict[tuple[str, int], list[Floats]] = {}
    for run in ahead:
        _add_missed(missed, truth, run, period, end)
    found = []
    for (name, lead_h), parts in sorted(
        missed.items(), key=lambda item: (list(BELIEVED).index(item[0][0]), item[0][1])
    ):
        off = np.concatenate(parts)
        if len(off):
            found.append(WeatherError(name, lead_h, float(np.abs(off).mean()), float(off.mean()), len(off)))
    return found


def _sheet(period: Period, end: object) -> Sheet:
    hour = timedelta(hours=1)
    steps = -((period.start - end) // hour)  # type: ignore[operator]  # an instant
    return Sheet(period.start, period.start + steps * hour, 60)


def _add_missed(
    missed: dict[tuple[str, int], list[Floats]], truth: Sheet, run: WeatherRun, period: Period, end: object
) -> None:
    sheet = _sheet(period, end)
    sheet.lay(run)
    lead_h = ((truth.start - run.issued_at) + truth.step * 0.5) / timedelta(hours=1) + np.arange(truth.steps)
    for name, said in sheet.columns.items():
        off = said - truth.columns[name]
        below = 0
        for bound in LEADS_H:
            inside = np.isfinite(off) & (lead_h > below) & (lead_h <= bound)
            missed.setdefault((name, bound), []).append(off[inside])
            below = bound
