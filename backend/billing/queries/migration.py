"""What is there already of what an operator brings from before."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend.billing.models import ContractPoint, OpeningBalance, SupplyContract, Tariff
from backend.billing.queries.confined import keeps
from backend.kernel.scope import Scope
from backend.metering.models import Point
from backend.network.models import Position


def contracts_numbered(
    session: Session, scope: Scope, organisation_id: UUID, numbers: Collection[str]
) -> dict[str, SupplyContract]:
    """Number -> an operator's contract."""
    query = select(SupplyContract).where(
        SupplyContract.organisation_id == organisation_id, SupplyContract.number.in_(numbers),
        keeps(scope, SupplyContract.organisation_id),
    )  # fmt: skip
    return {one.number: one for one in session.scalars(query)}


def tariffs_coded(
    session: Session, scope: Scope, organisation_id: UUID, codes: Collection[str]
) -> dict[str, UUID]:
    """Code -> id of an operator's tariffs."""
    query = select(Tariff.code, Tariff.id).where(
        Tariff.organisation_id == organisation_id,
        Tariff.code.in_(codes),
        keeps(scope, Tariff.organisation_id),
    )
    return {row.code: row.id for row in session.execute(query)}


def points_said(
    session: Session,
    scope: Scope,
    codes: Collection[str],
    names: Collection[str],
    point_ids: Collection[UUID],
) -> Sequence[Any]:
    """Rows id, name, code (of the position) of points with an id, or a name at a position with a code."""
    query = (
        select(Point.id, Point.name, Position.code)
        .join(Position, Position.id == Point.position_id)
        .where(
            Position.organisation_id.in_(scope.staff_organisations),
            or_(Point.id.in_(point_ids), Position.code.in_(codes) & Point.name.in_(names)),
        )
    )
    return session.execute(query).all()


def points_paid(
    session: Session, scope: Scope, contract_ids: Collection[UUID]
) -> dict[tuple[UUID, UUID, str], int]:
    """(contract, point, register) -> share [millionths]."""
    query = select(
        ContractPoint.contract_id, ContractPoint.point_id, ContractPoint.register, ContractPoint.share
    ).where(ContractPoint.contract_id.in_(contract_ids), keeps(scope, ContractPoint.organisation_id))
    return {(row[0], row[1], row[2]): row[3] for row in session.execute(query)}


def balances_opened(
    session: Session, scope: Scope, contract_ids: Collection[UUID]
) -> dict[tuple[UUID, str], OpeningBalance]:
    """(contract, reference) -> opening balance."""
    query = select(OpeningBalance).where(
        OpeningBalance.contract_id.in_(contract_ids), keeps(scope, OpeningBalance.organisation_id)
    )
    return {(one.contract_id, one.reference): one for one in session.scalars(query)}
