"""Targets and their terms, models and their champions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Text, func, select
from sqlalchemy.orm import Session, undefer

from backend.forecasting.models import ForecastModel, ForecastTarget, ForecastTerm, Verdict
from backend.forecasting.queries.confined import sees
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier
from backend.metering.models import Point
from backend.network.models import Position, Site
from backend.tenancy.models import Organisation


def target(session: Session, scope: Scope, target_id: UUID) -> ForecastTarget:
    """One target; raises NotFound."""
    query = select(ForecastTarget).where(
        ForecastTarget.id == target_id, sees(scope, ForecastTarget.organisation_id)
    )
    found: ForecastTarget = required(session, query, "there is no such forecast", target_id=target_id)
    return found


def targets(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None, carrier: Carrier | None,
    cursor: str | None, limit: int,
) -> paging.Page[ForecastTarget]:  # fmt: skip
    """A page of targets that are still forecast, by name."""
    query = select(ForecastTarget).where(
        ForecastTarget.ended_at.is_(None), sees(scope, ForecastTarget.organisation_id)
    )
    if organisations is not None:
        query = query.where(ForecastTarget.organisation_id.in_(organisations))
    if carrier is not None:
        query = query.where(ForecastTarget.carrier == carrier)
    return paging.page(
        session, query, by=(ForecastTarget.name, ForecastTarget.id), cursor=cursor, limit=limit
    )


def targets_by_id(session: Session, scope: Scope, target_ids: Collection[UUID]) -> dict[UUID, ForecastTarget]:
    """The targets among `target_ids` that the scope sees."""
    found = session.scalars(
        select(ForecastTarget).where(
            ForecastTarget.id.in_(target_ids), sees(scope, ForecastTarget.organisation_id)
        )
    )
    return {one.id: one for one in found}


def running(session: Session, scope: Scope) -> Sequence[Row[tuple[ForecastTarget, UUID, str, str]]]:
    """Targets that are still forecast: rows target, site, time zone, calendar; by site."""
    return session.execute(
        select(ForecastTarget, Site.position_id, Site.timezone, Site.calendar)
        .join(Position, Position.id == ForecastTarget.position_id)
        .join(Site, Site.position_id == Position.site_id)
        .where(ForecastTarget.ended_at.is_(None), sees(scope, ForecastTarget.organisation_id))
        .order_by(Site.position_id, ForecastTarget.id)
    ).all()


def locked(session: Session, scope: Scope, target_ids: Collection[UUID]) -> Sequence[ForecastTarget]:
    """Those of some running targets that nobody else is forecasting at this moment, held until the commit."""
    return session.scalars(
        select(ForecastTarget)
        .where(
            ForecastTarget.id.in_(target_ids), ForecastTarget.ended_at.is_(None),
            sees(scope, ForecastTarget.organisation_id),
        )
        .order_by(ForecastTarget.id)
        .with_for_update(skip_locked=True)
    ).all()  # fmt: skip


def held(session: Session, scope: Scope, target_id: UUID) -> ForecastTarget:
    """One target as it is now, held until the commit: nobody forecasts it meanwhile; raises NotFound."""
    query = (
        select(ForecastTarget)
        .where(ForecastTarget.id == target_id, sees(scope, ForecastTarget.organisation_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found: ForecastTarget = required(session, query, "there is no such forecast", target_id=target_id)
    return found


def place_of(session: Session, scope: Scope, one: ForecastTarget) -> tuple[str, str]:
    """Time zone and calendar of a target's site."""
    row = session.execute(
        select(Site.timezone, Site.calendar)
        .join(Position, Position.site_id == Site.position_id)
        .where(Position.id == one.position_id, sees(scope, Position.organisation_id))
    ).one()
    return row[0], row[1]


def terms(
    session: Session, scope: Scope, target_ids: Collection[UUID]
) -> dict[UUID, list[tuple[ForecastTerm, Point]]]:
    """The terms of targets with their points, in a settled order (that of the points' keys)."""
    rows = session.execute(
        select(ForecastTerm, Point)
        .join(Point, Point.id == ForecastTerm.point_id)
        .where(ForecastTerm.target_id.in_(target_ids), sees(scope, ForecastTerm.organisation_id))
        .order_by(Point.key)
    )
    found: dict[UUID, list[tuple[ForecastTerm, Point]]] = {target_id: [] for target_id in target_ids}
    for term, point in rows:
        found[term.target_id].append((term, point))
    return found


def targets_of_points(session: Session, scope: Scope, point_ids: Collection[UUID]) -> set[UUID]:
    """The targets that count any of some points."""
    return set(
        session.scalars(
            select(ForecastTerm.target_id).where(
                ForecastTerm.point_id.in_(point_ids), sees(scope, ForecastTerm.organisation_id)
            )
        )
    )


def champions(session: Session, scope: Scope, target_ids: Collection[UUID]) -> dict[UUID, ForecastModel]:
    """The champion of each target that has one, with its body."""
    found = session.scalars(
        select(ForecastModel)
        .where(
            ForecastModel.target_id.in_(target_ids), ForecastModel.verdict == Verdict.CHAMPION,
            sees(scope, ForecastModel.organisation_id),
        )
        .options(undefer(ForecastModel.body))
    )  # fmt: skip
    return {one.target_id: one for one in found}


def standing(session: Session, scope: Scope, target_ids: Collection[UUID]) -> dict[UUID, ForecastModel]:
    """The champion of each target that has one, without its body."""
    found = session.scalars(
        select(ForecastModel).where(
            ForecastModel.target_id.in_(target_ids), ForecastModel.verdict == Verdict.CHAMPION,
            sees(scope, ForecastModel.organisation_id),
        )
    )  # fmt: skip
    return {one.target_id: one for one in found}


def old_champions(session: Session, scope: Scope, openings: Collection[str]) -> set[UUID]:
    """The targets whose champion's text begins with none of these, all of one length: an earlier version wrote it."""
    length = max(map(len, openings))
    query = select(ForecastModel.target_id).where(
        ForecastModel.verdict == Verdict.CHAMPION, func.left(ForecastModel.body, length).not_in(openings),
        sees(scope, ForecastModel.organisation_id),
    )  # fmt: skip
    return set(session.scalars(query))


def model(session: Session, scope: Scope, model_id: UUID) -> ForecastModel:
    """One model with its body; raises NotFound."""
    query = (
        select(ForecastModel)
        .where(ForecastModel.id == model_id, sees(scope, ForecastModel.organisation_id))
        .options(undefer(ForecastModel.body))
    )
    found: ForecastModel = required(session, query, "there is no such model", model_id=model_id)
    return found


def models(
    session: Session, scope: Scope, target_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[ForecastModel]:
    """A page of a target's models, the newest first."""
    query = select(ForecastModel).where(
        ForecastModel.target_id == target_id, sees(scope, ForecastModel.organisation_id)
    )
    return paging.page(session, query, by=(ForecastModel.number.desc(),), cursor=cursor, limit=limit)


def last_trained(session: Session, scope: Scope) -> dict[UUID, tuple[int, datetime]]:
    """Target -> number and instant of its newest model, whatever became of it."""
    rows = session.execute(
        select(ForecastModel.target_id, func.max(ForecastModel.number), func.max(ForecastModel.trained_at))
        .where(sees(scope, ForecastModel.organisation_id))
        .group_by(ForecastModel.target_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def trees(session: Session, scope: Scope, organisations: Collection[UUID]) -> dict[UUID, str]:
    """Organisation -> the top of its tree."""
    top = func.subpath(Organisation.path, 0, 1, type_=Text)
    query = select(Organisation.id, top).where(
        Organisation.id.in_(organisations), Organisation.id.in_(scope.organisations)
    )
    return {row[0]: str(row[1]) for row in session.execute(query)}


def is_named(
    session: Session, scope: Scope, organisation_id: UUID, name: str, *, but: UUID | None = None
) -> bool:
    """Whether an organisation forecasts something of this name already, leaving one out."""
    found = session.scalar(
        select(ForecastTarget.id)
        .where(
            ForecastTarget.organisation_id == organisation_id, ForecastTarget.name == name,
            ForecastTarget.ended_at.is_(None), sees(scope, ForecastTarget.organisation_id),
            ForecastTarget.id.is_distinct_from(but),
        )
        .limit(1)
    )  # fmt: skip
    return found is not None
