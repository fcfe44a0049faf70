"""Weather places and what was delivered for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, undefer

from backend.forecasting.models import WeatherKind, WeatherPlace, WeatherRun
from backend.forecasting.queries.confined import sees
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope

_END = "starts_at + steps * step_minutes * interval '1 minute'"


def place(session: Session, scope: Scope, place_id: UUID) -> WeatherPlace:
    """One place; raises NotFound."""
    query = select(WeatherPlace).where(WeatherPlace.id == place_id, sees(scope, WeatherPlace.organisation_id))
    found: WeatherPlace = required(session, query, "there is no such weather place", weather_place=place_id)
    return found


def places(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None, cursor: str | None, limit: int
) -> paging.Page[WeatherPlace]:
    """A page of places, by name."""
    query = select(WeatherPlace).where(sees(scope, WeatherPlace.organisation_id))
    if organisations is not None:
        query = query.where(WeatherPlace.organisation_id.in_(organisations))
    return paging.page(session, query, by=(WeatherPlace.name, WeatherPlace.id), cursor=cursor, limit=limit)


def newest_number(session: Session, scope: Scope, place_id: UUID) -> int:
    """The number of the last run that came for a place; 0 before the first."""
    found = session.scalar(
        select(func.max(WeatherRun.number)).where(
            WeatherRun.place_id == place_id, sees(scope, WeatherRun.organisation_id)
        )
    )
    return found or 0


def runs(
    session: Session, scope: Scope, place_id: UUID, *, kind: WeatherKind, start: datetime, end: datetime,
    up_to: int | None = None,
) -> Sequence[WeatherRun]:  # fmt: skip
    """Runs of a place that reach into [start, end), by when they were issued; up_to: the last number known."""
    query = select(WeatherRun).where(
        WeatherRun.place_id == place_id, WeatherRun.kind == kind, WeatherRun.starts_at < end,
        text(f"{_END} > :since"), sees(scope, WeatherRun.organisation_id),
    )  # fmt: skip
    if up_to is not None:
        query = query.where(WeatherRun.number <= up_to)
    query = query.order_by(WeatherRun.issued_at, WeatherRun.number).options(undefer(WeatherRun.values))
    return session.scalars(query, {"since": start}).all()


def newest_forecast(
    session: Session, scope: Scope, place_id: UUID, *, issued_by: datetime, up_to: int
) -> WeatherRun | None:
    """The last weather forecast of a place that was issued by an instant, among the runs known up to a number."""
    return session.scalar(
        select(WeatherRun)
        .where(
            WeatherRun.place_id == place_id, WeatherRun.kind == WeatherKind.FORECAST,
            WeatherRun.issued_at <= issued_by, WeatherRun.number <= up_to, sees(scope, WeatherRun.organisation_id),
        )
        .order_by(WeatherRun.issued_at.desc(), WeatherRun.number.desc())
        .limit(1)
        .options(undefer(WeatherRun.values))
    )  # fmt: skip


def same_run(session: Session, scope: Scope, run: WeatherRun) -> bool:
    """Whether the last run of this place, kind and issue says the very same already."""
    found = session.scalar(
        select(WeatherRun)
        .where(
            WeatherRun.place_id == run.place_id, WeatherRun.kind == run.kind, WeatherRun.starts_at == run.starts_at,
            WeatherRun.issued_at == run.issued_at if run.kind is WeatherKind.FORECAST else text("true"),
            sees(scope, WeatherRun.organisation_id),
        )
        .order_by(WeatherRun.number.desc())
        .limit(1)
        .options(undefer(WeatherRun.values))
    )  # fmt: skip
    return found is not None and (found.variables, found.values) == (run.variables, run.values)


def last_of_days(
    session: Session, scope: Scope, place_id: UUID, *, start: datetime, end: datetime, zone: str
) -> Sequence[WeatherRun]:
    """The last weather forecast issued on each local day, of those that reach into [start, end); by issue."""
    day = func.date_trunc("day", WeatherRun.issued_at, zone)
    last = (
        select(WeatherRun.id)
        .where(
            WeatherRun.place_id == place_id, WeatherRun.kind == WeatherKind.FORECAST, WeatherRun.starts_at < end,
            text(f"{_END} > :since"), sees(scope, WeatherRun.organisation_id),
        )
        .ext(distinct_on(day))
        .order_by(day, WeatherRun.issued_at.desc(), WeatherRun.number.desc())
    )  # fmt: skip
    query = select(WeatherRun).where(WeatherRun.id.in_(last), sees(scope, WeatherRun.organisation_id))
    query = query.order_by(WeatherRun.issued_at, WeatherRun.number).options(undefer(WeatherRun.values))
    return session.scalars(query, {"since": start}).all()
