"""Plants, plans and schedules, confined to those who run the plant or answer for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, undefer

from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Kind, Role, Scope
from backend.network.models import Position, Site
from backend.optimisation.models import (
    CoordinationMember,
    CoordinationRound,
    CoordinationShare,
    CoordinationTarget,
    ExchangeLine,
    OperationPlan,
    OperationSchedule,
    PlanKind,
    PlanOutcome,
    PlanStatus,
    PlantVersion,
    SitePlant,
)
from backend.optimisation.rules.coordination.asking import Reason, State

LOOKERS = (Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR, Role.DISPATCHER)
"""Roles that see plans."""


def sees(scope: Scope, organisation_id: Any) -> ColumnElement[bool]:
    """Condition: plants of this organisation are the asker's to look at; a system's own."""
    if scope.kind is Kind.SYSTEM:
        return organisation_id.in_(scope.organisations)  # type: ignore[no-any-return]  # a column's own word
    held = frozenset().union(*(scope.where(role) for role in LOOKERS)) & scope.organisations
    return organisation_id.in_(held)  # type: ignore[no-any-return]  # likewise


def plant(session: Session, scope: Scope, plant_id: UUID) -> SitePlant:
    """One plant; raises NotFound."""
    query = select(SitePlant).where(SitePlant.id == plant_id, sees(scope, SitePlant.organisation_id))
    found: SitePlant = required(session, query, "there is no such plant", plant_id=plant_id)
    return found


def plant_of_site(session: Session, scope: Scope, site_id: UUID) -> SitePlant | None:
    """The plant of a site."""
    return session.scalar(
        select(SitePlant).where(SitePlant.site_id == site_id, sees(scope, SitePlant.organisation_id))
    )


def plants(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None, cursor: str | None, limit: int
) -> paging.Page[Any]:
    """A page of (SitePlant, Position) by the site's name."""
    query = (
        select(SitePlant, Position)
        .join(Position, Position.id == SitePlant.site_id)
        .where(sees(scope, SitePlant.organisation_id))
    )
    if organisations is not None:
        query = query.where(SitePlant.organisation_id.in_(organisations))
    return paging.page(session, query, by=(Position.name, SitePlant.id), cursor=cursor, limit=limit)


def active(session: Session, scope: Scope, at: datetime, plant_id: UUID | None) -> list[tuple[UUID, str]]:
    """Plants (or one of them) that the clock plans for and that are described at an instant: id, the site's zone."""
    said = select(PlantVersion.plant_id).where(PlantVersion.valid_from <= at)
    query = (
        select(SitePlant.id, Site.timezone)
        .join(Site, Site.position_id == SitePlant.site_id)
        .where(SitePlant.is_active, SitePlant.id.in_(said), sees(scope, SitePlant.organisation_id))
    )
    if plant_id is not None:
        query = query.where(SitePlant.id == plant_id)
    return [(row.id, row.timezone) for row in session.execute(query.order_by(SitePlant.id))]


def last_tries(session: Session, scope: Scope, plants: Collection[UUID], kind: PlanKind) -> dict[UUID, Any]:
    """Plant's id -> starts_at, made_at and status of the plan of a kind made last, failed or not."""
    query = (
        select(OperationPlan.plant_id, OperationPlan.starts_at, OperationPlan.made_at, OperationPlan.status)
        .where(
            OperationPlan.plant_id.in_(plants), OperationPlan.kind == kind,
            sees(scope, OperationPlan.organisation_id),
        )
        .order_by(OperationPlan.plant_id, OperationPlan.made_at.desc(), OperationPlan.id.desc())
        .ext(distinct_on(OperationPlan.plant_id))
    )  # fmt: skip
    return {row.plant_id: row for row in session.execute(query)}


def version_at(session: Session, scope: Scope, plant_id: UUID, at: datetime) -> PlantVersion | None:
    """The version of a plant that is valid at an instant; of several from the same instant the last said."""
    return session.scalar(
        select(PlantVersion)
        .where(
            PlantVersion.plant_id == plant_id, PlantVersion.valid_from <= at, sees(scope, PlantVersion.organisation_id)
        )
        .order_by(PlantVersion.valid_from.desc(), PlantVersion.number.desc())
        .limit(1)
    )  # fmt: skip


def versions_by_id(session: Session, scope: Scope, version_ids: Collection[UUID]) -> dict[UUID, PlantVersion]:
    """Versions by id."""
    query = select(PlantVersion).where(
        PlantVersion.id.in_(version_ids), sees(scope, PlantVersion.organisation_id)
    )
    return {one.id: one for one in session.scalars(query)}


def versions(
    session: Session, scope: Scope, plant_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[PlantVersion]:
    """A page of a plant's versions, the newest first."""
    query = select(PlantVersion).where(
        PlantVersion.plant_id == plant_id, sees(scope, PlantVersion.organisation_id)
    )
    by = (PlantVersion.number.desc(), PlantVersion.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def last_number(session: Session, scope: Scope, plant_id: UUID) -> int:
    """The number of a plant's last version; 0 before the first."""
    query = select(func.max(PlantVersion.number)).where(
        PlantVersion.plant_id == plant_id, sees(scope, PlantVersion.organisation_id)
    )
    return session.scalar(query) or 0


def plan(session: Session, scope: Scope, plan_id: UUID) -> OperationPlan:
    """One plan with its arrays; raises NotFound."""
    query = (
        select(OperationPlan)
        .where(OperationPlan.id == plan_id, sees(scope, OperationPlan.organisation_id))
        .options(undefer(OperationPlan.result), undefer(OperationPlan.given))
    )
    found: OperationPlan = required(session, query, "there is no such plan", plan_id=plan_id)
    return found


def plan_for(
    session: Session, scope: Scope, plant_id: UUID, kind: PlanKind, starts_at: datetime
) -> OperationPlan | None:
    """The plan of a kind that begins at an instant."""
    return session.scalar(
        select(OperationPlan).where(
            OperationPlan.plant_id == plant_id, OperationPlan.kind == kind, OperationPlan.starts_at == starts_at,
            sees(scope, OperationPlan.organisation_id),
        )
    )  # fmt: skip


def newest(
    session: Session, scope: Scope, plant_ids: Collection[UUID], *, with_failed: bool = True,
    kind: PlanKind | None = None, begun_by: datetime | None = None,
) -> dict[UUID, OperationPlan]:  # fmt: skip
    """Plant's id -> the plan made last, with its arrays; without the failed ones where these are not wanted.

    begun_by: of those alone whose first step had begun by then
    """
    query = (
        select(OperationPlan)
        .where(OperationPlan.plant_id.in_(plant_ids), sees(scope, OperationPlan.organisation_id))
        .order_by(OperationPlan.plant_id, OperationPlan.made_at.desc(), OperationPlan.id.desc())
        .ext(distinct_on(OperationPlan.plant_id))
        .options(undefer(OperationPlan.result), undefer(OperationPlan.given))
    )
    if not with_failed:
        query = query.where(OperationPlan.status != PlanStatus.FAILED)
    if kind is not None:
        query = query.where(OperationPlan.kind == kind)
    if begun_by is not None:
        query = query.where(OperationPlan.starts_at <= begun_by)
    return {one.plant_id: one for one in session.scalars(query)}


def plans(
    session: Session, scope: Scope, *, plant_id: UUID | None, kind: PlanKind | None, cursor: str | None, limit: int
) -> paging.Page[OperationPlan]:  # fmt: skip
    """A page of plans without their arrays, the newest first."""
    query = select(OperationPlan).where(sees(scope, OperationPlan.organisation_id))
    if plant_id is not None:
        query = query.where(OperationPlan.plant_id == plant_id)
    if kind is not None:
        query = query.where(OperationPlan.kind == kind)
    by = (OperationPlan.made_at.desc(), OperationPlan.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def in_force(session: Session, scope: Scope, plant_id: UUID) -> OperationSchedule | None:
    """The accepted plan of a plant that nothing has superseded."""
    return session.scalar(
        select(OperationSchedule).where(
            OperationSchedule.plant_id == plant_id, OperationSchedule.superseded_at.is_(None),
            sees(scope, OperationSchedule.organisation_id),
        )
    )  # fmt: skip


def schedules(
    session: Session, scope: Scope, *, plant_id: UUID | None, cursor: str | None, limit: int
) -> paging.Page[OperationSchedule]:
    """A page of accepted plans, the last accepted first."""
    query = select(OperationSchedule).where(sees(scope, OperationSchedule.organisation_id))
    if plant_id is not None:
        query = query.where(OperationSchedule.plant_id == plant_id)
    by = (OperationSchedule.accepted_at.desc(), OperationSchedule.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def accepted_since(session: Session, scope: Scope, since: datetime) -> Sequence[OperationSchedule]:
    """Accepted plans that ended after an instant, oldest first."""
    query = select(OperationSchedule).where(
        OperationSchedule.ends_at > since, sees(scope, OperationSchedule.organisation_id)
    )
    return session.scalars(query.order_by(OperationSchedule.id)).all()


def outcome(session: Session, scope: Scope, plan_id: UUID) -> PlanOutcome | None:
    """What became of a plan, as it was worked out last."""
    return session.scalar(
        select(PlanOutcome).where(PlanOutcome.plan_id == plan_id, sees(scope, PlanOutcome.organisation_id))
    )


def outcomes(session: Session, scope: Scope, plan_ids: Collection[UUID]) -> dict[UUID, PlanOutcome]:
    """Plan's id -> what became of it."""
    query = select(PlanOutcome).where(
        PlanOutcome.plan_id.in_(plan_ids), sees(scope, PlanOutcome.organisation_id)
    )
    return {one.plan_id: one for one in session.scalars(query)}


def forget_before(session: Session, scope: Scope, until: datetime) -> int:
    """Delete plans that ended before an instant and were never accepted, with what became of them; how many."""
    accepted = select(OperationSchedule.plan_id)
    old = select(OperationPlan.id).where(
        OperationPlan.ends_at < until,
        OperationPlan.id.not_in(accepted),
        sees(scope, OperationPlan.organisation_id),
    )
    session.execute(delete(PlanOutcome).where(PlanOutcome.plan_id.in_(old)))
    found = session.execute(delete(OperationPlan).where(OperationPlan.id.in_(old)))
    return int(found.rowcount)  # type: ignore[attr-defined]  # of a delete there is one


def member(session: Session, scope: Scope, plant_id: UUID) -> CoordinationMember | None:
    """The membership of a plant, also one that was left."""
    return session.scalar(
        select(CoordinationMember).where(
            CoordinationMember.plant_id == plant_id, sees(scope, CoordinationMember.organisation_id)
        )
    )


def members(session: Session, scope: Scope, organisations: Collection[UUID]) -> Sequence[Any]:
    """(CoordinationMember, SitePlant, Position) of the plants that are planned together, by the site's name."""
    query = (
        select(CoordinationMember, SitePlant, Position)
        .join(SitePlant, SitePlant.id == CoordinationMember.plant_id)
        .join(Position, Position.id == SitePlant.site_id)
        .where(
            CoordinationMember.left_at.is_(None), CoordinationMember.organisation_id.in_(organisations),
            sees(scope, CoordinationMember.organisation_id),
        )
    )  # fmt: skip
    return session.execute(query.order_by(Position.name, SitePlant.id)).all()


def line(session: Session, scope: Scope, line_id: UUID) -> ExchangeLine:
    """One line; raises NotFound."""
    query = select(ExchangeLine).where(ExchangeLine.id == line_id, sees(scope, ExchangeLine.organisation_id))
    found: ExchangeLine = required(session, query, "there is no such line", line_id=line_id)
    return found


def _lines(scope: Scope, organisation_id: UUID) -> Any:
    return select(ExchangeLine).where(
        ExchangeLine.organisation_id == organisation_id, ExchangeLine.ended_at.is_(None),
        sees(scope, ExchangeLine.organisation_id),
    )  # fmt: skip


def all_lines(session: Session, scope: Scope, organisation_id: UUID) -> Sequence[ExchangeLine]:
    """All lines an organisation keeps that are there now."""
    return session.scalars(_lines(scope, organisation_id).order_by(ExchangeLine.id)).all()


def lines(
    session: Session, scope: Scope, organisation_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[ExchangeLine]:
    """A page of the lines an organisation keeps that are there now, by name."""
    by = (ExchangeLine.name, ExchangeLine.id)
    return paging.page(session, _lines(scope, organisation_id), by=by, cursor=cursor, limit=limit)


def round_(session: Session, scope: Scope, round_id: UUID) -> CoordinationRound:
    """One round; raises NotFound."""
    query = select(CoordinationRound).where(
        CoordinationRound.id == round_id, sees(scope, CoordinationRound.organisation_id)
    )
    found: CoordinationRound = required(session, query, "there is no such round", round_id=round_id)
    return found


def rounds(
    session: Session, scope: Scope, organisation_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[CoordinationRound]:
    """A page of an organisation's rounds, the newest first."""
    query = select(CoordinationRound).where(
        CoordinationRound.organisation_id == organisation_id, sees(scope, CoordinationRound.organisation_id)
    )
    by = (CoordinationRound.asked_at.desc(), CoordinationRound.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def shares(session: Session, scope: Scope, round_id: UUID) -> Sequence[CoordinationShare]:
    """What a round means to its plants, as far as the asker sees them, by the site's name."""
    query = select(CoordinationShare).where(
        CoordinationShare.round_id == round_id, sees(scope, CoordinationShare.organisation_id)
    )
    return session.scalars(query.order_by(CoordinationShare.site, CoordinationShare.id)).all()


def share(session: Session, scope: Scope, share_id: UUID) -> CoordinationShare:
    """One share with its arrays; raises NotFound."""
    query = (
        select(CoordinationShare)
        .where(CoordinationShare.id == share_id, sees(scope, CoordinationShare.organisation_id))
        .options(undefer(CoordinationShare.result))
    )
    found: CoordinationShare = required(session, query, "there is no such share", share_id=share_id)
    return found


def shares_of_plant(
    session: Session, scope: Scope, plant_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[CoordinationShare]:
    """A page of what rounds meant to a plant, the newest first."""
    query = select(CoordinationShare).where(
        CoordinationShare.plant_id == plant_id, sees(scope, CoordinationShare.organisation_id)
    )
    return paging.page(session, query, by=(CoordinationShare.id.desc(),), cursor=cursor, limit=limit)


def target(session: Session, scope: Scope, target_id: UUID, *, is_held: bool = False) -> CoordinationTarget:
    """One target; raises NotFound. is_held: as it is now, and until the commit nobody else moves it."""
    query = select(CoordinationTarget).where(
        CoordinationTarget.id == target_id, sees(scope, CoordinationTarget.organisation_id)
    )
    if is_held:
        query = query.with_for_update().execution_options(populate_existing=True)
    return required(session, query, "there is no such target", target_id=target_id)  # type: ignore[no-any-return]  # a target


def targets(
    session: Session, scope: Scope, *, plant_id: UUID | None, region_id: UUID | None,
    organisations: Collection[UUID] | None, cursor: str | None, limit: int,
) -> paging.Page[CoordinationTarget]:  # fmt: skip
    """A page of targets of a plant, of an organisation's plants, or of those a region asked for, the newest first."""
    query = select(CoordinationTarget).where(sees(scope, CoordinationTarget.organisation_id))
    if organisations is not None:
        query = query.where(CoordinationTarget.organisation_id.in_(organisations))
    if plant_id is not None:
        query = query.where(CoordinationTarget.plant_id == plant_id)
    if region_id is not None:
        query = query.where(CoordinationTarget.region_id == region_id)
    by = (CoordinationTarget.asked_at.desc(), CoordinationTarget.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def agreed(
    session: Session, scope: Scope, plant_id: UUID, starts_at: datetime, ends_at: datetime
) -> Sequence[CoordinationTarget]:
    """Targets a plant has accepted that reach into [starts_at, ends_at), oldest first."""
    query = select(CoordinationTarget).where(
        CoordinationTarget.plant_id == plant_id, CoordinationTarget.state == State.ACCEPTED,
        CoordinationTarget.begins_at < ends_at, CoordinationTarget.ends_at > starts_at,
        sees(scope, CoordinationTarget.organisation_id),
    )  # fmt: skip
    return session.scalars(query.order_by(CoordinationTarget.id)).all()


def own_refusals(session: Session, scope: Scope, plant_id: UUID, since: datetime) -> int:
    """How often a plant refused for a reason of its own since an instant."""
    query = select(func.count()).where(
        CoordinationTarget.plant_id == plant_id, CoordinationTarget.reason == Reason.OTHER,
        CoordinationTarget.answered_at >= since, sees(scope, CoordinationTarget.organisation_id),
    )  # fmt: skip
    return session.scalar(query) or 0
