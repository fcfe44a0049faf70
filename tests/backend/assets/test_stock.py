"""Parts and stock: a ledger whose sums are the stock, in which a retry counts once and nothing stops a repair."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.assets import service as assets
from backend.assets.models import MovementReason, StoreKind
from backend.kernel import changes, ids
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused

USED, RECEIVED = MovementReason.USED, MovementReason.RECEIVED


@pytest.fixture(scope="module")
def stores(yard):
    where, technician = yard.world.east.region.id, yard.world.east.people["technician"]
    made = [
        yard.do(assets.create_store, organisation_id=where, kind=StoreKind.WAREHOUSE, name="Main"),
        yard.do(
            assets.create_store,
            organisation_id=where,
            kind=StoreKind.VAN,
            name="Van 1",
            person_id=technician.id,
        ),
    ]
    return [one.id for one in made]


@pytest.fixture
def part(yard):
    number = ids.show(ids.new_id())
    return yard.do(
        assets.add_part, organisation_id=yard.world.east.region.id, number=number, name="Gasket DN50",
        name_zh="垫片", unit="pcs", minimum=Decimal(4),
    ).id  # fmt: skip


@pytest.fixture
def move(yard):
    def moved(store_id, part_id, delta, reason, op_id=None, scope=None):
        moves = [assets.Move(store_id, part_id, Decimal(delta), reason)]
        return yard.do(assets.move_stock, scope, op_id=op_id or ids.new_id(), moves=moves)

    return moved


def lying(yard, part):
    return {one.store.name: one.quantity for one in yard.do(assets.stock_of, part_id=part).items}


def test_the_stock_is_the_sum_of_its_movements(yard, stores, part, move):
    main, van = stores
    move(main, part, "10", RECEIVED)
    yard.do(
        assets.transfer, op_id=ids.new_id(), from_id=main, to_id=van, part_id=part, quantity=Decimal("2.5")
    )
    move(van, part, "-1", USED)
    assert lying(yard, part) == {"Main": Decimal("7.5"), "Van 1": Decimal("1.5")}
    moved = [line.movement.delta for line in yard.do(assets.ledger, part_id=part).items]
    assert sorted(moved) == [Decimal("-2.5"), Decimal(-1), Decimal("2.5"), Decimal(10)]


def test_a_phone_that_sends_again_moves_the_part_once(yard, stores, part, move):
    op_id, technician = ids.new_id(), yard.person("technician")
    for _ in range(3):
        move(stores[1], part, "-1", USED, op_id, technician)
    assert lying(yard, part) == {"Van 1": Decimal(-1)}
    with pytest.raises(Conflict, match="already used"):
        move(stores[1], part, "-2", USED, op_id)


def test_two_that_send_the_same_at_once_move_the_part_once(yard, stores, part, move):
    op_id, barrier = ids.new_id(), threading.Barrier(4)

    def send() -> None:
        barrier.wait()
        move(stores[1], part, "-1", USED, op_id)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lying(yard, part) == {"Van 1": Decimal(-1)}


def test_taking_more_than_was_booked_in_is_an_exception_and_no_obstacle(yard, stores, part, move):
    move(stores[1], part, "-3", USED)
    (found,) = [one for one in yard.do(assets.stock_exceptions).items if one.part.id == part]
    assert (found.store.name, found.quantity) == ("Van 1", Decimal(-3))
    yard.do(assets.count_stock, op_id=ids.new_id(), store_id=stores[1], part_id=part, counted=Decimal(2))
    assert part not in {one.part.id for one in yard.do(assets.stock_exceptions).items}
    assert lying(yard, part) == {"Van 1": Decimal(2)}


def test_a_count_sent_twice_corrects_once(yard, stores, part, move):
    move(stores[0], part, "5", RECEIVED)
    said = {"op_id": ids.new_id(), "store_id": stores[0], "part_id": part, "counted": Decimal(7)}
    assert yard.do(assets.count_stock, **said) == Decimal(2)
    move(stores[0], part, "-1", USED)
    assert yard.do(assets.count_stock, **said) == Decimal(2)
    assert lying(yard, part) == {"Main": Decimal(6)}


def test_parts_of_which_too_few_lie_there_are_listed(yard, stores, part, move):
    def short():
        return {row[0].id for row in yard.do(assets.list_parts, below_minimum=True, limit=200).items}

    assert part in short()
    move(stores[0], part, "3", RECEIVED)
    assert part in short()
    move(stores[1], part, "1", RECEIVED)
    assert part not in short()


@pytest.mark.parametrize(
    ("delta", "reason"), [("0", USED), ("1", USED), ("-1", RECEIVED), ("0.0001", RECEIVED), ("NaN", USED)]
)
def test_a_movement_that_makes_no_sense_is_refused(stores, part, move, delta, reason):
    with pytest.raises(Refused):
        move(stores[0], part, delta, reason)


def test_the_ledger_is_only_ever_added_to(yard, stores, part, move):
    move(stores[0], part, "1", RECEIVED)
    for statement in ("DELETE FROM stock_movement", "UPDATE stock_movement SET delta = 99"):
        with pytest.raises(DBAPIError, match="permission denied"), yard.session() as session:
            session.execute(text(statement))


def test_a_movement_tells_the_phones_whose_store_changed(yard, stores, part, move):
    with yard.session() as session:
        before = changes.head(session, yard.scope)
    move(stores[1], part, "1", RECEIVED)
    with yard.session() as session:
        (change,) = changes.since(session, yard.scope, sequence=before)
    assert (change.entity, change.entity_id) == ("store", stores[1])


def test_parts_and_stores_are_for_their_own_staff(yard, stores, part, move):
    with pytest.raises(NotFound):
        move(stores[0], part, "1", RECEIVED, scope=yard.world.west.scope)
    with pytest.raises(NotFound):
        yard.do(assets.stock_in, yard.person("customer"), store_id=stores[0])
    with pytest.raises(Forbidden):
        yard.do(
            assets.add_part, yard.person("technician"), organisation_id=yard.world.east.region.id, number="1",
            name="x", unit="pcs",
        )  # fmt: skip
