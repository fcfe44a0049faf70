"""Two orders at one place: its alarms come back when the last of them has ended, and not before."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from backend.alarms import service as alarms
from backend.kernel import clock
from backend.workorders import service
from backend.workorders.models import AlarmHold
from tests.backend.workorders.test_edges import CODES
from tests.backend.workorders.test_story import evidence, work_on

pytestmark = pytest.mark.usefixtures("all_over")


@pytest.fixture
def begun(acting, dispatched):
    """An order at the supply somebody works on."""

    def one(fault_class):
        order = dispatched("supply", fault_class)
        with acting("technician") as (session, scope):
            service.start(session, scope, order_id=order.id, given=evidence(order))
        return order

    return one


def end(acting, order):
    with acting("technician") as (session, scope):
        work_on(session, scope, order)
        service.complete(session, scope, order_id=order.id, **CODES)


def rule(acting, east):
    with acting("manager") as (session, scope):
        found = alarms.rule(session, scope, east.ids["rule"]).rule
        return found.out_of_service_until, found.out_of_service_reason


def test_the_first_to_end_leaves_the_alarms_to_the_second(acting, east, begun):
    first, second = begun("noise"), begun("damage")
    assert rule(acting, east)[1] in {f"work order {one.number}" for one in (first, second)}
    end(acting, first)
    until, reason = rule(acting, east)
    assert (reason, until > clock.now()) == (f"work order {second.number}", True)
    end(acting, second)
    assert rule(acting, east) == (None, None)


def test_the_second_to_end_is_not_the_last_when_the_first_still_works(acting, east, begun):
    first, second = begun("silence"), begun("emission")
    end(acting, second)
    assert rule(acting, east)[1] == f"work order {first.number}"
    with acting("technician") as (session, scope):
        service.give_up(session, scope, order_id=first.id, reason="no part")
    assert rule(acting, east) == (None, None)
    with acting("system") as (session, _scope):
        assert session.query(AlarmHold).count() == 0


def test_a_hold_whose_hour_is_over_holds_nothing(acting, east, begun):
    first, second = begun("too_cold"), begun("meter_fault")
    with acting("system") as (session, _scope):
        for hold in session.query(AlarmHold).filter_by(work_order_id=second.id):
            hold.until = clock.now() - timedelta(minutes=1)
    end(acting, first)
    assert rule(acting, east) == (None, None)
    end(acting, second)


def test_leaving_partly_done_brings_the_alarms_back(acting, east, begun):
    order = begun("plant_fault")
    with acting("technician") as (session, scope):
        (visit,) = service.visits_of(session, scope, order_ids=[order.id])
        service.command_visit(
            session, scope, visit_id=visit.id, name="leave_partial", given=service.Command(reason="dark")
        )
    assert rule(acting, east) == (None, None)


def test_two_that_end_at_once_do_not_leave_the_alarms_quiet_for_each_other(acting, east, begun):
    orders = [begun("other"), begun("low_pressure")]
    for order in orders:
        with acting("technician") as (session, scope):
            work_on(session, scope, order)
    ready, faults = threading.Barrier(2), []

    def one(order):
        try:
            ready.wait(10)
            with acting("technician") as (session, scope):
                service.complete(session, scope, order_id=order.id, **CODES)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=one, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    assert rule(acting, east) == (None, None)
