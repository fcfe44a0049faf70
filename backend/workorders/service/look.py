"""Looking at work orders: lists with their clocks, one with all that happened to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.errors import NotFound
from backend.kernel.paging import Page
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.network.models import Position
from backend.workorders.models import (
    AssetHealth,
    Attachment,
    ChecklistAnswer,
    ChecklistTemplate,
    Comment,
    KnowledgeCard,
    OrderEvent,
    PartUse,
    Permit,
    SlaPolicy,
    TimePunch,
    Verification,
    Visit,
    WorkCalendar,
    WorkOrder,
)
from backend.workorders.queries import evidence, policies, verifications
from backend.workorders.queries import orders as queries
from backend.workorders.queries.orders import OrderFilter
from backend.workorders.rules import machine, sla
from backend.workorders.rules.calendar import Calendar
from backend.workorders.rules.guards import REOPEN_DAYS
from backend.workorders.rules.machine import OrderStatus
from backend.workorders.rules.sla import Clock, Happened, Reading
from backend.workorders.service import learned, parts
from backend.workorders.service.moves import actors_of
from backend.workorders.service.parts import NeededPart
from backend.workorders.service.policies import read_policy

Clocks = dict[Clock, Reading]
LOOKED = 50
"""So many events, photos, comments, … come with an order; the rest by page."""


@dataclass(frozen=True)
class OrderRow:
    """An order as lists show it: with its place, its visits and its clocks."""

    order: WorkOrder
    position: Position | None
    visits: Sequence[Visit]
    clocks: Clocks


@dataclass(frozen=True)
class Looked:
    """An order with what belongs to it. possible: commands the asker may give now.

    Of each list the newest `LOOKED`, the oldest of these first; `list_events`, `list_photos` and `list_comments`
    have all.
    """

    order: WorkOrder
    position: Position | None
    visits: Sequence[Visit]
    clocks: Clocks
    events: Sequence[OrderEvent]
    photos: Sequence[Attachment]
    comments: Sequence[Comment]
    checklist: ChecklistTemplate | None
    answers: Sequence[ChecklistAnswer]
    punches: Sequence[TimePunch]
    parts: Sequence[PartUse]
    needed: Sequence[NeededPart]
    cards: Sequence[KnowledgeCard]
    health: AssetHealth | None
    permits: Sequence[Permit]
    verifications: Sequence[Verification]
    possible: Sequence[str]


def order(session: Session, scope: Scope, *, order_id: UUID) -> WorkOrder:
    """Return one order; raises NotFound."""
    return queries.order(session, scope, order_id)


def orders(
    session: Session,
    scope: Scope,
    wanted: OrderFilter | None = None,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[OrderRow]:
    """Return a page of orders, the newest report first, each with its visits and clocks; five questions in all."""
    found = queries.orders(session, scope, wanted or OrderFilter(), cursor=cursor, limit=limit)
    return Page(rows(session, scope, found.items), found.next_cursor)


def rows(session: Session, scope: Scope, found: Sequence[WorkOrder]) -> list[OrderRow]:
    """Return orders as rows; questions do not grow with their number."""
    order_ids = [one.id for one in found]
    places = network.positions_by_id(session, scope, {one.position_id for one in found})
    visits: dict[UUID, list[Visit]] = {}
    for visit in queries.visits_of(session, scope, order_ids):
        visits.setdefault(visit.work_order_id, []).append(visit)
    clocks = clocks_of(session, scope, found)
    return [
        OrderRow(one, places.get(one.position_id), visits.get(one.id, [])[-LOOKED:], clocks[one.id])
        for one in found
    ]


def look(session: Session, scope: Scope, *, order_id: UUID) -> Looked:
    """Return an order with what belongs to it, as far as the asker sees it."""
    found = queries.order(session, scope, order_id)
    row = rows(session, scope, [found])[0]
    mine = actors_of(scope, found)
    return Looked(
        found, row.position, row.visits, row.clocks,
        queries.events_page(session, scope, found.id, cursor=None, limit=LOOKED).items[::-1],
        evidence.attachments_page(session, scope, found, cursor=None, limit=LOOKED).items[::-1],
        evidence.comments(session, scope, found, cursor=None, limit=LOOKED).items[::-1],
        evidence.checklist(session, scope, found.checklist_id) if found.checklist_id else None,
        evidence.answers(session, scope, found), evidence.punches(session, scope, found),
        evidence.parts_used(session, scope, found), parts.needed(session, scope, found),
        learned.cards(session, scope, order=found),
        learned.health_of(session, scope, position_id=found.position_id),
        evidence.permits(session, scope, found)[:LOOKED], verifications.of_order(session, scope, found)[-LOOKED:],
        [m.command for m in machine.MOVES if found.status in m.before and mine & set(m.actors)],
    )  # fmt: skip


def list_events(
    session: Session, scope: Scope, *, order_id: UUID, cursor: str | None = None, limit: int = 50
) -> Page[OrderEvent]:
    """Return a page of what happened to an order, the newest first."""
    found = queries.order(session, scope, order_id)
    return queries.events_page(session, scope, found.id, cursor=cursor, limit=limit)


def list_comments(
    session: Session, scope: Scope, *, order_id: UUID, cursor: str | None = None, limit: int = 50
) -> Page[Comment]:
    """Return a page of what was said about an order, the newest first."""
    found = queries.order(session, scope, order_id)
    return evidence.comments(session, scope, found, cursor=cursor, limit=limit)


def list_photos(
    session: Session, scope: Scope, *, order_id: UUID, cursor: str | None = None, limit: int = 50
) -> Page[Attachment]:
    """Return a page of an order's photos and signatures, the newest first."""
    found = queries.order(session, scope, order_id)
    return evidence.attachments_page(session, scope, found, cursor=cursor, limit=limit)


def orders_by_id(session: Session, scope: Scope, *, order_ids: Collection[UUID]) -> Sequence[WorkOrder]:
    """Return several orders, those the scope does not see left out."""
    return queries.orders_by_id(session, scope, order_ids)


def place_of(session: Session, scope: Scope, *, order: WorkOrder, locale: str) -> str:
    """Return an order's place in words: the site and the position."""
    way = network.way_to(session, scope, network.position(session, scope, order.position_id))
    names = [(one.name_zh if locale == "zh" else None) or one.name for one in way]
    return " · ".join(dict.fromkeys((names[0], names[-1]))) if names else ""


def reopenable(session: Session, scope: Scope, *, position_id: UUID, fault_class: str) -> UUID | None:
    """Return the order of the same fault at a place that was closed within a month, if none is open.

    Nobody else opens or reopens one for this fault until the transaction ends.
    """
    queries.lock_fault(session, scope, position_id, fault_class)
    if queries.open_twin(session, scope, position_id=position_id, fault_class=fault_class) is not None:
        return None
    last = queries.last_closed(session, scope, position_id=position_id, fault_class=fault_class)
    if last is None:
        return None
    closed = [e.occurred_at for e in queries.events_of(session, scope, [last.id]) if e.command == "close"]
    within = timedelta(days=REOPEN_DAYS["system"])
    return last.id if closed and clock.now() - closed[-1] <= within else None


def photo(session: Session, scope: Scope, *, order_id: UUID, photo_id: UUID) -> tuple[str, str]:
    """Return under which hash a photo of an order is kept, and what it is; raises NotFound until it is here."""
    found = queries.order(session, scope, order_id)
    for one in evidence.attachments(session, scope, found):
        if one.id == photo_id and one.stored_sha256 is not None:
            return one.stored_sha256, one.mime
    raise NotFound("this photo is not here", field="photo_id", value=str(photo_id))


def status_counts(
    session: Session, scope: Scope, wanted: OrderFilter | None = None
) -> dict[OrderStatus, int]:
    """Return how many orders stand where."""
    return queries.counts(session, scope, wanted or OrderFilter())


def visit(session: Session, scope: Scope, *, visit_id: UUID) -> Visit:
    """Return one visit; raises NotFound."""
    return queries.visit(session, scope, visit_id)


def visits_of(session: Session, scope: Scope, *, order_ids: Collection[UUID]) -> Sequence[Visit]:
    """Return the visits of some orders."""
    return queries.visits_of(session, scope, order_ids)


def list_visits(
    session: Session, scope: Scope, *, start: datetime, end: datetime, technician_id: UUID | None = None,
    cursor: str | None = None, limit: int = 50,
) -> Page[tuple[Visit, WorkOrder]]:  # fmt: skip
    """Return a page of the visits planned in a period with their orders, by technician and time."""
    return queries.visits_page(
        session, scope, start=start, end=end, technician_id=technician_id, cursor=cursor, limit=limit
    )


def clocks_of(
    session: Session, scope: Scope, found: Iterable[WorkOrder], *, now: datetime | None = None
) -> dict[UUID, Clocks]:
    """Return the clocks of orders as they stand; an order without a policy or priority has none."""
    found = list(found)
    events = queries.events_of(session, scope, [one.id for one in found])
    return clocks_told(found, events, policies.sla_policies(session, scope), now=now)


def clocks_told(
    found: Iterable[WorkOrder],
    events: Iterable[OrderEvent],
    held: Iterable[tuple[SlaPolicy, WorkCalendar]],
    *,
    now: datetime | None = None,
) -> dict[UUID, Clocks]:
    """Return the clocks of orders by what happened to them, for who has asked that already."""
    found = list(found)
    told: dict[UUID, list[Happened]] = {one.id: [] for one in found}
    for event in events:
        good_at = event.evidence.get("first_good_at")
        told[event.work_order_id].append(
            Happened(event.occurred_at, event.command, event.reason, event.cycle,
                     datetime.fromisoformat(good_at) if good_at else None)
        )  # fmt: skip
    pinned = {policy.id: (policy, calendar) for policy, calendar in held}
    return {one.id: _clocks(one, told[one.id], pinned, now or clock.now()) for one in found}


def _clocks(
    found: WorkOrder,
    told: Sequence[Happened],
    pinned: dict[UUID, tuple[SlaPolicy, WorkCalendar]],
    now: datetime,
) -> Clocks:
    held = pinned.get(found.sla_policy_id) if found.sla_policy_id else None
    if held is None or found.priority is None:
        return {}
    policy, hours = read_policy(held[0].targets, held[0].pausing), held[1]
    calendar = Calendar.read(hours.timezone, hours.weekly, hours.holidays)
    read = {
        one: sla.read(one, told, priority=found.priority, policy=policy, calendar=calendar, now=now)
        for one in Clock
    }
    return {one: reading for one, reading in read.items() if reading is not None}
