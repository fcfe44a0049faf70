"""Work and switching tickets: issued, approved by a second person, worked off in order, finished or void."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, periods
from backend.kernel.errors import Refused
from backend.kernel.paging import Page
from backend.kernel.scope import Role, Scope
from backend.network import service as network
from backend.workorders.models import WorkTicket
from backend.workorders.queries import hosting as queries
from backend.workorders.queries import orders as order_queries
from backend.workorders.rules import tickets as rules
from backend.workorders.rules.tickets import TicketKind, TicketStatus

ISSUERS = (Role.DISPATCHER, Role.OPERATOR, Role.TECHNICIAN, Role.MANAGER, Role.ADMINISTRATOR)
APPROVERS = (Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class NewTicket:
    """What is to be done, step by step. zone: whose year the number belongs to."""

    kind: TicketKind
    title: str
    steps: Sequence[str]
    zone: str = "UTC"
    position_id: UUID | None = None
    work_order_id: UUID | None = None


def issue_ticket(session: Session, scope: Scope, *, organisation_id: UUID, new: NewTicket) -> WorkTicket:
    """Issue a ticket under the next number of its kind and year; a transaction that fails takes none."""
    scope.demand(organisation_id, *ISSUERS)
    title = new.title.strip()[:200]
    if not title:
        raise Refused("say what the ticket is for", field="title")
    steps = rules.steps_of(new.steps)
    if new.position_id is not None:
        network.position(session, scope, new.position_id)
    if new.work_order_id is not None:
        order_queries.order(session, scope, new.work_order_id)
    now = clock.now()
    year = periods.local_date(now, new.zone).year
    ticket = WorkTicket(
        id=ids.new_id(), organisation_id=organisation_id, kind=new.kind, year=year,
        number=queries.take_number(session, scope, organisation_id, new.kind, year), status=TicketStatus.ISSUED,
        title=title, position_id=new.position_id, work_order_id=new.work_order_id, steps=steps, issued_at=now,
        issued_by=scope.actor_id,
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    _record(session, scope, "ticket.issued", ticket)
    return ticket


def approve_ticket(session: Session, scope: Scope, *, ticket_id: UUID) -> WorkTicket:
    """Approve a ticket as the second person."""
    ticket = queries.ticket(session, scope, ticket_id, lock=True)
    scope.demand(ticket.organisation_id, *APPROVERS)
    rules.demand_approver(ticket.status, ticket.issued_by, scope.actor_id)
    ticket.status, ticket.approved_at, ticket.approved_by = TicketStatus.APPROVED, clock.now(), scope.actor_id
    return _kept(session, scope, "ticket.approved", ticket)


def tick_step(session: Session, scope: Scope, *, ticket_id: UUID, place: int) -> WorkTicket:
    """Say that a step is done, now, by the asker; place: from 0. Again is a no-op."""
    ticket = queries.ticket(session, scope, ticket_id, lock=True)
    scope.demand(ticket.organisation_id, *ISSUERS)
    by = str(scope.actor_id) if scope.actor_id else "system"
    ticket.steps = rules.tick(ticket.status, ticket.steps, place, at=clock.now(), by=by)
    return _kept(session, scope, "ticket.step_done", ticket)


def finish_ticket(session: Session, scope: Scope, *, ticket_id: UUID) -> WorkTicket:
    """Finish a ticket whose steps are all done; from then on nobody changes it."""
    ticket = queries.ticket(session, scope, ticket_id, lock=True)
    scope.demand(ticket.organisation_id, *ISSUERS)
    rules.demand_finished(ticket.status, ticket.steps)
    ticket.status, ticket.ended_at, ticket.ended_by = TicketStatus.FINISHED, clock.now(), scope.actor_id
    return _kept(session, scope, "ticket.finished", ticket)


def void_ticket(session: Session, scope: Scope, *, ticket_id: UUID, reason: str) -> WorkTicket:
    """Make a ticket void, with a reason; its number stays taken."""
    ticket = queries.ticket(session, scope, ticket_id, lock=True)
    scope.demand(ticket.organisation_id, *APPROVERS)
    rules.demand_voidable(ticket.status, reason)
    ticket.status, ticket.ended_at, ticket.ended_by = TicketStatus.VOID, clock.now(), scope.actor_id
    ticket.void_reason = reason.strip()[:500]
    return _kept(session, scope, "ticket.voided", ticket)


def ticket(session: Session, scope: Scope, *, ticket_id: UUID) -> WorkTicket:
    """Return one ticket; raises NotFound."""
    return queries.ticket(session, scope, ticket_id)


def tickets(
    session: Session, scope: Scope, *, organisations: Collection[UUID] | None = None, is_open: bool | None = None,
    cursor: str | None = None, limit: int = 50,
) -> Page[WorkTicket]:  # fmt: skip
    """Return a page of tickets, the newest first."""
    going, over = (TicketStatus.ISSUED, TicketStatus.APPROVED), (TicketStatus.FINISHED, TicketStatus.VOID)
    statuses = None if is_open is None else going if is_open else over
    return queries.tickets(
        session, scope, organisations=organisations, statuses=statuses, cursor=cursor, limit=limit
    )


def _kept(session: Session, scope: Scope, action: str, ticket: WorkTicket) -> WorkTicket:
    session.flush()
    _record(session, scope, action, ticket)
    return ticket


def _record(session: Session, scope: Scope, action: str, ticket: WorkTicket) -> None:
    audit.record(session, scope, action=action, entity="work_ticket", entity_id=ticket.id,
                 organisation_id=ticket.organisation_id,
                 after={"number": rules.shown(ticket.kind, ticket.year, ticket.number),
                        "status": ticket.status.value, "done": rules.done(ticket.steps)})  # fmt: skip
