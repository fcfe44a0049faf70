"""Delegated administration: who is here, invite them, change what they may do, suspend them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids
from backend.kernel.audit import AuditEvent
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.events import publish
from backend.kernel.paging import Page
from backend.kernel.scope import Kind, Role, Scope
from backend.tenancy import events, queries, rules
from backend.tenancy.models import Membership, Organisation, Person, PersonStatus
from backend.tenancy.service import logins
from backend.tenancy.service.organisations import organisation
from backend.tenancy.service.trail import note_about


def people(
    session: Session, scope: Scope, organisation_id: UUID, *, cursor: str | None = None, limit: int = 50,
    search: str = "",
) -> Page[Person]:  # fmt: skip
    """Return who holds a role at a node or below it; for its administrators and managers.

    search: in names and addresses
    """
    node = organisation(session, scope, organisation_id)
    scope.demand(node.id, Role.ADMINISTRATOR, Role.MANAGER)
    below = [found.id for found in queries.subtree(session, scope, node.id)]
    return queries.members(session, scope, below, cursor=cursor, limit=limit, search=search)


def person(session: Session, scope: Scope, person_id: UUID) -> Person:
    """Return a person at a node the asker administers or manages, or the asker; raises NotFound."""
    found = queries.member(session, scope, person_id)
    if found is None or not (
        found.id == scope.actor_id or _reach(scope, *_STAFF_VIEW) & _nodes(session, scope, found)
    ):
        raise NotFound("there is no such person here", field="person_id", value=str(person_id))
    return found


def find_person(session: Session, scope: Scope, email: str) -> Person | None:
    """Return who has this address and a role where the asker sees it, or None."""
    found = queries.person_by_email(session, rules.normalise_email(email))
    return None if found is None else queries.member(session, scope, found.id)


def memberships(session: Session, scope: Scope, person_ids: Collection[UUID]) -> Sequence[Membership]:
    """Return the roles people hold at nodes the asker sees."""
    return queries.memberships(session, scope, person_ids)


def invite(
    session: Session,
    scope: Scope,
    *,
    email: str,
    name: str,
    organisation_id: UUID,
    role: Role,
    locale: str = "en",
) -> Person:
    """Give somebody a role at a node and have a letter sent; who is new sets a password by it."""
    node = organisation(session, scope, organisation_id)
    scope.demand(node.id, Role.ADMINISTRATOR)
    address = rules.normalise_email(email)
    invited = queries.person_by_email(session, address)
    if invited is None:
        invited = add_person(session, email=address, name=name, locale=locale)
    grant(session, scope, person=invited, organisation_id=node.id, role=role)
    is_new = invited.status is PersonStatus.INVITED
    publish(
        session, (events.invited if is_new else events.access_granted)(invited.id, node.id, scope.actor_id)
    )
    return invited


def invite_again(session: Session, scope: Scope, person_id: UUID) -> Person:
    """Send the letter of an invitation once more; the token in the earlier one stops working."""
    invited = administered(session, scope, person_id)
    if invited.status is not PersonStatus.INVITED:
        raise Conflict("this person has already set a password", remedy="they can ask for a password reset")
    nodes = _nodes(session, scope, invited) & scope.where(Role.ADMINISTRATOR)
    publish(session, events.invited(invited.id, min(nodes), scope.actor_id))
    _note(session, scope, "invite_again", invited, min(nodes))
    return invited


def add_person(session: Session, *, email: str, name: str, locale: str = "en") -> Person:
    """Add somebody who cannot log in yet."""
    plain = name.strip()
    if not 1 <= len(plain) <= 200:
        raise Refused("a name has 1 to 200 characters", field="name", value=name[:200])
    added = Person(
        id=ids.new_id(), email=rules.normalise_email(email), name=plain, password_hash=None,
        locale=rules.check_locale(locale), status=PersonStatus.INVITED, preferences={}, created_at=clock.now(),
        last_login_at=None,
    )  # fmt: skip
    session.add(added)
    session.flush()
    return added


def grant(session: Session, scope: Scope, *, person: Person, organisation_id: UUID, role: Role) -> Membership:
    """Give a role at a node the asker administers. Having it already changes nothing."""
    scope.demand(organisation_id, Role.ADMINISTRATOR)
    _not_oneself(scope, person)
    for held in queries.memberships(session, scope, [person.id]):
        if (held.organisation_id, held.role) == (organisation_id, role.value):
            return held
    rules.demand_few(len({*queries.membership_nodes(session, person.id), organisation_id}))
    granted = Membership(
        id=ids.new_id(), person_id=person.id, organisation_id=organisation_id, role=role.value,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(granted)
    session.flush()
    _note(session, scope, "grant", person, organisation_id, after={"role": role.value})
    return granted


def withdraw(session: Session, scope: Scope, membership_id: UUID) -> None:
    """Take a role away; it ends with the next request of the person."""
    held = session.get(Membership, membership_id)
    if held is None or held.organisation_id not in scope.organisations:
        raise NotFound("there is no such role here", field="membership_id", value=str(membership_id))
    scope.demand(held.organisation_id, Role.ADMINISTRATOR)
    holder = queries.person_by_id(session, held.person_id)
    assert holder is not None
    _not_oneself(scope, holder)
    session.delete(held)
    session.flush()
    _note(session, scope, "withdraw", holder, held.organisation_id, before={"role": held.role})


def suspend(session: Session, scope: Scope, person_id: UUID) -> Person:
    """Stop somebody from logging in and end all their log-ins."""
    suspended = administered(session, scope, person_id)
    return _change_status(session, scope, suspended, PersonStatus.SUSPENDED)


def reinstate(session: Session, scope: Scope, person_id: UUID) -> Person:
    """Let a suspended person log in again."""
    reinstated = administered(session, scope, person_id)
    known = reinstated.password_hash is not None
    return _change_status(session, scope, reinstated, PersonStatus.ACTIVE if known else PersonStatus.INVITED)


def change_person(
    session: Session, scope: Scope, *, name: str | None = None, locale: str | None = None,
    preferences: dict[str, Any] | None = None,
) -> Person:  # fmt: skip
    """Change one's own name, language or preferences (merged into those kept)."""
    myself = queries.person_by_id(session, scope.actor_id) if scope.actor_id else None
    if myself is None:
        raise NotFound("only a person has a profile")
    before = {"name": myself.name, "locale": myself.locale}
    if name is not None:
        if not 1 <= len(name.strip()) <= 200:
            raise Refused("a name has 1 to 200 characters", field="name", value=name[:200])
        myself.name = name.strip()
    if locale is not None:
        myself.locale = rules.check_locale(locale)
    if preferences is not None:
        myself.preferences = rules.check_preferences(myself.preferences | preferences)
    after = {"name": myself.name, "locale": myself.locale}
    note_about(session, scope, myself.id, "person.change", before=before, after=after)
    return myself


def administered(session: Session, scope: Scope, person_id: UUID) -> Person:
    """Return a person whose every role lies where the asker is administrator; nobody else's to change."""
    found = person(session, scope, person_id)
    _not_oneself(scope, found)
    everywhere = frozenset(node for nodes in queries.roles_of(session, found.id).values() for node in nodes)
    allowed = scope.organisations if scope.kind is Kind.SYSTEM else scope.where(Role.ADMINISTRATOR)
    if not everywhere <= allowed:
        raise Forbidden(
            "this person also has a role outside what you administer",
            remedy="take away their roles here, or ask an administrator further up",
        )
    return found


def audit_trail(
    session: Session, scope: Scope, organisation_id: UUID, *, cursor: str | None = None, limit: int = 50,
    log_ins: bool | None = None,
) -> Page[AuditEvent]:  # fmt: skip
    """Return what was done at a node and below it, the newest first; for its administrators.

    log_ins: True only what happened at the door, False only changes, None both
    """
    node = organisation(session, scope, organisation_id)
    scope.demand(node.id, Role.ADMINISTRATOR)
    below = [found.id for found in queries.subtree(session, scope, node.id)]
    narrowed = {} if log_ins is None else {"only" if log_ins else "but": rules.LOG_IN_ACTIONS}
    return queries.audit_trail(session, scope, below, cursor=cursor, limit=limit, **narrowed)


def organisations_by_id(session: Session, scope: Scope, ids: Collection[UUID]) -> dict[UUID, Organisation]:
    """Return organisations by id; those the asker does not see are left out."""
    return {found.id: found for found in queries.organisations(session, scope, ids)}


def names(session: Session, scope: Scope, person_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of people, as far as they hold a role where the asker sees it."""
    return queries.names(session, scope, person_ids)


_STAFF_VIEW = (Role.ADMINISTRATOR, Role.MANAGER)


def _reach(scope: Scope, *roles: Role) -> frozenset[UUID]:
    if scope.kind is Kind.SYSTEM:
        return scope.organisations
    return frozenset().union(*(scope.where(role) for role in roles))


def _nodes(session: Session, scope: Scope, found: Person) -> frozenset[UUID]:
    return frozenset(held.organisation_id for held in queries.memberships(session, scope, [found.id]))


def _change_status(session: Session, scope: Scope, changed: Person, status: PersonStatus) -> Person:
    queries.person_locked(session, changed.id)
    before = changed.status
    if before is status:
        return changed
    changed.status = status
    if status is PersonStatus.SUSPENDED:
        logins.end_all(session, changed.id)
    for node in _nodes(session, scope, changed):
        _note(session, scope, "status", changed, node, before={"status": before}, after={"status": status})
    return changed


def _not_oneself(scope: Scope, changed: Person) -> None:
    if scope.kind is Kind.PERSON and changed.id == scope.actor_id:
        raise Refused("nobody changes their own rights", remedy="ask another administrator")


def _note(
    session: Session, scope: Scope, action: str, changed: Person, organisation_id: UUID, *,
    before: dict[str, Any] | None = None, after: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    audit.record(
        session, scope, action=f"person.{action}", entity="person", entity_id=changed.id,
        organisation_id=organisation_id, before=before, after=after,
    )  # fmt: skip
