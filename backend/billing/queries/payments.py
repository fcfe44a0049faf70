"""Payments, what they paid, and what is still open, confined to those who keep the accounts and to their customers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session

from backend.billing.models import (
    Allocation,
    BankFile,
    Bill,
    BillStatus,
    GivingStatus,
    LedgerAccount,
    LedgerPosting,
    Payment,
    PaymentIntent,
    ProviderRefund,
    Refund,
    SupplyContract,
    Way,
)
from backend.billing.queries.confined import keeps, pays
from backend.kernel import ids, paging
from backend.kernel.db import among, required
from backend.kernel.errors import NotFound
from backend.kernel.scope import Scope


def seen(scope: Scope) -> ColumnElement[bool]:
    """Condition on Payment: the scope keeps its accounts, or paid it."""
    return or_(keeps(scope, Payment.organisation_id), pays(scope, Payment.customer_id))


def payment(session: Session, scope: Scope, payment_id: UUID) -> Payment:
    """One payment; raises NotFound."""
    query = select(Payment).where(Payment.id == payment_id, seen(scope))
    return required(session, query, "there is no such payment", payment_id=payment_id)


def kept_payment(session: Session, scope: Scope, payment_id: UUID) -> Payment:
    """One payment of those the scope keeps, locked for who assigns it; raises NotFound."""
    query = select(Payment).where(Payment.id == payment_id, keeps(scope, Payment.organisation_id))
    locked = query.with_for_update().execution_options(populate_existing=True)
    return required(session, locked, "there is no such payment", payment_id=payment_id)


def payments(
    session: Session,
    scope: Scope,
    *,
    unassigned: bool,
    customer_id: UUID | None,
    cursor: str | None,
    limit: int,
) -> paging.Page[Payment]:
    """A page of payments, the newest first."""
    query = select(Payment).where(seen(scope))
    if unassigned:
        query = query.where(Payment.customer_id.is_(None))
    if customer_id is not None:
        query = query.where(Payment.customer_id == customer_id)
    by = (Payment.received_on.desc(), Payment.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def payment_of_key(
    session: Session, scope: Scope, organisation_id: UUID, way: Way, key: str
) -> Payment | None:
    """The payment that is the same money."""
    query = select(Payment).where(
        Payment.organisation_id == organisation_id, Payment.way == way, Payment.key == key,
        keeps(scope, Payment.organisation_id),
    )  # fmt: skip
    return session.scalar(query)


def known_keys(
    session: Session, scope: Scope, organisation_id: UUID, way: Way, keys: Collection[str]
) -> set[str]:
    """Which money is known already."""
    query = select(Payment.key).where(
        Payment.organisation_id == organisation_id, Payment.way == way, Payment.key.in_(keys),
        keeps(scope, Payment.organisation_id),
    )  # fmt: skip
    return set(session.scalars(query))


def file_of_digest(session: Session, scope: Scope, organisation_id: UUID, digest: str) -> BankFile | None:
    """A bank file of the same bytes."""
    query = select(BankFile).where(
        BankFile.organisation_id == organisation_id, BankFile.digest == digest,
        keeps(scope, BankFile.organisation_id),
    )  # fmt: skip
    return session.scalar(query)


def left() -> Any:
    """What is left of a bill: its total without what paid it."""
    paid = select(func.sum(Allocation.amount)).where(Allocation.bill_id == Bill.id).scalar_subquery()
    return Bill.total - func.coalesce(paid, 0)


def open_bills(
    session: Session, scope: Scope, organisation_id: UUID, customers: Collection[UUID]
) -> Sequence[Any]:
    """Rows id, customer_id, due_on, year, serial, currency, open of customers' bills that are not paid in full."""
    remains = left()
    query = select(
        Bill.id, Bill.customer_id, Bill.due_on, Bill.year, Bill.serial, Bill.currency, remains.label("open")
    ).where(
        Bill.organisation_id == organisation_id, among(Bill.customer_id, customers), Bill.status == BillStatus.ISSUED,
        Bill.total > 0, remains > 0, keeps(scope, Bill.organisation_id),
    )  # fmt: skip
    return session.execute(query.order_by(Bill.due_on, Bill.year, Bill.serial)).all()


def unspent_notes(
    session: Session, scope: Scope, organisation_id: UUID, customers: Collection[UUID]
) -> Sequence[Any]:
    """Rows id, kind, customer_id, corrects_id, currency, left of credit notes with something left to spend."""
    spent = select(func.sum(Allocation.amount)).where(Allocation.source_id == Bill.id).scalar_subquery()
    left = -Bill.total - func.coalesce(spent, 0)
    query = select(
        Bill.id, Bill.kind, Bill.customer_id, Bill.corrects_id, Bill.currency, left.label("left")
    ).where(
        Bill.organisation_id == organisation_id, among(Bill.customer_id, customers), Bill.status == BillStatus.ISSUED,
        Bill.total < 0, left > 0, keeps(scope, Bill.organisation_id),
    )  # fmt: skip
    return session.execute(query.order_by(Bill.issued_at, Bill.year, Bill.serial)).all()


def open_of(session: Session, scope: Scope, bill_ids: Collection[UUID]) -> dict[UUID, Any]:
    """Bill's id -> what is left to pay of it."""
    query = select(Bill.id, left()).where(
        among(Bill.id, bill_ids), or_(keeps(scope, Bill.organisation_id), pays(scope, Bill.customer_id))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def balances(
    session: Session, scope: Scope, book_id: UUID, account: str, customers: Collection[UUID]
) -> dict[tuple[UUID, str], Any]:
    """(customer, currency) -> debit less credit on an account, of those where it is not zero."""
    total = func.sum(LedgerPosting.amount)
    query = (
        select(LedgerPosting.party_id, LedgerPosting.currency, total)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(
            LedgerAccount.book_id == book_id, LedgerAccount.code == account, among(LedgerPosting.party_id, customers),
            keeps(scope, LedgerPosting.organisation_id),
        )
        .group_by(LedgerPosting.party_id, LedgerPosting.currency)
        .having(total != 0)
    )  # fmt: skip
    return {(row[0], row[1]): row[2] for row in session.execute(query)}


def meant_bills(
    session: Session, scope: Scope, organisation_id: UUID, numbers: Collection[tuple[int, int]]
) -> Sequence[Any]:
    """Rows id, customer_id, year, serial, currency, open of the issued bills of these numbers."""
    query = select(
        Bill.id, Bill.customer_id, Bill.year, Bill.serial, Bill.currency, left().label("open")
    ).where(
        Bill.organisation_id == organisation_id, tuple_(Bill.year, Bill.serial).in_(list(numbers)),
        keeps(scope, Bill.organisation_id),
    )  # fmt: skip
    return session.execute(query).all() if numbers else ()


def meant_contracts(
    session: Session, scope: Scope, organisation_id: UUID, numbers: Collection[str]
) -> Sequence[Any]:
    """Rows customer_id, number, payer of contracts with one of these numbers (in capitals), or that name a payer."""
    query = select(SupplyContract.customer_id, SupplyContract.number, SupplyContract.payer).where(
        SupplyContract.organisation_id == organisation_id,
        or_(func.upper(SupplyContract.number).in_(numbers), SupplyContract.payer.is_not(None)),
        keeps(scope, SupplyContract.organisation_id),
    )
    return session.execute(query).all()


def allocations(session: Session, scope: Scope, *, source_id: UUID) -> Sequence[Allocation]:
    """What a payment or note paid."""
    query = select(Allocation).where(
        Allocation.source_id == source_id, keeps(scope, Allocation.organisation_id)
    )
    return session.scalars(query.order_by(Allocation.id)).all()


def refunds(session: Session, scope: Scope, *, cursor: str | None, limit: int) -> paging.Page[Refund]:
    """A page of refunds, the newest first."""
    query = select(Refund).where(keeps(scope, Refund.organisation_id))
    return paging.page(session, query, by=(Refund.id.desc(),), cursor=cursor, limit=limit)


def intent(session: Session, scope: Scope, intent_id: UUID) -> PaymentIntent:
    """One payment asked of a provider, locked; raises NotFound."""
    query = select(PaymentIntent).where(
        PaymentIntent.id == intent_id, keeps(scope, PaymentIntent.organisation_id)
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    return required(session, locked, "there is no such payment", intent_id=intent_id)


def provider_refund(session: Session, scope: Scope, refund_id: UUID) -> tuple[ProviderRefund, Refund, str]:
    """A refund a provider carries out, locked, with what it is and the provider's name of its payment."""
    query = (
        select(ProviderRefund, Refund, Payment.key)
        .join(Refund, Refund.id == ProviderRefund.refund_id)
        .join(Payment, Payment.id == ProviderRefund.payment_id)
        .where(ProviderRefund.refund_id == refund_id, keeps(scope, ProviderRefund.organisation_id))
        .with_for_update(of=ProviderRefund)
        .execution_options(populate_existing=True)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("there is no such refund", field="refund_id", value=ids.show(refund_id))
    return (found[0], found[1], found[2])


def given_back(session: Session, scope: Scope, payment_id: UUID) -> Any:
    """What was, or is to be, given back of a payment by its provider."""
    query = (
        select(func.coalesce(func.sum(Refund.amount), 0))
        .join(ProviderRefund, ProviderRefund.refund_id == Refund.id)
        .where(
            ProviderRefund.payment_id == payment_id, ProviderRefund.status != GivingStatus.FAILED,
            keeps(scope, ProviderRefund.organisation_id),
        )
    )  # fmt: skip
    return session.scalar(query)


def provider_refunds(
    session: Session, scope: Scope, refund_ids: Collection[UUID]
) -> dict[UUID, ProviderRefund]:
    """Refund's id -> how far it is, of those a provider carries out."""
    query = select(ProviderRefund).where(
        among(ProviderRefund.refund_id, refund_ids), keeps(scope, ProviderRefund.organisation_id)
    )
    return {one.refund_id: one for one in session.scalars(query)}
