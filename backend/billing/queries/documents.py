"""What documents are made of: bills with their lines, what moved customers' accounts, and who was billed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.billing.models import (
    Allocation,
    Bill,
    BillKind,
    BillLine,
    BillRunException,
    BillStatus,
    JournalEntry,
    LedgerAccount,
    LedgerPosting,
    Payment,
    RevisedBill,
    SupplyContract,
    Tariff,
    TariffVersion,
)
from backend.billing.queries.bills import seen
from backend.billing.queries.confined import keeps
from backend.kernel.scope import Scope
from backend.network.models import Position, Site


def bills(session: Session, scope: Scope, bill_ids: Collection[UUID]) -> dict[UUID, Bill]:
    """Bill's id -> bill."""
    query = select(Bill).where(Bill.id.in_(bill_ids), seen(scope))
    return {one.id: one for one in session.scalars(query)}


def lines(session: Session, scope: Scope, bill_ids: Collection[UUID]) -> dict[UUID, list[BillLine]]:
    """Bill's id -> its lines in order."""
    query = select(BillLine).where(BillLine.bill_id.in_(bill_ids), keeps(scope, BillLine.organisation_id))
    found: dict[UUID, list[BillLine]] = {}
    for line in session.scalars(query.order_by(BillLine.bill_id, BillLine.place)):
        found.setdefault(line.bill_id, []).append(line)
    return found


def notes(session: Session, scope: Scope, bill_ids: Collection[UUID]) -> Sequence[Bill]:
    """The issued notes that correct some bills, in the order they were made."""
    query = select(Bill).where(
        Bill.corrects_id.in_(bill_ids), Bill.status == BillStatus.ISSUED, keeps(scope, Bill.organisation_id)
    )
    return session.scalars(query.order_by(Bill.made_at, Bill.id)).all()


def issued_since(
    session: Session, scope: Scope, contract_ids: Collection[UUID], since: date
) -> Sequence[Bill]:
    """The issued bills of contracts for periods that begin on a day or later."""
    query = select(Bill).where(
        Bill.contract_id.in_(contract_ids), Bill.kind == BillKind.BILL, Bill.status == BillStatus.ISSUED,
        Bill.starts_on >= since, keeps(scope, Bill.organisation_id),
    )  # fmt: skip
    return session.scalars(query.order_by(Bill.starts_on)).all()


def issued_between(
    session: Session, scope: Scope, organisation_id: UUID, first: date, until: date
) -> Sequence[Bill]:
    """An operator's bills and notes issued in [first, until), by number."""
    query = select(Bill).where(
        Bill.organisation_id == organisation_id, Bill.status == BillStatus.ISSUED, Bill.issued_on >= first,
        Bill.issued_on < until, keeps(scope, Bill.organisation_id),
    )  # fmt: skip
    return session.scalars(query.order_by(Bill.year, Bill.serial)).all()


def movements(
    session: Session, scope: Scope, book_id: UUID, accounts: Collection[str], *,
    customers: Collection[UUID] | None = None, until: date | None = None,
) -> Sequence[Any]:  # fmt: skip
    """Rows party_id, currency, sequence, booked_on, cause, cause_id, text, amount: an entry each, in order.

    amount: what it moved on these accounts together; customers: only of these; until: booked before this local day
    """
    amount = func.sum(LedgerPosting.amount).label("amount")
    query = (
        select(
            LedgerPosting.party_id, LedgerPosting.currency, JournalEntry.sequence, JournalEntry.booked_on,
            JournalEntry.cause, JournalEntry.cause_id, JournalEntry.text, amount,
        )
        .join(JournalEntry, JournalEntry.id == LedgerPosting.entry_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(
            LedgerAccount.book_id == book_id, LedgerAccount.code.in_(accounts), LedgerPosting.party_id.is_not(None),
            keeps(scope, LedgerPosting.organisation_id),
        )
        .group_by(JournalEntry.id, LedgerPosting.party_id, LedgerPosting.currency)
    )  # fmt: skip
    if customers is not None:
        query = query.where(LedgerPosting.party_id.in_(customers))
    if until is not None:
        query = query.where(JournalEntry.booked_on < until)
    return session.execute(query.order_by(JournalEntry.sequence)).all()


def allocated(session: Session, scope: Scope, source_ids: Collection[UUID]) -> Sequence[Any]:
    """Rows source_id, bill_id, amount: what payments and notes paid of which bill, in the order it was decided."""
    query = select(Allocation.source_id, Allocation.bill_id, Allocation.amount).where(
        Allocation.source_id.in_(source_ids), Allocation.bill_id.is_not(None),
        keeps(scope, Allocation.organisation_id),
    )  # fmt: skip
    return session.execute(query.order_by(Allocation.id)).all()


def posted(session: Session, scope: Scope, book_id: UUID, bill_ids: Any) -> Sequence[Any]:
    """Rows account, currency, amount: what entries of some bills (ids, or a query of them) posted together."""
    query = (
        select(
            LedgerAccount.code.label("account"), LedgerPosting.currency,
            func.sum(LedgerPosting.amount).label("amount"),
        )
        .join(JournalEntry, JournalEntry.id == LedgerPosting.entry_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(
            JournalEntry.book_id == book_id, JournalEntry.cause_id.in_(bill_ids),
            JournalEntry.cause.in_([one.value for one in BillKind]), keeps(scope, LedgerPosting.organisation_id),
        )
        .group_by(LedgerAccount.code, LedgerPosting.currency)
        .order_by(LedgerAccount.code, LedgerPosting.currency)
    )  # fmt: skip
    return session.execute(query).all()


def of_run(run_id: UUID) -> Any:
    """The query of the ids of a run's bills, to ask others about them."""
    return select(Bill.id).where(Bill.run_id == run_id)


def components(session: Session, scope: Scope, run_id: UUID) -> Sequence[Any]:
    """Rows of what a run charges for: each tariff's components, by status, currency and unit, in the tariff's order.

    tariff, status, currency, component, unit, is_included, account, name, name_zh, bills, quantity, amount
    """
    query = (
        select(
            Tariff.code.label("tariff"), Bill.status, Bill.currency, BillLine.component, BillLine.unit,
            BillLine.is_included, BillLine.account, func.min(BillLine.place).label("place"),
            func.min(BillLine.name["en"].astext).label("name"), func.min(BillLine.name["zh"].astext).label("name_zh"),
            func.count(Bill.id.distinct()).label("bills"), func.sum(BillLine.quantity).label("quantity"),
            func.sum(BillLine.amount).label("amount"),
        )
        .join(Bill, Bill.id == BillLine.bill_id)
        .join(TariffVersion, TariffVersion.id == Bill.tariff_version_id)
        .join(Tariff, Tariff.id == TariffVersion.tariff_id)
        .where(Bill.run_id == run_id, keeps(scope, Bill.organisation_id))
        .group_by(
            Tariff.code, Bill.status, Bill.currency, BillLine.component, BillLine.unit, BillLine.is_included,
            BillLine.account,
        )
        .order_by(Tariff.code, Bill.currency, func.min(BillLine.place), BillLine.component)
    )  # fmt: skip
    return session.execute(query).all()


def tariffs_of_run(session: Session, scope: Scope, run_id: UUID) -> Sequence[Any]:
    """Rows tariff, currency, status, bills, total of a run."""
    query = (
        select(
            Tariff.code.label("tariff"), Bill.currency, Bill.status, func.count().label("bills"),
            func.sum(Bill.total).label("total"),
        )
        .join(TariffVersion, TariffVersion.id == Bill.tariff_version_id)
        .join(Tariff, Tariff.id == TariffVersion.tariff_id)
        .where(Bill.run_id == run_id, keeps(scope, Bill.organisation_id))
        .group_by(Tariff.code, Bill.currency, Bill.status)
        .order_by(Tariff.code, Bill.currency, Bill.status)
    )  # fmt: skip
    return session.execute(query).all()


def exceptions(session: Session, scope: Scope, run_id: UUID) -> Sequence[Any]:
    """Rows number, customer_id, reason of the contracts a run could not bill, by number."""
    query = (
        select(SupplyContract.number, SupplyContract.customer_id, BillRunException.reason)
        .join(SupplyContract, SupplyContract.id == BillRunException.contract_id)
        .where(BillRunException.run_id == run_id, keeps(scope, BillRunException.organisation_id))
        .order_by(SupplyContract.number)
    )
    return session.execute(query).all()


def bills_of_run(session: Session, scope: Scope, run_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    """The next ids of a run's bills, in order."""
    query = select(Bill.id).where(Bill.run_id == run_id, keeps(scope, Bill.organisation_id))
    if after is not None:
        query = query.where(Bill.id > after)
    return list(session.scalars(query.order_by(Bill.id).limit(limit)))


def payments(session: Session, scope: Scope, payment_ids: Collection[UUID]) -> dict[UUID, Payment]:
    """Payment's id -> payment."""
    query = select(Payment).where(Payment.id.in_(payment_ids), keeps(scope, Payment.organisation_id))
    return {one.id: one for one in session.scalars(query)}


def places(session: Session, _scope: Scope, position_ids: Collection[UUID]) -> dict[UUID, Any]:
    """Position's id -> row name, name_zh, address: where it is supplied; positions are of contracts the scope keeps."""
    site = aliased(Position)
    query = (
        select(Position.id, Position.name, Position.name_zh, site.name.label("site"), Site.address)
        .join(site, site.id == Position.site_id)
        .outerjoin(Site, Site.position_id == Position.site_id)
        .where(Position.id.in_(position_ids))
    )
    return {row.id: row for row in session.execute(query)}


def contracts_of(session: Session, scope: Scope, customer_id: UUID) -> Sequence[Any]:
    """Rows organisation_id, currency: who supplies a customer, and in which currency, each once."""
    query = (
        select(SupplyContract.organisation_id, SupplyContract.currency)
        .where(
            SupplyContract.customer_id == customer_id,
            or_(keeps(scope, SupplyContract.organisation_id), SupplyContract.customer_id.in_(scope.organisations)),
        )
        .distinct()
        .order_by(SupplyContract.organisation_id, SupplyContract.currency)
    )  # fmt: skip
    return session.execute(query).all()


def revised(session: Session, scope: Scope, bill_ids: Collection[UUID]) -> set[UUID]:
    """Which of some bills rest on intervals that were revised since: they wait to be rated again, or have notes."""
    waiting = select(RevisedBill.bill_id).where(
        RevisedBill.bill_id.in_(bill_ids), keeps(scope, RevisedBill.organisation_id)
    )
    corrected = select(Bill.corrects_id).where(
        Bill.corrects_id.in_(bill_ids), keeps(scope, Bill.organisation_id)
    )
    return {one for one in session.scalars(waiting.union(corrected)) if one is not None}
