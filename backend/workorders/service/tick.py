"""What time brings: verifications begun and settled, ladders climbed, reminders, orders that close by themselves.

`due` lists what may be due, `do` does one of them; a worker gives each a transaction of its own. All of it may be done
twice without harm.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import clock, ids
from backend.kernel.errors import NotFound
from backend.kernel.events import publish
from backend.kernel.scope import Role, Scope
from backend.workorders import events
from backend.workorders.models import Escalation, WorkOrder
from backend.workorders.queries import due as queries
from backend.workorders.queries import orders as order_queries
from backend.workorders.queries import policies
from backend.workorders.rules.guards import CLOSES_AFTER
from backend.workorders.rules.machine import OrderStatus
from backend.workorders.service import moves
from backend.workorders.service.afterwards import begin_verification, close
from backend.workorders.service.moves import Command
from backend.workorders.service.plan import follow_up
from backend.workorders.service.verify import settle

FOLLOWS_UP_AFTER = timedelta(minutes=15)
"""A repair that was not confirmed waits this long for a dispatcher's word; then another visit is called for."""

NOT_TAKEN = frozenset({OrderStatus.REPORTED, OrderStatus.TRIAGED, OrderStatus.AWAITING_APPROVAL, OrderStatus.READY,
                       OrderStatus.SCHEDULED, OrderStatus.DISPATCHED, OrderStatus.REOPENED})  # fmt: skip
"""Nobody has said yet that they will come: the ladder is climbed until somebody acknowledges."""

Due = tuple[str, UUID]


def due(session: Session, scope: Scope) -> list[Due]:
    """Return what may be due in the scope's organisations, the most urgent first."""
    now = clock.now()
    return [
        *(("verify", one) for one in queries.with_status(session, scope, OrderStatus.FIELD_COMPLETE)),
        *(("settle", one) for one in queries.with_status(session, scope, OrderStatus.VERIFYING)),
        *(("climb", one) for one in queries.untaken(session, scope, NOT_TAKEN)),
        *(("remind", one) for one in queries.held_beyond(session, scope, now)),
        *(("follow_up", one) for one in queries.with_status(session, scope, OrderStatus.VERIFY_FAILED)),
        *(("close", one) for one in queries.verified_before(session, scope, now - CLOSES_AFTER)),
    ]  # fmt: skip


def do(session: Session, scope: Scope, one: Due) -> None:
    """Do one thing that may be due."""
    _DOING[one[0]](session, scope, one[1])


def acknowledge(session: Session, scope: Scope, *, order_id: UUID) -> int:
    """Say by name that somebody has seen it: the ladder stops here. Returns how many rungs were open."""
    order = order_queries.order(session, scope, order_id, lock=True)
    scope.demand(order.organisation_id, Role.DISPATCHER, Role.MANAGER, Role.OPERATOR, Role.ADMINISTRATOR)
    rungs = [one for one in queries.rungs(session, scope, order) if one.acknowledged_at is None]
    if not rungs:
        raise NotFound("nothing waits for an acknowledgement here", field="work_order_id", value=order.number)
    for one in rungs:
        one.acknowledged_at, one.acknowledged_by = clock.now(), scope.actor_id
    moves.note(session, scope, order, "acknowledge")
    moves.touch(session, scope, order)
    return len(rungs)


def _verify(session: Session, scope: Scope, order_id: UUID) -> None:
    begin_verification(session, scope, order_id=order_id)


def _settle(session: Session, scope: Scope, order_id: UUID) -> None:
    settle(session, scope, order_id=order_id)


def _climb(session: Session, scope: Scope, order_id: UUID) -> None:
    """Reach the next rungs whose time has come, unless somebody acknowledged one."""
    order = order_queries.order(session, scope, order_id, lock=True)
    if order.status not in NOT_TAKEN or order.is_rehearsal:
        return
    reached = queries.rungs(session, scope, order)
    if any(one.acknowledged_at is not None for one in reached):
        return
    since = _since(session, scope, order)
    for rung in policies.ladder(session, scope, order.organisation_id, order.priority or 2):
        is_due = clock.now() - since >= timedelta(minutes=rung.after_min)
        if not is_due or any(one.step == rung.step for one in reached):
            continue
        session.add(
            Escalation(id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id,
                       cycle=order.cycle, reason="not_taken", step=rung.step, told_at=clock.now(), told=rung.roles)
        )  # fmt: skip
        body = {"work_order_id": str(order.id), "number": order.number, "step": rung.step, "reason": "not_taken",
                "roles": rung.roles, "ways": rung.ways, "priority": order.priority}  # fmt: skip
        publish(session, events.event(events.ESCALATED, order.organisation_id, body))
        moves.note(
            session, scope, order, "escalate", Command(evidence={"step": rung.step, "roles": rung.roles})
        )
    session.flush()


def _since(session: Session, scope: Scope, order: WorkOrder) -> datetime:
    starts = [
        e.occurred_at
        for e in order_queries.events_of(session, scope, [order.id])
        if e.command in ("report", "reopen") and e.cycle == order.cycle
    ]
    return starts[-1] if starts else order.reported_at


def _remind(session: Session, scope: Scope, order_id: UUID) -> None:
    """The date is over until which somebody expected to wait: tell the dispatcher, once."""
    order = order_queries.order(session, scope, order_id, lock=True)
    if order.status is not OrderStatus.ON_HOLD or order.hold_until is None or order.hold_until > clock.now():
        return
    until = order.hold_until.isoformat()
    told = order_queries.events_of(session, scope, [order.id])
    if any(e.command == "remind" and e.evidence.get("until") == until for e in told):
        return
    event = moves.note(session, scope, order, "remind", Command(evidence={"until": until}))
    body = {"work_order_id": str(order.id), "whom": "dispatcher", "what": "remind", "event_id": str(event.id)}
    publish(session, events.event(events.TELL, order.organisation_id, body))


def _follow_up(session: Session, scope: Scope, order_id: UUID) -> None:
    """Nobody said whether the same technician goes back in: plan another visit. A P1 does not wait."""
    order = order_queries.order(session, scope, order_id, lock=True)
    if order.status is not OrderStatus.VERIFY_FAILED:
        return
    told = order_queries.events_of(session, scope, [order.id])
    failed_at = [e.received_at for e in told if e.after == OrderStatus.VERIFY_FAILED.value][-1]
    if order.priority == 1 or clock.now() - failed_at >= FOLLOWS_UP_AFTER:
        follow_up(session, scope, order_id=order.id)


def _close(session: Session, scope: Scope, order_id: UUID) -> None:
    order = order_queries.order(session, scope, order_id, lock=True)
    if order.status is OrderStatus.VERIFIED:
        close(session, scope, order_id=order_id)


_DOING: dict[str, Callable[[Session, Scope, UUID], None]] = {
    "verify": _verify, "settle": _settle, "climb": _climb, "remind": _remind, "close": _close,
    "follow_up": _follow_up,
}  # fmt: skip
