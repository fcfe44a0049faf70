"""The book of a shift: lines while it lasts, handed over by who leaves, taken by who arrives, then locked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.alarms import service as alarms
from backend.alarms.service import AlarmFilter
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.paging import Page
from backend.kernel.scope import Role, Scope
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.workorders.models import ShiftEntry, ShiftLog
from backend.workorders.queries import hosting as queries
from backend.workorders.queries import orders as order_queries
from backend.workorders.rules.machine import OrderStatus
from backend.workorders.rules.tickets import TicketStatus, shown

WRITERS = (Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Book:
    """A shift's book with its lines."""

    log: ShiftLog
    entries: Sequence[ShiftEntry]


def write_entry(
    session: Session, scope: Scope, *, organisation_id: UUID, text: str, work_order_id: UUID | None = None,
    alarm_id: UUID | None = None, position_id: UUID | None = None,
) -> ShiftEntry:  # fmt: skip
    """Write a line into the open book; the first line of all opens one. Refused once the book is handed over."""
    scope.demand(organisation_id, *WRITERS)
    said = text.strip()[:2_000]
    if not said:
        raise Refused("write what happened", field="text")
    if work_order_id is not None:
        order_queries.order(session, scope, work_order_id)
    if alarm_id is not None:
        alarms.alarm(session, scope, alarm_id)
    if position_id is not None:
        network.position(session, scope, position_id)
    log = queries.open_log(session, scope, organisation_id, lock=True) or _begin(
        session, scope, organisation_id
    )
    if log.left_at is not None:
        raise Conflict("this shift is handed over", field="text", remedy="the one who arrives takes it first")
    entry = ShiftEntry(
        id=ids.new_id(), organisation_id=organisation_id, shift_log_id=log.id, at=clock.now(),
        person_id=scope.actor_id, text=said, work_order_id=work_order_id, alarm_id=alarm_id, position_id=position_id,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    audit.record(session, scope, action="shift.entry_written", entity="shift_entry", entity_id=entry.id,
                 organisation_id=organisation_id)  # fmt: skip
    return entry


def hand_over(session: Session, scope: Scope, *, organisation_id: UUID, note: str) -> ShiftLog:
    """Sign a book as the one who leaves: what is open is listed as it stands, with a note."""
    scope.demand(organisation_id, *WRITERS)
    log = queries.open_log(session, scope, organisation_id, lock=True) or _begin(
        session, scope, organisation_id
    )
    if log.left_at is not None:
        raise Conflict("this shift is handed over already", field="organisation_id",
                       remedy="the one who arrives takes it")  # fmt: skip
    log.handed_over = open_things(session, scope, organisation_id=organisation_id)
    log.note, log.left_at, log.left_by = note.strip()[:2_000] or None, clock.now(), scope.actor_id
    session.flush()
    _record(session, scope, "shift.handed_over", log)
    return log


def take_over(session: Session, scope: Scope, *, organisation_id: UUID) -> ShiftLog:
    """Sign a book as the one who arrives: it is locked, and the next one is opened. Returns the new one."""
    scope.demand(organisation_id, *WRITERS)
    log = queries.open_log(session, scope, organisation_id, lock=True)
    if log is None or log.left_at is None:
        raise Conflict(
            "nobody has handed over", field="organisation_id", remedy="the one who leaves signs first"
        )
    if scope.actor_id is None or scope.actor_id == log.left_by:
        raise Conflict("somebody else takes the shift over", field="taken_by",
                       remedy="the one who arrives signs")  # fmt: skip
    log.taken_at, log.taken_by = clock.now(), scope.actor_id
    session.flush()
    _record(session, scope, "shift.taken_over", log)
    return _begin(session, scope, organisation_id)


def open_things(session: Session, scope: Scope, *, organisation_id: UUID) -> dict[str, Any]:
    """Return what is open at a node and below it: orders, holds, permits, tickets, alarms; as plain values."""
    nodes = frozenset(one.id for one in tenancy.subtree(session, scope, organisation_id))
    orders = queries.open_orders(session, scope, nodes)
    held = [one for one in orders if one.status is OrderStatus.ON_HOLD]
    found = alarms.alarms(session, scope, AlarmFilter(organisation_id=organisation_id), limit=100)
    return {
        "orders": [_order(one) for one in orders if one not in held],
        "holds": [
            _order(one) | {"reason": one.hold_reason, "until": one.hold_until.isoformat() if one.hold_until else None}
            for one in held
        ],
        "permits": [
            {"id": ids.show(order.id), "number": order.number, "kind": permit.kind,
             "expires_at": permit.expires_at.isoformat()}
            for permit, order in queries.open_permits(session, scope, nodes)
        ],
        "tickets": [
            {"id": ids.show(one.id), "number": shown(one.kind, one.year, one.number), "title": one.title}
            for one in queries.tickets(
                session, scope, organisations=nodes, statuses=(TicketStatus.ISSUED, TicketStatus.APPROVED)
            ).items
        ],
        "alarms": [
            {"id": ids.show(one.id), "name": one.name, "name_zh": one.name_zh, "place": one.place,
             "place_zh": one.place_zh, "priority": one.priority}
            for one in found.items
        ],
    }  # fmt: skip


def open_book(session: Session, scope: Scope, *, organisation_id: UUID) -> Book | None:
    """Return the book that is being written at a node."""
    scope.demand(organisation_id, *WRITERS, Role.TECHNICIAN)
    log = queries.open_log(session, scope, organisation_id)
    return Book(log, queries.entries(session, scope, [log.id])) if log else None


def books(
    session: Session, scope: Scope, *, organisation_id: UUID, cursor: str | None = None, limit: int = 20
) -> Page[Book]:
    """Return a page of the books of a node, the newest first."""
    scope.demand(organisation_id, *WRITERS, Role.TECHNICIAN)
    found = queries.logs(session, scope, organisation_id, cursor=cursor, limit=limit)
    return Page(_with_lines(session, scope, found.items), found.next_cursor)


def _with_lines(session: Session, scope: Scope, found: Collection[ShiftLog]) -> list[Book]:
    lines: Mapping[UUID, list[ShiftEntry]] = {one.id: [] for one in found}
    for entry in queries.entries(session, scope, list(lines)):
        lines[entry.shift_log_id].append(entry)
    return [Book(one, lines[one.id]) for one in found]


def _begin(session: Session, scope: Scope, organisation_id: UUID) -> ShiftLog:
    log = ShiftLog(id=ids.new_id(), organisation_id=organisation_id, started_at=clock.now(),
                   started_by=scope.actor_id, handed_over={})  # fmt: skip
    session.add(log)
    session.flush()
    return log


def _order(one: Any) -> dict[str, Any]:
    return {"id": ids.show(one.id), "number": one.number, "title": one.title, "title_zh": one.title_zh,
            "priority": one.priority,
            "status": one.status.value}  # fmt: skip


def _record(session: Session, scope: Scope, action: str, log: ShiftLog) -> None:
    audit.record(session, scope, action=action, entity="shift_log", entity_id=log.id,
                 organisation_id=log.organisation_id)  # fmt: skip
