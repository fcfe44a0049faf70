"""Bill runs, bills and their lines, confined to those who keep the accounts; issued ones to their customers, too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, and_, cast, exists, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from backend.billing.models import (
    Bill,
    BillKind,
    BillLine,
    BillRun,
    BillRunException,
    BillStatus,
    ContractPoint,
    RevisedBill,
    SupplyContract,
)
from backend.billing.queries.confined import keeps, pays
from backend.kernel import paging
from backend.kernel.db import among, required
from backend.kernel.scope import Scope


def seen(scope: Scope) -> ColumnElement[bool]:
    """Condition on Bill: the scope keeps its accounts, or is its customer and it was issued."""
    return or_(
        keeps(scope, Bill.organisation_id),
        and_(pays(scope, Bill.customer_id), Bill.status == BillStatus.ISSUED),
    )


def run(session: Session, scope: Scope, run_id: UUID, *, lock: bool = False) -> BillRun:
    """One run, locked for who takes it a step further; raises NotFound."""
    query = select(BillRun).where(BillRun.id == run_id, keeps(scope, BillRun.organisation_id))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return required(session, query, "there is no such bill run", run_id=run_id)


def runs(session: Session, scope: Scope, *, cursor: str | None, limit: int) -> paging.Page[BillRun]:
    """A page of runs, the newest first."""
    query = select(BillRun).where(keeps(scope, BillRun.organisation_id))
    by = (BillRun.started_at.desc(), BillRun.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def summary(session: Session, scope: Scope, run_id: UUID) -> Sequence[Any]:
    """Rows status, currency, bills, total of a run."""
    query = (
        select(Bill.status, Bill.currency, func.count().label("bills"), func.sum(Bill.total).label("total"))
        .where(Bill.run_id == run_id, keeps(scope, Bill.organisation_id))
        .group_by(Bill.status, Bill.currency)
        .order_by(Bill.status, Bill.currency)
    )
    return session.execute(query).all()


def exceptions(
    session: Session, scope: Scope, run_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[BillRunException]:
    """A page of the contracts a run could not bill."""
    query = select(BillRunException).where(
        BillRunException.run_id == run_id, keeps(scope, BillRunException.organisation_id)
    )
    return paging.page(session, query, by=(BillRunException.contract_id,), cursor=cursor, limit=limit)


def drafts(session: Session, scope: Scope, run_id: UUID, limit: int) -> Sequence[Bill]:
    """The next drafts of a run, in order, locked."""
    query = (
        select(Bill)
        .where(Bill.run_id == run_id, Bill.status == BillStatus.DRAFT, keeps(scope, Bill.organisation_id))
        .order_by(Bill.id)
        .limit(limit)
        .with_for_update()
    )
    return session.scalars(query).all()


def bill(session: Session, scope: Scope, bill_id: UUID) -> Bill:
    """One bill; raises NotFound."""
    query = select(Bill).where(Bill.id == bill_id, seen(scope))
    return required(session, query, "there is no such bill", bill_id=bill_id)


def kept_bill(session: Session, scope: Scope, bill_id: UUID, *, lock: bool = False) -> Bill:
    """One bill of those the scope keeps, locked for who acts on it; raises NotFound."""
    query = select(Bill).where(Bill.id == bill_id, keeps(scope, Bill.organisation_id))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return required(session, query, "there is no such bill", bill_id=bill_id)


def bills(
    session: Session, scope: Scope, *, customer_id: UUID | None = None, run_id: UUID | None = None,
    contract_id: UUID | None = None, revised: bool = False, cursor: str | None, limit: int,
) -> paging.Page[Bill]:  # fmt: skip
    """A page of bills, the latest period first; revised: those whose intervals were revised since."""
    query = select(Bill).where(seen(scope))
    if revised:
        waits = RevisedBill.bill_id == Bill.id
        query = query.where(exists().where(waits, keeps(scope, RevisedBill.organisation_id)))
    for column, wanted in (
        (Bill.customer_id, customer_id), (Bill.run_id, run_id), (Bill.contract_id, contract_id),
    ):  # fmt: skip
        if wanted is not None:
            query = query.where(column == wanted)
    return paging.page(session, query, by=(Bill.starts_on.desc(), Bill.id.desc()), cursor=cursor, limit=limit)


def lines(session: Session, scope: Scope, bill_id: UUID) -> Sequence[BillLine]:
    """A bill's lines in order."""
    query = (
        select(BillLine)
        .join(Bill, Bill.id == BillLine.bill_id)
        .where(BillLine.bill_id == bill_id, seen(scope))
        .order_by(BillLine.place)
    )
    return session.scalars(query).all()


def posted(
    session: Session, scope: Scope, bill_ids: Collection[UUID], but: str
) -> dict[UUID, dict[str, Decimal]]:
    """Bill's id -> account -> the sum of its lines posted there, of all accounts but one."""
    query = (
        select(BillLine.bill_id, BillLine.account, func.sum(BillLine.amount))
        .where(
            among(BillLine.bill_id, bill_ids), BillLine.account != but, keeps(scope, BillLine.organisation_id)
        )
        .group_by(BillLine.bill_id, BillLine.account)
    )
    found: dict[UUID, dict[str, Decimal]] = {}
    for bill_id, account, amount in session.execute(query):
        found.setdefault(bill_id, {})[account] = amount
    return found


def billed(
    session: Session, scope: Scope, contract_ids: Collection[UUID], starts_on: date, ends_on: date
) -> Sequence[Any]:
    """Rows contract_id, starts_on, ends_on of the bills, drafts too, of contracts that touch [starts_on, ends_on)."""
    query = select(Bill.contract_id, Bill.starts_on, Bill.ends_on).where(
        among(Bill.contract_id, contract_ids), Bill.kind == BillKind.BILL, Bill.starts_on < ends_on,
        Bill.ends_on > starts_on, keeps(scope, Bill.organisation_id),
    )  # fmt: skip
    return session.execute(query).all()


def waiting_drafts(session: Session, scope: Scope, contract_ids: Collection[UUID], on: date) -> Sequence[Any]:
    """Rows contract_id, starts_on, ends_on, run_id, day of contracts' drafts for periods that end by a day."""
    query = (
        select(Bill.contract_id, Bill.starts_on, Bill.ends_on, Bill.run_id, BillRun.day)
        .join(BillRun, BillRun.id == Bill.run_id)
        .where(
            among(Bill.contract_id, contract_ids), Bill.kind == BillKind.BILL, Bill.status == BillStatus.DRAFT,
            Bill.ends_on <= on, keeps(scope, Bill.organisation_id),
        )
        .order_by(Bill.contract_id, Bill.starts_on)
    )  # fmt: skip
    return session.execute(query).all()


def overtaken(session: Session, scope: Scope, run_id: UUID) -> Any:
    """Row starts_on, run_id, day, is_draft of an earlier period of one of a run's drafts that is a draft still, or was
    issued behind it; None where every draft follows what was issued before it was made."""
    before = aliased(Bill)
    query = (
        select(before.starts_on, before.run_id, BillRun.day, (before.status == BillStatus.DRAFT).label("is_draft"))
        .join(Bill, Bill.contract_id == before.contract_id)
        .join(BillRun, BillRun.id == before.run_id)
        .where(
            Bill.run_id == run_id, Bill.status == BillStatus.DRAFT, before.kind == BillKind.BILL,
            before.ends_on <= Bill.starts_on, keeps(scope, Bill.organisation_id),
            or_(before.status == BillStatus.DRAFT, before.issued_at > Bill.made_at),
        )
        .order_by(before.starts_on, before.run_id)
        .limit(1)
    )  # fmt: skip
    return session.execute(query).one_or_none()


def closings(
    session: Session, scope: Scope, contract_ids: Collection[UUID], on: date
) -> dict[UUID, dict[str, str]]:
    """Contract's id -> what its bill before left behind: the last word on the last period that ended by a day."""
    first = aliased(Bill)
    of_period = or_(
        Bill.kind == BillKind.BILL, exists().where(first.id == Bill.corrects_id, first.kind == BillKind.BILL)
    )
    query = (
        select(Bill.contract_id, Bill.closing)
        .where(
            among(Bill.contract_id, contract_ids), Bill.ends_on <= on, Bill.status == BillStatus.ISSUED, of_period,
            keeps(scope, Bill.organisation_id),
        )
        .order_by(Bill.contract_id, Bill.ends_on.desc(), Bill.made_at.desc(), Bill.id.desc())
        .ext(distinct_on(Bill.contract_id))
    )  # fmt: skip
    return {row.contract_id: row.closing for row in session.execute(query)}


def family(session: Session, scope: Scope, bill_id: UUID) -> Sequence[Bill]:
    """A bill and the notes that correct it, in the order they were made."""
    query = select(Bill).where(or_(Bill.id == bill_id, Bill.corrects_id == bill_id), seen(scope))
    return session.scalars(query.order_by(Bill.made_at, Bill.id)).all()


def later_bills(session: Session, scope: Scope, contract_id: UUID, on: date) -> Sequence[Bill]:
    """The issued bills of a contract for periods from a day on, in order."""
    query = select(Bill).where(
        Bill.contract_id == contract_id, Bill.kind == BillKind.BILL, Bill.status == BillStatus.ISSUED,
        Bill.starts_on >= on, keeps(scope, Bill.organisation_id),
    )  # fmt: skip
    return session.scalars(query.order_by(Bill.starts_on)).all()


def rated_lines(
    session: Session, scope: Scope, bill_ids: Collection[UUID], but_kind: str
) -> Sequence[BillLine]:
    """The lines of some bills and notes that a rating made, in order; but_kind: of those somebody wrote."""
    query = select(BillLine).where(
        among(BillLine.bill_id, bill_ids), BillLine.kind != but_kind, keeps(scope, BillLine.organisation_id)
    )
    return session.scalars(query.order_by(BillLine.bill_id, BillLine.place)).all()


def adjusted(session: Session, scope: Scope, bill_ids: Collection[UUID], kind: str) -> set[UUID]:
    """Which of some notes somebody wrote."""
    query = select(BillLine.bill_id).where(
        among(BillLine.bill_id, bill_ids), BillLine.kind == kind, keeps(scope, BillLine.organisation_id)
    )
    return set(session.scalars(query))


def resting_on(
    session: Session, scope: Scope, point_id: UUID, start: datetime, end: datetime
) -> Sequence[Bill]:
    """The issued bills that rest on a point's intervals in [start, end)."""
    first = cast(func.timezone(SupplyContract.zone, start), Date)
    last = cast(func.timezone(SupplyContract.zone, end - timedelta(microseconds=1)), Date)
    query = (
        select(Bill)
        .join(SupplyContract, SupplyContract.id == Bill.contract_id)
        .join(ContractPoint, ContractPoint.contract_id == SupplyContract.id)
        .where(
            ContractPoint.point_id == point_id, Bill.kind == BillKind.BILL, Bill.status == BillStatus.ISSUED,
            Bill.ends_on > first, Bill.starts_on <= last, keeps(scope, Bill.organisation_id),
        )
        .distinct()
    )  # fmt: skip
    return session.scalars(query).all()
