"""Bills that are overdue, what they were reminded of, what holds that up, and plans they are paid by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from backend.billing.models import (
    Bill,
    BillHold,
    BillReminder,
    BillStatus,
    Complaint,
    ComplaintState,
    DunningPolicy,
    InstalmentPlan,
    PlanInstalment,
    PlannedBill,
    PlanStatus,
    SupplyContract,
)
from backend.billing.queries.confined import keeps, pays
from backend.billing.queries.payments import left
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope


def policy(session: Session, scope: Scope, organisation_id: UUID) -> DunningPolicy | None:
    """How an operator reminds; None where it never said."""
    query = select(DunningPolicy).where(
        DunningPolicy.organisation_id == organisation_id, keeps(scope, DunningPolicy.organisation_id)
    )
    return session.scalar(query)


def holds_up() -> ColumnElement[bool]:
    """Condition on Bill: it, or the bill it corrects, is held or complained of, or a plan pays it."""
    held = exists().where(
        or_(BillHold.bill_id == Bill.id, BillHold.bill_id == Bill.corrects_id), BillHold.released_at.is_(None)
    )
    disputed = exists().where(
        or_(Complaint.bill_id == Bill.id, Complaint.bill_id == Bill.corrects_id),
        Complaint.state != ComplaintState.SETTLED,
    )
    planned = exists().where(
        PlannedBill.bill_id == Bill.id, InstalmentPlan.id == PlannedBill.plan_id,
        InstalmentPlan.status == PlanStatus.ACTIVE,
    )  # fmt: skip
    return or_(held, disputed, planned)


def _cases(scope: Scope) -> Select[Any]:
    """Rows id, organisation_id, customer_id, contract_id, due_on, currency, zone, open, level, told_on, is_held."""
    told = select(func.max(BillReminder.level)).where(BillReminder.bill_id == Bill.id).scalar_subquery()
    told_on = select(func.max(BillReminder.told_on)).where(BillReminder.bill_id == Bill.id).scalar_subquery()
    is_fee = exists().where(BillReminder.note_id == Bill.id)
    return (
        select(
            Bill.id, Bill.organisation_id, Bill.customer_id, Bill.contract_id, Bill.year, Bill.serial, Bill.due_on,
            Bill.currency, SupplyContract.zone, left().label("open"), func.coalesce(told, 0).label("level"),
            told_on.label("told_on"), holds_up().label("is_held"),
        )
        .join(SupplyContract, SupplyContract.id == Bill.contract_id)
        .where(
            Bill.status == BillStatus.ISSUED, Bill.total > 0, left() > 0, ~is_fee, keeps(scope, Bill.organisation_id)
        )
    )  # fmt: skip


def case(session: Session, scope: Scope, bill_id: UUID) -> Any:
    """A bill with something left to pay, as a reminder sees it; None where nothing is left, or it is a fee itself."""
    return session.execute(_cases(scope).where(Bill.id == bill_id)).one_or_none()


def overdue_ids(session: Session, scope: Scope, before: date) -> Sequence[UUID]:
    """The bills that were due before a day and are not paid, in order."""
    query = _cases(scope).where(Bill.due_on < before, ~holds_up())
    return session.scalars(query.order_by(Bill.due_on, Bill.id)).all()


def overdue(
    session: Session, scope: Scope, before: date, *, customer_id: UUID | None, cursor: str | None, limit: int
) -> paging.Page[Any]:
    """A page of bills due before a day that are not paid, the longest due first."""
    query = _cases(scope).where(Bill.due_on < before)
    if customer_id is not None:
        query = query.where(Bill.customer_id == customer_id)
    return paging.page(session, query, by=(Bill.due_on, Bill.id), cursor=cursor, limit=limit)


def reminders(
    session: Session,
    scope: Scope,
    *,
    customer_id: UUID | None,
    bill_id: UUID | None,
    cursor: str | None,
    limit: int,
) -> paging.Page[BillReminder]:
    """A page of reminders, the newest first; customers see theirs."""
    query = select(BillReminder).where(
        or_(keeps(scope, BillReminder.organisation_id), pays(scope, BillReminder.customer_id))
    )
    if customer_id is not None:
        query = query.where(BillReminder.customer_id == customer_id)
    if bill_id is not None:
        query = query.where(BillReminder.bill_id == bill_id)
    by = (BillReminder.told_on.desc(), BillReminder.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def reminder(session: Session, scope: Scope, reminder_id: UUID) -> BillReminder:
    """One reminder of those the scope keeps; raises NotFound."""
    query = select(BillReminder).where(
        BillReminder.id == reminder_id, keeps(scope, BillReminder.organisation_id)
    )
    return required(session, query, "there is no such reminder", reminder_id=reminder_id)


def holds(
    session: Session, scope: Scope, *, is_open: bool, bill_id: UUID | None, cursor: str | None, limit: int
) -> paging.Page[BillHold]:
    """A page of holds, the newest first."""
    query = select(BillHold).where(keeps(scope, BillHold.organisation_id))
    if is_open:
        query = query.where(BillHold.released_at.is_(None))
    if bill_id is not None:
        query = query.where(BillHold.bill_id == bill_id)
    return paging.page(session, query, by=(BillHold.id.desc(),), cursor=cursor, limit=limit)


def hold(session: Session, scope: Scope, hold_id: UUID) -> BillHold:
    """One hold, locked; raises NotFound."""
    query = select(BillHold).where(BillHold.id == hold_id, keeps(scope, BillHold.organisation_id))
    locked = query.with_for_update().execution_options(populate_existing=True)
    return required(session, locked, "there is no such hold", hold_id=hold_id)


def open_hold(session: Session, scope: Scope, bill_id: UUID, reason: str) -> BillHold | None:
    """What holds a bill up for a reason."""
    query = select(BillHold).where(
        BillHold.bill_id == bill_id, BillHold.reason == reason, BillHold.released_at.is_(None),
        keeps(scope, BillHold.organisation_id),
    )  # fmt: skip
    return session.scalar(query)


# --- plans


def bills_to_plan(session: Session, scope: Scope, bill_ids: Collection[UUID]) -> Sequence[Any]:
    """Rows (Bill, open, is_planned) of bills, locked in order of id."""
    planned = exists().where(
        PlannedBill.bill_id == Bill.id, InstalmentPlan.id == PlannedBill.plan_id,
        InstalmentPlan.status == PlanStatus.ACTIVE,
    )  # fmt: skip
    locked = select(Bill.id).where(Bill.id.in_(bill_ids), keeps(scope, Bill.organisation_id))
    session.execute(locked.order_by(Bill.id).with_for_update())
    query = select(Bill, left().label("open"), planned.label("is_planned")).where(
        Bill.id.in_(bill_ids), keeps(scope, Bill.organisation_id)
    )
    return session.execute(query.order_by(Bill.id)).all()


def plan(session: Session, scope: Scope, plan_id: UUID, *, lock: bool = False) -> InstalmentPlan:
    """One plan; raises NotFound. lock: of those the scope keeps, for who acts on it."""
    mine = keeps(scope, InstalmentPlan.organisation_id)
    seen = mine if lock else or_(mine, pays(scope, InstalmentPlan.customer_id))
    query = select(InstalmentPlan).where(InstalmentPlan.id == plan_id, seen)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return required(session, query, "there is no such plan", plan_id=plan_id)


def plans(
    session: Session, scope: Scope, *, customer_id: UUID | None, cursor: str | None, limit: int
) -> paging.Page[InstalmentPlan]:
    """A page of plans, the newest first; customers see theirs."""
    query = select(InstalmentPlan).where(
        or_(keeps(scope, InstalmentPlan.organisation_id), pays(scope, InstalmentPlan.customer_id))
    )
    if customer_id is not None:
        query = query.where(InstalmentPlan.customer_id == customer_id)
    return paging.page(session, query, by=(InstalmentPlan.id.desc(),), cursor=cursor, limit=limit)


def active_plan_ids(session: Session, scope: Scope, customer_id: UUID | None = None) -> Sequence[UUID]:
    """The plans that run, of a customer or of all."""
    query = select(InstalmentPlan.id).where(
        InstalmentPlan.ended_at.is_(None), keeps(scope, InstalmentPlan.organisation_id)
    )
    if customer_id is not None:
        query = query.where(InstalmentPlan.customer_id == customer_id)
    return session.scalars(query.order_by(InstalmentPlan.id)).all()


def instalments(session: Session, scope: Scope, plan_ids: Collection[UUID]) -> Sequence[PlanInstalment]:
    """The parts of plans, in order."""
    seen = or_(keeps(scope, InstalmentPlan.organisation_id), pays(scope, InstalmentPlan.customer_id))
    query = select(PlanInstalment).join(InstalmentPlan, InstalmentPlan.id == PlanInstalment.plan_id)
    query = query.where(PlanInstalment.plan_id.in_(plan_ids), seen)
    return session.scalars(query.order_by(PlanInstalment.plan_id, PlanInstalment.place)).all()


def planned_bills(session: Session, scope: Scope, plan_ids: Collection[UUID]) -> Sequence[Any]:
    """Rows plan_id, bill_id, agreed, open, zone of the bills plans pay: what was left of each then, and is now."""
    seen = or_(keeps(scope, InstalmentPlan.organisation_id), pays(scope, InstalmentPlan.customer_id))
    query = (
        select(
            PlannedBill.plan_id, PlannedBill.bill_id, PlannedBill.open.label("agreed"), left().label("open"),
            SupplyContract.zone,
        )
        .join(InstalmentPlan, InstalmentPlan.id == PlannedBill.plan_id)
        .join(Bill, Bill.id == PlannedBill.bill_id)
        .join(SupplyContract, SupplyContract.id == Bill.contract_id)
        .where(and_(PlannedBill.plan_id.in_(plan_ids), seen))
    )  # fmt: skip
    return session.execute(query.order_by(PlannedBill.plan_id, Bill.due_on, Bill.id)).all()
