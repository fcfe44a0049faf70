"""The one way an order or a visit moves: find the command, ask its guards, write the event, do its effects."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.kernel import audit, changes, clock, ids
from backend.kernel.db import confine
from backend.kernel.errors import Conflict, Forbidden
from backend.kernel.events import publish
from backend.kernel.scope import Kind, Role, Scope
from backend.tenancy import service as tenancy
from backend.workorders import events
from backend.workorders.models import OrderEvent, Visit, WorkOrder
from backend.workorders.queries import orders as queries
from backend.workorders.rules import guards, machine
from backend.workorders.rules.machine import Actor, VisitStatus
from backend.workorders.service.command import NOW, Command
from backend.workorders.service.effects import EFFECTS
from backend.workorders.service.facts import gather

_ACTORS = {
    Role.DISPATCHER: Actor.DISPATCHER, Role.ADMINISTRATOR: Actor.DISPATCHER, Role.MANAGER: Actor.MANAGER,
    Role.TECHNICIAN: Actor.TECHNICIAN,
}  # fmt: skip


def actors_of(scope: Scope, order: WorkOrder) -> frozenset[Actor]:
    """Return in which capacities the asker may act on an order."""
    if scope.kind is Kind.SYSTEM:
        return frozenset({Actor.SYSTEM})
    if scope.kind is Kind.PUBLIC:
        return frozenset({Actor.PUBLIC})
    found = {actor for role, actor in _ACTORS.items() if order.organisation_id in scope.where(role)}
    if is_done_for(scope, order):
        found.add(Actor.CUSTOMER)
    return frozenset(found)


def is_done_for(scope: Scope, order: WorkOrder) -> bool:
    """Tell whether an order is the asker's as a customer: at their supply, or reported by them.

    Not what they reported as staff of who serves: nobody certifies or rates their own house's work.
    """
    if order.customer_id is not None and order.customer_id in scope.where(Role.CUSTOMER):
        return True
    is_reporter = order.reported_by is not None and order.reported_by == scope.actor_id
    return is_reporter and order.organisation_id not in scope.staff_organisations


def move(session: Session, scope: Scope, order: WorkOrder, name: str, given: Command = NOW) -> OrderEvent:
    """Move an order by a command, in the caller's transaction.

    raises Conflict where it cannot go from here or the giver saw an older state, Forbidden where it is not theirs,
    Refused or Conflict where a guard does not hold. The order must be locked (queries.order(lock=True)).
    """
    done = queries.event_of_op(session, scope, given.op_id, name) if given.op_id else None
    if done is not None:
        return done
    found = machine.find(name, order.status)
    mine = actors_of(given.by or scope, order)
    _demand_actor(name, mine, found.actors)
    if given.base_rev is not None and given.device_id is None and given.base_rev != order.rev:
        raise Conflict("somebody changed this order meanwhile", field="base_rev", value=given.base_rev,
                       remedy="look at it again")  # fmt: skip
    facts = gather(session, scope, order, found.guards, given, actor=_as(mine, found.actors))
    guards.demand(found.guards, facts)
    before, order.status = order.status, found.after
    order.cycle += "next_cycle" in found.effects  # its event is the first of the new cycle
    event = note(session, scope, order, name, given, before=before.value, after=found.after.value)
    for effect in found.effects:
        EFFECTS[effect](session, scope, order, event)
    touch(session, scope, order)
    _tell(session, scope, order, event)
    return event


def announce(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """Carry out the effects of an order's first event, and tell of it."""
    for effect in machine.find(event.command, None).effects:
        EFFECTS[effect](session, scope, order, event)
    touch(session, scope, order)
    _tell(session, scope, order, event)


def move_visit(
    session: Session, scope: Scope, order: WorkOrder, visit: Visit, name: str, given: Command = NOW
) -> OrderEvent:
    """Move a visit by a command; the order it belongs to follows by its own commands (service/visits.py)."""
    if given.op_id is not None and (
        done := queries.event_of_op(session, scope, given.op_id, f"visit.{name}")
    ):
        return done
    found = machine.find_visit(name, visit.status)
    mine = actors_of(scope, order)
    _demand_actor(name, mine, found.actors)
    facts = gather(session, scope, order, found.guards, given, actor=_as(mine, found.actors), visit=visit)
    guards.demand(found.guards, facts)
    before, visit.status = visit.status, found.after
    at = given.occurred_at or clock.now()
    if found.after is VisitStatus.OFFERED:
        visit.offered_at = at
    elif found.after is VisitStatus.ACCEPTED:
        visit.accepted_at = at
    elif found.after is VisitStatus.ON_SITE:
        visit.arrived_at = at
    elif found.after in machine.ENDED:
        visit.ended_at, visit.outcome = at, given.reason
    event = note(
        session,
        scope,
        order,
        f"visit.{name}",
        given,
        before=before.value,
        after=found.after.value,
        visit=visit,
    )
    visit.rev += 1
    changes.note(session, scope, entity="visit", entity_id=visit.id, organisation_id=visit.organisation_id)
    for effect in found.effects:
        EFFECTS[effect](session, scope, order, event)
    body = {
        "visit_id": str(visit.id), "work_order_id": str(order.id), "command": name, "before": before.value,
        "after": found.after.value, "technician_id": str(visit.technician_id), "is_rehearsal": order.is_rehearsal,
    }  # fmt: skip
    publish(session, events.event(events.VISIT_MOVED, order.organisation_id, body, actor_id=scope.actor_id))
    return event


def approval_limit(session: Session, scope: Scope, order: WorkOrder) -> float:
    """Return the estimate above which a manager approves an order [site's currency]."""
    return gather(session, scope, order, ("below_limit_or_p1",), NOW, actor=Actor.SYSTEM.value).approval_above


def as_system(scope: Scope, reason: str) -> Scope:
    """Return the scope of what the system does by itself after a person's command, in the same organisations."""
    return Scope.system(scope.organisations, reason)


def writing(session: Session, scope: Scope, order: WorkOrder) -> Scope:
    """Return the scope that writes to an order: the asker's, or the operator's own for a word from outside.

    The database is confined to it until `back`.
    """
    if order.organisation_id in scope.staff_organisations:
        return scope
    found = tenancy.system_scope(session, order.organisation_id, reason="a word from outside the operator")
    confine(session, found)
    return found


def back(session: Session, scope: Scope, acting: Scope) -> None:
    """Confine the database to the asker again after `writing`."""
    if acting is not scope:
        session.flush()
        confine(session, scope)


def note(
    session: Session, scope: Scope, order: WorkOrder, command: str, given: Command = NOW, *,
    before: str | None = None, after: str | None = None, visit: Visit | None = None,
) -> OrderEvent:  # fmt: skip
    """Write an event of an order: of a move, or of a fact that moves nothing."""
    now = clock.now()
    event = OrderEvent(
        id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id,
        visit_id=visit.id if visit else None, cycle=order.cycle, command=command, before=before, after=after,
        actor_kind=(given.by or scope).kind.value, actor_id=(given.by or scope).actor_id, reason=given.reason,
        evidence=given.evidence,
        occurred_at=min(given.occurred_at or now, now), raw_at=given.raw_at, uncertainty_s=given.uncertainty_s,
        received_at=now, device_id=given.device_id, op_id=given.op_id,
    )  # fmt: skip
    session.add(event)
    session.flush()
    audit.record(
        session, given.by or scope, action=f"workorders.{command}", entity="work_order", entity_id=order.id,
        organisation_id=order.organisation_id, before={"status": before} if before else None,
        after={"status": after, "reason": given.reason} if after else {"reason": given.reason},
    )  # fmt: skip
    return event


def touch(session: Session, scope: Scope, order: WorkOrder) -> None:
    """Count a change of an order and tell phones of it."""
    order.rev += 1
    session.flush()
    changes.note(
        session, scope, entity="work_order", entity_id=order.id, organisation_id=order.organisation_id
    )


def demand_actor(name: str, scope: Scope, order: WorkOrder) -> None:
    """Raise Forbidden unless the asker may give an order this command from some status."""
    _demand_actor(
        name,
        actors_of(scope, order),
        tuple(who for m in machine.MOVES if m.command == name for who in m.actors),
    )


def _demand_actor(name: str, mine: frozenset[Actor], wanted: tuple[Actor, ...]) -> None:
    if not mine & set(wanted):
        who = " or ".join(one.value for one in wanted)
        raise Forbidden(f"'{name}' is for a {who}", remedy="ask the dispatcher")


def _as(mine: frozenset[Actor], wanted: tuple[Actor, ...]) -> str:
    """Return the capacity a command is given in: the first of the table's that the asker has."""
    return next(one for one in wanted if one in mine).value


def _tell(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    body = {
        "work_order_id": str(order.id), "number": order.number, "command": event.command, "before": event.before,
        "after": event.after, "cycle": order.cycle, "priority": order.priority,
        "position_id": str(order.position_id), "is_rehearsal": order.is_rehearsal,
    }  # fmt: skip
    publish(session, events.event(events.MOVED, order.organisation_id, body, actor_id=scope.actor_id))
