"""Sites and positions: where things stand, who owns them, and who may see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.kernel import clock
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.units import Carrier
from backend.network import service as network
from backend.network.models import PositionKind
from backend.network.service import NewPosition
from tests.world import World, make_world

QUAY = {"type": "Point", "coordinates": [121.90, 30.90]}
FAR = {"type": "Point", "coordinates": [122.40, 30.70]}


@pytest.fixture(scope="module")
def world(database) -> World:
    return make_world(database)


@pytest.fixture(scope="module")
def site(world):
    east = world.east
    with world.database.transaction(east.scope) as session:
        return network.create_site(
            session, east.scope, organisation_id=east.region.id,
            new=NewPosition(PositionKind.SITE, "Quay", "码头", geometry=QUAY), timezone="Asia/Shanghai", currency="CNY",
        )  # fmt: skip


def make(world, parent, name, **more):
    with world.database.transaction(world.east.scope) as session:
        new = NewPosition(PositionKind.BUILDING, name, **more)
        return network.create_position(session, world.east.scope, parent_id=parent.id, new=new)


def test_a_carrier_said_several_times_is_kept_once(world, site):
    said = (Carrier.HEAT, Carrier.GAS, Carrier.HEAT) * 4
    hall = make(world, site, "Boiler house", carriers=said)
    assert hall.carriers == ["heat", "gas"]
    with world.database.transaction(world.east.scope) as session:
        changed = network.change_position(session, world.east.scope, position_id=hall.id, carriers=said[1:])
        assert changed.carriers == ["gas", "heat"]


def test_a_position_knows_the_way_down_from_its_site(world, site):
    hall = make(world, site, "Hall")
    room = make(world, hall, "Meter room")
    with world.database.transaction(world.east.scope) as session:
        way = network.way_to(session, world.east.scope, room)
        assert [p.name for p in way] == ["Quay", "Hall", "Meter room"]
        assert network.site_of(session, world.east.scope, room.id).timezone == "Asia/Shanghai"


def test_the_same_site_name_twice_is_refused(world, site):
    with pytest.raises(Conflict, match="Quay"), world.database.transaction(world.east.scope) as session:
        network.create_site(
            session, world.east.scope, organisation_id=world.east.region.id,
            new=NewPosition(PositionKind.SITE, "Quay"), timezone="Asia/Shanghai", currency="CNY",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"geometry": {"type": "Point", "coordinates": [200, 0]}}, "geometry"),
    ],
)
def test_a_place_that_cannot_be_is_refused_with_its_field(world, more, field):
    geometry = more.pop("geometry", None)
    said = {"timezone": "Asia/Shanghai", "currency": "CNY"} | more
    with pytest.raises(Refused) as refusal, world.database.transaction(world.east.scope) as session:
        network.create_site(
            session, world.east.scope, organisation_id=world.east.region.id,
            new=NewPosition(PositionKind.SITE, f"Nowhere {field}", geometry=geometry), **said,
        )  # fmt: skip
    assert refusal.value.field == field
    assert refusal.value.remedy


def test_a_technician_may_not_make_positions(world, site):
    technician = world.scope(world.east, "technician")
    with pytest.raises(Forbidden), world.database.transaction(technician) as session:
        network.create_position(
            session, technician, parent_id=site.id, new=NewPosition(PositionKind.ROOM, "Cellar")
        )


def test_a_customer_sees_what_they_are_supplied_at_and_below_but_not_beside(world, site):
    supplied, beside = make(world, site, "Supplied mill"), make(world, site, "Neighbour")
    below = make(world, supplied, "Mill cellar")
    now = clock.now()
    with world.database.transaction(world.east.scope) as session:
        network.create_supply_agreement(
            session, world.east.scope, customer_id=world.east.customer.id, operator_id=world.east.region.id,
            position_id=supplied.id, starts_at=now - timedelta(days=1),
        )  # fmt: skip
    customer = world.scope(world.east, "customer")
    with world.database.transaction(customer) as session:
        names = {p.name for p in network.list_positions(session, customer).items}
        assert {"Supplied mill", "Mill cellar", "Quay"} <= names
        assert "Neighbour" not in names
        with pytest.raises(NotFound):
            network.position(session, customer, beside.id)
        periods = network.visible_periods(session, customer, network.position(session, customer, below.id))
        assert [(p.start, p.end) for p in periods] == [(now - timedelta(days=1), None)]


def test_an_agreement_cannot_end_before_it_starts(world, site):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(Refused, match="end before"), world.database.transaction(world.east.scope) as session:
        network.create_supply_agreement(
            session, world.east.scope, customer_id=world.east.customer.id, operator_id=world.east.region.id,
            position_id=site.id, starts_at=now, ends_at=now - timedelta(days=1),
        )  # fmt: skip


def test_pages_of_positions_miss_none_and_repeat_none(world, site):
    parent = make(world, site, "Paged")
    made = {make(world, parent, f"Room {i:02}").name for i in range(7)} | {"Paged"}
    seen, cursor = [], None
    with world.database.transaction(world.east.scope) as session:
        while True:
            page = network.list_positions(session, world.east.scope, under=parent.id, cursor=cursor, limit=3)
            seen += [p.name for p in page.items]
            if (cursor := page.next_cursor) is None:
                break
    assert seen == sorted(made)


def test_the_nearest_position_comes_first(world, site):
    make(world, site, "Near", geometry=QUAY)
    make(world, site, "Far", geometry=FAR)
    with world.database.transaction(world.east.scope) as session:
        found = network.nearest_positions(
            session, world.east.scope, longitude=121.9001, latitude=30.9, limit=3
        )
    assert found[0][1] < 20
    assert found[-1][1] > found[0][1]


def test_the_map_of_one_region_holds_nothing_of_the_other(world, site):
    with world.database.transaction(world.east.scope) as session:
        network.create_line(
            session, world.east.scope, organisation_id=world.east.region.id, kind="pipe", carrier=Carrier.HEAT,
            geometry={"type": "LineString", "coordinates": [[121.9, 30.9], [121.91, 30.91]]}, length_m=1460.0,
        )  # fmt: skip
        layers = network.map_layers(session, world.east.scope, frozenset({world.east.region.id}))
    assert {f["properties"]["layer"] for f in layers["features"]} >= {"position", "pipe"}
    west = world.scope(world.west, "manager")
    with world.database.transaction(west) as session:
        assert network.map_layers(session, west, frozenset({world.east.region.id}))["features"] == []


def test_a_carrier_named_twice_is_kept_once(world, site):
    said = (Carrier.HEAT, Carrier.GAS, Carrier.HEAT)
    made = make(world, site, "Boiler house", carriers=said)
    assert made.carriers == ["heat", "gas"]
    with world.database.transaction(world.east.scope) as session:
        changed = network.change_position(
            session, world.east.scope, position_id=made.id, carriers=said[1:] * 5
        )
        assert changed.carriers == ["gas", "heat"]
