"""Parts of a job: planned, set aside in the van that goes or in a store, never promised twice."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest

from backend.assets import service as assets
from backend.kernel import clock, ids
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.workorders import service
from backend.workorders.rules.machine import OrderStatus
from backend.workorders.rules.parts import chosen_store, free_in
from backend.workorders.service import board as boards
from tests.backend.workorders.conftest import ALWAYS
from tests.backend.workorders.test_dispatch import ZONE, _tomorrow

A, B, VAN = ids.new_id(), ids.new_id(), ids.new_id()


@pytest.mark.parametrize(
    ("quantity", "free", "van", "chosen"),
    [
        (2, {VAN: 2, A: 9}, VAN, VAN),
        (3, {VAN: 2, A: 9}, VAN, A),
        (3, {VAN: 2, A: 1, B: 3}, VAN, B),
        (3, {VAN: 2, A: 2}, VAN, None),
        (1, {VAN: 5}, None, None),
    ],
)
def test_the_van_comes_first_and_one_store_holds_it_all(quantity, free, van, chosen):
    lying = {store: Decimal(amount) for store, amount in free.items()}
    assert chosen_store(Decimal(quantity), lying, van=van, stores=[A, B]) == chosen


def test_what_others_set_aside_is_not_there_and_arrears_are_nothing():
    free = free_in({A: Decimal(5), B: Decimal(-2)}, {A: Decimal(3), B: Decimal(1)})
    assert free == {A: Decimal(2), B: Decimal(0)}


@pytest.fixture(scope="module")
def stock(world, east):
    """Three valves in the store, one in the technician's van, none in the second's."""
    with world.database.transaction(east.scope) as session:
        scope, where = east.scope, east.enterprise.id
        valve = assets.add_part(
            session, scope, organisation_id=where, number="V-50", name="Valve DN50", unit="pcs"
        )
        house = assets.create_store(
            session, scope, organisation_id=where, kind=assets.StoreKind.WAREHOUSE, name="House"
        )
        vans = {}
        for who in ("technician", "second"):
            person = east.people[who]
            vans[who] = assets.create_store(session, scope, organisation_id=where, kind=assets.StoreKind.VAN,
                                            name=f"Van of {who}", person_id=person.id)  # fmt: skip
            service.set_technician(
                session, scope, organisation_id=east.region.id, person_id=person.id, timezone=ZONE, base=(121.5, 31.2),
                skills=["electricity", "metering"], shift=ALWAYS, store_id=vans[who].id,
            )  # fmt: skip
        for store, count in ((house, 3), (vans["technician"], 1)):
            assets.move_stock(session, scope, op_id=ids.new_id(), moves=[
                assets.Move(store.id, valve.id, Decimal(count), assets.MovementReason.RECEIVED)])  # fmt: skip
        return {"valve": valve.id, "house": house.id, **{who: van.id for who, van in vans.items()}}


@pytest.fixture
def needing(acting, reported, stock):
    """An order that waits and takes so many valves."""

    def one(count, fault_class="noise", place="plant"):
        order = reported(place, fault_class=fault_class)
        with acting("dispatcher") as (session, scope):
            service.triage(session, scope, order_id=order.id, fault_class=fault_class, priority=3)
            service.plan_part(
                session, scope, order_id=order.id, part_id=stock["valve"], quantity=Decimal(count)
            )
        return order

    return one


@pytest.fixture(autouse=True)
def nothing_left_over(acting):
    """Each test begins with nothing set aside."""
    yield
    with acting("dispatcher") as (session, scope):
        for row in service.orders(session, scope, limit=100).items:
            service.cancel(session, scope, order_id=row.order.id, reason="the test is over")


def go(acting, east, order, who, hours):
    with acting("dispatcher") as (session, scope):
        service.schedule(session, scope, order_id=order.id, technician_id=east.people[who].id,
                         start=clock.now() + timedelta(hours=hours))  # fmt: skip


def where(acting, order):
    with acting("dispatcher") as (session, scope):
        return [
            (one.quantity, one.store_id) for one in service.look(session, scope, order_id=order.id).needed
        ]


def test_parts_are_set_aside_in_the_van_that_goes_else_in_the_store(acting, east, needing, stock):
    small, large = needing(1), needing(3, "leak")
    assert where(acting, small) == [(1, None)], "nobody is planned to go"
    go(acting, east, small, "technician", 24)
    go(acting, east, large, "technician", 27)
    assert where(acting, small) == [(1, stock["technician"])]
    assert where(acting, large) == [(3, stock["house"])]


def test_what_is_set_aside_is_not_promised_again_until_it_is_let_go(acting, east, needing, stock):
    first, second = needing(2), needing(2, "leak")
    go(acting, east, first, "second", 24)
    with pytest.raises(Conflict, match="2 pcs Valve DN50") as said:
        go(acting, east, second, "second", 27)
    assert said.value.field == "parts"
    with acting("dispatcher") as (session, scope):
        (visit,) = service.visits_of(session, scope, order_ids=[first.id])
        service.withdraw(session, scope, visit_id=visit.id, reason="another day")
    assert where(acting, first) == [(2, None)]
    go(acting, east, second, "second", 27)
    assert where(acting, second) == [(2, stock["house"])]


def test_two_dispatchers_at_once_do_not_set_the_same_valve_aside(acting, east, needing):
    orders = [needing(2), needing(2, "leak")]
    start, done = threading.Barrier(2), []

    def one(order, who):
        start.wait(10)
        try:
            go(acting, east, order, who, 24)
            done.append("planned")
        except Conflict as error:
            done.append(error.field)

    threads = [
        threading.Thread(target=one, args=pair) for pair in zip(orders, ("technician", "second"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == ["parts", "planned"]


def test_an_emergency_goes_without(acting, east, needing):
    order = needing(50)
    with acting("dispatcher") as (session, scope):
        service.order(session, scope, order_id=order.id).priority = 1
    go(acting, east, order, "technician", 1)
    with acting("dispatcher") as (session, scope):
        assert service.order(session, scope, order_id=order.id).status is OrderStatus.SCHEDULED


def test_what_was_used_is_no_longer_set_aside(acting, east, needing, stock):
    order = needing(1)
    go(acting, east, order, "technician", 24)
    with acting("technician") as (session, scope):
        service.use_part(session, scope, order_id=order.id, part_id=stock["valve"], quantity=Decimal(1),
                         store_id=stock["technician"])  # fmt: skip
        free = service.free_stock(session, scope, {stock["valve"]})
        assert free[stock["valve"]][stock["technician"]] == 1, "the ledger will say that it is gone"
    with acting("system") as (session, scope):
        service.order(session, scope, order_id=order.id).status = OrderStatus.CLOSED


def test_the_phones_pack_says_what_to_take_along_and_from_where(acting, east, needing, stock):
    order = needing(1)
    go(acting, east, order, "technician", 34)
    with acting("technician") as (session, scope):
        found = service.order(session, scope, order_id=order.id)
        (pack,) = service.packs(session, scope, orders=[found])
        (row,) = pack.planned_parts
        assert (row.part_id, row.quantity, row.store_id) == (stock["valve"], 1, stock["technician"])


def test_dispatch_sends_whose_van_has_it(acting, east, needing, stock):
    large = needing(3, "leak")
    go(acting, east, large, "second", 90)  # empties the store
    order = needing(1)
    with acting("dispatcher") as (session, scope):
        day = boards.board(session, scope, organisation_id=east.region.id, on=_tomorrow(), zone=ZONE)
        (job,) = [one for one in day.problem.jobs if one.id == order.id]
        assert job.parts == {"V-50": 1}
        held = {one.id: dict(one.parts) for one in day.problem.technicians}
    assert held[east.people["technician"].id] == {"V-50": 1}
    assert held[east.people["second"].id] == {}
    assert day.problem.store.get("V-50", 0) == 0


def test_only_the_office_says_what_a_job_takes_and_not_of_what_is_over(acting, reported, stock, world):
    order = reported(fault_class="noise")
    for role, refused in (("technician", Forbidden), ("customer", (Forbidden, NotFound))):
        with acting(role) as (session, scope), pytest.raises(refused):
            service.plan_part(session, scope, order_id=order.id, part_id=stock["valve"], quantity=Decimal(1))
    with acting("dispatcher", world.west) as (session, scope), pytest.raises(NotFound):
        service.plan_part(session, scope, order_id=order.id, part_id=stock["valve"], quantity=Decimal(1))
    with acting("dispatcher") as (session, scope):
        for wrong in (Decimal(-1), Decimal(100_001)):
            with pytest.raises(Refused):
                service.plan_part(session, scope, order_id=order.id, part_id=stock["valve"], quantity=wrong)
        service.plan_part(session, scope, order_id=order.id, part_id=stock["valve"], quantity=Decimal(2))
        assert (
            service.plan_part(session, scope, order_id=order.id, part_id=stock["valve"], quantity=Decimal(0))
            == []
        )
        service.cancel(session, scope, order_id=order.id, reason="no")
        with pytest.raises(Conflict):
            service.plan_part(session, scope, order_id=order.id, part_id=stock["valve"], quantity=Decimal(2))
