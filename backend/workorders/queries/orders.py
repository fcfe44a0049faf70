"""Work orders, their visits and events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, text
from sqlalchemy.orm import Session

from backend.alarms.models import Alarm
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.workorders.models import OrderEvent, Visit, WorkOrder
from backend.workorders.rules.machine import OVER, OrderStatus

SEARCHED = (WorkOrder.number, WorkOrder.title, WorkOrder.title_zh)


@dataclass(frozen=True)
class OrderFilter:
    """Which orders. statuses None: every one that is not over; under: organisations; text: in number or title.

    alarm_id: that this alarm opened, reopened, or was added to
    """

    statuses: Collection[OrderStatus] | None = None
    organisations: Collection[UUID] | None = None
    position_ids: Collection[UUID] | None = None
    device_id: UUID | None = None
    alarm_id: UUID | None = None
    priorities: Collection[int] | None = None
    kinds: Collection[str] | None = None
    technician_id: UUID | None = None
    text: str | None = None
    with_rehearsals: bool = False


def visible(scope: Scope) -> ColumnElement[bool]:
    """Condition on WorkOrder: of the scope's organisations, about their supply, or reported by the asker."""
    seen = [
        WorkOrder.organisation_id.in_(scope.organisations),
        WorkOrder.customer_id.in_(scope.organisations),
    ]
    if scope.actor_id is not None:
        seen.append(WorkOrder.reported_by == scope.actor_id)
    return or_(*seen)


def order(session: Session, scope: Scope, order_id: UUID, *, lock: bool = False) -> WorkOrder:
    """One order; raises NotFound. lock: until the transaction ends, so that two commands come one after the other."""
    statement = select(WorkOrder).where(WorkOrder.id == order_id, visible(scope))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return required(session, statement, "there is no such work order", work_order_id=order_id)


def orders(
    session: Session, scope: Scope, wanted: OrderFilter, *, cursor: str | None, limit: int
) -> paging.Page[WorkOrder]:
    """Orders, the newest report first."""
    query = select(WorkOrder).where(visible(scope), *_conditions(wanted))
    by = (WorkOrder.reported_at.desc(), WorkOrder.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def orders_by_id(session: Session, scope: Scope, order_ids: Collection[UUID]) -> Sequence[WorkOrder]:
    """Several orders, those the scope does not see left out."""
    return session.scalars(select(WorkOrder).where(WorkOrder.id.in_(order_ids), visible(scope))).all()


def counts(session: Session, scope: Scope, wanted: OrderFilter) -> dict[OrderStatus, int]:
    """How many orders stand where."""
    rows = session.execute(
        select(WorkOrder.status, func.count())
        .where(visible(scope), *_conditions(wanted))
        .group_by(WorkOrder.status)
    )
    return {row[0]: row[1] for row in rows}


def open_twin(
    session: Session, scope: Scope, *, position_id: UUID, fault_class: str | None, but: UUID | None = None
) -> WorkOrder | None:
    """The open repair for the same fault at a position."""
    return session.scalar(
        select(WorkOrder).where(
            WorkOrder.organisation_id.in_(scope.organisations),
            WorkOrder.position_id == position_id,
            WorkOrder.fault_class.is_(None) if fault_class is None else WorkOrder.fault_class == fault_class,
            WorkOrder.status.not_in(OVER),
            WorkOrder.kind == "repair",
            WorkOrder.is_rehearsal.is_(False),
            WorkOrder.id != but if but is not None else WorkOrder.id.is_not(None),
        )
    )


def lock_fault(session: Session, _scope: Scope, position_id: UUID, fault_class: str | None) -> None:
    """Let nobody else open an order for this fault at this place until the transaction ends."""
    key = f"fault {position_id} {fault_class}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def of_alarm(session: Session, scope: Scope, alarm_id: UUID) -> WorkOrder | None:
    """The order an alarm opened."""
    return session.scalar(
        select(WorkOrder).where(
            WorkOrder.alarm_id == alarm_id, WorkOrder.organisation_id.in_(scope.organisations)
        )
    )


def last_closed(
    session: Session, scope: Scope, *, position_id: UUID, fault_class: str | None
) -> WorkOrder | None:
    """The last closed repair of the same fault at a position, for reopening."""
    return session.scalar(
        select(WorkOrder)
        .where(
            WorkOrder.organisation_id.in_(scope.organisations), WorkOrder.position_id == position_id,
            WorkOrder.fault_class == fault_class, WorkOrder.status == OrderStatus.CLOSED,
            WorkOrder.kind == "repair", WorkOrder.is_rehearsal.is_(False),
        )
        .order_by(WorkOrder.reported_at.desc())
        .limit(1)
    )  # fmt: skip


def visit(session: Session, scope: Scope, visit_id: UUID) -> Visit:
    """One visit; raises NotFound."""
    query = select(Visit).join(WorkOrder).where(Visit.id == visit_id, visible(scope))
    return required(session, query, "there is no such visit", visit_id=visit_id)


def visits_of(session: Session, scope: Scope, order_ids: Collection[UUID]) -> Sequence[Visit]:
    """Visits of some orders, in the order they are planned."""
    return session.scalars(
        select(Visit)
        .join(WorkOrder)
        .where(Visit.work_order_id.in_(order_ids), visible(scope))
        .order_by(Visit.planned_start, Visit.id)
    ).all()


def visits_of_cycle(session: Session, scope: Scope, order: WorkOrder) -> Sequence[Visit]:
    """Visits of an order's present cycle: those that ended, as they did, then the others as they are planned."""
    found = [one for one in visits_of(session, scope, [order.id]) if one.cycle == order.cycle]
    return sorted(found, key=lambda one: (one.ended_at is None, one.ended_at or one.planned_start))


def visits_between(
    session: Session, scope: Scope, *, start: datetime, end: datetime, technician_id: UUID | None = None
) -> Sequence[tuple[Visit, WorkOrder]]:
    """All visits planned in a period with their orders; technician_id: theirs, also in another's crew."""
    statement = _visits(scope, start, end, technician_id)
    rows = session.execute(statement.order_by(Visit.technician_id, Visit.planned_start, Visit.id))
    return [(row[0], row[1]) for row in rows]


def visits_page(
    session: Session, scope: Scope, *, start: datetime, end: datetime, technician_id: UUID | None,
    cursor: str | None, limit: int,
) -> paging.Page[tuple[Visit, WorkOrder]]:  # fmt: skip
    """A page of the visits planned in a period with their orders, by technician and time."""
    query = _visits(scope, start, end, technician_id)
    by = (Visit.technician_id, Visit.planned_start, Visit.id)
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def _visits(scope: Scope, start: datetime, end: datetime, technician_id: UUID | None) -> Select[Any]:
    statement = (
        select(Visit, WorkOrder)
        .join(WorkOrder)
        .where(visible(scope), Visit.planned_start < end, Visit.planned_end > start)
    )
    if technician_id is None:
        return statement
    return statement.where(
        or_(Visit.technician_id == technician_id, Visit.companions.contains([str(technician_id)]))
    )


def events_of(session: Session, scope: Scope, order_ids: Collection[UUID]) -> Sequence[OrderEvent]:
    """Events of some orders, in the order they occurred."""
    return session.scalars(
        select(OrderEvent)
        .join(WorkOrder, WorkOrder.id == OrderEvent.work_order_id)
        .where(OrderEvent.work_order_id.in_(order_ids), visible(scope))
        .order_by(OrderEvent.occurred_at, OrderEvent.id)
    ).all()


def last_said(
    session: Session, scope: Scope, order: WorkOrder, command: str, about: Mapping[str, Any]
) -> OrderEvent | None:
    """Return the last event taken of a command in an order's present cycle that says all of `about`."""
    return session.scalars(
        select(OrderEvent)
        .join(WorkOrder, WorkOrder.id == OrderEvent.work_order_id)
        .where(
            OrderEvent.work_order_id == order.id, OrderEvent.cycle == order.cycle, OrderEvent.command == command,
            OrderEvent.evidence.contains(dict(about)), visible(scope),
        )
        .order_by(OrderEvent.id.desc())
        .limit(1)
    ).first()  # fmt: skip


def events_page(
    session: Session, scope: Scope, order_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[OrderEvent]:
    """A page of the events of an order, the newest first."""
    query = (
        select(OrderEvent)
        .join(WorkOrder, WorkOrder.id == OrderEvent.work_order_id)
        .where(OrderEvent.work_order_id == order_id, visible(scope))
    )
    by = (OrderEvent.occurred_at.desc(), OrderEvent.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def event_of_op(session: Session, scope: Scope, op_id: UUID, command: str) -> OrderEvent | None:
    """The event an operation of a phone left, if it was carried out already."""
    return session.scalar(
        select(OrderEvent).where(
            OrderEvent.op_id == op_id, OrderEvent.command == command,
            OrderEvent.organisation_id.in_(scope.organisations),
        )
    )  # fmt: skip


def _conditions(wanted: OrderFilter) -> list[Any]:
    found: list[Any] = [WorkOrder.status.not_in(OVER) if wanted.statuses is None else
                        WorkOrder.status.in_(wanted.statuses)]  # fmt: skip
    if not wanted.with_rehearsals:
        found.append(WorkOrder.is_rehearsal.is_(False))
    for column, values in (
        (WorkOrder.organisation_id, wanted.organisations), (WorkOrder.position_id, wanted.position_ids),
        (WorkOrder.priority, wanted.priorities), (WorkOrder.kind, wanted.kinds),
    ):  # fmt: skip
        if values is not None:
            found.append(column.in_(values))
    if wanted.device_id is not None:
        found.append(WorkOrder.device_id == wanted.device_id)
    if wanted.alarm_id is not None:
        here = select(Alarm.position_id).where(Alarm.id == wanted.alarm_id).scalar_subquery()
        told = select(OrderEvent.id).where(
            OrderEvent.work_order_id == WorkOrder.id, OrderEvent.command.in_(("report_again", "reopen")),
            OrderEvent.evidence["alarm_id"].astext == str(wanted.alarm_id),
        )  # fmt: skip
        found.append(WorkOrder.position_id == here)
        found.append(or_(WorkOrder.alarm_id == wanted.alarm_id, told.exists()))
    if wanted.technician_id is not None:
        found.append(
            WorkOrder.id.in_(select(Visit.work_order_id).where(Visit.technician_id == wanted.technician_id))
        )
    if wanted.text:
        found.append(or_(*(c.icontains(wanted.text, autoescape=True) for c in SEARCHED)))
    return found
