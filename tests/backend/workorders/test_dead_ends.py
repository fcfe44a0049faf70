"""An order nobody works on is always somebody's to plan: no visit that ends may lose it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.kernel import clock
from backend.kernel.errors import Conflict, Forbidden, Refused
from backend.workorders import service
from backend.workorders.models import Visit
from backend.workorders.rules.machine import OrderStatus, VisitStatus
from backend.workorders.rules.sla import Clock
from backend.workorders.service import Command
from tests.backend.workorders.conftest import deliver, plan
from tests.backend.workorders.test_edges import now
from tests.backend.workorders.test_story import evidence

pytestmark = pytest.mark.usefixtures("all_over")


def tap(acting, order, *commands, role="technician", reason=None):
    """Give commands to the newest visit of an order."""
    with acting(role) as (session, scope):
        visit = service.visits_of(session, scope, order_ids=[order.id])[-1]
        for name in commands:
            service.command_visit(session, scope, visit_id=visit.id, name=name, given=Command(reason=reason))


def is_climbed(acting, order):
    with acting("system") as (session, scope):
        return ("climb", order.id) in service.due(session, scope)


@pytest.mark.parametrize(
    ("way", "end"),
    [(("accept", "travel"), "find_no_access"), (("accept", "arrive"), "find_no_access"),
     (("accept", "travel"), "abort"), (("accept", "arrive"), "abort")],
)  # fmt: skip
def test_a_visit_that_ends_before_work_began_puts_the_order_back_on_the_board(
    world, east, acting, dispatched, server, way, end
):
    order = dispatched(fault_class="noise")
    tap(acting, order, *way)
    deliver(world)
    server.taken.clear()
    tap(acting, order, end, reason="the gate is locked")
    looked = now(acting, order)
    assert looked.order.status is OrderStatus.READY
    assert looked.clocks[Clock.RESPONSE].stopped_at is None, "nobody has taken it any more"
    assert is_climbed(acting, order)
    deliver(world)
    (told,) = [one for one in server.taken if one.to == east.people["dispatcher"].email]
    assert told.subject == f"Nobody goes there now: {order.number}"
    assert "the gate is locked" in told.text
    with acting("dispatcher") as (session, scope):
        plan(session, scope, order.id, east.people["second"].id)
        assert service.dispatch(session, scope, order_id=order.id).status is OrderStatus.DISPATCHED


def test_a_visit_that_ends_while_another_is_to_come_leaves_the_order_with_that_one(acting, dispatched, east):
    order = dispatched(fault_class="noise")
    tap(acting, order, "accept", "travel")
    with acting("dispatcher") as (session, scope):
        plan(session, scope, order.id, east.people["second"].id)
        service.dispatch(session, scope, order_id=order.id)
    with acting("technician") as (session, scope):
        (mine,) = [v for v in service.visits_of(session, scope, order_ids=[order.id])
                   if v.technician_id == scope.actor_id]  # fmt: skip
        service.command_visit(
            session, scope, visit_id=mine.id, name="find_no_access", given=Command(reason="gate")
        )
    looked = now(acting, order)
    assert looked.order.status in (OrderStatus.DISPATCHED, OrderStatus.ACCEPTED)
    assert VisitStatus.OFFERED in {one.status for one in looked.visits}


@pytest.fixture
def planned(acting, reported, east):
    """An order whose visit is planned for the technician and not sent yet; their phone shows it."""
    order = reported(fault_class="noise")
    with acting("dispatcher") as (session, scope):
        service.triage(session, scope, order_id=order.id, fault_class="noise")
        plan(session, scope, order.id, east.people["technician"].id)
    return order


def test_who_accepts_before_the_order_is_sent_has_accepted_it_when_it_is(acting, planned, east):
    tap(acting, planned, "accept")
    with acting("dispatcher") as (session, scope):
        assert service.dispatch(session, scope, order_id=planned.id).status is OrderStatus.ACCEPTED
    looked = now(acting, planned)
    assert looked.clocks[Clock.RESPONSE].stopped_at is not None
    assert not is_climbed(acting, planned)
    (said,) = [one for one in looked.events if one.command == "accept"]
    assert said.actor_id == east.people["technician"].id
    assert said.evidence["visit_id"] == str(looked.visits[0].id)


def test_who_declines_before_the_order_is_sent_gives_it_back(world, acting, planned, east, server):
    tap(acting, planned, "accept")
    tap(acting, planned, "decline", reason="ill")
    assert now(acting, planned).order.status is OrderStatus.READY
    deliver(world)
    assert f"Nobody goes there now: {planned.number}" in [
        one.subject for one in server.taken if one.to == east.people["dispatcher"].email
    ]


def test_an_order_nobody_goes_to_is_not_sent(acting, planned):
    """As one was left by an earlier version, which let its only visit be declined."""
    with acting("system") as (session, scope):
        (visit,) = session.query(Visit).filter_by(work_order_id=planned.id)
        visit.status = VisitStatus.DECLINED
    with acting("dispatcher") as (session, scope), pytest.raises(Refused, match="no visit"):
        service.dispatch(session, scope, order_id=planned.id)


@pytest.fixture
def held(acting, dispatched):
    """An order somebody works on, put on hold by the office."""
    order = dispatched(fault_class="noise")
    with acting("technician") as (session, scope):
        service.start(session, scope, order_id=order.id, given=evidence(order))
    with acting("dispatcher") as (session, scope):
        service.hold(
            session, scope, order_id=order.id, reason="access", until=clock.now() + timedelta(hours=4)
        )
    return order


def test_who_leaves_while_it_is_on_hold_leaves_an_order_that_is_planned_again_when_it_goes_on(acting, held):
    tap(acting, held, "leave_partial", reason="shift over")
    assert now(acting, held).order.status is OrderStatus.ON_HOLD
    with acting("dispatcher") as (session, scope):
        service.resume(session, scope, order_id=held.id)
    looked = now(acting, held)
    assert (looked.order.status, looked.order.hold_reason) == (OrderStatus.READY, None)
    assert [one.command for one in looked.events][-2:] == ["resume", "visit_again"]


def test_what_the_office_takes_up_again_goes_on_where_it_was_held(acting, held):
    with acting("dispatcher") as (session, scope):
        found = service.take_up(session, scope, order_id=held.id)
        assert (found.status, found.hold_reason, found.hold_until) == (OrderStatus.IN_PROGRESS, None, None)
    assert [one.status for one in now(acting, held).visits] == [VisitStatus.WORKING]


def test_the_office_plans_again_what_was_left_on_hold(world, acting, held, east, server):
    tap(acting, held, "leave_partial", reason="shift over")
    with acting("technician") as (session, scope), pytest.raises(Forbidden):
        service.plan_again(session, scope, order_id=held.id)
    with acting("dispatcher") as (session, scope):
        found = service.plan_again(session, scope, order_id=held.id)
        assert (found.status, found.hold_until) == (OrderStatus.READY, None)
        assert not service.look(session, scope, order_id=held.id).clocks[Clock.RESTORATION].is_paused
    deliver(world)
    assert "Somebody comes again" in [one.subject for one in server.taken]


def test_nobody_plans_again_what_somebody_still_works_on(acting, held):
    with acting("dispatcher") as (session, scope), pytest.raises(Conflict, match="still to finish"):
        service.plan_again(session, scope, order_id=held.id)
