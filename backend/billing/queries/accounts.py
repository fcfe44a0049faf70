"""What customers see of their account besides bills: balance, tariff, points, bills so far. The office sees it, too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backend.billing.models import (
    Allocation,
    Bill,
    BillKind,
    BillSoFar,
    BillStatus,
    ContractPoint,
    IntentStatus,
    LedgerAccount,
    LedgerPosting,
    PaymentIntent,
    SupplyContract,
    Tariff,
    TariffVersion,
)
from backend.billing.queries.bills import seen as sees_bill
from backend.billing.queries.confined import keeps, pays
from backend.billing.queries.contracts import seen as sees_contract
from backend.billing.rules.ledger import CREDIT, RECEIVABLE
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.metering.models import Point


def standing(session: Session, scope: Scope, customers: Collection[UUID] | None = None) -> Sequence[Any]:
    """Rows organisation_id, customer_id, currency, owed, credit of the customers the scope keeps or asks for."""
    amount, code = LedgerPosting.amount, LedgerAccount.code
    query = (
        select(
            LedgerPosting.organisation_id, LedgerPosting.party_id.label("customer_id"), LedgerPosting.currency,
            func.coalesce(func.sum(amount).filter(code == RECEIVABLE), 0).label("owed"),
            func.coalesce(-func.sum(amount).filter(code == CREDIT), 0).label("credit"),
        )
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(
            code.in_((RECEIVABLE, CREDIT)), LedgerPosting.party_id.is_not(None),
            or_(keeps(scope, LedgerPosting.organisation_id), pays(scope, LedgerPosting.party_id)),
        )
        .group_by(LedgerPosting.organisation_id, LedgerPosting.party_id, LedgerPosting.currency)
        .order_by(LedgerPosting.organisation_id, LedgerPosting.party_id, LedgerPosting.currency)
    )  # fmt: skip
    if customers is not None:
        query = query.where(LedgerPosting.party_id.in_(customers))
    return session.execute(query).all()


def ageing(session: Session, scope: Scope, today: date) -> Sequence[Any]:
    """Rows customer_id, currency, bills, open, overdue, since (oldest due day) of open bills, the largest first."""
    left = open_amount()
    open_ = (
        select(Bill.customer_id, Bill.currency, Bill.due_on, left.label("left"))
        .where(Bill.status == BillStatus.ISSUED, Bill.total > 0, left > 0, keeps(scope, Bill.organisation_id))
        .subquery()
    )
    is_over = open_.c.due_on < today
    total = func.sum(open_.c.left)
    query = (
        select(
            open_.c.customer_id, open_.c.currency, func.count().label("bills"), total.label("open"),
            func.coalesce(func.sum(open_.c.left).filter(is_over), 0).label("overdue"),
            func.min(open_.c.due_on).filter(is_over).label("since"),
        )
        .group_by(open_.c.customer_id, open_.c.currency)
        .order_by(total.desc(), open_.c.customer_id)
    )  # fmt: skip
    return session.execute(query).all()


def open_amount() -> Any:
    """What is left of a bill: its total without what paid it."""
    paid = select(func.sum(Allocation.amount)).where(Allocation.bill_id == Bill.id).scalar_subquery()
    return Bill.total - func.coalesce(paid, 0)


def tariff_version(session: Session, scope: Scope, version_id: UUID) -> TariffVersion:
    """One revision of a tariff, of those the scope keeps or has a contract at; raises NotFound."""
    at_it = select(SupplyContract.id).where(
        SupplyContract.tariff_id == TariffVersion.tariff_id, sees_contract(scope)
    )
    query = select(TariffVersion).where(
        TariffVersion.id == version_id, or_(keeps(scope, TariffVersion.organisation_id), at_it.exists())
    )
    return required(session, query, "there is no such tariff", version_id=version_id)


def points(session: Session, scope: Scope, contract_ids: Collection[UUID]) -> Sequence[Any]:
    """Rows (ContractPoint, Point) of contracts the scope keeps or has, in order of contract and register."""
    query = (
        select(ContractPoint, Point)
        .join(SupplyContract, SupplyContract.id == ContractPoint.contract_id)
        .join(Point, Point.id == ContractPoint.point_id)
        .where(ContractPoint.contract_id.in_(contract_ids), sees_contract(scope))
        .order_by(ContractPoint.contract_id, ContractPoint.register, Point.key)
    )
    return session.execute(query).all()


def carriers(session: Session, scope: Scope, contract_ids: Collection[UUID]) -> dict[UUID, str]:
    """Contract's id -> the carrier of its first point."""
    return {
        own.contract_id: str(point.carrier.value)
        for own, point in reversed(points(session, scope, contract_ids))
    }


def contracts_by_id(
    session: Session, scope: Scope, contract_ids: Collection[UUID]
) -> dict[UUID, SupplyContract]:
    """Contracts by id, of those the scope keeps or has."""
    query = select(SupplyContract).where(SupplyContract.id.in_(contract_ids), sees_contract(scope))
    return {one.id: one for one in session.scalars(query)}


def contracts_of(session: Session, scope: Scope, customers: Collection[UUID]) -> Sequence[SupplyContract]:
    """Customers' contracts, the newest first."""
    query = select(SupplyContract).where(SupplyContract.customer_id.in_(customers), sees_contract(scope))
    return session.scalars(query.order_by(SupplyContract.starts_on.desc(), SupplyContract.number)).all()


def bill_of(session: Session, scope: Scope, contract_id: UUID, on: date) -> Bill | None:
    """The issued bill of a contract for the period a day lies in."""
    query = select(Bill).where(
        Bill.contract_id == contract_id, Bill.kind == BillKind.BILL, Bill.status == BillStatus.ISSUED,
        Bill.starts_on <= on, Bill.ends_on > on, sees_bill(scope),
    )  # fmt: skip
    return session.scalar(query)


def bill_before(session: Session, scope: Scope, contract_id: UUID, on: date) -> Bill | None:
    """The last issued bill of a contract for a period that was over by a day."""
    query = select(Bill).where(
        Bill.contract_id == contract_id, Bill.kind == BillKind.BILL, Bill.status == BillStatus.ISSUED,
        Bill.ends_on <= on, sees_bill(scope),
    )  # fmt: skip
    return session.scalar(query.order_by(Bill.ends_on.desc()).limit(1))


def open_bills(session: Session, scope: Scope, customers: Collection[UUID]) -> Sequence[Bill]:
    """Customers' issued bills that are not paid in full, those due first first."""
    query = select(Bill).where(
        Bill.customer_id.in_(customers), Bill.status == BillStatus.ISSUED, Bill.total > 0, open_amount() > 0,
        sees_bill(scope),
    )  # fmt: skip
    return session.scalars(query.order_by(Bill.due_on, Bill.year, Bill.serial).limit(100)).all()


def past_bills(session: Session, scope: Scope, contract_ids: Collection[UUID], since: date) -> Sequence[Any]:
    """Rows contract_id, starts_on, ends_on, total (with notes) of issued bills from a day on, the newest first."""
    query = (
        select(Bill.contract_id, Bill.starts_on, Bill.ends_on, func.sum(Bill.total).label("total"))
        .where(
            Bill.contract_id.in_(contract_ids), Bill.status == BillStatus.ISSUED, Bill.starts_on >= since,
            sees_bill(scope),
        )
        .group_by(Bill.contract_id, Bill.starts_on, Bill.ends_on)
        .order_by(Bill.contract_id, Bill.starts_on.desc())
    )  # fmt: skip
    return session.execute(query).all()


def running(
    session: Session, scope: Scope, on: date, *, after_id: UUID | None, limit: int
) -> Sequence[SupplyContract]:
    """The contracts kept by the scope that run about a day, in order of id, behind one."""
    query = select(SupplyContract).where(
        SupplyContract.starts_on <= on + timedelta(days=1),
        or_(SupplyContract.ends_on.is_(None), SupplyContract.ends_on >= on),
        keeps(scope, SupplyContract.organisation_id),
    )
    if after_id is not None:
        query = query.where(SupplyContract.id > after_id)
    return session.scalars(query.order_by(SupplyContract.id).limit(limit)).all()


def bills_so_far(
    session: Session, scope: Scope, customers: Collection[UUID] | None = None
) -> Sequence[BillSoFar]:
    """The bills so far of contracts the scope keeps or has."""
    query = select(BillSoFar).where(
        or_(keeps(scope, BillSoFar.organisation_id), pays(scope, BillSoFar.customer_id))
    )
    if customers is not None:
        query = query.where(BillSoFar.customer_id.in_(customers))
    return session.scalars(query.order_by(BillSoFar.contract_id)).all()


def so_far(session: Session, scope: Scope, contract_id: UUID) -> BillSoFar | None:
    """The bill so far of one contract, of those the scope keeps, locked for who makes it."""
    query = select(BillSoFar).where(
        BillSoFar.contract_id == contract_id, keeps(scope, BillSoFar.organisation_id)
    )
    return session.scalar(query.with_for_update())


def intent(session: Session, scope: Scope, intent_id: UUID) -> PaymentIntent:
    """One payment asked of a provider, of those the scope keeps or asks for; raises NotFound."""
    query = select(PaymentIntent).where(
        PaymentIntent.id == intent_id,
        or_(keeps(scope, PaymentIntent.organisation_id), pays(scope, PaymentIntent.customer_id)),
    )
    return required(session, query, "there is no such payment", intent_id=intent_id)


def open_intents(session: Session, scope: Scope, customers: Collection[UUID]) -> Sequence[PaymentIntent]:
    """Payments asked of a provider for customers that it has not told of yet, the newest first."""
    query = select(PaymentIntent).where(
        PaymentIntent.customer_id.in_(customers), PaymentIntent.status == IntentStatus.OPEN,
        or_(keeps(scope, PaymentIntent.organisation_id), pays(scope, PaymentIntent.customer_id)),
    )  # fmt: skip
    return session.scalars(query.order_by(PaymentIntent.asked_at.desc()).limit(20)).all()


def versions_of(
    session: Session, scope: Scope, tariff_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[TariffVersion]:
    """A page of a tariff's revisions, the newest first."""
    query = (
        select(TariffVersion)
        .join(Tariff, Tariff.id == TariffVersion.tariff_id)
        .where(TariffVersion.tariff_id == tariff_id, keeps(scope, Tariff.organisation_id))
    )
    return paging.page(
        session, query, by=(TariffVersion.revision.desc(), TariffVersion.id), cursor=cursor, limit=limit
    )
