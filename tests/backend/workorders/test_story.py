"""From report to closure, as the people of a region live it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.kernel import clock, ids
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.workorders import service
from backend.workorders.models import Source
from backend.workorders.rules.machine import OrderStatus, VisitStatus
from backend.workorders.rules.sla import Clock
from backend.workorders.service import Command, Photo, Report


def evidence(order, **more):
    return Command(evidence={"tag": {"position_id": str(order.position_id)}, "safety": True} | more)


def photo(role, mark):
    return Photo(role, mark * 64, 1_000, "image/jpeg", clock.now())


def work_on(session, scope, order):
    """Do all that completing asks for."""
    for role, mark in (("before", "a"), ("after", "b")):
        service.attach(session, scope, order_id=order.id, photo=photo(role, mark), stored_sha256=mark * 64)
    looked = service.look(session, scope, order_id=order.id)
    for item in looked.checklist.items if looked.checklist else ():
        value = {
            "yes_no": True,
            "number": 20,
            "reading": 3.5,
            "text": "fine",
            "choice": (item.get("choices") or [0])[0],
        }
        service.answer(session, scope, order_id=order.id, item=item["key"], value=value[item["type"]])
    visit = next(v for v in looked.visits if v.status is VisitStatus.WORKING)
    service.punch(session, scope, visit_id=visit.id, kind="work", seconds=1_800, started_at=clock.now())


def test_a_fault_goes_from_report_to_closure(acting, dispatched, east):
    order = dispatched("supply")
    with acting("technician") as (session, scope):
        visit = service.visits_of(session, scope, order_ids=[order.id])[0]
        service.command_visit(session, scope, visit_id=visit.id, name="accept")
        service.command_visit(session, scope, visit_id=visit.id, name="travel")
        service.command_visit(session, scope, visit_id=visit.id, name="arrive")
        service.start(session, scope, order_id=order.id, given=evidence(order))
    with acting("technician") as (session, scope):
        work_on(session, scope, order)
        service.complete(
            session, scope, order_id=order.id, problem="ELECTRICAL", cause="LOOSE", remedy="TIGHTENED"
        )
        looked = service.look(session, scope, order_id=order.id)
        assert looked.order.status is OrderStatus.FIELD_COMPLETE
        assert [v.status for v in looked.visits] == [VisitStatus.DONE]
    with acting("system") as (session, scope):
        assert service.begin_verification(session, scope, order_id=order.id).status is OrderStatus.VERIFYING
    with acting("customer") as (session, scope):
        seen = service.look(session, scope, order_id=order.id)
        assert seen.order.customer_id == east.customer.id
        assert seen.possible == []


def test_the_same_fault_at_the_same_place_becomes_evidence_of_the_open_order(acting, reported, east):
    first = reported("site", fault_class="leak")
    with acting("technician") as (session, scope):
        new = Report(position_id=east.ids["site"], title="Water on the floor", fault_class="leak")
        again = service.report(session, scope, new=new, source=Source.TECHNICIAN)
        assert (again.order.id, again.is_new) == (first.id, False)
        told = service.look(session, scope, order_id=first.id).events
        assert [e.command for e in told] == ["report", "report_again"]


def test_a_phone_that_reports_twice_under_its_own_id_makes_one_order(acting, east):
    made = ids.new_id()
    for _ in range(2):
        with acting("technician") as (session, scope):
            new = Report(position_id=east.ids["plant"], title="Noise", fault_class="noise", id=made)
            assert service.report(session, scope, new=new, source=Source.TECHNICIAN).order.id == made


def test_a_customer_reports_at_their_supply_and_follows_it_without_seeing_others(acting, east, world):
    with acting("customer") as (session, scope):
        new = Report(position_id=east.ids["supply"], title="Lights flicker")
        mine = service.report(session, scope, new=new, source=Source.CUSTOMER).order
        assert service.look(session, scope, order_id=mine.id).order.reported_by == scope.actor_id
        with pytest.raises(NotFound):
            service.report(
                session, scope, new=Report(position_id=east.ids["plant"], title="x"), source=Source.CUSTOMER
            )
    with acting("customer", world.west) as (session, scope), pytest.raises(NotFound):
        service.look(session, scope, order_id=mine.id)


def test_danger_is_priority_one_whatever_is_said_and_needs_its_permit(acting, reported):
    order = reported("site")
    with acting("dispatcher") as (session, scope):
        done = service.triage(session, scope, order_id=order.id, fault_class="gas_smell", priority=4)
        assert (done.priority, done.needs_permit, done.status) == (1, True, OrderStatus.READY)


def test_money_above_the_limit_waits_for_a_manager_who_did_not_ask_for_it(acting, reported):
    order = reported("plant", fault_class="damage")
    with acting("dispatcher") as (session, scope):
        done = service.triage(session, scope, order_id=order.id, fault_class="damage", estimate=9_000)
        assert done.status is OrderStatus.AWAITING_APPROVAL
        with pytest.raises(Forbidden):
            service.approve(session, scope, order_id=order.id)
    with acting("manager") as (session, scope):
        assert service.approve(session, scope, order_id=order.id).status is OrderStatus.READY


def test_work_does_not_begin_at_another_asset(acting, dispatched, east):
    order = dispatched("plant")
    with acting("technician") as (session, scope):
        wrong = Command(evidence={"tag": {"position_id": str(east.ids["supply"])}, "safety": True})
        with pytest.raises(Refused, match="another asset"):
            service.start(session, scope, order_id=order.id, given=wrong)
    with acting("technician") as (session, scope):
        near = Command(evidence={"geo": {"lat": 31.2, "lon": 121.5004, "acc": 10}, "safety": True})
        service.start(session, scope, order_id=order.id, given=near)
        assert service.order(session, scope, order_id=order.id).status is OrderStatus.IN_PROGRESS


def test_somebody_elses_visit_cannot_be_started(acting, dispatched):
    order = dispatched("plant", fault_class="overload")
    with acting("second") as (session, scope), pytest.raises((Forbidden, Conflict)):
        service.start(session, scope, order_id=order.id, given=evidence(order))


def test_completing_names_what_is_lacking(acting, dispatched):
    order = dispatched("plant", fault_class="plant_fault")
    with acting("technician") as (session, scope):
        service.start(session, scope, order_id=order.id, given=evidence(order))
        with pytest.raises(Refused) as said:
            service.complete(session, scope, order_id=order.id)
        assert said.value.field == "checklist"


def test_declining_gives_the_order_back_and_needs_a_reason(acting, dispatched):
    order = dispatched("plant", fault_class="emission")
    with acting("technician") as (session, scope):
        visit = service.visits_of(session, scope, order_ids=[order.id])[0]
        with pytest.raises(Refused):
            service.command_visit(session, scope, visit_id=visit.id, name="decline")
    with acting("technician") as (session, scope):
        service.command_visit(session, scope, visit_id=visit.id, name="decline", given=Command(reason="ill"))
        assert service.order(session, scope, order_id=order.id).status is OrderStatus.READY


def test_a_hold_pauses_only_for_reasons_of_others(acting, dispatched):
    order = dispatched("plant", fault_class="high_pressure")
    tomorrow = clock.now() + timedelta(days=1)
    with acting("dispatcher") as (session, scope):
        service.issue_permit(session, scope, order_id=order.id, kind="pressure", isolation=[{"point": "V-7"}],
                             expires_at=clock.now() + timedelta(hours=8))  # fmt: skip
    with acting("technician") as (session, scope), pytest.raises(Conflict, match="isolation"):
        service.start(session, scope, order_id=order.id, given=evidence(order))
    with acting("technician") as (session, scope):
        permit = service.look(session, scope, order_id=order.id).permits[0]
        service.confirm_isolation(session, scope, permit_id=permit.id)
        service.start(session, scope, order_id=order.id, given=evidence(order))
        service.hold(session, scope, order_id=order.id, reason="access", until=tomorrow)
    with clock.shifted(timedelta(hours=5)), acting("dispatcher") as (session, scope):
        read = service.look(session, scope, order_id=order.id).clocks[Clock.RESTORATION]
        assert read.is_paused and read.used < timedelta(minutes=10)


def test_a_report_merged_into_another_takes_its_photos_along(acting, reported):
    target, order = reported("plant", fault_class="too_cold"), reported("plant")
    with acting("technician") as (session, scope):
        service.attach(session, scope, order_id=order.id, photo=photo("evidence", "c"))
    with acting("dispatcher") as (session, scope):
        service.merge(session, scope, order_id=order.id, target_id=target.id)
        assert [p.sha256[0] for p in service.look(session, scope, order_id=target.id).photos] == ["c"]


def test_the_office_cannot_write_over_what_it_has_not_seen(acting, reported):
    order = reported("plant", fault_class="silence")
    with acting("dispatcher") as (session, scope), pytest.raises(Conflict, match="meanwhile"):
        service.triage(session, scope, order_id=order.id, fault_class="silence", given=Command(base_rev=0))


def test_the_same_operation_of_a_phone_is_carried_out_once(acting, dispatched):
    order = dispatched("plant", fault_class="meter_fault")
    op = ids.new_id()
    for _ in range(3):
        with acting("technician") as (session, scope):
            service.comment(session, scope, order_id=order.id, text="on my way", given=Command(op_id=op))
    with acting("technician") as (session, scope):
        assert [c.text for c in service.look(session, scope, order_id=order.id).comments] == ["on my way"]


def test_sorting_a_report_into_a_fault_that_is_open_there_names_the_order_to_merge_into(acting, reported):
    first, second = reported("site", fault_class="too_cold"), reported("site")
    with acting("dispatcher") as (session, scope), pytest.raises(Conflict) as said:
        service.triage(session, scope, order_id=second.id, fault_class="too_cold")
    assert first.number in said.value.remedy
