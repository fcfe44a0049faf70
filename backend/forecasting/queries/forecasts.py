"""Forecasts: the newest that was known at an instant, and all of a stretch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session, aliased, undefer

from backend.forecasting.models import Forecast
from backend.forecasting.queries.confined import seen, sees
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope

_END = "starts_at + steps * step_minutes * interval '1 minute'"
_NEWEST = """
SELECT f.id FROM unnest(CAST(:targets AS uuid[])) t(id) CROSS JOIN LATERAL (
    SELECT id FROM forecast WHERE target_id = t.id AND issued_at <= :known_at AND starts_at < :end
    AND starts_at + steps * step_minutes * interval '1 minute' > :start AND organisation_id = ANY (:organisations)
    ORDER BY issued_at DESC LIMIT 1) f"""
_DAY_AHEAD = """
SELECT coalesce(before.id, within.id) FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) d(a, b)
LEFT JOIN LATERAL (
    SELECT id FROM forecast WHERE target_id = :target AND issued_at <= d.a AND organisation_id = ANY (:organisations)
    AND starts_at + steps * step_minutes * interval '1 minute' > d.a ORDER BY issued_at DESC LIMIT 1) before ON true
LEFT JOIN LATERAL (
    SELECT id FROM forecast WHERE target_id = :target AND issued_at > d.a AND issued_at < d.b
    AND organisation_id = ANY (:organisations) ORDER BY issued_at LIMIT 1) within ON true
WHERE coalesce(before.id, within.id) IS NOT NULL"""


def newest(
    session: Session, scope: Scope, target_ids: Collection[UUID], *, start: datetime, end: datetime,
    known_at: datetime,
) -> Sequence[Forecast]:  # fmt: skip
    """The newest forecast of each target that was issued by `known_at` and reaches into [start, end)."""
    about = {
        "targets": list(target_ids), "known_at": known_at, "start": start, "end": end,
        "organisations": list(seen(scope)),
    }  # fmt: skip
    wanted = session.scalars(text(_NEWEST), about).all()
    query = select(Forecast).where(Forecast.id.in_(wanted), sees(scope, Forecast.organisation_id))
    return session.scalars(query.options(undefer(Forecast.quantiles))).all()


def forecast(session: Session, scope: Scope, forecast_id: UUID) -> Forecast:
    """One forecast with all that is kept of it; raises NotFound."""
    query = (
        select(Forecast)
        .where(Forecast.id == forecast_id, sees(scope, Forecast.organisation_id))
        .options(undefer(Forecast.quantiles), undefer(Forecast.inputs))
    )
    found: Forecast = required(session, query, "there is no such forecast", forecast_id=forecast_id)
    return found


def issued(
    session: Session, scope: Scope, target_id: UUID, *, start: datetime, end: datetime
) -> Sequence[Forecast]:
    """The forecasts of a target that reach into [start, end), with their quantiles, by when they were issued."""
    return session.scalars(
        select(Forecast)
        .where(
            Forecast.target_id == target_id, Forecast.starts_at < end, text(f"{_END} > :since"),
            sees(scope, Forecast.organisation_id),
        )
        .order_by(Forecast.issued_at)
        .options(undefer(Forecast.quantiles)),
        {"since": start},
    ).all()  # fmt: skip


def forecasts(
    session: Session, scope: Scope, target_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[Forecast]:
    """A page of a target's forecasts without their values, the newest first."""
    query = select(Forecast).where(Forecast.target_id == target_id, sees(scope, Forecast.organisation_id))
    return paging.page(session, query, by=(Forecast.issued_at.desc(),), cursor=cursor, limit=limit)


def last_issued(session: Session, scope: Scope, target_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Target -> when it was last forecast; those never forecast are left out."""
    rows = session.execute(
        select(Forecast.target_id, func.max(Forecast.issued_at))
        .where(Forecast.target_id.in_(target_ids), sees(scope, Forecast.organisation_id))
        .group_by(Forecast.target_id)
    )
    return {row[0]: row[1] for row in rows}


def thin(session: Session, scope: Scope, *, before: datetime, per: str) -> int:
    """Delete forecasts issued before an instant but for the first of each target in each `per`; return how many."""
    earlier = aliased(Forecast)
    bucket = func.date_trunc(per, Forecast.issued_at, "UTC")
    is_first = ~(
        select(earlier.id)
        .where(
            earlier.target_id == Forecast.target_id, earlier.issued_at < Forecast.issued_at,
            earlier.issued_at >= bucket,
        )
        .exists()
    )  # fmt: skip
    done: Any = session.execute(
        delete(Forecast)
        .where(Forecast.issued_at < before, ~is_first, sees(scope, Forecast.organisation_id))
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


def day_ahead(
    session: Session, scope: Scope, target_id: UUID, midnights: Sequence[datetime], ends: Sequence[datetime]
) -> Sequence[Forecast]:
    """For each day the last forecast issued before it that reaches into it, else the first issued in it; by issue."""
    about = {
        "target": target_id, "starts": list(midnights), "ends": list(ends), "organisations": list(seen(scope)),
    }  # fmt: skip
    wanted = set(session.scalars(text(_DAY_AHEAD), about))
    query = select(Forecast).where(Forecast.id.in_(wanted), sees(scope, Forecast.organisation_id))
    return session.scalars(query.order_by(Forecast.issued_at).options(undefer(Forecast.quantiles))).all()
