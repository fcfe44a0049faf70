"""What a call says to the database, and a region grown wide, to see whether it says more there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import numpy as np
from sqlalchemy import event

from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.scope import Role, Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Direction
from backend.metering.models.connection import Protocol
from backend.network import service as network
from backend.network.models import PositionKind
from backend.tenancy import service as tenancy
from backend.tenancy.models import OrganisationKind
from tests.world import Region, World, make_person


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect what is said to the database while the block runs, one line a statement."""
    said: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        said.append(" ".join(statement.split()))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def widen(world: World, region: Region, count: int, *, prefix: str = "wide") -> None:
    """Add customers, each with a person, a meter of electricity, a boiler with its values, and a connection."""
    scope = region.scope
    parents = region.region.id, region.park.id, region.enterprise.id
    with world.database.transaction(scope) as session:
        nodes = [
            tenancy.create_organisation(
                session,
                scope,
                parent_id=parent,
                kind=OrganisationKind.CUSTOMER,
                name=f"{prefix} {n} {parent}",
            )
            for n in range(count)
            for parent in parents
        ]
        region.scope = scope = tenancy.widened(session, scope)
    keys: list[int] = []
    with world.database.transaction(scope) as session:
        for node in nodes:
            make_person(session, scope, f"{node.id.hex}@{region.name}.example", node.id, Role.CUSTOMER)
            keys += _equip(session, scope, region, node)
    at_us = clock.now_us() // 60_000_000 * 60_000_000 + np.arange(-120, 1) * 60_000_000
    batch = metering.ReadingBatch(
        np.repeat(np.array(keys), len(at_us)),
        np.tile(at_us, len(keys)),
        np.tile(1000.0 + np.arange(len(at_us)), len(keys)),
        np.zeros(len(keys) * len(at_us), np.int16),
    )
    with world.database.transaction(scope) as session:
        metering.store_readings(session, scope, batch, source="test", live=True)
    everyone = Scope.system(world.east.scope.organisations | world.west.scope.organisations, "widening")
    with world.database.transaction(everyone) as session:
        while metering.RollUpFollower().step(session, everyone):
            pass


def _equip(session, scope: Scope, region: Region, node) -> list[int]:
    site = network.create_site(
        session, scope, organisation_id=region.enterprise.id, timezone="Asia/Shanghai", currency="CNY",
        new=network.NewPosition(
            PositionKind.SITE, f"{node.name} site", geometry={"type": "Point", "coordinates": [121.5, 31.2]}
        ),
    )  # fmt: skip
    meter, boiler = (
        network.create_position(
            session, scope, parent_id=site.id, new=network.NewPosition(kind, f"{node.name} {kind.value}")
        )
        for kind in (PositionKind.METERING, PositionKind.UNIT)
    )
    network.create_supply_agreement(
        session, scope, customer_id=node.id, operator_id=region.enterprise.id, position_id=site.id,
        starts_at=clock.now() - timedelta(days=90),
    )  # fmt: skip
    made = [
        metering.create_point(
            session, scope, position_id=at.id,
            new=metering.NewPoint(
                f"{node.name} {quantity} {way.value}", Carrier.ELECTRICITY, quantity, unit, kind, direction=way,
                is_total=at is meter and unit == "kWh",
            ),
        )
        for at, quantity, unit, kind, way in (
            (meter, "active energy", "kWh", PointKind.REGISTER, Direction.IN),
            (meter, "active power", "kW", PointKind.INSTANT, Direction.IN),
            (boiler, "active energy", "kWh", PointKind.REGISTER, Direction.IN),
            (boiler, "active energy", "kWh", PointKind.REGISTER, Direction.OUT),
            (boiler, "running", "1", PointKind.STATE, Direction.IN),
        )
    ]  # fmt: skip
    connection = metering.create_connection(
        session, scope, organisation_id=region.enterprise.id,
        new=metering.NewConnection(f"{node.name} gateway", Protocol.HTTP, {}),
    )  # fmt: skip
    refusal = metering.Refusal(
        connection_id=connection.id, organisation_id=region.enterprise.id, address="push", payload=b"{}",
        reason="unknown point", received_at=clock.now(),
    )  # fmt: skip
    metering.add_dead_letters(session, scope, [refusal])
    return [point.key for point in made]
