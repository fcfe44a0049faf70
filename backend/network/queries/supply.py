"""Who is supplied where, confined to a scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.kernel import clock, paging
from backend.kernel.db import required
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.network.models import Position, SupplyAgreement


def agreements_covering(
    session: Session, scope: Scope, at: Position, organisations: frozenset[UUID]
) -> list[Period]:
    """Periods in which agreements of `organisations` cover a position."""
    root = aliased(Position)
    rows = session.execute(
        select(SupplyAgreement.starts_at, SupplyAgreement.ends_at)
        .join(root, root.id == SupplyAgreement.position_id)
        .where(
            SupplyAgreement.organisation_id.in_(organisations & scope.organisations),
            root.path.op("@>")(at.path),
        )
        .order_by(SupplyAgreement.starts_at)
    )
    return [Period(starts_at, ends_at) for starts_at, ends_at in rows]


def agreements_at(session: Session, scope: Scope, here: Position, at: datetime) -> Sequence[SupplyAgreement]:
    """Agreements of the scope as operator that cover a position at an instant."""
    root = aliased(Position)
    return session.scalars(
        select(SupplyAgreement)
        .join(root, root.id == SupplyAgreement.position_id)
        .where(root.path.op("@>")(here.path), *_in_force(scope, at))
        .order_by(SupplyAgreement.starts_at)
    ).all()


def customers_below(session: Session, scope: Scope, here: Position) -> int:
    """How many customers the scope supplies now at a position or below it."""
    place = aliased(Position)
    return (
        session.scalar(
            select(func.count(SupplyAgreement.organisation_id.distinct()))
            .join(place, place.id == SupplyAgreement.position_id)
            .where(place.path.op("<@")(here.path), *_in_force(scope, clock.now()))
        )
        or 0
    )


def _in_force(scope: Scope, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        SupplyAgreement.operator_id.in_(scope.organisations),
        SupplyAgreement.starts_at <= at,
        or_(SupplyAgreement.ends_at.is_(None), SupplyAgreement.ends_at > at),
    )


def agreements(session: Session, scope: Scope, *, at: datetime | None = None) -> Sequence[SupplyAgreement]:
    """Agreements of the scope, as customer or as operator; those in force at an instant when given."""
    query = _agreements(scope)
    if at is not None:
        query = query.where(
            SupplyAgreement.starts_at <= at,
            or_(SupplyAgreement.ends_at.is_(None), SupplyAgreement.ends_at > at),
        )
    return session.scalars(query.order_by(SupplyAgreement.starts_at, SupplyAgreement.id)).all()


def agreements_page(
    session: Session, scope: Scope, *, operators: frozenset[UUID] | None, cursor: str | None, limit: int
) -> paging.Page[SupplyAgreement]:
    """A page of the agreements, those without an end first, then the newest; operators: of these suppliers."""
    query = _agreements(scope)
    if operators is not None:
        query = query.where(SupplyAgreement.operator_id.in_(operators))
    runs = SupplyAgreement.ends_at.is_(None)
    by = (runs.desc(), SupplyAgreement.starts_at.desc(), SupplyAgreement.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def _agreements(scope: Scope) -> Select[tuple[SupplyAgreement]]:
    return select(SupplyAgreement).where(
        or_(
            SupplyAgreement.organisation_id.in_(scope.organisations),
            SupplyAgreement.operator_id.in_(scope.organisations),
        )
    )


def agreement(session: Session, scope: Scope, agreement_id: UUID) -> SupplyAgreement:
    """One agreement of the scope's staff, as operator; raises NotFound."""
    query = select(SupplyAgreement).where(
        SupplyAgreement.id == agreement_id, SupplyAgreement.operator_id.in_(scope.staff_organisations)
    )
    return required(session, query, "there is no such agreement", agreement_id=agreement_id)
