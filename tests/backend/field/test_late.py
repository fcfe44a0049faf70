"""What is heard of long after it was done."""

from __future__ import annotations

from datetime import timedelta

from backend.kernel import clock
from backend.workorders import service
from backend.workorders.models import AlarmHold
from backend.workorders.rules.machine import OrderStatus
from tests.backend.workorders.conftest import plan
from tests.backend.workorders.test_story import evidence, work_on

CODES = {"problem": "MECHANICAL", "cause": "WEAR", "remedy": "REPLACED"}


def test_work_done_in_a_cellar_under_a_permit_counts_when_it_is_heard_of_after_the_permit_is_over(
    phone, dispatched, acting, east
):
    mine, order = phone(), dispatched("supply", fault_class="leak")
    with acting("dispatcher") as (session, scope):
        permit = service.issue_permit(session, scope, order_id=order.id, kind="gas", isolation=[],
                                      expires_at=clock.now() + timedelta(hours=8))  # fmt: skip
    with acting("technician") as (session, scope):
        (visit,) = service.visits_of(session, scope, order_ids=[order.id])
        service.confirm_isolation(session, scope, permit_id=permit.id)
        checklist = service.look(session, scope, order_id=order.id).checklist
    values = {"yes_no": True, "number": 20, "reading": 3.5, "text": "fine"}
    did = [
        mine.tap("visit", visit.id, "accept"),
        mine.tap("work_order", order.id, "start", geo={"lat": 31.2, "lon": 121.5, "acc": 5}, safety={"ppe": True}),
        *(mine.tap("work_order", order.id, "attach", role=role, sha256=mark * 64, size=9, mime="image/jpeg")
          for role, mark in (("before", "d"), ("after", "e"))),
        *(mine.tap("work_order", order.id, "answer", item=item["key"], value=values[item["type"]])
          for item in (checklist.items if checklist else ())),
        mine.tap("visit", visit.id, "punch", kind="work", seconds=1_800),
        mine.tap("permit", permit.id, "hand_back"),
    ]  # fmt: skip
    done = mine.tap("work_order", order.id, "complete", **CODES)
    with clock.shifted(timedelta(hours=20)):
        answers = mine.push(*did)
        assert {one["outcome"] for one in answers} == {"applied"}, answers
        with acting("system") as (session, _scope):
            assert session.query(AlarmHold).filter_by(work_order_id=order.id).count() == 0
        assert mine.push(done)[0]["outcome"] == "applied"
        with acting("dispatcher") as (session, scope):
            assert service.order(session, scope, order_id=order.id).status is OrderStatus.FIELD_COMPLETE


def test_what_was_finished_while_the_office_held_it_is_not_lost(phone, anew, acting, east):
    """Completing is a conflict for the dispatcher, the visit is over all the same: another one can be planned."""
    mine, order = phone(), anew()
    with acting("technician") as (session, scope):
        service.start(session, scope, order_id=order.id, given=evidence(order))
        work_on(session, scope, order)
        (visit,) = service.visits_of(session, scope, order_ids=[order.id])
    with acting("dispatcher") as (session, scope):
        until = clock.now() + timedelta(hours=4)
        service.hold(session, scope, order_id=order.id, reason="access", until=until)
    done = mine.tap("work_order", order.id, "complete", **CODES)
    assert mine.push(done)[0]["class"] == "state"
    tap = mine.tap("visit", visit.id, "work"), mine.tap("visit", visit.id, "finish")
    assert {one["outcome"] for one in mine.push(*tap)} == {"applied"}
    with acting("dispatcher") as (session, scope):
        service.resume(session, scope, order_id=order.id)
        assert service.plan_again(session, scope, order_id=order.id).status is OrderStatus.READY
        plan(session, scope, order.id, east.people["second"].id)
        assert service.dispatch(session, scope, order_id=order.id).status is OrderStatus.DISPATCHED
