"""A small world for tests: two regions that may not see each other, with people of every role.

Everything is made through the services, as the product does. Ask for `make_world(database)` once a module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from backend.infra.passwords import Argon2Passwords
from backend.kernel.db import Database
from backend.kernel.scope import Role, Scope
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
