"""Alarms out of service while somebody works, and back: what is still on then is raised anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.alarms import service as alarms
from backend.kernel import clock
from backend.kernel.events import Event
from backend.wiring import faults
from backend.workorders import service
from tests.backend.workorders.conftest import plan
from tests.backend.workorders.test_story import evidence, work_on

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def verified_quickly(world, east):
    with world.database.transaction(world.scope(east, "manager")) as session:
        service.set_verification(
            session, world.scope(east, "manager"), organisation_id=east.region.id, window_s=60, samples=3,
            oldest_s=60, fault_class="overload",
        )  # fmt: skip


@pytest.fixture
def order(world, east, acting, verified_quickly):
    """The order of the supply's alarm, which is on."""
    body = {"alarm_id": str(east.ids["alarm"]), "priority": 2, "suppression": None}
    with world.database.transaction(east.scope) as session:
        faults.report_alarm(session, east.scope, Event("alarms.raised", east.enterprise.id, body))
    with acting("dispatcher") as (session, scope):
        return next(row.order for row in service.orders(session, scope).items if row.order.alarm_id)


def rule_of(acting, east):
    with acting("manager") as (session, scope):
        return alarms.rule(session, scope, east.ids["rule"]).rule


def test_an_alarm_still_on_when_it_returns_to_service_fails_the_watch(east, acting, order):
    with acting("dispatcher") as (session, scope):
        service.triage(session, scope, order_id=order.id, fault_class="overload")
        plan(session, scope, order.id, east.people["technician"].id)
        service.dispatch(session, scope, order_id=order.id)
    with acting("technician") as (session, scope):
        service.start(session, scope, order_id=order.id, given=evidence(order))
        work_on(session, scope, order)
    assert rule_of(acting, east).out_of_service_reason == f"work order {order.number}"
    with acting("technician") as (session, scope):
        service.complete(
            session, scope, order_id=order.id, problem="ELECTRICAL", cause="LOOSE", remedy="TIGHTENED"
        )
    with acting("dispatcher") as (session, scope):
        (alarm,) = alarms.alarms(session, scope, alarms.AlarmFilter(rule_id=east.ids["rule"])).items
        assert (alarm.state, alarm.suppression) == ("unacknowledged", None), (
            "raised anew, for everybody to see"
        )
    with acting("system") as (session, scope):
        service.begin_verification(session, scope, order_id=order.id)
    with clock.shifted(timedelta(seconds=1)), acting("system") as (session, scope):
        assert service.settle(session, scope, order_id=order.id) is None, (
            "it came back before the watch began"
        )
    with clock.shifted(timedelta(seconds=2)), acting("manager") as (session, scope):
        alarms.take_out_of_service(
            session, scope, east.ids["rule"], until=clock.now() + HOUR, reason="calibration"
        )
    with clock.shifted(timedelta(seconds=3)), acting("system") as (session, scope):
        assert service.settle(session, scope, order_id=order.id) is None
    with clock.shifted(timedelta(seconds=4)), acting("manager") as (session, scope):
        alarms.return_to_service(session, scope, east.ids["rule"])
        returned_at = clock.now()
    with clock.shifted(timedelta(seconds=5)), acting("system") as (session, scope):
        assert service.settle(session, scope, order_id=order.id) == "failed"
        watch = service.look(session, scope, order_id=order.id).verifications[0]
        assert watch.because["alarm"] == "too much"
        assert watch.started_at.isoformat() < watch.because["raised_at"] <= returned_at.isoformat()
        assert service.replay(session, scope, watch).verdict == "failed"


def test_what_a_manager_took_out_for_longer_stays_out_when_the_work_is_done(east, acting, dispatched):
    with acting("manager") as (session, scope):
        later = clock.now() + 100 * HOUR
        alarms.take_out_of_service(session, scope, east.ids["rule"], until=later, reason="calibration")
    order = dispatched("supply")
    with acting("technician") as (session, scope):
        service.start(session, scope, order_id=order.id, given=evidence(order))
        work_on(session, scope, order)
        service.complete(
            session, scope, order_id=order.id, problem="ELECTRICAL", cause="LOOSE", remedy="TIGHTENED"
        )
    assert rule_of(acting, east).out_of_service_reason == "calibration"
