"""Hosted operation through the services: a contract, a roster, a shift, tickets, patrols, rounds, a month told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from backend.assets.service import tags
from backend.kernel import clock, ids, periods
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.workorders import service as work
from backend.workorders.models import ShiftEntry
from backend.workorders.service import hosting
from backend.workorders.service.hosting import Duty, NewContract, NewPatrol, NewRound, NewTicket, TicketKind

ZONE = "Asia/Shanghai"


def today():
    return periods.local_date(clock.now(), ZONE)


@pytest.fixture(scope="module")
def contract(world, east):
    with world.database.transaction(world.scope(east, "manager")) as session:
        scope = world.scope(east, "manager")
        new = NewContract(east.customer.id, "H-1", "All of the mill", today() - timedelta(days=60), patrols=20,
                          rounds=1)  # fmt: skip
        return hosting.add_contract(session, scope, organisation_id=east.enterprise.id, new=new)


def test_a_number_of_a_contract_is_taken_once_and_not_by_everybody(acting, east, contract):
    new = NewContract(east.customer.id, "H-1", "Again", today())
    with acting("manager") as (session, scope), pytest.raises(Conflict):
        hosting.add_contract(session, scope, organisation_id=east.enterprise.id, new=new)
    with acting("technician") as (session, scope), pytest.raises(Forbidden):
        hosting.add_contract(session, scope, organisation_id=east.enterprise.id, new=new)


def test_another_tenant_does_not_see_it(acting, world, contract):
    with acting("manager", world.west) as (session, scope):
        assert contract.id not in {one.id for one in hosting.contracts(session, scope).items}
        with pytest.raises(NotFound):
            hosting.contract(session, scope, contract_id=contract.id)


def test_a_shift_is_planned_swapped_with_a_reason_and_nobody_is_there_twice(acting, east):
    where, li = east.region.id, east.people["technician"].id
    second = east.people["second"].id
    plan = {"organisation_id": where, "duty": Duty.FIELD, "on": today() + timedelta(days=1), "zone": ZONE}
    with acting("dispatcher") as (session, scope):
        made = hosting.add_shift(session, scope, **plan, person_id=li, begins="08:00", ends="20:00")
        with pytest.raises(Conflict):
            hosting.add_shift(session, scope, **plan, person_id=li, begins="19:00", ends="23:00")
        hosting.add_shift(session, scope, **plan, person_id=li, begins="20:00", ends="08:00")
        with pytest.raises(Refused):
            hosting.swap_shift(session, scope, shift_id=made.id, person_id=second, reason=" ")
        swapped = hosting.swap_shift(session, scope, shift_id=made.id, person_id=second, reason="ill")
        assert (swapped.person_id, swapped.before_id) == (second, li)
        with pytest.raises(Conflict):
            hosting.add_shift(session, scope, **plan, person_id=second, begins="08:00", ends="09:00")
    with acting("technician") as (session, scope), pytest.raises(Forbidden):
        hosting.add_shift(session, scope, **plan, person_id=li, begins="08:00", ends="09:00")
    with acting("dispatcher") as (session, scope), pytest.raises(Refused):
        hosting.add_shift(
            session, scope, **plan, person_id=east.people["customer"].id, begins="08:00", ends="09:00"
        )


def test_the_database_itself_refuses_double_duty(acting, east):
    from backend.workorders.models import DutyShift

    start = clock.now() + timedelta(days=300)
    with pytest.raises(IntegrityError), acting("dispatcher") as (session, _scope):
        for shift in (0, 1):
            session.add(
                DutyShift(id=ids.new_id(), organisation_id=east.region.id, person_id=east.people["manager"].id,
                          duty=Duty.PLANT, starts_at=start + timedelta(hours=shift),
                          ends_at=start + timedelta(hours=8))
            )  # fmt: skip
            session.flush()


def test_a_week_is_repeated_and_clashes_are_left_out(acting, east):
    where, week = east.region.id, today() + timedelta(days=35)
    monday = week - timedelta(days=week.weekday())
    operator = east.people["operator"].id
    plan = {"organisation_id": where, "person_id": operator, "duty": Duty.PLANT, "zone": ZONE}
    with acting("dispatcher") as (session, scope):
        for day in range(5):
            hosting.add_shift(
                session, scope, **plan, on=monday + timedelta(days=day), begins="08:00", ends="16:00"
            )
        hosting.add_shift(session, scope, **plan, on=monday + timedelta(days=8), begins="12:00", ends="18:00")
        added, left = hosting.repeat_week(
            session, scope, organisation_id=where, week=week, weeks=2, zone=ZONE
        )
        assert (added, left) == (9, 1)
        again = hosting.repeat_week(session, scope, organisation_id=where, week=week, weeks=2, zone=ZONE)
        assert again == (0, 10)


def test_who_is_on_duty_now(acting, east):
    plan = {"organisation_id": east.region.id, "duty": Duty.DISPATCH, "zone": ZONE}
    with acting("dispatcher") as (session, scope):
        hosting.add_shift(
            session, scope, **plan, person_id=scope.actor_id, on=today(), begins="00:00", ends="00:00"
        )
        there = hosting.on_duty(session, scope, organisations={east.region.id})
        assert [one.person_id for one in there if one.duty is Duty.DISPATCH] == [scope.actor_id]
        assert there[0].name
        later = clock.now() + timedelta(days=200)
        assert hosting.on_duty(session, scope, organisations={east.region.id}, at=later) == []


def test_a_shift_is_handed_over_by_one_taken_by_another_and_then_locked(acting, east, reported):
    where, order = east.region.id, reported(fault_class="noise")
    with acting("dispatcher") as (session, scope):
        entry = hosting.write_entry(
            session, scope, organisation_id=where, text="Pump is loud", work_order_id=order.id
        )
        with pytest.raises(Conflict):
            hosting.take_over(session, scope, organisation_id=where)
        left = hosting.hand_over(session, scope, organisation_id=where, note="watch the pump")
        assert order.number in [one["number"] for one in left.handed_over["orders"]]
        assert left.handed_over["alarms"], "the world's alarm is open"
        with pytest.raises(Conflict):
            hosting.take_over(session, scope, organisation_id=where)
        with pytest.raises(Conflict):
            hosting.write_entry(session, scope, organisation_id=where, text="too late")
    with acting("operator") as (session, scope):
        fresh = hosting.take_over(session, scope, organisation_id=where)
        assert fresh.id != left.id and fresh.started_by == scope.actor_id
        books = hosting.books(session, scope, organisation_id=where).items
        assert [one.log.id for one in books][:2] == [fresh.id, left.id]
        assert [line.id for line in books[1].entries] == [entry.id]
    with pytest.raises(DBAPIError), acting("operator") as (session, scope):
        session.add(ShiftEntry(id=ids.new_id(), organisation_id=where, shift_log_id=left.id, at=clock.now(),
                               person_id=scope.actor_id, text="written into a locked book"))  # fmt: skip
        session.flush()


def new_ticket(kind=TicketKind.SWITCHING):
    return NewTicket(kind, "Take the pump off", ("open the breaker", "earth it"), ZONE)


def test_a_ticket_is_approved_by_a_second_person_worked_off_and_locked(acting, east):
    with acting("operator") as (session, scope):
        made = hosting.issue_ticket(session, scope, organisation_id=east.region.id, new=new_ticket())
        with pytest.raises(Conflict):
            hosting.approve_ticket(session, scope, ticket_id=made.id)
    with acting("dispatcher") as (session, scope):
        hosting.approve_ticket(session, scope, ticket_id=made.id)
    with acting("technician") as (session, scope):
        with pytest.raises(Conflict):
            hosting.tick_step(session, scope, ticket_id=made.id, place=1)
        for place in (0, 0, 1):
            hosting.tick_step(session, scope, ticket_id=made.id, place=place)
        done = hosting.finish_ticket(session, scope, ticket_id=made.id)
        assert [one["done_by"] for one in done.steps] == [str(scope.actor_id)] * 2
    with acting("manager") as (session, scope), pytest.raises(Conflict):
        hosting.void_ticket(session, scope, ticket_id=made.id, reason="too late")


def test_numbers_have_no_gaps_under_two_threads_and_failures(world, east):
    scope = world.scope(east, "operator")
    where = {"organisation_id": east.park.id}

    def issue(number: int) -> int | None:
        with world.database.transaction(scope) as session:
            made = hosting.issue_ticket(session, scope, **where, new=new_ticket(TicketKind.WORK))
            if number % 3 == 0:
                session.rollback()
                return None
            return made.number

    with ThreadPoolExecutor(2) as pool:
        given = [one for one in pool.map(issue, range(30)) if one is not None]
    assert sorted(given) == list(range(1, 21))


def test_a_patrol_makes_one_order_a_day_and_scans_are_passes(acting, world, east, contract):
    with acting("dispatcher") as (session, scope):
        lists = work.checklists(session, scope)
        stops = [east.ids["plant"], east.ids["supply"]]
        new = NewPatrol(
            "Morning walk", lists[0].id, stops, range(7), "00:00", "23:59", contract_id=contract.id
        )
        plan = hosting.plan_patrol(session, scope, new=new)
    with acting("system") as (session, scope):
        walk = hosting.make_patrol_if_due(session, scope, plan_id=plan.id)
        assert walk is not None
        assert hosting.make_patrol_if_due(session, scope, plan_id=plan.id) is None, "once a day"
        assert work.order(session, scope, order_id=walk.work_order_id).status == "ready"
    with acting("technician") as (session, scope):
        tags.record_sighting(session, scope, east.ids["tag"], source="camera")
        seen = hosting.recent_walks(session, scope, plan=plan)[0]
        assert {place: one.how for place, one in seen.passed.items()} == {east.ids["plant"]: "tag"}
        assert seen.missed == [], "the window is open"
        for _twice in range(2):
            hosting.pass_stop(session, scope, plan_id=plan.id, position_id=east.ids["supply"])
        seen = hosting.recent_walks(session, scope, plan=plan)[0]
        assert {one.how for one in seen.passed.values()} == {"tag", "hand"}
        with pytest.raises(Refused):
            hosting.pass_stop(session, scope, plan_id=plan.id, position_id=east.ids["site"])


def test_a_round_is_read_plausibly_and_knows_how_far_it_is(acting, east, contract):
    point = east.ids["supply_energy"]
    with acting("operator") as (session, scope):
        made = hosting.plan_round(
            session, scope, new=NewRound("Monthly reading", [point], 28, ZONE, contract_id=contract.id)
        )
        with pytest.raises(Refused):
            hosting.plan_round(session, scope, new=NewRound("x", [east.ids["supply_power"]], 5, ZONE))
    with acting("technician") as (session, scope):
        with pytest.raises(Refused, match="less than the last"):
            hosting.read_register(session, scope, round_id=made.id, point_id=point, value=10)
        hosting.read_register(session, scope, round_id=made.id, point_id=point, value=1125)
        found = hosting.reading_round(session, scope, round_id=made.id)
        assert (found.done, found.stops[0].value) == (1, 1125)


def test_a_month_tells_what_happened_and_stays_as_it_was_told(acting, east, contract, reported):
    reported("supply", fault_class="damage")
    with acting("dispatcher") as (session, scope):
        told = hosting.tell_month(session, scope, contract_id=contract.id, month=today())
        assert told.customer == "East mill" and sum(told.alarms.values()) == 1
        assert [one.carrier for one in told.use] == ["electricity"]
        assert told.patrols.whole == 20 and told.orders >= 1
        with pytest.raises(Refused, match="not over"):
            hosting.keep_report(session, scope, contract_id=contract.id, month=today())
    with acting("system") as (session, scope):
        due = hosting.due_reports(session, scope)
        assert [one[0] for one in due] == [contract.id]
        kept = hosting.keep_report(session, scope, contract_id=due[0][0], month=due[0][1])
        assert hosting.keep_report(session, scope, contract_id=due[0][0], month=due[0][1]).id == kept.id
        assert hosting.due_reports(session, scope) == []
        again = hosting.month_of(session, scope, contract_id=contract.id, month=due[0][1])
        assert again.made_at == kept.content["made_at"]
