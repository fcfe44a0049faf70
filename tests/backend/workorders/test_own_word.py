"""Whose word counts: a customer's on their own order, and nobody's on their own work."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from backend.kernel import ids
from backend.kernel.errors import Conflict, Forbidden, NotFound
from backend.workorders import service
from backend.workorders.models import Source
from backend.workorders.rules.machine import OrderStatus as S
from backend.workorders.service import Command, Report
from tests.backend.workorders.conftest import plan
from tests.backend.workorders.test_edges import CODES
from tests.backend.workorders.test_story import evidence, work_on

pytestmark = pytest.mark.usefixtures("all_over")

CONFINED = text("SELECT current_setting('enerfield.organisations')")


@pytest.fixture
def of_customer(acting, east):
    """An order a customer reported at their supply."""
    with acting("customer") as (session, scope):
        new = Report(position_id=east.ids["supply"], title="Lights flicker")
        return service.report(session, scope, new=new, source=Source.CUSTOMER).order


def test_a_customer_adds_a_remark_to_their_own_order_once_and_the_office_reads_it(acting, of_customer, world):
    given = Command(op_id=ids.new_id())
    for _ in range(2):
        with acting("customer") as (session, scope):
            before = session.scalar(CONFINED)
            made = service.comment(session, scope, order_id=of_customer.id, text="still dark", given=given)
            assert (made.is_public, made.author_id) == (True, scope.actor_id)
            assert session.scalar(CONFINED) == before, "the database is confined to the customer again"
    with acting("dispatcher") as (session, scope):
        (said,) = service.look(session, scope, order_id=of_customer.id).comments
        assert (said.text, said.is_public) == ("still dark", True)
    with acting("customer", world.west) as (session, scope), pytest.raises(NotFound):
        service.comment(session, scope, order_id=of_customer.id, text="not mine")


@pytest.fixture
def asked_of(acting, east):
    """An order that waits for a person's word: reported by somebody, repaired by the technician."""

    def one(role, source, fault_class="overheating"):
        with acting(role) as (session, scope):
            new = Report(position_id=east.ids["site"], title="Hot", fault_class=fault_class)
            order = service.report(session, scope, new=new, source=source).order
        with acting("dispatcher") as (session, scope):
            service.triage(session, scope, order_id=order.id, fault_class=fault_class)
            plan(session, scope, order.id, east.people["technician"].id)
            service.dispatch(session, scope, order_id=order.id)
        with acting("technician") as (session, scope):
            service.start(session, scope, order_id=order.id, given=evidence(order))
            work_on(session, scope, order)
            service.complete(session, scope, order_id=order.id, **CODES)
        with acting("system") as (session, scope):
            assert service.begin_verification(session, scope, order_id=order.id).status is S.VERIFY_MANUAL
        return order

    return one


def test_who_reported_it_at_work_neither_confirms_nor_denies_nor_rates_it(acting, asked_of):
    order = asked_of("technician", Source.TECHNICIAN)
    for deed in (service.confirm_by_hand, service.deny_by_hand):
        with acting("technician") as (session, scope), pytest.raises(Forbidden):
            deed(session, scope, order_id=order.id, seen="works")
    with acting("manager") as (session, scope):
        assert service.confirm_by_hand(session, scope, order_id=order.id, seen="cool").status is S.VERIFIED
    with acting("technician") as (session, scope), pytest.raises(Conflict, match="only who it was done for"):
        service.rate(session, scope, order_id=order.id, stars=5)
