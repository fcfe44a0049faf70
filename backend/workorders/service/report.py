"""Reporting a fault: by an alarm, a customer, a passer-by with a tag, a technician, a dispatcher, an inspection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import clock, ids
from backend.kernel.db import confine
from backend.kernel.errors import Refused
from backend.kernel.scope import Kind, Scope
from backend.kernel.units import Carrier
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.workorders.models import OrderEvent, OrderKind, Source, WorkOrder
from backend.workorders.queries import orders as queries
from backend.workorders.rules import faults
from backend.workorders.rules.machine import OVER, OrderStatus
from backend.workorders.service import moves
from backend.workorders.service.moves import Command


@dataclass(frozen=True)
class Report:
    """What is reported. fault_class None: the dispatcher says at triage; reporter: of somebody without an account.

    title_zh: of what the product reports itself; people write in their own words
    is_another: the reporter knows what is open for this kind of fault there and says that it is another one; which
    kind, the dispatcher then says
    id: made by a phone for what it created offline; customer_id: whose supply, found from the place otherwise
    """

    position_id: UUID
    title: str
    title_zh: str | None = None
    description: str | None = None
    fault_class: str | None = None
    device_id: UUID | None = None
    alarm_id: UUID | None = None
    customer_id: UUID | None = None
    kind: OrderKind = OrderKind.REPAIR
    reporter: Mapping[str, Any] | None = None
    checklist_id: UUID | None = None
    inspection_plan_id: UUID | None = None
    follow_up_of_id: UUID | None = None
    skills: tuple[str, ...] = ()
    duration_min: int | None = None
    is_rehearsal: bool = False
    id: UUID | None = None
    is_another: bool = False


@dataclass(frozen=True)
class Reported:
    """What became of a report: a new order, or evidence added to the one that was open for the same fault."""

    order: WorkOrder
    is_new: bool
    event: OrderEvent = field(repr=False)


def report(
    session: Session, scope: Scope, *, new: Report, source: Source, given: Command = moves.NOW
) -> Reported:
    """Take a report; where the same fault is open at the place, it is attached there as evidence.

    A customer or a passer-by may report where they are supplied or where the tag stands; the order belongs to the
    operator. raises Refused where nothing is said or the place is unknown
    """
    title = _title(new.title)
    if not title:
        raise Refused("say in a few words what is wrong", field="title")
    if new.fault_class is not None and new.fault_class not in faults.BY_CODE:
        raise Refused("this class of fault is not known", field="fault_class", value=new.fault_class)
    position = network.position(session, scope, new.position_id)
    acting = _operator_scope(session, scope, position.organisation_id)
    if new.id is not None and (done := _made_before(session, acting, new.id)) is not None:
        return done
    if not new.is_rehearsal and new.kind is OrderKind.REPAIR:
        queries.lock_fault(session, acting, position.id, new.fault_class)
        twin = queries.open_twin(session, acting, position_id=position.id, fault_class=new.fault_class)
        if twin is not None:
            twin = queries.order(session, acting, twin.id, lock=True)
        if twin is not None and twin.status not in OVER and new.is_another:
            seen = {"another_than": twin.number, "said_class": new.fault_class}
            new, given = replace(new, fault_class=None), replace(given, evidence=dict(given.evidence) | seen)
        elif twin is not None and twin.status not in OVER:
            said = {"title": title, "description": new.description, "source": source.value}
            if new.title_zh:
                said["title_zh"] = _title(new.title_zh)
            event = moves.note(
                session, acting, twin, "report_again",
                Command(reason=title, evidence=said | given.evidence, occurred_at=given.occurred_at,
                        device_id=given.device_id, op_id=given.op_id),
            )  # fmt: skip
            moves.touch(session, acting, twin)
            confine(session, scope)
            return Reported(twin, False, event)
    at = min(given.occurred_at or clock.now(), clock.now())
    order = WorkOrder(
        id=new.id or ids.new_id(), organisation_id=position.organisation_id,
        customer_id=new.customer_id or _supplied(session, acting, position, at), number=_number(session, at),
        kind=new.kind, source=source, status=OrderStatus.REPORTED, cycle=1, rev=1, position_id=position.id,
        device_id=new.device_id, alarm_id=new.alarm_id, carrier=_carrier(position.carriers),
        fault_class=new.fault_class, priority=None, title=title, title_zh=_title(new.title_zh) or None,
        description=new.description, reported_at=at,
        reported_by=scope.actor_id if scope.kind is Kind.PERSON else None,
        reporter=dict(new.reporter) if new.reporter else None, checklist_id=new.checklist_id,
        inspection_plan_id=new.inspection_plan_id, follow_up_of_id=new.follow_up_of_id, skills=list(new.skills),
        duration_min=new.duration_min or faults.BY_CODE[new.fault_class or "other"].duration_min,
        is_rehearsal=new.is_rehearsal,
    )  # fmt: skip
    session.add(order)
    session.flush()
    event = moves.note(
        session, acting, order, "report", replace(given, by=scope), after=OrderStatus.REPORTED.value
    )
    moves.announce(session, acting, order, event)
    confine(session, scope)
    return Reported(order, True, event)


def open_fault(
    session: Session, scope: Scope, *, position_id: UUID, fault_class: str | None
) -> WorkOrder | None:
    """Return the open order a report of this kind of fault at a place would be added to."""
    position = network.position(session, scope, position_id)
    acting = _operator_scope(session, scope, position.organisation_id)
    twin = queries.open_twin(session, acting, position_id=position.id, fault_class=fault_class)
    confine(session, scope)
    return twin


def _title(text: str | None) -> str:
    return " ".join((text or "").split())[:200]


def _operator_scope(session: Session, scope: Scope, organisation_id: UUID) -> Scope:
    """Return the scope that writes the order: the asker's where they are staff there, else the operator's own."""
    if organisation_id in scope.staff_organisations:
        return scope
    found = tenancy.system_scope(session, organisation_id, reason="a report from outside the operator")
    confine(session, found)
    return found


def _made_before(session: Session, scope: Scope, order_id: UUID) -> Reported | None:
    """Return the order a phone made before under this id, with its first event."""
    found = queries.orders_by_id(session, scope, [order_id])
    if not found:
        return None
    first = queries.events_of(session, scope, [order_id])[0]
    return Reported(found[0], False, first)


def _supplied(session: Session, scope: Scope, position: Any, at: datetime) -> UUID | None:
    """Return whose supply a place is about at an instant: the customer whose agreement covers it."""
    agreements = network.agreements_at(session, scope, position=position, at=at)
    return agreements[0].organisation_id if len(agreements) == 1 else None


def _carrier(carriers: list[str]) -> Carrier | None:
    return Carrier(carriers[0]) if len(carriers) == 1 else None


def _number(session: Session, at: datetime) -> str:
    number: int = session.execute(text("SELECT nextval('work_order_number')")).scalar_one()
    return f"W{at:%y}-{number:06d}"
