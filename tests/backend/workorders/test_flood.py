"""A flood of alarms, delivered by three workers at once: one open order for a fault at a place, the others in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from backend.alarms.models import Alarm, AlarmState
from backend.infra import outbox
from backend.kernel import clock, events, ids
from backend.kernel.events import Event
from backend.kernel.scope import Scope
from backend.wiring import faults
from backend.workorders import service
from backend.workorders.models import OrderEvent

WORKERS, FLOOD = 3, 30


@pytest.fixture
def listening(monkeypatch, owner_database):
    """The product's listener of alarms, alone."""
    monkeypatch.setattr(events, "_listeners", {})
    events.listen("alarms.raised", "work orders of urgent alarms", faults.report_alarm)
    with owner_database.transaction(Scope.public()) as session:
        session.execute(text("DELETE FROM outbox"))


def raise_many(world, region, count):
    """Write alarms of the supply's rule as its flapping would, with their events."""
    with world.database.transaction(region.scope) as session:
        first = session.get(Alarm, region.ids["alarm"])
        for _ in range(count):
            columns = {c.key: getattr(first, c.key) for c in Alarm.__table__.columns}
            alarm = Alarm(
                **columns | {"id": ids.new_id(), "raised_at": clock.now(), "state": AlarmState.NORMAL}
            )
            session.add(alarm)
            session.flush()
            body = {"alarm_id": str(alarm.id), "priority": 2, "suppression": None}
            events.publish(session, Event("alarms.raised", region.enterprise.id, body))


def deliver_all(world):
    """Three workers take what is due at the same moment, each its own share."""
    due = outbox.claim_due(world.database)
    start = Barrier(WORKERS)

    def work(share):
        start.wait(10)
        return [outbox.deliver(world.database, entry) for entry in share]

    with ThreadPoolExecutor(WORKERS) as pool:
        done = [one for share in pool.map(work, [due[n::WORKERS] for n in range(WORKERS)]) for one in share]
    assert len(done) == len(due)
    return done


def test_a_flood_opens_one_order_and_nothing_of_it_is_lost_or_tried_twice(world, east, acting, listening):
    raise_many(world, east, FLOOD)
    assert all(deliver_all(world)), "no delivery failed and had to wait its minute"
    with acting("dispatcher") as (session, scope):
        (order,) = [row.order for row in service.orders(session, scope, limit=100).items]
        told = [e.command for e in session.query(OrderEvent).filter_by(work_order_id=order.id)]
    assert (order.fault_class, sorted(told)) == ("overload", ["report", *["report_again"] * (FLOOD - 1)])


def test_a_flood_after_closing_reopens_one_order_once(world, east, acting, listening):
    with acting("dispatcher") as (session, scope):
        (order,) = [row.order for row in service.orders(session, scope, limit=100).items]
        order = service.order(session, scope, order_id=order.id)
        service.triage(session, scope, order_id=order.id, fault_class="overload")
    with acting("system") as (session, scope):
        found = service.order(session, scope, order_id=order.id)
        found.status, found.cost = service.OrderStatus.VERIFIED, 0
    with acting("manager") as (session, scope):
        service.close(session, scope, order_id=order.id)
    raise_many(world, east, FLOOD)
    assert all(deliver_all(world))
    with acting("dispatcher") as (session, scope):
        (again,) = [row.order for row in service.orders(session, scope, limit=100).items]
        told = [e.command for e in session.query(OrderEvent).filter_by(work_order_id=order.id)]
    assert (again.id, again.cycle) == (order.id, 2)
    assert told.count("reopen") == 1
    assert told.count("report_again") == 2 * (FLOOD - 1)
