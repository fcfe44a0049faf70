"""Inspections come back when they are due, once each time; a failed item opens its repair."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from backend.kernel import clock, ids
from backend.kernel.errors import NotFound, Refused
from backend.metering import service as metering
from backend.workorders import service
from backend.workorders.rules import inspection
from backend.workorders.rules.machine import OrderStatus
from backend.workorders.service import OrderFilter


@pytest.mark.parametrize(
    ("every", "unit", "anchor", "after", "expected"),
    [
        (1, "month", "2026-01-31", "2026-02-01", "2026-02-28"),
        (1, "month", "2026-01-31", "2026-02-28", "2026-03-31"),
        (3, "month", "2026-01-15", "2026-01-14", "2026-01-15"),
        (1, "year", "2024-02-29", "2026-11-27", "2027-02-28"),
        (2, "week", "2026-11-02", "2026-11-27", "2026-11-30"),
        (1, "day", "2026-11-02", "2026-11-27", "2026-11-28"),
    ],
)
def test_a_calendar_plan_counts_from_its_anchor(every, unit, anchor, after, expected):
    parameters = {"every": every, "unit": unit, "anchor": anchor}
    assert inspection.next_on(parameters, date.fromisoformat(after)) == date.fromisoformat(expected)


@given(some.sampled_from(inspection.UNITS), some.integers(1, 20), some.dates(date(2000, 1, 1), date(2040, 1, 1)),
       some.dates(date(2000, 1, 1), date(2040, 1, 1)))  # fmt: skip
def test_the_next_day_is_later_and_none_lies_between(unit, every, anchor, after):
    parameters = {"every": every, "unit": unit, "anchor": anchor.isoformat()}
    found = inspection.next_on(parameters, after)
    assert found > after and found >= anchor
    assert inspection.next_on(parameters, found - timedelta(days=1)) == found


@pytest.mark.parametrize(
    ("trigger", "parameters"),
    [("never", {}), ("calendar", {"every": 0, "unit": "day", "anchor": "2026-01-01"}), ("counter", {"every": 5}),
     ("condition", {"point_id": "x", "above": 1, "below": 2})],
)  # fmt: skip
def test_a_trigger_that_cannot_be_followed_is_refused(trigger, parameters):
    with pytest.raises(Refused):
        inspection.demand(trigger, parameters)


def test_an_order_is_made_once_when_its_day_comes_and_a_failed_item_opens_the_repair(acting, east):
    with acting("dispatcher") as (session, scope):
        rounds = next(one for one in service.checklists(session, scope) if one.code == "round")
        plan = service.plan_inspection(session, scope, new=service.NewPlan(
            position_id=east.ids["plant"], name="Monthly round", checklist_id=rounds.id, trigger="calendar",
            parameters={"every": 1, "unit": "month", "anchor": (clock.now() + timedelta(days=20)).date().isoformat()},
        ))  # fmt: skip
    with acting("system") as (session, scope):
        assert service.make_if_due(session, scope, plan_id=plan.id) is None
    with clock.shifted(timedelta(days=14)), acting("system") as (session, scope):
        order = service.make_if_due(session, scope, plan_id=plan.id)
        assert (order.status, order.priority) == (OrderStatus.READY, 4)
        assert service.make_if_due(session, scope, plan_id=plan.id) is None
    with clock.shifted(timedelta(days=14)), acting("technician") as (session, scope):
        answer = service.answer(session, scope, order_id=order.id, item="leaks", value=False, note="flange 3")
        repair = service.order(session, scope, order_id=answer.repair_id)
        assert (repair.fault_class, repair.follow_up_of_id) == ("leak", order.id)
        again = service.answer(session, scope, order_id=order.id, item="leaks", value=False, note="flange 3")
        assert again.repair_id == repair.id


@pytest.fixture
def count(world, east):
    """Give a value at a point of the east now."""

    def one(point, value):
        batch = metering.ReadingBatch(
            np.array([east.point_keys[point]]), np.array([clock.now_us()]), np.array([float(value)]),
            np.zeros(1, np.int16),
        )  # fmt: skip
        with world.database.transaction(east.scope) as session:
            metering.store_readings(session, east.scope, batch, source="test", live=True)

    return one


@pytest.fixture
def planned(acting, east):
    """Plan an inspection at the supply by a trigger."""

    def one(trigger, **parameters):
        with acting("dispatcher") as (session, scope):
            rounds = next(one for one in service.checklists(session, scope) if one.code == "round")
            new = service.NewPlan(east.ids["supply"], f"Look by {trigger}", rounds.id, trigger, parameters)
            return service.plan_inspection(session, scope, new=new).id

    return one


@pytest.fixture
def made(environment, world, acting, monkeypatch):
    """Let the worker's task look, as the schedule lets it, and return how many orders a plan has."""
    from backend.worker import app, fieldwork  # workers read their settings when they are imported

    app.loader.import_default_modules()
    monkeypatch.setattr(fieldwork, "database", lambda: world.database)
    task = app.tasks[app.conf.beat_schedule["planned inspections"]["task"]]

    def one(plan_id, over=False):
        task.run()
        with acting("dispatcher") as (session, scope):
            rows = service.orders(session, scope, OrderFilter(statuses=list(OrderStatus)), limit=200).items
            found = [row.order for row in rows if row.order.inspection_plan_id == plan_id]
            if over:
                for order in found:
                    if order.status is OrderStatus.READY:
                        service.cancel(session, scope, order_id=order.id, reason="the test is over")
        return len(found)

    return one


def test_an_order_that_cannot_be_moved_stops_no_other(world, acting, environment, monkeypatch):
    from backend.worker import fieldwork

    looked_at: list[str] = []

    def do(session, scope, one):
        looked_at.append(one)
        if one == "bad":
            raise ZeroDivisionError

    monkeypatch.setattr(fieldwork, "database", lambda: world.database)
    monkeypatch.setattr(fieldwork.work, "due", lambda session, scope: [("x", "bad"), ("x", "good")])
    monkeypatch.setattr(fieldwork.work, "do", lambda session, scope, one: do(session, scope, one[1]))
    fieldwork.tick()
    assert looked_at[:2] == ["bad", "good"]


def test_a_counter_calls_for_its_inspection_each_time_so_much_was_counted(east, count, planned, made):
    count("supply_energy", 10_000)
    plan = planned("counter", point_id=ids.show(east.ids["supply_energy"]), every=500)
    assert made(plan) == 0
    with clock.shifted(timedelta(minutes=1)):
        count("supply_energy", 10_499)
        assert made(plan) == 0
    with clock.shifted(timedelta(minutes=2)):
        count("supply_energy", 10_500)
        assert made(plan) == 1
    with clock.shifted(timedelta(minutes=3)):
        count("supply_energy", 11_200)
        assert made(plan, over=True) == 1, "the last one is still open"
        assert made(plan) == 2
    with clock.shifted(timedelta(minutes=4)):
        count("supply_energy", 11_600)
        assert made(plan, over=True) == 2, "400 since the last"


def test_a_condition_calls_for_its_inspection_when_a_value_leaves_its_place(east, count, planned, made):
    count("supply_power", 40)
    plan = planned("condition", point_id=ids.show(east.ids["supply_power"]), above=80)
    assert made(plan) == 0
    with clock.shifted(timedelta(minutes=1)):
        count("supply_power", 81)
        assert made(plan) == 1
        assert made(plan, over=True) == 1, "once while it is open"
        assert made(plan) == 1, "and once while it stays there"
    with clock.shifted(timedelta(minutes=2)):
        count("supply_power", 60)
        assert made(plan) == 1
    with clock.shifted(timedelta(minutes=3)):
        count("supply_power", 82)
        assert made(plan) == 2


@pytest.mark.parametrize(
    ("now", "counted_from", "is_due", "then"),
    [
        (None, 100, False, 100),
        (700, None, False, 700),  # the first value ever seen
        (599, 100, False, 100),
        (600, 100, True, 100),
        (3, 99_990, False, 3),  # exchanged, or past the end of its dial
    ],
)
def test_a_counter_counts_on_whatever_happens_to_its_register(now, counted_from, is_due, then):
    assert inspection.count_on({"every": 500}, now=now, counted_from=counted_from) == (is_due, then)


@pytest.mark.parametrize(
    ("now", "called_at", "is_due", "then"),
    [
        (None, None, False, None),
        (81, None, True, None),
        (95, 81, False, 81),
        (79, 81, False, None),
        (80, None, False, None),
    ],
)
def test_a_value_that_stays_outside_calls_once(now, called_at, is_due, then):
    assert inspection.watch({"above": 80}, now=now, called_at=called_at) == (is_due, then)


def test_a_point_nobody_sees_is_not_watched(acting, world, east):
    watched = {"point_id": ids.show(world.west.ids["supply_power"]), "above": 1}
    with acting("dispatcher") as (session, scope):
        rounds = next(one for one in service.checklists(session, scope) if one.code == "round")
        new = service.NewPlan(east.ids["supply"], "Look", rounds.id, "condition", watched)
        with pytest.raises(NotFound):
            service.plan_inspection(session, scope, new=new)
