"""The snapshot of a technician's phone: their visits of a fortnight with all that belongs to them, set by set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import service as assets
from backend.field import queries
from backend.field.service import places
from backend.field.service.row import Mine, Row, iso, show
from backend.kernel import clock, ids, paging
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from backend.workorders import service as work
from backend.workorders.models import Visit, WorkOrder
from backend.workorders.rules.sla import Clock

STOCKED, PLACED = frozenset({"part", "stock", "store"}), frozenset({"position", "device", "alarm"})
BEHIND, AHEAD = timedelta(days=7), timedelta(days=14)


def of_asker(session: Session, scope: Scope) -> Mine:
    """Return the asker's visits from a week ago to two weeks ahead, and those not over, with their orders."""
    now = clock.now()
    pairs = work.visits_of_person(session, scope, start=now - BEHIND, end=now + AHEAD)
    orders = {order.id: order for _, order in pairs}
    return Mine([visit for visit, _ in pairs], list(orders.values()))


def everything(session: Session, scope: Scope, *, mine: Mine | None = None) -> list[Row]:
    """Return the whole snapshot, by entity and id."""
    held = mine or of_asker(session, scope)
    return _sorted([
        *_orders(session, scope, held.orders), *_visits(session, scope, held, held.visits),
        *places.rows(session, scope, held), *_stock(session, scope), *_codes(session, scope),
        *_checklists(session, scope), *_people(session, scope, held.visits), *_conflicts(session, scope),
    ])  # fmt: skip


def about(session: Session, scope: Scope, held: Mine, changed: Collection[tuple[str, UUID]]) -> list[Row]:
    """Return the rows that a change of some things makes worth telling again; asks only where one may be.

    An order with a visit that changed may be new on this phone, and comes with all that belongs to it.
    changed: entity and id
    """
    kinds, wanted = {entity for entity, _ in changed}, {one for _, one in changed}
    own = {order.id: order for order in held.orders}
    visits = [one for one in held.visits if one.id in wanted or one.work_order_id in wanted]
    fresh = {one.work_order_id for one in visits if one.id in wanted}
    orders = [order for key, order in own.items() if key in wanted or key in fresh]
    wanted |= {order.id for order in orders} | {one.technician_id for one in visits if one.id in wanted}
    wanted |= {
        part
        for order in (own[key] for key in fresh)
        for part in (order.position_id, order.device_id, order.alarm_id)
        if part
    }
    strangers = any(entity == "work_order" and one not in own for entity, one in changed)
    found = [*_orders(session, scope, orders), *_visits(session, scope, held, visits)]
    if fresh or strangers or not PLACED.isdisjoint(kinds):
        found += places.rows_about(session, scope, held, wanted, kinds, has_strangers=strangers)
    if fresh:
        found += _people(session, scope, visits)
    for several, make in ((STOCKED, _stock), ({"checklist"}, _checklists), ({"conflict"}, _conflicts)):
        if not kinds.isdisjoint(several):
            found += make(session, scope)
    return _sorted([row for row in found if not row.about.isdisjoint(wanted)])


def _sorted(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row.entity, row.id))


def _orders(session: Session, scope: Scope, orders: Sequence[WorkOrder]) -> Iterable[Row]:
    looked = work.packs(session, scope, orders=orders) if orders else ()
    for pack in looked:
        order, clocks = pack.order, pack.clocks
        latest = pack.verifications[-1] if pack.verifications else None
        row = {
            "number": order.number, "kind": order.kind.value, "source": order.source.value,
            "status": order.status.value, "cycle": order.cycle, "position_id": show(order.position_id),
            "device_id": show(order.device_id), "alarm_id": show(order.alarm_id),
            "carrier": order.carrier.value if order.carrier else None, "fault_class": order.fault_class,
            "priority": order.priority, "title": order.title, "title_zh": order.title_zh,
            "description": order.description,
            "reported_at": iso(order.reported_at), "customer": pack.customer, "contact": pack.contact,
            "checklist_id": show(order.checklist_id), "needs_permit": order.needs_permit,
            "needs_signature": order.needs_signature, "duration_min": order.duration_min,
            "window_starts_at": iso(order.window_starts_at), "window_ends_at": iso(order.window_ends_at),
            "is_clock_paused": any(one.is_paused for one in clocks.values()),
            "respond_by": iso(clocks[Clock.RESPONSE].due_at) if Clock.RESPONSE in clocks else None,
            "restore_by": iso(clocks[Clock.RESTORATION].due_at) if Clock.RESTORATION in clocks else None,
            "hold_reason": order.hold_reason, "hold_until": iso(order.hold_until),
            "problem_code": order.problem_code, "cause_code": order.cause_code, "remedy_code": order.remedy_code,
            "is_rehearsal": order.is_rehearsal, "geofence_m": pack.geofence_m,
            "answers": {a.item: {"value": a.value, "note": a.note, "is_failed": a.is_failed,
                                 "answered_at": iso(a.answered_at)} for a in pack.answers},
            "attachments": [{"role": a.role, "sha256": a.sha256, "size": a.size, "mime": a.mime,
                             "taken_at": iso(a.taken_at), "is_here": a.arrived_at is not None} for a in pack.photos],
            "parts": [{"part_id": show(p.part_id), "store_id": show(p.store_id), "quantity": float(p.quantity),
                       "at": iso(p.at)} for p in pack.parts],
            "planned_parts": [{"part_id": show(p.part_id), "store_id": show(p.store_id),
                               "quantity": float(p.quantity)} for p in pack.planned_parts],
            "verification": None if latest is None else {
                "verdict": latest.verdict, "because": latest.because, "decided_at": iso(latest.decided_at)},
        }  # fmt: skip
        about = frozenset({order.id})
        yield Row("work_order", ids.show(order.id), order.rev, row, about)
        for comment in pack.comments:
            said = {"work_order_id": show(order.id), "text": comment.text, "is_public": comment.is_public,
                    "at": iso(comment.at), "author": pack.names.get(comment.author_id)}  # fmt: skip
            yield Row("comment", ids.show(comment.id), 1, said, about)
        for event in pack.events:
            told = {"work_order_id": show(order.id), "visit_id": show(event.visit_id), "command": event.command,
                    "before": event.before, "after": event.after, "reason": event.reason,
                    "occurred_at": iso(event.occurred_at), "actor": pack.names.get(event.actor_id),
                    "actor_kind": event.actor_kind}  # fmt: skip
            yield Row("event", ids.show(event.id), 1, told, about)
        for permit in pack.permits:
            leave = {
                "work_order_id": show(order.id), "kind": permit.kind, "isolation": permit.isolation,
                "issued_at": iso(permit.issued_at), "expires_at": iso(permit.expires_at),
                "confirmed_at": iso(permit.confirmed_at), "handed_back_at": iso(permit.handed_back_at),
            }  # fmt: skip
            rev = sum(at is not None for at in (permit.confirmed_at, permit.handed_back_at))
            yield Row("permit", ids.show(permit.id), rev, leave, about | {permit.id})


def _visits(session: Session, scope: Scope, held: Mine, visits: Sequence[Visit]) -> Iterable[Row]:
    if not visits:
        return
    rehearsed = {order.id for order in held.orders if order.is_rehearsal}
    punches: dict[UUID, list[dict[str, Any]]] = {}
    for one in work.punches_of(session, scope, visit_ids=[v.id for v in visits]):
        punches.setdefault(one.visit_id, []).append(
            {"kind": one.kind, "started_at": iso(one.started_at), "seconds": one.seconds}
        )
    for visit in visits:
        row = {
            "work_order_id": show(visit.work_order_id), "technician_id": show(visit.technician_id),
            "companions": [ids.show(UUID(one)) for one in visit.companions], "status": visit.status.value,
            "planned_start": iso(visit.planned_start), "planned_end": iso(visit.planned_end),
            "accepted_at": iso(visit.accepted_at), "arrived_at": iso(visit.arrived_at),
            "ended_at": iso(visit.ended_at), "outcome": visit.outcome, "travel_min": None,
            "punches": punches.get(visit.id, []), "cycle": visit.cycle,
            "is_rehearsal": visit.work_order_id in rehearsed,
        }  # fmt: skip
        yield Row("visit", ids.show(visit.id), visit.rev, row, frozenset({visit.id, visit.work_order_id}))


def _stock(session: Session, scope: Scope) -> Iterable[Row]:
    """The catalogue, and what lies in the asker's van."""
    catalogue = paging.every(
        lambda cursor: assets.list_parts(session, scope, cursor=cursor, limit=paging.MOST)
    )
    for part, _total in catalogue:
        row = {"number": part.number, "name": part.name, "name_zh": part.name_zh, "unit": part.unit}
        yield Row("part", ids.show(part.id), 0, row, frozenset({part.id}))
    own = work.own_store(session, scope)
    if own is None:
        return
    lying = paging.every(
        lambda cursor: assets.stock_in(session, scope, own, cursor=cursor, limit=paging.MOST)
    )
    for line in lying:
        row = {
            "store_id": show(own), "part_id": show(line.part.id), "quantity": float(line.quantity),
            "store": line.store.name, "is_mine": True,
        }  # fmt: skip
        key = f"{ids.show(own)}.{ids.show(line.part.id)}"
        yield Row("stock", key, 0, row, frozenset({own, line.part.id}))


def _codes(session: Session, scope: Scope) -> Iterable[Row]:
    for code in work.failure_codes(session, scope):
        row = {"kind": code.kind, "code": code.code, "name": code.name, "name_zh": code.name_zh,
               "fault_classes": code.fault_classes}  # fmt: skip
        yield Row("failure_code", ids.show(code.id), 1, row, frozenset({code.id}))


def _checklists(session: Session, scope: Scope) -> Iterable[Row]:
    for one in work.checklists(session, scope):
        listed = {
            "code": one.code,
            "version": one.version,
            "name": one.name,
            "name_zh": one.name_zh,
            "items": one.items,
        }
        yield Row("checklist", ids.show(one.id), one.version, listed, frozenset({one.id}))


def _people(session: Session, scope: Scope, visits: Collection[Visit]) -> Iterable[Row]:
    """The asker and those they work with."""
    wanted = {visit.technician_id for visit in visits} | {scope.actor_id}
    for person_id, name in tenancy.names(session, scope, wanted - {None}).items():
        row = {"name": name, "phone": None, "roles": [role.value for role, _ in scope.roles]
               if person_id == scope.actor_id else ["technician"], "is_me": person_id == scope.actor_id}  # fmt: skip
        yield Row("person", ids.show(person_id), 0, row, frozenset({person_id}))


def _conflicts(session: Session, scope: Scope) -> Iterable[Row]:
    for one in queries.own_conflicts(session, scope, clock.now() - BEHIND):
        row = {"op_id": ids.show(one.op_id), "entity": one.entity, "entity_id": ids.show(one.entity_id),
               "class": one.kind, "resolved_at": iso(one.resolved_at), "resolution": one.resolution}  # fmt: skip
        yield Row("conflict", ids.show(one.id), 1 if one.resolved_at is None else 2, row, frozenset({one.id}))
