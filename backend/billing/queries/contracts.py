"""Tariffs and contracts, confined to those who keep the accounts and to the customers who made them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from backend.billing.models import Bill, ContractPoint, SupplyContract, Tariff, TariffVersion
from backend.billing.queries.confined import keeps, pays
from backend.kernel import paging
from backend.kernel.db import among, required
from backend.kernel.scope import Scope
from backend.metering.models import Point


def seen(scope: Scope) -> ColumnElement[bool]:
    """Condition on SupplyContract: the scope keeps its accounts, or is its customer."""
    return or_(keeps(scope, SupplyContract.organisation_id), pays(scope, SupplyContract.customer_id))


def tariff(session: Session, scope: Scope, tariff_id: UUID) -> Tariff:
    """One tariff; raises NotFound."""
    query = select(Tariff).where(Tariff.id == tariff_id, keeps(scope, Tariff.organisation_id))
    return required(session, query, "there is no such tariff", tariff_id=tariff_id)


def tariff_called(session: Session, scope: Scope, organisation_id: UUID, code: str) -> Tariff | None:
    """An operator's tariff of a code."""
    query = select(Tariff).where(
        Tariff.organisation_id == organisation_id, Tariff.code == code, keeps(scope, Tariff.organisation_id)
    )
    return session.scalar(query)


def tariffs(session: Session, scope: Scope, *, cursor: str | None, limit: int) -> paging.Page[Tariff]:
    """A page of tariffs by code."""
    query = select(Tariff).where(keeps(scope, Tariff.organisation_id))
    return paging.page(session, query, by=(Tariff.code, Tariff.id), cursor=cursor, limit=limit)


def newest_versions(
    session: Session, scope: Scope, tariff_ids: Collection[UUID]
) -> dict[UUID, TariffVersion]:
    """Tariff's id -> its newest revision."""
    query = (
        select(TariffVersion)
        .where(among(TariffVersion.tariff_id, tariff_ids), keeps(scope, TariffVersion.organisation_id))
        .order_by(TariffVersion.tariff_id, TariffVersion.revision.desc())
        .ext(distinct_on(TariffVersion.tariff_id))
    )
    return {one.tariff_id: one for one in session.scalars(query)}


def versions(session: Session, scope: Scope, version_ids: Collection[UUID]) -> dict[UUID, TariffVersion]:
    """Revisions by id."""
    query = select(TariffVersion).where(
        among(TariffVersion.id, version_ids), keeps(scope, TariffVersion.organisation_id)
    )
    return {one.id: one for one in session.scalars(query)}


def contract(session: Session, scope: Scope, contract_id: UUID) -> SupplyContract:
    """One contract; raises NotFound."""
    query = select(SupplyContract).where(SupplyContract.id == contract_id, seen(scope))
    return required(session, query, "there is no such contract", contract_id=contract_id)


def kept_contract(session: Session, scope: Scope, contract_id: UUID) -> SupplyContract:
    """One contract of those the scope keeps; raises NotFound."""
    query = select(SupplyContract).where(
        SupplyContract.id == contract_id, keeps(scope, SupplyContract.organisation_id)
    )
    return required(session, query, "there is no such contract", contract_id=contract_id)


def contracts_by_id(
    session: Session, scope: Scope, contract_ids: Collection[UUID]
) -> dict[UUID, SupplyContract]:
    """Contracts by id, of those the scope keeps."""
    query = select(SupplyContract).where(
        among(SupplyContract.id, contract_ids), keeps(scope, SupplyContract.organisation_id)
    )
    return {one.id: one for one in session.scalars(query)}


def has_contract(session: Session, scope: Scope, organisation_id: UUID, number: str) -> bool:
    """Whether an operator has a contract of this number."""
    found = select(SupplyContract.id).where(
        SupplyContract.organisation_id == organisation_id, SupplyContract.number == number,
        keeps(scope, SupplyContract.organisation_id),
    )  # fmt: skip
    return session.scalar(select(found.exists())) or False


def contract_called(
    session: Session, scope: Scope, organisation_id: UUID, number: str
) -> SupplyContract | None:
    """An operator's contract of a number."""
    query = select(SupplyContract).where(
        SupplyContract.organisation_id == organisation_id, SupplyContract.number == number,
        keeps(scope, SupplyContract.organisation_id),
    )  # fmt: skip
    return session.scalar(query)


def contracts(
    session: Session, scope: Scope, *, cursor: str | None, limit: int
) -> paging.Page[SupplyContract]:
    """A page of contracts by number."""
    query = select(SupplyContract).where(seen(scope))
    by = (SupplyContract.number, SupplyContract.id)
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def contracts_after(
    session: Session, scope: Scope, organisation_id: UUID, after_id: UUID | None, limit: int
) -> Sequence[SupplyContract]:
    """An operator's contracts in order of id, behind one."""
    query = select(SupplyContract).where(
        SupplyContract.organisation_id == organisation_id, keeps(scope, SupplyContract.organisation_id)
    )
    if after_id is not None:
        query = query.where(SupplyContract.id > after_id)
    return session.scalars(query.order_by(SupplyContract.id).limit(limit)).all()


def points_of(session: Session, scope: Scope, contract_ids: Collection[UUID]) -> Sequence[Any]:
    """Rows (ContractPoint, Point) of contracts, in order of contract and register."""
    query = (
        select(ContractPoint, Point)
        .join(Point, Point.id == ContractPoint.point_id)
        .where(among(ContractPoint.contract_id, contract_ids), keeps(scope, ContractPoint.organisation_id))
        .order_by(ContractPoint.contract_id, ContractPoint.register, Point.key)
    )
    return session.execute(query).all()


def sharers(session: Session, scope: Scope, point_ids: Collection[UUID]) -> Sequence[Any]:
    """Rows point_id, register, share, starts_on, ends_on, contract_id, customer_id of who pays for points, in order."""
    query = (
        select(
            ContractPoint.point_id, ContractPoint.register, ContractPoint.share, SupplyContract.starts_on,
            SupplyContract.ends_on, SupplyContract.id.label("contract_id"), SupplyContract.customer_id,
        )
        .join(SupplyContract, SupplyContract.id == ContractPoint.contract_id)
        .where(among(ContractPoint.point_id, point_ids), keeps(scope, ContractPoint.organisation_id))
        .order_by(ContractPoint.id)
    )  # fmt: skip
    return session.execute(query).all()


def customers_contracts(session: Session, scope: Scope, customer_id: UUID) -> Sequence[SupplyContract]:
    """A customer's contracts, the newest first."""
    query = select(SupplyContract).where(SupplyContract.customer_id == customer_id, seen(scope))
    return session.scalars(query.order_by(SupplyContract.starts_on.desc(), SupplyContract.id)).all()


def last_day(session: Session, scope: Scope, contract_id: UUID) -> date | None:
    """The latest day a contract is billed until."""
    query = select(func.max(Bill.ends_on)).where(
        Bill.contract_id == contract_id, keeps(scope, Bill.organisation_id)
    )
    return session.scalar(query)
