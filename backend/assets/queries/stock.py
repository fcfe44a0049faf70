"""Parts, stores and the ledger between them, confined to a scope. Balances are sums, made by the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.assets.models import Part, StockMovement, Store
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.tenancy.models import Person


def part(session: Session, scope: Scope, part_id: UUID) -> Part:
    """One part of the catalogue; raises NotFound."""
    query = select(Part).where(Part.id == part_id, Part.organisation_id.in_(scope.organisations))
    return required(session, query, "there is no such part", part_id=part_id)


def parts_by_id(session: Session, scope: Scope, part_ids: Collection[UUID]) -> Sequence[Part]:
    """Several parts of the catalogue, those the scope does not see left out."""
    return session.scalars(
        select(Part).where(Part.id.in_(part_ids), Part.organisation_id.in_(scope.organisations))
    ).all()


def part_of_number(session: Session, scope: Scope, organisation_id: UUID, number: str) -> Part | None:
    """The part with a number in an organisation's catalogue."""
    return session.scalar(
        select(Part).where(
            Part.organisation_id == organisation_id, Part.number == number,
            Part.organisation_id.in_(scope.organisations),
        )
    )  # fmt: skip


def store(session: Session, scope: Scope, store_id: UUID) -> Store:
    """One store; raises NotFound."""
    query = select(Store).where(Store.id == store_id, Store.organisation_id.in_(scope.organisations))
    return required(session, query, "there is no such store", store_id=store_id)


def store_of_name(session: Session, scope: Scope, organisation_id: UUID, name: str) -> Store | None:
    """The store of a name in an organisation."""
    return session.scalar(
        select(Store).where(
            Store.organisation_id == organisation_id, Store.name == name,
            Store.organisation_id.in_(scope.organisations),
        )
    )  # fmt: skip


def stores(
    session: Session, scope: Scope, organisations: frozenset[UUID], person_id: UUID | None, *, cursor: str | None,
    limit: int,
) -> paging.Page[tuple[Store, str | None]]:  # fmt: skip
    """Stores by kind and name, each with the technician whose van it is."""
    query = (
        select(Store, Person.name)
        .outerjoin(Person, Person.id == Store.person_id)
        .where(Store.organisation_id.in_(organisations & scope.organisations), Store.archived_at.is_(None))
    )
    if person_id is not None:
        query = query.where(Store.person_id == person_id)
    by = (Store.kind.desc(), Store.name, Store.id)
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def parts(
    session: Session, scope: Scope, organisations: frozenset[UUID], *, part_ids: Sequence[UUID] | None,
    short_only: bool, cursor: str | None, limit: int,
) -> paging.Page[tuple[Part, Decimal]]:  # fmt: skip
    """Parts by number, each with what lies in all stores together [unit]; short_only: those below their minimum."""
    lying = (
        select(StockMovement.part_id, func.sum(StockMovement.delta).label("lying"))
        .where(StockMovement.organisation_id.in_(scope.organisations))
        .group_by(StockMovement.part_id)
        .subquery()
    )
    total = func.coalesce(lying.c.lying, 0)
    query = (
        select(Part, total)
        .outerjoin(lying, lying.c.part_id == Part.id)
        .where(Part.organisation_id.in_(organisations & scope.organisations), Part.archived_at.is_(None))
    )
    if part_ids is not None:
        query = query.where(Part.id.in_(part_ids))
    if short_only:
        query = query.where(total < Part.minimum)
    return paging.page(session, query, by=(Part.number, Part.id), cursor=cursor, limit=limit)


def _balances(scope: Scope) -> Select[Any]:
    return (
        select(StockMovement.store_id, StockMovement.part_id, func.sum(StockMovement.delta).label("quantity"))
        .where(StockMovement.organisation_id.in_(scope.organisations))
        .group_by(StockMovement.store_id, StockMovement.part_id)
    )


def balances(
    session: Session, scope: Scope, *, store_id: UUID | None = None, part_id: UUID | None = None,
    part_ids: Collection[UUID] | None = None, organisations: frozenset[UUID] | None = None,
    negative_only: bool = False, cursor: str | None, limit: int,
) -> paging.Page[tuple[Store, Part, Decimal]]:  # fmt: skip
    """What lies where: (store, part, quantity [unit]), zero left out, by store and number."""
    asked = _balances(scope)
    if store_id is not None:
        asked = asked.where(StockMovement.store_id == store_id)
    if part_id is not None:
        asked = asked.where(StockMovement.part_id == part_id)
    if part_ids is not None:
        asked = asked.where(StockMovement.part_id.in_(part_ids))
    if organisations is not None:
        asked = asked.where(StockMovement.organisation_id.in_(organisations))
    total = func.sum(StockMovement.delta)
    asked = asked.having(total < 0 if negative_only else total != 0)
    lying = asked.subquery()
    query = (
        select(Store, Part, lying.c.quantity)
        .join(lying, lying.c.store_id == Store.id)
        .join(Part, Part.id == lying.c.part_id)
        .where(Store.organisation_id.in_(scope.organisations))
    )
    by = (Store.name, Store.id, Part.number, Part.id)
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def balance(session: Session, scope: Scope, store_id: UUID, part_id: UUID) -> Decimal:
    """How much of a part lies in a store [unit]."""
    return session.scalar(
        select(func.coalesce(func.sum(StockMovement.delta), 0)).where(
            StockMovement.store_id == store_id, StockMovement.part_id == part_id,
            StockMovement.organisation_id.in_(scope.organisations),
        )
    ) or Decimal(0)  # fmt: skip


def movements(
    session: Session, scope: Scope, *, store_id: UUID | None, part_id: UUID | None, reference_id: UUID | None,
    cursor: str | None, limit: int,
) -> paging.Page[tuple[StockMovement, Store, Part, str | None]]:  # fmt: skip
    """Lines of the ledger, the newest first, each with its store, its part and who moved it."""
    query = (
        select(StockMovement, Store, Part, Person.name)
        .join(Store, Store.id == StockMovement.store_id)
        .join(Part, Part.id == StockMovement.part_id)
        .outerjoin(Person, Person.id == StockMovement.actor_id)
        .where(StockMovement.organisation_id.in_(scope.organisations))
    )
    for column, wanted in (
        (StockMovement.store_id, store_id), (StockMovement.part_id, part_id),
        (StockMovement.reference_id, reference_id),
    ):  # fmt: skip
        if wanted is not None:
            query = query.where(column == wanted)
    by = (StockMovement.at.desc(), StockMovement.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def of_operation(session: Session, scope: Scope, op_id: UUID) -> Sequence[StockMovement]:
    """The lines an operation wrote before."""
    return session.scalars(
        select(StockMovement).where(
            StockMovement.op_id == op_id, StockMovement.organisation_id.in_(scope.organisations)
        )
    ).all()


def add_movements(session: Session, _scope: Scope, rows: list[dict[str, Any]]) -> int:
    """Append lines to the ledger; those an operation wrote before are left out. Returns how many were new."""
    fresh = insert(StockMovement).values(rows).on_conflict_do_nothing().returning(StockMovement.id)
    return len(session.scalars(fresh).all())
