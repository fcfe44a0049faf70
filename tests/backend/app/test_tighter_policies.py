"""What hangs on what: seeing a place is not owning it, and what is seen ends with the supply."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.alarms import service as alarms
from backend.assets.models import Device, DeviceStatus, Installation
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Forbidden, NotFound, Refused
from backend.kernel.scope import Role, Scope
from backend.metering import service as metering
from backend.metering.models import Channel
from backend.metering.models.connection import Protocol
from backend.network import service as network
from backend.network.models import Position, PositionKind, SupplyAgreement
from backend.tenancy import service as tenancy
from tests.world import make_person


@pytest.fixture(scope="module")
def tenant(world):
    """The scope of somebody who is operator and administrator of the customer, and of nothing else."""
    east = world.east
    with world.database.transaction(east.scope) as session:
        person = make_person(session, east.scope, "own@east.example", east.customer.id, Role.OPERATOR)
        tenancy.grant(
            session, east.scope, person=person, organisation_id=east.customer.id, role=Role.ADMINISTRATOR
        )
        return tenancy.scope_of(session, person)


def test_a_customer_builds_nothing_under_what_they_only_see(world, tenant):
    supply, new = world.east.ids["supply"], network.NewPosition(PositionKind.METERING, "mine")
    with world.database.transaction(tenant) as session, pytest.raises(Forbidden):
        network.create_position(
            session, tenant, parent_id=supply, new=new, organisation_id=world.east.customer.id
        )


def test_a_customer_supplies_nobody_from_what_they_only_see(world, tenant):
    with world.database.transaction(tenant) as session, pytest.raises(Forbidden):
        network.create_supply_agreement(
            session, tenant, customer_id=world.east.customer.id, operator_id=world.east.customer.id,
            position_id=world.east.ids["supply"], starts_at=clock.now() - timedelta(days=900),
        )  # fmt: skip


def test_the_database_refuses_both_even_if_the_product_forgot(world, tenant):
    customer, supply = world.east.customer.id, world.east.ids["supply"]
    with world.database.transaction(world.east.scope) as session:
        parent = network.position(session, world.east.scope, supply)
    identifier = ids.new_id()
    rows = (
        Position(
            id=identifier, organisation_id=customer, site_id=parent.site_id, parent_id=supply,
            path=f"{parent.path}.{identifier.hex}", kind=PositionKind.METERING, name="x", carriers=[], attributes={},
        ),
        SupplyAgreement(
            id=ids.new_id(), organisation_id=customer, operator_id=customer, position_id=supply,
            starts_at=clock.now() - timedelta(days=900), ends_at=None,
        ),
    )  # fmt: skip
    for row in rows:
        with (
            world.database.transaction(tenant) as session,
            pytest.raises(ProgrammingError, match="row-level security"),
        ):
            session.add(row)
            session.flush()


@pytest.fixture(scope="module")
def own_gateway(world, tenant) -> UUID:
    """A connection of the customer's own."""
    with world.database.transaction(tenant) as session:
        new = metering.NewConnection("own gateway", Protocol.HTTP, {})
        return metering.create_connection(session, tenant, organisation_id=world.east.customer.id, new=new).id


def test_a_customer_feeds_nothing_into_the_meter_they_are_billed_by(world, tenant, own_gateway):
    new, point = metering.NewChannel({"name": "forged"}), world.east.ids["supply_energy"]
    with world.database.transaction(tenant) as session, pytest.raises(Refused, match="does not serve"):
        metering.create_channel(session, tenant, connection_id=own_gateway, point_id=point, new=new)


def test_a_customer_adopts_nothing_into_the_meter_they_are_billed_by(world, tenant, own_gateway):
    customer = world.east.customer.id
    with world.database.transaction(tenant) as session:
        metering.add_sightings(
            session, Scope.system(frozenset({customer}), "test"), connection_id=own_gateway,
            organisation_id=customer, seen=[("meter/1", {"value": 1})],
        )  # fmt: skip
        sighting = metering.list_sightings(session, tenant).items[0][0]
        with pytest.raises(Refused, match="does not serve"):
            metering.adopt_sighting(
                session, tenant, sighting_id=sighting.id, point_id=world.east.ids["supply_energy"],
                channel=metering.NewChannel({"topic": "meter/1"}),
            )  # fmt: skip


def test_the_database_refuses_a_foreign_channel_too(world, tenant, own_gateway):
    with (
        world.database.transaction(tenant) as session,
        pytest.raises(ProgrammingError, match="row-level security"),
    ):
        session.add(
            Channel(
                id=ids.new_id(), organisation_id=world.east.customer.id, connection_id=own_gateway,
                point_id=world.east.ids["supply_energy"], is_enabled=True,
                **metering.NewChannel({"name": "x"}).__dict__,
            )
        )  # fmt: skip
        session.flush()


def test_nobody_writes_into_anothers_trail(world, tenant):
    west = world.west.region.id
    with (
        world.database.transaction(tenant) as session,
        pytest.raises(ProgrammingError, match="row-level security"),
    ):
        audit.record(session, tenant, action="x", entity="position", entity_id="x", organisation_id=west)
        session.flush()
    stranger = world.west.people["manager"].id
    with (
        world.database.transaction(tenant) as session,
        pytest.raises(ProgrammingError, match="row-level security"),
    ):
        audit.record(
            session,
            tenant,
            action="x",
            entity="person",
            entity_id=stranger,
            organisation_id=world.east.park.id,
        )
        session.flush()


def seen(world, scope, table: str) -> int:
    with world.database.transaction(scope) as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}"))


@pytest.fixture(scope="module")
def former(world, owner_database):
    """The western customer, whose supply ended an hour ago; before, a device was there and one came since."""
    west = world.west
    with world.database.transaction(west.scope) as session:
        for serial, age in (("theirs", timedelta(days=30)), ("since", timedelta(minutes=5))):
            kept = Device(
                id=ids.new_id(), organisation_id=west.enterprise.id, manufacturer="M", model="X",
                serial_number=serial, status=DeviceStatus.STORED, attributes={}, created_at=clock.now() - age,
            )  # fmt: skip
            session.add(kept)
            session.flush()
            removed_at = clock.now() - timedelta(minutes=30) if serial == "theirs" else None
            session.add(
                Installation(
                    id=ids.new_id(), organisation_id=west.enterprise.id, device_id=kept.id,
                    position_id=west.ids["supply"], installed_at=clock.now() - age, removed_at=removed_at,
                )
            )  # fmt: skip
    ended = text("UPDATE supply_agreement SET ends_at = :ends WHERE organisation_id = :id")
    given = {"id": west.customer.id}
    with owner_database.transaction(Scope.public()) as session:
        session.execute(ended, given | {"ends": clock.now() - timedelta(hours=1)})
    yield world.scope(west, "customer")
    with owner_database.transaction(Scope.public()) as session:
        session.execute(ended, given | {"ends": None})


def test_a_former_customer_sees_the_device_of_their_time_and_not_the_one_since(world, former):
    with world.database.transaction(former) as session:
        serials = set(session.scalars(text("SELECT serial_number FROM device")))
    assert serials == {"theirs"}


def test_a_former_customer_sees_no_rules_of_today(world, former):
    with world.database.transaction(former) as session:
        assert alarms.rules(session, former).items == []
        with pytest.raises(NotFound):
            alarms.rule(session, former, world.west.ids["rule"])
    assert seen(world, former, "alarm_rule") == 0  # the alarm of this rule was raised after they left
    assert seen(world, world.scope(world.west, "manager"), "alarm_rule") > 0
