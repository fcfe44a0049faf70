"""The alarm that raised an order is on the phone because of that order, and leaves with it."""

from __future__ import annotations

import pytest

from backend.alarms.models import Alarm, AlarmState
from backend.kernel import ids
from backend.workorders import service as work
from tests.backend.workorders.conftest import all_over

__all__ = ["all_over"]
pytestmark = pytest.mark.usefixtures("all_over")


@pytest.fixture
def alarm_is(acting, east):
    """Say where the alarm at the supply stands: `alarm_is(AlarmState.NORMAL)`."""

    def say(state):
        with acting("system") as (session, _scope):
            session.get(Alarm, east.ids["alarm"]).state = state

    yield say
    say(AlarmState.UNACKNOWLEDGED)


@pytest.fixture
def leaves(phone, acting, east):
    """Withdraw an order's visit and return whether the alarm left the phone: `leaves(order)`."""
    key = ids.show(east.ids["alarm"])

    def withdraw(order):
        mine = phone()
        before = mine.pull()
        assert key in {row.id for row in before.rows if row.entity == "alarm"}
        with acting("dispatcher") as (session, scope):
            visit = work.visits_of(session, scope, order_ids=[order.id])[0]
            work.withdraw(session, scope, visit_id=visit.id, reason="closer colleague")
        told = mine.pull(before.cursor)
        assert ("visit", ids.show(visit.id)) in told.leaves
        return ("alarm", key) in told.leaves

    return withdraw


def test_an_alarm_that_is_over_leaves_with_its_order_though_the_place_stays(
    dispatched, alarm_is, leaves, east
):
    order = dispatched("supply", fault_class="noise", alarm_id=east.ids["alarm"])
    dispatched("supply", fault_class="damage")
    alarm_is(AlarmState.NORMAL)
    assert leaves(order)


def test_an_alarm_elsewhere_leaves_with_its_order_though_it_is_on(dispatched, leaves, east):
    order = dispatched("plant", fault_class="noise", alarm_id=east.ids["alarm"])
    dispatched("plant", fault_class="damage")
    assert leaves(order)


def test_an_alarm_that_is_on_stays_while_another_order_is_at_its_place(dispatched, leaves, east):
    order = dispatched("supply", fault_class="noise", alarm_id=east.ids["alarm"])
    dispatched("supply", fault_class="damage")
    assert not leaves(order)


def test_an_alarm_that_is_over_stays_while_another_order_is_about_it(dispatched, alarm_is, leaves, east):
    order = dispatched("plant", fault_class="noise", alarm_id=east.ids["alarm"])
    dispatched("plant", fault_class="damage", alarm_id=east.ids["alarm"])
    alarm_is(AlarmState.NORMAL)
    assert not leaves(order)


def test_the_last_order_at_a_place_takes_its_open_alarms_along(dispatched, leaves):
    assert leaves(dispatched("supply", fault_class="noise"))


def test_the_last_order_at_a_place_leaves_the_alarm_another_order_is_about(dispatched, leaves, east):
    order = dispatched("supply", fault_class="noise")
    dispatched("plant", fault_class="damage", alarm_id=east.ids["alarm"])
    assert not leaves(order)
