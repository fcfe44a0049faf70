"""A day is proposed, explained, accepted whole or one by one, and an emergency finds its place."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.infra.vroom import Vroom
from backend.kernel import clock
from backend.kernel.errors import Conflict, Forbidden, NotFound
from backend.workorders import service
from backend.workorders.models import Duty
from backend.workorders.rules.dispatch.travel import Matrix, great_circle
from backend.workorders.rules.dispatch.validator import violations
from backend.workorders.rules.machine import OrderStatus
from backend.workorders.service import board as boards
from backend.workorders.service import hosting
from backend.workorders.service import propose as proposing
from backend.workorders.service.propose import Placement
from tests.statements import statements

ZONE = "Asia/Shanghai"
OPEN = {OrderStatus.READY, OrderStatus.SCHEDULED, OrderStatus.DISPATCHED, OrderStatus.ACCEPTED}
QUICK = Vroom(limit_s=1, exploration=1, threads=1)


def _tomorrow(days=1):
    return (clock.now().astimezone(ZoneInfo(ZONE)) + timedelta(days=days)).date()


def _at(hour, days=1):
    return datetime.combine(_tomorrow(days), datetime.min.time(), ZoneInfo(ZONE)) + timedelta(hours=hour)


@pytest.fixture
def ready(acting, reported):
    """An order that waits for a technician."""

    def one(fault_class="power_quality", place="plant", **more):
        order = reported(place, **more)
        with acting("dispatcher") as (session, scope):
            service.triage(session, scope, order_id=order.id, fault_class=fault_class)
            assert service.order(session, scope, order_id=order.id).status is OrderStatus.READY
        return order.id

    return one


@pytest.fixture(autouse=True)
def nothing_left_over(acting):
    """Each test begins with a day on which nothing is open."""
    yield
    with acting("dispatcher") as (session, scope):
        for row in service.orders(session, scope, limit=100).items:
            if row.order.status in {
                OrderStatus.READY,
                OrderStatus.SCHEDULED,
                OrderStatus.DISPATCHED,
                OrderStatus.ACCEPTED,
            }:
                service.cancel(session, scope, order_id=row.order.id, reason="the test is over")


def _propose(session, scope, east, days=1, roads=None):
    return proposing.propose(
        session,
        scope,
        organisation_id=east.region.id,
        on=_tomorrow(days),
        zone=ZONE,
        planner=QUICK,
        roads=roads,
    )


def _placements(proposed):
    found = []
    for change in proposed.changes:
        order, visit = proposed.board.subject(change.job)
        found.append(
            Placement(
                change.job, order.rev if visit is None else visit.rev,
                change.after and change.after.technician,
                change.after and proposed.board.instant(change.after.start_s),
            )
        )  # fmt: skip
    return found


def test_a_day_is_proposed_accepted_and_then_there_is_nothing_left_to_change(acting, east, ready):
    orders = {ready(), ready("meter_fault")}
    with acting("dispatcher") as (session, scope):
        proposed = _propose(session, scope, east)
        assert {change.job for change in proposed.changes} == orders
        assert violations(proposed.board.problem, proposed.proposal) == ()
        assert proposed.after.served == 2
        assert proposed.before.served == 0
        for change in proposed.changes:
            why = proposed.why[change.job]
            assert why.technician == change.after.technician
            assert len(why.alternatives) == 1
        visits = proposing.accept(session, scope, placements=_placements(proposed))
        assert {visit.work_order_id for visit in visits} == orders
    with acting("dispatcher") as (session, scope):
        again = _propose(session, scope, east)
        assert (again.changes, again.unserved) == ((), ())
        assert again.before.served == 2
        assert service.order(session, scope, order_id=visits[0].work_order_id).status is OrderStatus.SCHEDULED


def test_who_lacks_the_skill_is_named_with_the_rule_that_excludes_them(acting, east, ready):
    order = ready("gas_smell")
    with acting("dispatcher") as (session, scope):
        proposed = _propose(session, scope, east)
    [left] = [one for one in proposed.unserved if one.job == order]
    assert {exclusion.rule for exclusion, _ in left.because} == {"skill"}
    assert sum(count for _, count in left.because) == 2


def test_accepted_work_stays_when_the_day_is_proposed_again(acting, east, ready):
    order = ready()
    with acting("dispatcher") as (session, scope):
        visit = service.schedule(
            session, scope, order_id=order, technician_id=east.people["second"].id, start=_at(15)
        )
        service.dispatch(session, scope, order_id=order)
    with acting("second") as (session, scope):
        service.command_visit(session, scope, visit_id=visit.id, name="accept")
    ready("meter_fault")
    with acting("dispatcher") as (session, scope):
        proposed = _propose(session, scope, east)
        assert visit.id not in {change.job for change in proposed.changes}
        assert proposed.proposal.assignments()[visit.id].start_s == 15 * 3600
        assert next(job for job in proposed.board.problem.jobs if job.id == visit.id).is_frozen


def test_two_visits_may_change_places_in_one_go(acting, east, ready):
    technicians = east.people["technician"].id, east.people["second"].id
    with acting("dispatcher") as (session, scope):
        visits = [
            service.schedule(session, scope, order_id=order, technician_id=person, start=_at(10))
            for order, person in zip((ready(), ready("meter_fault")), technicians, strict=True)
        ]
    with acting("dispatcher") as (session, scope):
        done = proposing.accept(
            session, scope,
            placements=[Placement(v.id, v.rev, p, _at(10)) for v, p in zip(visits, technicians[::-1], strict=True)],
        )  # fmt: skip
        assert [visit.technician_id for visit in done] == list(technicians[::-1])


def test_what_changed_since_it_was_proposed_is_not_overwritten(acting, east, ready):
    ready()
    with acting("dispatcher") as (session, scope):
        placements = _placements(_propose(session, scope, east))
        proposing.accept(session, scope, placements=placements)
    with acting("dispatcher") as (session, scope), pytest.raises(Conflict, match="has changed since"):
        proposing.accept(session, scope, placements=placements)


def test_an_emergency_finds_a_place_and_disturbs_nobody_it_need_not(acting, east, ready):
    first = ready()
    with acting("dispatcher") as (session, scope):
        service.schedule(
            session, scope, order_id=first, technician_id=east.people["technician"].id, start=_at(10)
        )
    urgent = ready("meter_fault")
    with acting("dispatcher") as (session, scope):
        placed = proposing.place_emergency(
            session, scope, organisation_id=east.region.id, on=_tomorrow(), zone=ZONE, order_id=urgent
        )
        assert placed.points == 0
        assert [change.job for change in placed.changes] == [urgent]
        [visit] = proposing.accept(session, scope, placements=_placements(placed))
        assert visit.work_order_id == urgent
        with pytest.raises(NotFound):
            proposing.place_emergency(
                session, scope, organisation_id=east.region.id, on=_tomorrow(), zone=ZONE, order_id=urgent
            )


def test_only_dispatchers_and_managers_propose_and_only_where_they_are(acting, world, east):
    for role in ("technician", "customer"):
        with acting(role) as (session, scope), pytest.raises((Forbidden, NotFound)):
            _propose(session, scope, east)
    with acting("dispatcher", world.west) as (session, scope), pytest.raises(NotFound):
        _propose(session, scope, east)


def test_the_board_asks_as_many_questions_for_six_orders_as_for_two(acting, east, ready, world):
    ready()
    ready("meter_fault")
    counts = []
    for more in ((), ("noise", "leak", "damage", "overheating")):
        for fault_class in more:
            ready(fault_class)
        with acting("dispatcher") as (session, scope), statements(world.database) as asked:
            found = boards.board(session, scope, organisation_id=east.region.id, on=_tomorrow(), zone=ZONE)
        assert len(found.problem.jobs) == 2 + len(more)
        counts.append(len(asked))
    assert counts[0] == counts[1]


class Jammed:
    """A road service on a day when everything takes ten times as long."""

    def matrix(self, places):
        plain = great_circle(places)
        return Matrix(plain.index, plain.seconds * 10)


def test_driving_takes_as_long_as_the_road_service_says(acting, east, ready):
    ready()
    with acting("dispatcher") as (session, scope):
        jammed = _propose(session, scope, east, roads=Jammed())
        places = list(jammed.board.problem.travel.index)
        assert (jammed.board.problem.travel.seconds == great_circle(places).seconds * 10).all()


def test_a_p1_whose_promise_cannot_be_kept_goes_first_and_says_why_it_is_late(acting, east, ready):
    second, first = ready("meter_fault"), ready()
    with acting("dispatcher") as (session, scope):
        service.order(session, scope, order_id=second).priority = 2
        service.order(session, scope, order_id=first).priority = 1
        _works(session, east, "technician", {str(day): [["08:00", "17:00"]] for day in range(7)})
        _works(session, east, "second", {"0": []})
        proposed = _propose(session, scope, east, days=3)
        starts = {job: at.start_s for job, at in proposed.proposal.assignments().items()}
        assert starts[first] < starts[second]
        late = proposed.late[first]
        assert (late.because, late.from_s) == ("duty", 8 * 3600)
        due = proposed.board.clocks[first]["restoration"].due_at
        minutes = service.order(session, scope, order_id=first).duration_min
        ends = proposed.board.instant(starts[first] + 60 * minutes)
        assert abs(timedelta(seconds=late.late_s) - (ends - due)) < timedelta(seconds=1)
        session.rollback()


def _works(session, east, role, shift):
    service.set_technician(
        session, east.scope, organisation_id=east.region.id, person_id=east.people[role].id, timezone=ZONE,
        base=(121.5, 31.2), skills=["electricity", "metering"], shift=shift,
    )  # fmt: skip


def test_the_duty_roster_is_working_time(acting, east, ready):
    order = ready()
    with acting("dispatcher") as (session, scope):
        for role in ("technician", "second"):
            _works(
                session,
                east,
                role,
                {str(day): [["08:00", "17:00"]] for day in range(7)} | {str(_tomorrow().weekday()): []},
            )
        assert _propose(session, scope, east).after.served == 0
        hosting.add_shift(
            session, scope, organisation_id=east.region.id, person_id=east.people["second"].id, duty=Duty.FIELD,
            on=_tomorrow(), begins="19:00", ends="23:30", zone=ZONE,
        )  # fmt: skip
        hosting.add_shift(
            session, scope, organisation_id=east.region.id, person_id=east.people["technician"].id,
            duty=Duty.DISPATCH, on=_tomorrow(), begins="19:00", ends="23:30", zone=ZONE,
        )  # fmt: skip
        proposed = _propose(session, scope, east)
        assert proposed.proposal.assignments()[order].technician == east.people["second"].id
        assert proposed.proposal.assignments()[order].start_s >= 19 * 3600
        assert [lane.name for lane in proposed.board.away()] == ["Technician"]
        [visit] = proposing.accept(session, scope, placements=_placements(proposed))
        assert visit.planned_start >= _at(19)
        session.rollback()


def test_between_shift_and_duty_nobody_drives_yet(acting, east, ready):
    order = ready()
    with acting("dispatcher") as (session, scope), clock.shifted(_at(18) - clock.now()):
        _works(session, east, "technician", {str(day): [["08:00", "17:00"]] for day in range(7)})
        _works(session, east, "second", {"0": []})
        hosting.add_shift(
            session, scope, organisation_id=east.region.id, person_id=east.people["technician"].id, duty=Duty.FIELD,
            on=_tomorrow(0), begins="19:00", ends="23:30", zone=ZONE,
        )  # fmt: skip
        start_s = _propose(session, scope, east, days=0).proposal.assignments()[order].start_s
        assert start_s >= 19 * 3600
        session.rollback()
