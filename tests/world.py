"""A small world for tests: two regions that may not see each other, with people of every role.

Everything is made through the services, as the product does. Ask for `make_world(database)` once a
module, and for `furnish(world)` where places, points, readings and alarms are needed too.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.alarms import service as alarms
from backend.alarms.service import AlarmFollower
from backend.assets import service as assets
from backend.assets.service import tags
from backend.infra.files import FolderFiles
from backend.infra.passwords import Argon2Passwords
from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.scope import Role, Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models.connection import Protocol
from backend.metering.service import RollUpFollower
from backend.network import service as network
from backend.network.models import PositionKind
from backend.tenancy import service as tenancy
from backend.tenancy.models import Organisation, OrganisationKind, Person

PASSWORD = "correct horse battery"
PASSWORDS = Argon2Passwords(memory_kib=64)
"""Cheap hashing: tests log in often."""


@dataclass
class Region:
    """One tenant: region > park > enterprise > customer, a person of each role, places, points, alarms."""

    name: str
    scope: Scope
    region: Organisation
    park: Organisation
    enterprise: Organisation
    customer: Organisation
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    point_keys: dict[str, int] = field(default_factory=dict)
    gateway_key: str = ""

    def email(self, role: str) -> str:
        """Return the address of this region's person of a role."""
        return self.people[role].email


@dataclass
class World:
    """Two regions in one database."""

    database: Database
    east: Region
    west: Region

    def scope(self, region: Region, role: str) -> Scope:
        """Return the scope of a region's person of a role."""
        with self.database.transaction(Scope.public()) as session:
            return tenancy.scope_of(session, region.people[role])


def make_world(database: Database) -> World:
    """Fill an empty database with both regions."""
    return World(database, _make_region(database, "east"), _make_region(database, "west"))


def furnish(world: World) -> World:
    """Give both regions a site, meters, readings, amounts, an alarm, and things ingest could not take."""
    for region in (world.east, world.west):
        with world.database.transaction(region.scope) as session:
            _build(session, region)
        with world.database.transaction(region.scope) as session:
            _read(session, region)
    everyone = Scope.system(world.east.scope.organisations | world.west.scope.organisations, "furnishing")
    follower = AlarmFollower()
    while follower.turn(world.database, everyone):
        pass
    follower.let_go(world.database, everyone)
    with world.database.transaction(everyone) as session:
        while RollUpFollower().step(session, everyone):
            pass
    for region in (world.east, world.west):
        with world.database.transaction(region.scope) as session:
            _keep(session, region)
            _tag(session, region)
            region.ids["alarm"] = alarms.alarms(session, region.scope).items[0].id
            region.ids["letter"] = metering.list_dead_letters(session, region.scope).items[0].id
            region.ids["sighting"] = metering.list_sightings(session, region.scope).items[0][0].id
    return world


def _keep(session: Session, region: Region) -> None:
    """A device in store, a document at the plant, a part in a warehouse, somebody to ring at the customer's."""
    scope, ids, where = region.scope, region.ids, region.enterprise.id
    ids["asset"] = assets.register_device(
        session,
        scope,
        organisation_id=where,
        manufacturer="Maker",
        model="M1",
        serial_number=f"{region.name}-1",
    ).id
    ids["part"] = assets.add_part(
        session, scope, organisation_id=where, number="P1", name=f"{region.name} gasket", unit="pcs"
    ).id
    ids["store"] = assets.create_store(
        session, scope, organisation_id=where, kind=assets.StoreKind.WAREHOUSE, name=f"{region.name} store"
    ).id
    ids["contact"] = assets.add_contact(session, scope, customer_id=region.customer.id, name="Zhou Qi").id
    new = assets.NewDocument(
        f"{region.name} plan", assets.DocumentKind.DRAWING, "plan.txt", region.name.encode()
    )
    with tempfile.TemporaryDirectory() as folder:  # its bytes are not asked for
        ids["document"] = assets.add_document(
            session, scope, FolderFiles(Path(folder)), about=assets.About(position_id=ids["plant"]), new=new
        ).id


def _tag(session: Session, region: Region) -> None:
    """A tag at the plant, seen in two places within a minute."""
    scope, ids, now = region.scope, region.ids, clock.now()
    ids["batch"] = tags.make_batch(
        session, scope, organisation_id=region.enterprise.id, name="first labels", size=2
    ).id
    tag = tags.tags(session, scope, tags.TagFilter(batch_id=ids["batch"])).items[0].tag
    tags.bind(session, scope, tag.id, asset=tags.Asset(position_id=ids["plant"]))
    for minute, longitude in enumerate((121.5, 121.9)):
        tags.record_sighting(
            session, scope, tag.id, source="camera", place=tags.Place(longitude, 31.2),
            at=now + timedelta(minutes=minute - 5),
        )  # fmt: skip
    ids["tag"], ids["warning"] = tag.id, tags.warnings(session, scope).items[0]["id"]


def _build(session: Session, region: Region) -> None:
    """A site of the enterprise with a plant, and the customer's supply point in it."""
    scope, ids = region.scope, region.ids
    place = {"type": "Point", "coordinates": [121.5 if region.name == "east" else 7.6, 31.2]}
    site = network.create_site(
        session, scope, organisation_id=region.enterprise.id, timezone="Asia/Shanghai", currency="CNY",
        new=network.NewPosition(PositionKind.SITE, f"{region.name} site", geometry=place),
    )  # fmt: skip
    for name, kind in (("plant", PositionKind.PLANT), ("supply", PositionKind.METERING)):
        new = network.NewPosition(kind, f"{region.name} {name}", geometry=place)
        ids[name] = network.create_position(session, scope, parent_id=site.id, new=new).id
    ids["site"] = site.id
    ids["agreement"] = network.create_supply_agreement(
        session, scope, customer_id=region.customer.id, operator_id=region.enterprise.id,
        position_id=ids["supply"], starts_at=clock.now() - timedelta(days=90),
    ).id  # fmt: skip
    for name, at, quantity, unit, kind in (
        ("plant_power", "plant", "power", "kW", PointKind.INSTANT),
        ("supply_power", "supply", "power", "kW", PointKind.INSTANT),
        ("supply_energy", "supply", "energy", "kWh", PointKind.REGISTER),
    ):
        new = metering.NewPoint(name, Carrier.ELECTRICITY, quantity, unit, kind, is_total=unit == "kWh")
        point = metering.create_point(session, scope, position_id=ids[at], new=new)
        ids[name], region.point_keys[name] = point.id, point.key
    ids["rule"] = alarms.create_rule(
        session,
        scope,
        point_id=ids["supply_power"],
        kind="limit",
        name="too much",
        name_zh="用电过高",
        parameters={"H": 90},
        priority=2,
    ).id
    connection = metering.create_connection(
        session, scope, organisation_id=region.enterprise.id,
        new=metering.NewConnection(f"{region.name} gateway", Protocol.HTTP, {}, name_zh=f"{region.name} 网关"),
    )  # fmt: skip
    ids["connection"] = connection.id
    region.gateway_key = metering.issue_gateway_key(session, scope, connection_id=connection.id)
    ids["channel"] = metering.create_channel(
        session, scope, connection_id=connection.id, point_id=ids["supply_power"],
        new=metering.NewChannel({"tag": f"{region.name}.power"}),
    ).id  # fmt: skip
    here = {"connection_id": connection.id, "organisation_id": region.enterprise.id}
    refusal = metering.Refusal(
        **here, address="push", payload=b'{"x": 1}', reason="unknown point", received_at=clock.now()
    )
    metering.add_dead_letters(session, scope, [refusal])
    metering.add_sightings(session, scope, **here, seen=[(f"{region.name}/unknown", {"value": 1})])


def _read(session: Session, region: Region) -> None:
    """Two hours of readings each minute until now; the last power is too high."""
    minutes = np.arange(-120, 1)
    at_us = clock.now_us() // 60_000_000 * 60_000_000 + minutes * 60_000_000
    power = np.where(minutes == 0, 95.0, 60.0)
    energy = 1000.0 + np.arange(len(minutes))
    parts = [("plant_power", power), ("supply_power", power), ("supply_energy", energy)]
    batch = metering.ReadingBatch(
        np.repeat([region.point_keys[name] for name, _ in parts], len(minutes)),
        np.tile(at_us, len(parts)),
        np.concatenate([values for _, values in parts]),
        np.zeros(len(parts) * len(minutes), np.int16),
    )
    metering.store_readings(session, region.scope, batch, source="test", live=True)


def _make_region(database: Database, name: str) -> Region:
    title = name.title()
    with database.transaction(Scope.public()) as session:
        region, scope = tenancy.found_region(session, name=f"{title} bay")
        nodes = [region]
        for kind, called in (
            (OrganisationKind.PARK, "park"),
            (OrganisationKind.ENTERPRISE, "energy"),
            (OrganisationKind.CUSTOMER, "mill"),
        ):
            nodes.append(
                tenancy.create_organisation(
                    session, scope, parent_id=nodes[-1].id, kind=kind, name=f"{title} {called}"
                )
            )
            scope = tenancy.widened(session, scope)
        made = Region(name, scope, *nodes)
        for role in Role:
            node = made.customer if role is Role.CUSTOMER else region
            email = f"{role.value}@{name}.example"
            made.people[role.value] = make_person(session, scope, email, node.id, role)
    return made


def make_person(session: Session, scope: Scope, email: str, organisation_id: UUID, role: Role) -> Person:
    """Add somebody who can log in with PASSWORD and holds one role."""
    person = tenancy.add_person(session, email=email, name=email.split("@")[0].title())
    tenancy.grant(session, scope, person=person, organisation_id=organisation_id, role=role)
    tenancy.give_password(session, scope, PASSWORDS, person, PASSWORD)
    return person
