"""Debts paid in parts: a plan is agreed over open bills, and what is paid of these is paid of it.

Nothing is booked for a plan: its bills stay owed as they are, so the ledger says the same with it and without it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import BillStatus, InstalmentPlan, PlanInstalment, PlannedBill, PlanStatus
from backend.billing.queries import dunning as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules import dunning as rules
from backend.billing.rules.dunning import Instalment
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, NotFound, Refused
from backend.kernel.events import publish
from backend.kernel.money import Money
from backend.kernel.periods import local_date
from backend.kernel.scope import Scope

MOST_BILLS = 100


@dataclass(frozen=True)
class Part:
    """A part of a plan: when it is due, its amount, and what of it is paid."""

    due_on: date
    amount: Decimal
    paid: Decimal


@dataclass(frozen=True)
class Planned:
    """A plan with its parts and bills. paid: what was paid of its bills since it was agreed."""

    plan: InstalmentPlan
    parts: Sequence[Part]
    bill_ids: Sequence[UUID]
    paid: Decimal


def agree(
    session: Session, scope: Scope, *, organisation_id: UUID, customer_id: UUID, bill_ids: Collection[UUID],
    parts: int, first_on: date, grace_days: int = 3,
) -> Planned:  # fmt: skip
    """Agree that a customer pays open bills in equal monthly parts, to the cent; reminders wait while it is kept.

    grace_days: a part may come so late before the plan is broken
    raises Conflict for a bill that another plan pays, or of which nothing is left
    """
    scope.demand(organisation_id, *KEEPERS)
    if not 1 <= len(bill_ids) <= MOST_BILLS:
        raise Refused(f"a plan pays 1 to {MOST_BILLS} bills", field="bill_ids", value=len(bill_ids))
    if not 0 <= grace_days <= 31:
        raise Refused("a part may be late by a month at most", field="grace_days", value=grace_days)
    rows = queries.bills_to_plan(session, scope, set(bill_ids))
    currency = _demand_plannable(rows, set(bill_ids), organisation_id, customer_id)
    total = sum((row.open for row in rows), Decimal(0))
    today = local_date(clock.now(), "UTC") - timedelta(days=1)
    if not today <= first_on <= today + timedelta(days=366):
        raise Refused(
            "the first part is due within a year from today", field="first_on", value=first_on.isoformat()
        )
    instalments = rules.plan(Money(total, currency).rounded(), parts, first_on)
    made = InstalmentPlan(
        id=ids.new_id(), organisation_id=organisation_id, customer_id=customer_id, currency=currency, total=total,
        grace_days=grace_days, status=PlanStatus.ACTIVE, agreed_at=clock.now(), agreed_by=scope.actor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add_all(
        PlanInstalment(
            plan_id=made.id,
            place=place,
            organisation_id=organisation_id,
            due_on=one.due_on,
            amount=one.amount,
        )
        for place, one in enumerate(instalments)
    )
    session.add_all(
        PlannedBill(plan_id=made.id, bill_id=row.Bill.id, organisation_id=organisation_id, open=row.open)
        for row in rows
    )
    session.flush()
    _note(
        session,
        scope,
        made,
        "agreed",
        {"total": str(total), "parts": parts, "first_on": first_on.isoformat()},
    )
    _tell(session, scope, made)
    return plan(session, scope, plan_id=made.id)


def _demand_plannable(
    rows: Sequence[Any], wanted: set[UUID], organisation_id: UUID, customer_id: UUID
) -> str:
    """Return the currency of bills a plan may pay."""
    found = {row.Bill.id for row in rows if row.Bill.organisation_id == organisation_id}
    if missing := wanted - found:
        raise NotFound("there is no such bill", field="bill_ids", value=ids.show(min(missing)))
    for row in rows:
        bill, shown = row.Bill, ids.show(row.Bill.id)
        if bill.customer_id != customer_id:
            raise Conflict("this is another customer's bill", field="bill_ids", value=shown)
        if bill.status is not BillStatus.ISSUED or row.open <= 0:
            raise Conflict("nothing is left to pay of this bill", field="bill_ids", value=shown)
        if row.is_planned:
            raise Conflict(
                "another plan pays this bill", field="bill_ids", value=shown, remedy="cancel that plan first"
            )
    currencies = sorted({row.Bill.currency for row in rows})
    if len(currencies) > 1:
        raise Refused("a plan is in one currency", field="bill_ids", value=", ".join(currencies))
    return str(currencies[0])


def review(session: Session, scope: Scope, *, plan_id: UUID) -> InstalmentPlan:
    """End a plan that is paid, or that is not kept; looked at again, nothing happens again."""
    found = queries.plan(session, scope, plan_id, lock=True)
    if found.ended_at is not None:
        return found
    (shown,) = _planned(session, scope, [found])
    rows = queries.planned_bills(session, scope, [plan_id])
    today = local_date(clock.now(), rows[0].zone)
    parts = [Instalment(one.due_on, one.amount) for one in shown.parts]
    if shown.paid >= found.total:
        _end(session, scope, found, PlanStatus.PAID)
    elif not rules.is_kept(parts, shown.paid, today, found.grace_days):
        _end(session, scope, found, PlanStatus.BROKEN)
    return found


def cancel(session: Session, scope: Scope, *, plan_id: UUID) -> Planned:
    """End a plan somebody no longer wants; what is left of its bills is due as it was."""
    found = queries.plan(session, scope, plan_id, lock=True)
    scope.demand(found.organisation_id, *KEEPERS)
    if found.ended_at is not None:
        raise Conflict(f"this plan is {found.status.value}", field="status", value=found.status.value)
    _end(session, scope, found, PlanStatus.CANCELLED)
    return plan(session, scope, plan_id=plan_id)


def _end(session: Session, scope: Scope, found: InstalmentPlan, status: PlanStatus) -> None:
    found.status, found.ended_at = status, clock.now()
    session.flush()
    _note(session, scope, found, status.value, {"total": str(found.total)})
    _tell(session, scope, found)


def active(session: Session, scope: Scope, *, customer_id: UUID | None = None) -> Sequence[UUID]:
    """Return the plans that run, of a customer or of all; `review` looks at each."""
    return queries.active_plan_ids(session, scope, customer_id)


def plan(session: Session, scope: Scope, *, plan_id: UUID) -> Planned:
    """Return one plan with its parts; raises NotFound."""
    return _planned(session, scope, [queries.plan(session, scope, plan_id)])[0]


def plans(
    session: Session,
    scope: Scope,
    *,
    customer_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[Planned]:
    """Return a page of plans, the newest first; customers see theirs."""
    page = queries.plans(session, scope, customer_id=customer_id, cursor=cursor, limit=limit)
    shown = {one.plan.id: one for one in _planned(session, scope, page.items)}
    return page.each(lambda one: shown[one.id])


def _planned(session: Session, scope: Scope, found: Sequence[InstalmentPlan]) -> list[Planned]:
    keys = [one.id for one in found]
    parts = queries.instalments(session, scope, keys)
    rows = queries.planned_bills(session, scope, keys)
    shown = []
    for one in found:
        mine = [Instalment(part.due_on, part.amount) for part in parts if part.plan_id == one.id]
        of_bills = [row for row in rows if row.plan_id == one.id]
        paid = sum((row.agreed - row.open for row in of_bills), Decimal(0))
        each = rules.spread(mine, paid)
        shown.append(
            Planned(
                one, [Part(part.due_on, part.amount, got) for part, got in zip(mine, each, strict=True)],
                [row.bill_id for row in of_bills], paid,
            )
        )  # fmt: skip
    return shown


def _note(session: Session, scope: Scope, one: InstalmentPlan, done: str, after: dict[str, Any]) -> None:
    audit.record(
        session, scope, action=f"plan.{done}", entity="instalment_plan", entity_id=one.id,
        organisation_id=one.organisation_id, after=after,
    )  # fmt: skip


def _tell(session: Session, scope: Scope, one: InstalmentPlan) -> None:
    body = {
        "plan_id": str(one.id), "status": one.status.value, "customer_id": str(one.customer_id),
        "total": str(one.total), "currency": one.currency,
    }  # fmt: skip
    publish(session, events.event(events.PLAN_MOVED, one.organisation_id, body, actor_id=scope.actor_id))
