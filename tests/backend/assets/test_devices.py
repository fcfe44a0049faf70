"""Devices: what stands where, and that nothing stands in two places at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.assets import service as assets
from backend.kernel import clock, ids
from backend.kernel.errors import Conflict, NotFound
from backend.network import service as network
from backend.network.models import PositionKind
from backend.network.service import NewPosition
from tests.world import World, make_world


@pytest.fixture(scope="module")
def world(database) -> World:
    return make_world(database)


@pytest.fixture(scope="module")
def places(world):
    east = world.east
    with world.database.transaction(east.scope) as session:
        site = network.create_site(
            session, east.scope, organisation_id=east.region.id, new=NewPosition(PositionKind.SITE, "Yard"),
            timezone="Asia/Shanghai", currency="CNY",
        )  # fmt: skip
        return [
            network.create_position(
                session, east.scope, parent_id=site.id, new=NewPosition(PositionKind.METERING, n)
            )
            for n in ("Left", "Right")
        ]


def register(world, serial):
    with world.database.transaction(world.east.scope) as session:
        return assets.register_device(
            session, world.east.scope, organisation_id=world.east.region.id, manufacturer="Eastron", model="SDM630",
            serial_number=serial, family="eastron_sdm630",
        )  # fmt: skip


def test_a_device_moves_and_both_places_remember_it(world, places):
    device, now = register(world, "A1"), clock.now()
    left, right = places
    with world.database.transaction(world.east.scope) as session:
        assets.install(
            session, world.east.scope, device_id=device.id, position_id=left.id, at=now - timedelta(days=9)
        )
        assets.remove(session, world.east.scope, device_id=device.id, at=now - timedelta(days=2))
        assets.install(
            session, world.east.scope, device_id=device.id, position_id=right.id, at=now - timedelta(days=1)
        )
    with world.database.transaction(world.east.scope) as session:
        ((before, _),) = assets.devices_at(session, world.east.scope, left.id)
        ((standing, _),) = assets.devices_at(session, world.east.scope, right.id)
    assert before.removed_at is not None
    assert standing.removed_at is None


def test_a_device_that_stands_somewhere_must_be_removed_there_first(world, places):
    device = register(world, "A2")
    with (
        pytest.raises(Conflict, match="somewhere else"),
        world.database.transaction(world.east.scope) as session,
    ):
        for place in places:
            assets.install(
                session, world.east.scope, device_id=device.id, position_id=place.id, at=clock.now()
            )


def test_the_database_itself_keeps_a_device_from_two_places_at_once(world, places, owner_database):
    device, now = register(world, "A3"), clock.now()
    with (
        pytest.raises(IntegrityError, match="one_place_at_a_time"),
        owner_database.transaction(world.east.scope) as s,
    ):
        for place in places:
            s.execute(
                text("INSERT INTO installation VALUES (:id, :org, :device, :place, :at, NULL)"),
                {
                    "id": ids.new_id(),
                    "org": world.east.region.id,
                    "device": device.id,
                    "place": place.id,
                    "at": now,
                },
            )


def test_another_tenants_device_is_not_there(world, places):
    device = register(world, "A4")
    with pytest.raises(NotFound), world.database.transaction(world.west.scope) as session:
        assets.install(
            session, world.west.scope, device_id=device.id, position_id=places[0].id, at=clock.now()
        )
