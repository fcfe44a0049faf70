"""The loop closes by telemetry: alarm, order, repair, proof."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from backend.alarms.service import AlarmFollower
from backend.kernel import clock
from backend.kernel.events import Event
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.wiring import faults
from backend.workorders import service
from backend.workorders.rules.machine import OrderStatus
from tests.backend.workorders.test_story import evidence, work_on


@pytest.fixture(scope="module")
def measure(world):
    """Give a power at the supply now, and let the alarms follow."""
    region = world.east
    everyone = Scope.system(region.scope.organisations | world.west.scope.organisations, "following")

    def one(value, seconds=0.0):
        at = clock.now_us() + int(seconds * 1e6)
        batch = metering.ReadingBatch(
            np.array([region.point_keys["supply_power"]]), np.array([at]), np.array([float(value)]),
            np.zeros(1, np.int16),
        )  # fmt: skip
        with world.database.transaction(region.scope) as session:
            metering.store_readings(session, region.scope, batch, source="test", live=True)
        follower = AlarmFollower()
        while follower.turn(world.database, everyone):
            pass
        follower.let_go(world.database, everyone)

    return one


def raised(world, region):
    body = {"alarm_id": str(region.ids["alarm"]), "priority": 2, "suppression": None}
    with world.database.transaction(region.scope) as session:
        faults.report_alarm(session, region.scope, Event("alarms.raised", region.enterprise.id, body))


def repaired(acting, order, east):
    from tests.backend.workorders.conftest import plan

    with acting("dispatcher") as (session, scope):
        service.triage(session, scope, order_id=order.id, fault_class="overload")
        plan(session, scope, order.id, east.people["technician"].id)
        service.dispatch(session, scope, order_id=order.id)
    with acting("technician") as (session, scope):
        service.start(session, scope, order_id=order.id, given=evidence(order))
        work_on(session, scope, order)
        service.complete(
            session, scope, order_id=order.id, problem="ELECTRICAL", cause="LOOSE", remedy="TIGHTENED"
        )


def test_an_urgent_alarm_opens_one_order_and_is_proved_repaired_by_what_is_measured(
    world, east, acting, measure
):
    raised(world, east)
    raised(world, east)
    with acting("dispatcher") as (session, scope):
        found = [row.order for row in service.orders(session, scope).items if row.order.alarm_id]
        assert [one.fault_class for one in found] == ["overload"]
        assert (found[0].title, found[0].title_zh) == ("too much", "用电过高")
    order = found[0]
    with acting("manager") as (session, scope):
        service.set_verification(
            session, scope, organisation_id=east.region.id, window_s=60, samples=3, oldest_s=60,
            fault_class="overload",
        )  # fmt: skip
    repaired(acting, order, east)
    with acting("system") as (session, scope):
        assert service.begin_verification(session, scope, order_id=order.id).status is OrderStatus.VERIFYING
    with clock.shifted(timedelta(seconds=5)), acting("system") as (session, scope):
        assert service.settle(session, scope, order_id=order.id) is None, "nothing was measured since"
    for seconds in (6, 7, 8):
        with clock.shifted(timedelta(seconds=seconds)):
            measure(60)
    with clock.shifted(timedelta(seconds=9)), acting("system") as (session, scope):
        assert service.settle(session, scope, order_id=order.id) == "verified"
    with clock.shifted(timedelta(seconds=10)), acting("manager") as (session, scope):
        looked = service.look(session, scope, order_id=order.id)
        watch = looked.verifications[0]
        assert service.replay(session, scope, watch).verdict == "verified"
        assert looked.order.status is OrderStatus.VERIFIED
        closed = service.close(session, scope, order_id=order.id)
        assert closed.cost == 60 and closed.downtime_to < closed.downtime_from + timedelta(hours=1)
    with clock.shifted(timedelta(seconds=11)), acting("customer") as (session, scope):
        assert service.rate(session, scope, order_id=order.id, stars=5, text="quick").rating == 5
    with clock.shifted(timedelta(days=3)):
        measure(99)
        raised(world, east)
        with acting("dispatcher") as (session, scope):
            again = service.order(session, scope, order_id=order.id)
            assert (again.cycle, again.status, again.rating) == (2, OrderStatus.READY, None)
            events = service.look(session, scope, order_id=order.id).events
            assert [one.reason for one in events if one.command == "reopen"] == ["alarm_again"]


def test_what_time_brings_is_done_once(world, east, acting, reported):
    order = reported("plant", fault_class="gas_smell")
    for _ in range(2):
        with acting("system") as (session, scope):
            for one in service.due(session, scope):
                if one[1] == order.id:
                    service.do(session, scope, one)
    with clock.shifted(timedelta(minutes=31)), acting("system") as (session, scope):
        for one in service.due(session, scope):
            service.do(session, scope, one)
    with acting("dispatcher") as (session, scope):
        told = [
            e.evidence["step"]
            for e in service.look(session, scope, order_id=order.id).events
            if e.command == "escalate"
        ]
        assert told == [1]
        assert service.acknowledge(session, scope, order_id=order.id) == 1
    with clock.shifted(timedelta(hours=5)), acting("system") as (session, scope):
        assert ("climb", order.id) not in service.due(session, scope)
