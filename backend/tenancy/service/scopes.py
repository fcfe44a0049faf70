"""From a person, or from a piece of work, to what may be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel.db import Database
from backend.kernel.errors import NotFound
from backend.kernel.scope import Role, Scope
from backend.tenancy import queries
from backend.tenancy.models import Application, Person


def scope_of(session: Session, person: Person, *, application: Application | None = None) -> Scope:
    """Return what a person may see; in an application, only where it is on."""
    return build_scope(person, queries.roles_of(session, person.id, application and application.value))


def scope_of_id(session: Session, person_id: UUID) -> Scope:
    """Return what a person may see, for a worker that goes on with what they began."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("there is no such person", field="person_id", value=str(person_id))
    return scope_of(session, person)


def build_scope(person: Person, roles: Mapping[str, Iterable[UUID | str]] | None) -> Scope:
    """Return the scope of a person from their roles with the organisations each extends to."""
    return Scope.person(
        person.id,
        {Role(role): frozenset(UUID(str(node)) for node in nodes) for role, nodes in (roles or {}).items()},
        locale=person.locale,
    )


def system_scope(session: Session, organisation_id: UUID, *, reason: str) -> Scope:
    """Return the scope of work done for an organisation and all below it."""
    organisations = queries.subtree_ids(session, organisation_id)
    if not organisations:
        raise NotFound("there is no such organisation", field="organisation_id", value=str(organisation_id))
    return Scope.system(organisations, reason)


def system_scopes(database: Database, reason: str) -> list[Scope]:
    """Return one system scope for each tree, for workers that serve all tenants in turn."""
    with database.transaction(Scope.public()) as session:
        return [
            Scope.system(queries.subtree_ids(session, root), reason) for root in queries.root_ids(session)
        ]
