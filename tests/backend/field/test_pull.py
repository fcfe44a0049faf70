"""What phones are told."""

from __future__ import annotations

import sys
from datetime import timedelta
from decimal import Decimal

from backend.alarms import service as alarms
from backend.alarms.models import Alarm, AlarmState
from backend.assets import service as assets
from backend.field import service
from backend.field.service.rows import everything
from backend.kernel import clock, ids
from backend.network import service as network
from backend.workorders import service as work
from tests.backend.workorders.conftest import ALWAYS, plan
from tests.statements import statements

pulling = sys.modules["backend.field.service.pull"]


def of(pulled, entity):
    return {row.id: row for row in pulled.rows if row.entity == entity}


def test_the_first_pull_brings_visits_with_all_that_belongs_to_them(phone, dispatched, east):
    order = dispatched("supply", fault_class="power_quality")
    pulled = phone().pull()
    row = of(pulled, "work_order")[ids.show(order.id)].row
    assert row["number"] == order.number and row["restore_by"]
    assert ids.show(east.ids["supply"]) in of(pulled, "position")
    assert {one.row["unit"] for one in of(pulled, "point").values()} == {"kW", "kWh"}
    assert of(pulled, "alarm") and of(pulled, "failure_code") and of(pulled, "checklist")
    assert [one.row["is_me"] for one in of(pulled, "person").values()].count(True) == 1


def test_a_change_is_told_once_and_nothing_else_with_it(phone, dispatched):
    mine, order = phone(), dispatched(fault_class="overload")
    cursor = mine.pull().cursor
    assert mine.pull(cursor).rows == []
    mine.do("work_order", order.id, "comment", text="new")
    told = mine.pull(cursor)
    assert set(of(told, "work_order")) == {ids.show(order.id)}
    assert [row.row["text"] for row in of(told, "comment").values()] == ["new"]
    assert mine.pull(told.cursor).rows == []


def test_an_order_that_becomes_mine_comes_with_its_place(phone, acting, reported, east):
    mine = phone()
    cursor = mine.pull().cursor
    order = reported("site", fault_class="damage")
    assert mine.pull(cursor).rows == []
    with acting("dispatcher") as (session, scope):
        work.triage(session, scope, order_id=order.id, fault_class="damage")
        plan(session, scope, order.id, mine.scope.actor_id)
    told = mine.pull(cursor)
    assert ids.show(order.id) in of(told, "work_order") and ids.show(east.ids["site"]) in of(told, "position")


def test_an_order_given_to_somebody_else_leaves(phone, acting, dispatched, east):
    mine, order = phone(), dispatched(fault_class="noise")
    cursor = mine.pull().cursor
    with acting("dispatcher") as (session, scope):
        visit = work.visits_of(session, scope, order_ids=[order.id])[0]
        work.withdraw(session, scope, visit_id=visit.id, reason="closer colleague")
        plan(session, scope, order.id, east.people["second"].id)
    told = mine.pull(cursor)
    assert ("visit", ids.show(visit.id)) in told.leaves
    assert ids.show(order.id) in of(phone("second").pull(), "work_order")


def test_other_tenants_are_never_told(phone, world, dispatched, files):
    dispatched(fault_class="emission")
    from tests.backend.field.phone import Phone

    theirs = Phone(world.database, world.scope(world.west, "technician"), files, "west")
    assert of(theirs.pull(), "work_order") == {}


def test_another_extent_of_sight_brings_everything_again(phone, dispatched):
    mine = phone()
    dispatched(fault_class="too_cold")
    pulled = mine.pull()
    again = mine.pull("0000000000000000.7.")
    assert {row.id for row in again.rows} == {row.id for row in pulled.rows}


def test_a_pull_asks_no_more_questions_for_more_visits(phone, dispatched, acting, world):
    mine = phone()

    def asked() -> int:
        with statements(world.database) as said, world.database.transaction(mine.scope) as session:
            service.pull(session, mine.scope, cursor=None)
        return len(said)

    dispatched("site", fault_class="noise")
    few = asked()
    for place in ("plant", "supply", "site"):
        dispatched(place, fault_class="leak")
    assert asked() <= few


def test_a_part_taken_out_of_the_van_by_the_office_is_told(phone, acting, east):
    mine = phone()
    with acting("administrator") as (session, scope):
        van = assets.create_store(
            session,
            scope,
            organisation_id=east.enterprise.id,
            kind=assets.StoreKind.VAN,
            name="van 1",
            person_id=mine.scope.actor_id,
        )
        work.set_technician(
            session, scope, organisation_id=east.region.id, person_id=mine.scope.actor_id, timezone="Asia/Shanghai",
            base=(121.5, 31.2), skills=["electricity", "metering"], shift=ALWAYS, store_id=van.id,
        )  # fmt: skip
        received(session, scope, van.id, east.ids["part"], 10)
    cursor = mine.pull().cursor
    with acting("administrator") as (session, scope):
        received(session, scope, van.id, east.ids["part"], -3)
    told = of(mine.pull(cursor), "stock")
    assert [(row.row["quantity"], row.row["is_mine"]) for row in told.values()] == [(7.0, True)]


def received(session, scope, store_id, part_id, quantity):
    assets.move_stock(
        session, scope, op_id=ids.new_id(),
        moves=[assets.Move(store_id, part_id, Decimal(quantity), assets.MovementReason.COUNTED)],
    )  # fmt: skip


def test_what_leaves_while_a_snapshot_comes_in_pages_hides_nothing(phone, dispatched, acting, monkeypatch):
    mine = phone()
    orders = [dispatched(fault_class=one) for one in ("damage", "meter_fault", "silence")]
    monkeypatch.setattr(pulling, "PAGE", 7)
    rows, cursor = {}, None
    for turn in range(10_000):
        with mine.database.transaction(mine.scope) as session:
            page = service.pull(session, mine.scope, cursor=cursor)
        rows |= {(row.entity, row.id): row for row in page.rows}
        cursor = page.cursor
        if not page.more:
            break
        if turn == 2:
            with acting("dispatcher") as (session, scope):
                visit = work.visits_of(session, scope, order_ids=[orders[0].id])[0]
                work.withdraw(session, scope, visit_id=visit.id, reason="closer colleague")
    with mine.database.transaction(mine.scope) as session:
        there = {(row.entity, row.id) for row in everything(session, mine.scope)}
    assert there <= set(rows) | {(row.entity, row.id) for row in mine.pull(cursor).rows}


def test_an_alarm_at_my_place_is_told_when_it_is_acknowledged_and_leaves_when_it_is_over(
    phone, dispatched, acting, east
):
    mine = phone()
    dispatched("supply", fault_class="overheating")
    first, key = mine.pull(), ids.show(east.ids["alarm"])
    assert of(first, "alarm")[key].row["state"] == "unacknowledged"
    with acting("operator") as (session, scope):
        alarms.acknowledge(session, scope, east.ids["alarm"])
    told = mine.pull(first.cursor)
    assert of(told, "alarm")[key].row["state"] == "acknowledged"
    assert {row.entity for row in told.rows} == {"alarm"}
    with acting("operator") as (session, scope):
        alarms.shelve(
            session, scope, east.ids["rule"], until=clock.now() + timedelta(hours=1), reason="sensor broken"
        )
    over = mine.pull(told.cursor)
    assert over.leaves == [("alarm", key)] and of(over, "alarm") == {}
    with acting("operator") as (session, scope):
        alarms.unshelve(session, scope, east.ids["rule"])
    assert key in of(mine.pull(over.cursor), "alarm")


def test_an_alarm_elsewhere_is_nobodys_news(phone, world, acting):
    mine = phone("second")
    cursor = mine.pull().cursor
    with acting("operator") as (session, scope):
        alarms.comment(session, scope, world.east.ids["alarm"], text="we know")
    told = mine.pull(cursor)
    assert (of(told, "alarm"), told.leaves) == ({}, []) and told.cursor != cursor


def test_a_visit_comes_within_the_fortnight_by_the_days_going_by(phone, acting, reported):
    mine, order = phone(), reported("site", fault_class="no_supply")
    with acting("dispatcher") as (session, scope):
        work.triage(session, scope, order_id=order.id, fault_class="no_supply")
        work.schedule(session, scope, order_id=order.id, technician_id=mine.scope.actor_id,
                      start=clock.now() + timedelta(days=16))  # fmt: skip
    pulled = mine.pull()

    def told(pulled):
        return ids.show(order.id) in {row.row["work_order_id"] for row in of(pulled, "visit").values()}

    assert not told(pulled)
    with clock.shifted(timedelta(days=3)):
        assert told(mine.pull(pulled.cursor))


def test_what_changed_many_times_hides_nothing_of_what_changed_after_it(phone, anew, monkeypatch):
    mine = phone()
    orders = [anew(), anew()]
    cursor = mine.pull().cursor
    for order in (orders[0], orders[0], orders[0], orders[1]):
        mine.do("work_order", order.id, "comment", text="again")
    monkeypatch.setattr(pulling, "PAGE", 3)
    assert {ids.show(one.id) for one in orders} <= set(of(mine.pull(cursor), "work_order"))


def test_a_place_is_told_again_when_something_above_it_is_renamed(phone, anew, acting, east):
    mine, order = phone(), anew()
    cursor = mine.pull().cursor
    with acting("administrator") as (session, scope):
        network.change_position(session, scope, position_id=east.ids["site"], name="South site")
    assert of(mine.pull(cursor), "position")[ids.show(order.position_id)].row["path"][0] == "South site"


def test_a_place_leaves_with_the_last_visit_there_and_its_earlier_orders_with_it(phone, anew, acting, east):
    mine, order = phone(), anew()
    with acting("dispatcher") as (session, scope):
        new = work.Report(position_id=order.position_id, title="Another matter", fault_class="leak")
        other = work.report(session, scope, new=new, source=work.Source.DISPATCHER).order
    first = mine.pull()
    assert of(first, "work_order")[ids.show(other.id)].row["is_history"]
    with acting("dispatcher") as (session, scope):
        visit = work.visits_of(session, scope, order_ids=[order.id])[0]
        work.withdraw(session, scope, visit_id=visit.id, reason="closer colleague")
    leaves = mine.pull(first.cursor).leaves
    gone = {
        ("work_order", order.id),
        ("work_order", other.id),
        ("position", order.position_id),
        ("visit", visit.id),
    }
    assert {(entity, ids.show(one)) for entity, one in gone} <= set(leaves)


def test_an_alarm_is_told_with_what_was_measured_when_it_was_raised(phone, dispatched, acting, east):
    order = dispatched("supply", fault_class="overload", alarm_id=east.ids["alarm"])
    with acting("system") as (session, _scope):
        alarm = session.get(Alarm, east.ids["alarm"])
        raised, alarm.value, alarm.state = alarm.value, 1.0, AlarmState.NORMAL
    told = of(phone().pull(), "alarm")[ids.show(alarm.id)].row
    assert (told["value"], told["state"], told["limit"]) == (raised, "normal", 90), order.number
