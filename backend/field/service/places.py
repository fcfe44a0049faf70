"""What a phone holds of the places of its visits: where they are, what stands and is measured there, what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session

from backend.alarms import service as alarms
from backend.alarms.models import AlarmState
from backend.assets import service as assets
from backend.field.service.row import Mine, Row, iso, show
from backend.kernel import changes, ids, paging
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.network import service as network
from backend.network.models import Position
from backend.workorders import service as work
from backend.workorders.models import WorkOrder

HISTORY = 5
"""Earlier orders of a position that a phone shows."""
MOST_POINTS, MOST_ALARMS = 100, 200
"""Points of a position, and open alarms of all places together, the most urgent first."""


def rows(session: Session, scope: Scope, held: Mine) -> Iterable[Row]:
    """Return all of it; a set a question, however many places."""
    found = network.positions_by_id(session, scope, held.positions)
    yield from _positions(session, scope, found)
    yield from _standing(session, scope, found)
    yield from _measured(session, scope, found)
    yield from _wrong(session, scope, held, found)
    yield from _orders_before(session, scope, held, found)


def rows_about(
    session: Session,
    scope: Scope,
    held: Mine,
    wanted: Collection[UUID],
    kinds: Collection[str],
    *,
    has_strangers: bool,
) -> Iterable[Row]:
    """Return what a change of the wanted ids may have touched.

    kinds: the entities among them; has_strangers: there are orders among them that are not the asker's
    """
    found = network.positions_by_id(session, scope, held.positions)
    touched = {key: one for key, one in found.items() if not wanted.isdisjoint(_way(one))}
    yield from _positions(session, scope, touched)
    yield from _standing(session, scope, found if "device" in kinds else touched)
    yield from _measured(session, scope, touched)
    yield from _wrong(session, scope, held, found if "alarm" in kinds else touched)
    yield from _orders_before(session, scope, held, found if has_strangers else touched)


def left(session: Session, scope: Scope, held: Mine, order_ids: Collection[UUID]) -> set[tuple[str, UUID]]:
    """Return what phones held of the places of orders that were the asker's, where none of theirs is there any more.

    And the alarms of those orders, where they are told for nothing else.
    """
    orders = work.orders_by_id(session, scope, order_ids=order_ids) if order_ids else ()
    over = _causes(orders) - _causes(held.orders)
    gone = {order.position_id for order in orders} - held.positions
    if not gone:
        return _alarms_left(session, scope, held, over)
    found = {("position", one) for one in gone}
    found |= {("device", device.id) for _, device in assets.standing_at(session, scope, gone)}
    before = work.last_orders_at(session, scope, position_ids=gone, each=HISTORY)
    found |= {("work_order", order.id) for order in before}
    wrong = alarms.alarms(session, scope, alarms.AlarmFilter(position_ids=gone), limit=MOST_ALARMS).items
    return found | _alarms_left(session, scope, held, over | {one.id for one in wrong})


def _alarms_left(
    session: Session, scope: Scope, held: Mine, alarm_ids: Collection[UUID]
) -> set[tuple[str, UUID]]:
    told = alarms_of(session, scope, held.positions, alarm_ids, is_open=True) | _causes(held.orders)
    return {("alarm", one) for one in alarm_ids if one not in told}


def _causes(orders: Iterable[WorkOrder]) -> set[UUID]:
    """Alarms that raised orders."""
    return {order.alarm_id for order in orders if order.alarm_id}


def alarms_of(
    session: Session, scope: Scope, position_ids: Collection[UUID], alarm_ids: Collection[UUID], *,
    is_open: bool = False,
) -> set[UUID]:  # fmt: skip
    """Return those of some alarms that are at some places or below them, open or not unless asked."""
    if not position_ids or not alarm_ids:
        return set()
    several, found = list(alarm_ids), set()
    for first in range(0, len(several), paging.MOST):
        wanted = alarms.AlarmFilter(
            alarm_ids=several[first : first + paging.MOST], position_ids=position_ids,
            states=None if is_open else [*AlarmState], suppressed=False if is_open else None,
        )  # fmt: skip
        found |= {one.id for one in alarms.alarms(session, scope, wanted, limit=paging.MOST).items}
    return found


def _way(position: Position) -> list[UUID]:
    """Ids from a site down to a position."""
    return [UUID(hex=part) for part in str(position.path).split(".")]


def _positions(session: Session, scope: Scope, places: Mapping[UUID, Position]) -> Iterable[Row]:
    if not places:
        return
    sites = {site.position_id: site for site, _ in network.sites(session, scope)}
    above = network.positions_by_id(session, scope, {one for place in places.values() for one in _way(place)})
    revs = changes.revisions(session, scope, entity="position", entity_ids=list(places))
    for one in places.values():
        site, point = sites.get(one.site_id), None
        way = [above[step] for step in _way(one) if step in above]
        if one.geometry is not None:
            point = to_shape(one.geometry).representative_point()
        row = {
            "name": one.name, "name_zh": one.name_zh, "kind": one.kind.value, "code": one.code,
            "parent_id": show(one.parent_id), "path": [step.name for step in way],
            "path_zh": [step.name_zh or step.name for step in way], "address": site.address if site else None,
            "timezone": site.timezone if site else "UTC", "carriers": one.carriers,
            "lat": point.y if point else None, "lon": point.x if point else None, "short_code": ids.show(one.id)[-6:],
        }  # fmt: skip
        yield Row("position", ids.show(one.id), revs.get(one.id, 0), row, frozenset(_way(one)))


def _standing(session: Session, scope: Scope, places: Collection[UUID]) -> Iterable[Row]:
    if not places:
        return
    found = assets.standing_at(session, scope, places)
    revs = changes.revisions(session, scope, entity="device", entity_ids=[device.id for _, device in found])
    for installation, device in found:
        row = {
            "position_id": show(installation.position_id), "family": device.family,
            "manufacturer": device.manufacturer, "model": device.model, "serial_number": device.serial_number,
            "status": device.status.value, "warranty_until": _day(getattr(device, "warranty_until", None)),
            "commissioned_at": _day(getattr(device, "commissioned_on", None)),
            "name": f"{device.manufacturer} {device.model}",
        }  # fmt: skip
        about = frozenset({installation.position_id, device.id})
        yield Row("device", ids.show(device.id), revs.get(device.id, 0), row, about)


def _measured(session: Session, scope: Scope, places: Collection[UUID]) -> Iterable[Row]:
    if not places:
        return
    points = [
        point for here in metering.points_at(session, scope, places).values() for point in here[:MOST_POINTS]
    ]
    values = metering.latest_values(session, scope, point_ids=[point.id for point in points])
    latest = {one.point_id: one for one in values}
    for point in points:
        now = latest.get(point.id)
        row = {
            "position_id": show(point.position_id), "name": point.name, "name_zh": point.name_zh,
            "carrier": point.carrier.value, "quantity": point.quantity, "unit": point.unit,
            "kind": point.kind.value, "low": point.low, "high": point.high, "dial": _number(point.dial),
            "value": now.value if now else None, "at": iso(now.read_at) if now else None,
            "is_good": bool(now and now.quality == 0),
        }  # fmt: skip
        yield Row("point", ids.show(point.id), 0, row, frozenset({point.position_id}))


def _wrong(session: Session, scope: Scope, held: Mine, places: Collection[UUID]) -> Iterable[Row]:
    """Open alarms of the places and below them, and those that raised the orders there, over or not.

    Told again with any place above; `value` is what was measured at the alarm, not what it is by now.
    """
    if not places:
        return
    wanted = alarms.AlarmFilter(position_ids=places)
    found = {one.id: one for one in alarms.alarms(session, scope, wanted, limit=MOST_ALARMS).items}
    causes = _causes(order for order in held.orders if order.position_id in places) - found.keys()
    if causes:
        found |= {one.id: one for one in alarms.alarms_by_id(session, scope, causes)}
    raised = alarms.values_when_raised(session, scope, found) if found else {}
    where = network.positions_by_id(session, scope, {one.position_id for one in found.values()})
    for alarm in (one for one in found.values() if one.position_id in where):
        above = _way(where[alarm.position_id])
        row = {
            "position_id": show(alarm.position_id), "point_id": show(alarm.point_id), "name": alarm.name,
            "name_zh": alarm.name_zh, "priority": alarm.priority, "state": alarm.state,
            "suppression": alarm.suppression, "raised_at": iso(alarm.raised_at),
            "returned_at": iso(alarm.returned_at), "value": raised.get(alarm.id, alarm.value), "unit": alarm.unit,
            "limit": alarm.limit, "worst": alarm.worst,
        }  # fmt: skip
        yield Row("alarm", ids.show(alarm.id), 0, row, frozenset({alarm.id, *above}))


def _orders_before(session: Session, scope: Scope, held: Mine, places: Collection[UUID]) -> Iterable[Row]:
    """The last orders of the places, for their history; in short."""
    if not places:
        return
    own = {order.id for order in held.orders}
    for order in work.last_orders_at(session, scope, position_ids=places, each=HISTORY):
        if order.id in own:
            continue
        row = {
            "number": order.number, "kind": order.kind.value, "source": order.source.value,
            "status": order.status.value, "cycle": order.cycle, "position_id": show(order.position_id),
            "device_id": show(order.device_id), "fault_class": order.fault_class, "priority": order.priority,
            "title": order.title, "title_zh": order.title_zh,
            "description": order.description, "reported_at": iso(order.reported_at),
            "problem_code": order.problem_code, "cause_code": order.cause_code, "remedy_code": order.remedy_code,
            "is_rehearsal": False, "is_history": True, "answers": {}, "attachments": [], "parts": [],
        }  # fmt: skip
        yield Row("work_order", ids.show(order.id), order.rev, row, frozenset({order.id, order.position_id}))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _day(value: Any) -> str | None:
    return None if value is None else value.isoformat()[:10]
