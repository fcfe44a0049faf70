"""What a hostile reader of the state model tries: dead ends, double bookings, facts of an earlier cycle."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.kernel import clock, ids
from backend.kernel.errors import Conflict, Forbidden
from backend.kernel.scope import Role
from backend.tenancy import service as tenancy
from backend.workorders import service
from backend.workorders.models import AssetHealth, KnowledgeCard, Source
from backend.workorders.rules.machine import OrderStatus, VisitStatus
from backend.workorders.service import Command, Report
from tests.backend.workorders.conftest import plan
from tests.backend.workorders.test_story import evidence, photo, work_on
from tests.world import make_person

pytestmark = pytest.mark.usefixtures("all_over")

CODES = {"problem": "MECHANICAL", "cause": "WEAR", "remedy": "REPLACED"}


@pytest.fixture
def begun(acting, dispatched):
    """An order somebody works on."""

    def one(place="plant", fault_class="noise", **more):
        order = dispatched(place, fault_class, **more)
        with acting("technician") as (session, scope):
            service.start(session, scope, order_id=order.id, given=evidence(order))
        return order

    return one


@pytest.fixture
def finished(acting, begun):
    """An order whose work is done, at a place without telemetry: a person is asked."""

    def one(place="site", fault_class="noise", **more):
        order = begun(place, fault_class, **more)
        with acting("technician") as (session, scope):
            work_on(session, scope, order)
            service.complete(session, scope, order_id=order.id, **CODES)
        with acting("system") as (session, scope):
            done = service.begin_verification(session, scope, order_id=order.id)
            assert done.status is OrderStatus.VERIFY_MANUAL
        return order

    return one


@pytest.fixture
def closed(acting, finished):
    """An order that is closed."""

    def one(*where, **more):
        order = finished(*where, **more)
        with acting("manager") as (session, scope):
            service.confirm_by_hand(session, scope, order_id=order.id, seen="it runs")
            return service.close(session, scope, order_id=order.id)

    return one


def now(acting, order):
    with acting("dispatcher") as (session, scope):
        return service.look(session, scope, order_id=order.id)


def test_what_cannot_be_completed_goes_on_under_another_order_and_no_report_is_lost_in_it(
    acting, begun, east
):
    order = begun(fault_class="damage")
    with acting("technician") as (session, scope):
        given = Command(op_id=ids.new_id())
        for _ in range(2):
            service.give_up(
                session, scope, order_id=order.id, reason="the part is not made any more", given=given
            )
    with acting("dispatcher") as (session, scope):
        rows = [row.order for row in service.orders(session, scope, limit=100).items]
        (follow,) = [one for one in rows if one.follow_up_of_id == order.id]
        assert (follow.status, follow.fault_class) == (OrderStatus.REPORTED, "damage")
        assert "not made any more" in follow.description
        again = Report(position_id=east.ids["plant"], title="still broken", fault_class="damage")
        heard = service.report(session, scope, new=again, source=Source.DISPATCHER)
        assert (heard.order.id, heard.is_new) == (follow.id, False)
    assert [v.status for v in now(acting, order).visits] == [VisitStatus.ABORTED]


def test_only_the_crew_gives_up_or_goes_on(acting, begun):
    order = begun()
    with acting("second") as (session, scope), pytest.raises(Forbidden):
        service.give_up(session, scope, order_id=order.id, reason="no")
    with acting("technician") as (session, scope):
        service.hold(
            session, scope, order_id=order.id, reason="weather", until=clock.now() + timedelta(hours=1)
        )
    with acting("second") as (session, scope), pytest.raises(Forbidden):
        service.resume(session, scope, order_id=order.id)
    with acting("dispatcher") as (session, scope):
        service.resume(session, scope, order_id=order.id)


def test_what_is_denied_is_planned_again_by_itself_and_a_p1_at_once(acting, finished):
    slow, urgent = finished(fault_class="noise"), finished(fault_class="too_cold")
    with acting("manager") as (session, scope):
        service.deny_by_hand(session, scope, order_id=slow.id, seen="still noisy")
    assert now(acting, slow).order.status is OrderStatus.VERIFY_FAILED
    with acting("system") as (session, scope):
        service.do(session, scope, ("follow_up", slow.id))
    assert now(acting, slow).order.status is OrderStatus.VERIFY_FAILED, "a dispatcher may still say otherwise"
    with clock.shifted(timedelta(minutes=15)), acting("system") as (session, scope):
        assert ("follow_up", slow.id) in service.due(session, scope)
        service.do(session, scope, ("follow_up", slow.id))
    assert now(acting, slow).order.status is OrderStatus.READY
    with acting("manager") as (session, scope):
        order = service.deny_by_hand(session, scope, order_id=urgent.id, seen="cold")
        order.priority = 1
    with acting("system") as (session, scope):
        service.do(session, scope, ("follow_up", urgent.id))
    assert now(acting, urgent).order.status is OrderStatus.READY


def test_who_was_there_is_sent_back_in_and_completes_it_on_a_visit_of_its_own(acting, finished):
    order = finished(fault_class="overheating")
    with acting("manager") as (session, scope):
        service.deny_by_hand(session, scope, order_id=order.id, seen="still hot")
    with clock.shifted(timedelta(hours=3)), acting("dispatcher") as (session, scope), pytest.raises(Conflict):
        service.rework(session, scope, order_id=order.id)
    with acting("dispatcher") as (session, scope):
        visit = service.rework(session, scope, order_id=order.id)
        assert visit.status is VisitStatus.OFFERED
    with acting("technician") as (session, scope):
        for command in ("accept", "arrive", "work"):
            service.command_visit(session, scope, visit_id=visit.id, name=command)
        service.complete(session, scope, order_id=order.id, **CODES)
    looked = now(acting, order)
    assert looked.order.status is OrderStatus.FIELD_COMPLETE
    assert [v.status for v in looked.visits] == [VisitStatus.DONE, VisitStatus.DONE]


def test_who_declines_to_go_back_in_leaves_the_order_ready_for_another(acting, finished):
    order = finished(fault_class="emission")
    with acting("manager") as (session, scope):
        service.deny_by_hand(session, scope, order_id=order.id, seen="smokes")
    with acting("dispatcher") as (session, scope):
        visit = service.rework(session, scope, order_id=order.id)
    with acting("technician") as (session, scope):
        service.command_visit(
            session, scope, visit_id=visit.id, name="decline", given=Command(reason="shift over")
        )
    assert now(acting, order).order.status is OrderStatus.READY


def test_once_work_began_nothing_is_cancelled_even_from_hold(acting, begun):
    order = begun(fault_class="leak")
    with acting("technician") as (session, scope):
        service.hold(
            session, scope, order_id=order.id, reason="material", until=clock.now() + timedelta(days=1)
        )
    with acting("dispatcher") as (session, scope), pytest.raises(Conflict, match="done already"):
        service.cancel(session, scope, order_id=order.id, reason="no longer wanted")


def test_cancelling_turns_back_who_is_on_the_way(acting, dispatched):
    order = dispatched(fault_class="silence")
    with acting("technician") as (session, scope):
        visit = service.visits_of(session, scope, order_ids=[order.id])[0]
        for command in ("accept", "travel"):
            service.command_visit(session, scope, visit_id=visit.id, name=command)
    with acting("dispatcher") as (session, scope):
        service.cancel(session, scope, order_id=order.id, reason="works again")
    (visit,) = now(acting, order).visits
    assert (visit.status, visit.outcome) == (VisitStatus.ABORTED, "works again")


def test_a_postponed_order_keeps_no_visit(acting, dispatched, reported, east):
    order = reported(fault_class="meter_fault")
    with acting("dispatcher") as (session, scope):
        service.triage(session, scope, order_id=order.id, fault_class="meter_fault")
        plan(session, scope, order.id, east.people["technician"].id)
        service.postpone(
            session, scope, order_id=order.id, reason="material", until=clock.now() + timedelta(days=2)
        )
        service.take_up(session, scope, order_id=order.id)
    looked = now(acting, order)
    assert (looked.order.status, [v.status for v in looked.visits]) == (
        OrderStatus.READY,
        [VisitStatus.CANCELLED],
    )


def test_an_order_is_not_merged_into_itself(acting, reported):
    order = reported(fault_class="low_pressure")
    with acting("dispatcher") as (session, scope), pytest.raises(Conflict, match="itself"):
        service.merge(session, scope, order_id=order.id, target_id=order.id)


def test_nobody_is_booked_twice_not_even_as_companion(acting, reported, east):
    first, second = reported(fault_class="too_cold"), reported("supply", fault_class="noise")
    start, lead, mate = (
        clock.now() + timedelta(days=5),
        east.people["technician"].id,
        east.people["second"].id,
    )
    with acting("dispatcher") as (session, scope):
        for order, fault in ((first, "too_cold"), (second, "noise")):
            service.triage(session, scope, order_id=order.id, fault_class=fault)
        service.schedule(
            session, scope, order_id=first.id, technician_id=lead, start=start, companions=[mate]
        )
    for one in ({"technician_id": mate}, {"technician_id": lead}):
        with acting("dispatcher") as (session, scope), pytest.raises(Conflict, match="another visit"):
            service.schedule(session, scope, order_id=second.id, start=start, **one)
    third = east.people["dispatcher"].id
    with acting("dispatcher") as (session, scope):
        service.set_technician(session, scope, organisation_id=east.region.id, person_id=third,
                               timezone="Asia/Shanghai", base=(121.5, 31.2))  # fmt: skip
        with pytest.raises(Conflict, match="companion"):
            service.schedule(
                session, scope, order_id=second.id, technician_id=third, start=start, companions=[mate]
            )
    with acting("dispatcher") as (session, scope):
        for order in (first, second):
            service.cancel(session, scope, order_id=order.id, reason="the test is over")


def test_a_visit_that_is_over_is_not_planned_again(acting, finished, east):
    order = finished(fault_class="low_pressure")
    visit = now(acting, order).visits[0]
    with acting("manager") as (session, scope):
        service.deny_by_hand(session, scope, order_id=order.id, seen="no pressure")
    with acting("dispatcher") as (session, scope):
        service.follow_up(session, scope, order_id=order.id)
        with pytest.raises(Conflict, match="cannot be moved"):
            service.schedule(session, scope, order_id=order.id, technician_id=visit.technician_id,
                             start=clock.now() + timedelta(days=6), visit_id=visit.id)  # fmt: skip


def test_who_said_what_it_costs_does_not_approve_it(acting, reported, world, east):
    with acting("system") as (session, scope):
        both = make_person(session, scope, "both@east.example", east.region.id, Role.MANAGER)
        tenancy.grant(session, scope, person=both, organisation_id=east.region.id, role=Role.DISPATCHER)
    east.people["both"] = both
    order = reported(fault_class="plant_fault")
    with acting("both") as (session, scope):
        service.triage(session, scope, order_id=order.id, fault_class="plant_fault", estimate=9_000)
        with pytest.raises(Forbidden, match="cannot approve"):
            service.approve(session, scope, order_id=order.id)
    with acting("manager") as (session, scope):
        assert service.approve(session, scope, order_id=order.id).status is OrderStatus.READY
        service.cancel(session, scope, order_id=order.id, reason="the test is over")


def test_a_reopened_order_asks_for_everything_anew_and_forgets_nothing(acting, closed, east):
    order = closed("site", "overload")
    with acting("manager") as (session, scope):
        before = service.order(session, scope, order_id=order.id)
        cost, down = before.cost, before.downtime_to
        service.reopen(session, scope, order_id=order.id, reason="it is back")
        told = service.look(session, scope, order_id=order.id).events
        (again,) = [e for e in told if e.command == "reopen"]
        assert again.evidence["completed"] | {"cost": None} == {
            "problem": "MECHANICAL", "cause": "WEAR", "remedy": "REPLACED", "cost": None, "rating": None,
            "rating_comment": None, "downtime_from": before.reported_at.isoformat(), "downtime_to": down.isoformat(),
        }  # fmt: skip
        assert again.evidence["completed"]["cost"] == str(cost)
    with acting("dispatcher") as (session, scope):
        plan(session, scope, order.id, east.people["technician"].id)
        service.dispatch(session, scope, order_id=order.id)
    with acting("technician") as (session, scope):
        service.start(session, scope, order_id=order.id, given=evidence(order))
        looked = service.look(session, scope, order_id=order.id)
        for role, mark in (("before", "d"), ("after", "e")):
            service.attach(
                session, scope, order_id=order.id, photo=photo(role, mark), stored_sha256=mark * 64
            )
        for item in looked.checklist.items:
            value = {"yes_no": True, "number": 20}[item["type"]]
            service.answer(session, scope, order_id=order.id, item=item["key"], value=value)
        with pytest.raises(Exception, match="no working time"):
            service.complete(session, scope, order_id=order.id, **CODES)


def test_a_reopened_order_nobody_began_may_be_cancelled(acting, closed):
    order = closed("site", "damage")
    with acting("manager") as (session, scope):
        service.reopen(session, scope, order_id=order.id, reason="by mistake")
        service.cancel(session, scope, order_id=order.id, reason="by mistake")
        assert service.order(session, scope, order_id=order.id).status is OrderStatus.CANCELLED


def test_a_fault_that_is_open_again_is_not_reopened_beside_it(acting, closed, reported):
    order = closed("site", "leak")
    other = reported("site", fault_class="leak")
    with acting("manager") as (session, scope), pytest.raises(Conflict, match="known already"):
        service.reopen(session, scope, order_id=order.id, reason="it is back")
    with acting("dispatcher") as (session, scope):
        service.cancel(session, scope, order_id=other.id, reason="the test is over")


def test_a_manager_who_reported_it_may_reopen_it_after_the_customers_week(acting, east, dispatched, finished):
    with acting("manager") as (session, scope):
        new = Report(position_id=east.ids["site"], title="Hot", fault_class="overheating")
        order = service.report(session, scope, new=new, source=Source.DISPATCHER).order
    with acting("dispatcher") as (session, scope):
        service.triage(session, scope, order_id=order.id, fault_class="overheating")
        plan(session, scope, order.id, east.people["technician"].id)
        service.dispatch(session, scope, order_id=order.id)
    with acting("technician") as (session, scope):
        service.start(session, scope, order_id=order.id, given=evidence(order))
        work_on(session, scope, order)
        service.complete(session, scope, order_id=order.id, **CODES)
    with acting("system") as (session, scope):
        service.begin_verification(session, scope, order_id=order.id)
    with acting("manager") as (session, scope):
        service.confirm_by_hand(session, scope, order_id=order.id, seen="cool")
        service.close(session, scope, order_id=order.id)
    with clock.shifted(timedelta(days=8)), acting("manager") as (session, scope):
        assert service.reopen(session, scope, order_id=order.id, reason="hot again").cycle == 2


def test_only_a_manager_closes_what_time_does_not(acting, finished):
    order = finished(fault_class="noise")
    with acting("manager") as (session, scope):
        service.confirm_by_hand(session, scope, order_id=order.id, seen="quiet")
    with acting("dispatcher") as (session, scope), pytest.raises(Forbidden):
        service.close(session, scope, order_id=order.id)
    with clock.shifted(timedelta(hours=71)), acting("system") as (session, scope):
        assert ("close", order.id) not in service.due(session, scope)
    with clock.shifted(timedelta(hours=72, minutes=1)), acting("system") as (session, scope):
        assert ("close", order.id) in service.due(session, scope)
        service.do(session, scope, ("close", order.id))
        assert service.order(session, scope, order_id=order.id).status is OrderStatus.CLOSED


def test_closing_says_how_the_plant_is_and_proposes_what_was_learned_once(
    acting, closed, finished, reported, east
):
    order = closed("site", "plant_fault")
    looked = now(acting, order)
    assert looked.health.because["repairs"] >= 1
    assert looked.health.score < 100
    (card,) = looked.cards
    assert (card.status, card.cause_code) == ("proposed", "WEAR")
    with acting("dispatcher") as (session, scope), pytest.raises(Forbidden):
        service.decide_card(session, scope, card_id=card.id, is_kept=True)
    with acting("manager") as (session, scope):
        service.decide_card(
            session, scope, card_id=card.id, is_kept=True, text="The bearing wears out every winter."
        )
        service.reopen(session, scope, order_id=order.id, reason="again")
        service.cancel(session, scope, order_id=order.id, reason="the test is over")
    same = closed("site", "plant_fault")
    assert [one.text for one in now(acting, same).cards] == ["The bearing wears out every winter."]
    with acting("manager") as (session, scope):
        assert session.query(KnowledgeCard).filter_by(fault_class="plant_fault").count() == 1
        with pytest.raises(Conflict):
            service.decide_card(session, scope, card_id=card.id, is_kept=False)


def test_the_lead_of_the_crew_confirms_the_isolation_nobody_else(acting, dispatched):
    order = dispatched(fault_class="high_pressure")
    with acting("dispatcher") as (session, scope):
        permit = service.issue_permit(session, scope, order_id=order.id, kind="pressure", isolation=[],
                                      expires_at=clock.now() + timedelta(hours=8))  # fmt: skip
    with acting("second") as (session, scope), pytest.raises(Forbidden, match="lead"):
        service.confirm_isolation(session, scope, permit_id=permit.id)
    with acting("technician") as (session, scope):
        assert service.confirm_isolation(session, scope, permit_id=permit.id).confirmed_at is not None


def test_a_worn_plant_raises_the_priority_of_its_next_fault(acting, reported, east, world):
    with acting("system") as (session, scope):
        row = service.health_of(session, scope, position_id=east.ids["plant"])
        if row is None:
            row = AssetHealth(id=ids.new_id(), organisation_id=east.enterprise.id, position_id=east.ids["plant"],
                              because={}, computed_at=clock.now())  # fmt: skip
            session.add(row)
        row.score = 20.0
    order = reported(fault_class="power_quality")
    with acting("dispatcher") as (session, scope):
        assert service.triage(session, scope, order_id=order.id, fault_class="power_quality").priority == 2
