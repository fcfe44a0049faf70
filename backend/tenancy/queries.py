"""Every SELECT of tenancy. A person's own log-ins are found by secrets only they hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Label, Row, Select, Text, bindparam, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from backend.kernel import paging
from backend.kernel.audit import AuditEvent
from backend.kernel.scope import Scope
from backend.tenancy.models import (
    ApplicationSwitch,
    Membership,
    OneTimeToken,
    Organisation,
    OrganisationKind,
    Person,
    PersonStatus,
    PortalSession,
    RefreshToken,
)


def organisation(session: Session, scope: Scope, organisation_id: UUID) -> Organisation | None:
    """Return an organisation the asker sees."""
    if organisation_id not in scope.organisations:
        return None
    return session.get(Organisation, organisation_id)


def subtree(session: Session, scope: Scope, node_id: UUID) -> Sequence[Organisation]:
    """Return a node and all below it, parents first, as far as the asker sees."""
    node = aliased(Organisation)
    return session.scalars(
        select(Organisation)
        .join(node, node.id == node_id)
        .where(Organisation.id.in_(scope.organisations), Organisation.path.below(node.path))
        .order_by(func.nlevel(Organisation.path), Organisation.name)
    ).all()


def tops(session: Session, scope: Scope) -> Sequence[Organisation]:
    """Return the highest organisations the asker sees."""
    return session.scalars(_tops(scope).order_by(Organisation.name, Organisation.id)).all()


def level(
    session: Session, scope: Scope, parent_id: UUID | None, *, cursor: str | None, limit: int
) -> paging.Page[Organisation]:
    """Return the organisations directly below one by name, or the highest the asker sees."""
    query = _tops(scope)
    if parent_id is not None:
        query = select(Organisation).where(
            Organisation.parent_id == parent_id, Organisation.id.in_(scope.organisations)
        )
    by = (Organisation.name, Organisation.id)
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def _tops(scope: Scope) -> Select[tuple[Organisation]]:
    above = Organisation.parent_id
    return select(Organisation).where(
        Organisation.id.in_(scope.organisations), above.is_(None) | above.not_in(scope.organisations)
    )


def membership_nodes(session: Session, person_id: UUID) -> list[UUID]:
    """Return the nodes at which a person holds a role, whoever asks: where what happens to them is noted."""
    return sorted(session.scalars(text("SELECT membership_nodes(:who)"), {"who": person_id}))


def organisations(session: Session, scope: Scope, ids: Collection[UUID]) -> Sequence[Organisation]:
    """Return organisations by id, as far as the asker sees them."""
    seen = scope.organisations & frozenset(ids)
    return session.scalars(select(Organisation).where(Organisation.id.in_(seen))).all() if seen else ()


def find_organisations(
    session: Session,
    scope: Scope,
    *,
    text: str,
    among: frozenset[UUID],
    kind: OrganisationKind | None,
    limit: int,
) -> Sequence[Organisation]:
    """Return so many of some organisations by name, which a text is a part of."""
    found = select(Organisation).where(Organisation.id.in_(scope.organisations & among))
    if text:
        names = (Organisation.name, Organisation.name_zh)
        found = found.where(or_(*(name.icontains(text, autoescape=True) for name in names)))
    if kind is not None:
        found = found.where(Organisation.kind == kind)
    return session.scalars(found.order_by(Organisation.name, Organisation.id).limit(limit)).all()


def root_ids(session: Session) -> list[UUID]:
    """Return the tops of all trees: workers open one system scope for each."""
    return list(session.scalars(text("SELECT root_organisations()")))


def subtree_ids(session: Session, node_id: UUID) -> frozenset[UUID]:
    """Return a node and all below it, whoever asks: what a role at the node extends to."""
    return frozenset(session.scalars(text("SELECT subtree_organisations(:node)"), {"node": node_id}))


def emergency_phone(session: Session, node_id: UUID) -> str | None:
    """Return the phone that is answered day and night for a node, its own or the nearest above, whoever asks."""
    return session.scalar(text("SELECT emergency_phone_of(:node)"), {"node": node_id})


def roles_of(session: Session, person_id: UUID, application: str | None = None) -> dict[str, list[UUID]]:
    """Return a person's roles with every organisation they extend to (where an application is on)."""
    rows = session.execute(
        text("SELECT role, organisations FROM roles_of(:who, :wanted)"),
        {"who": person_id, "wanted": application},
    )
    return {row.role: list(row.organisations) for row in rows}


def _roles() -> Label[Any]:
    """The roles of the person at hand as one JSON column: role -> organisations."""
    held = func.roles_of(Person.id, bindparam("application", type_=Text)).table_valued(
        "role", "organisations"
    )
    return select(func.jsonb_object_agg(held.c.role, held.c.organisations)).scalar_subquery().label("roles")


_SESSION = (
    select(PortalSession, Person, _roles())
    .join(Person, Person.id == PortalSession.person_id)
    .where(PortalSession.token_hash == bindparam("token_hash"), Person.status == PersonStatus.ACTIVE)
)
_DEVICE = select(Person, _roles()).where(
    Person.id == bindparam("person_id"),
    Person.status == PersonStatus.ACTIVE,
    select(RefreshToken.family_id)
    .where(
        RefreshToken.family_id == bindparam("family_id"),
        RefreshToken.person_id == Person.id,
        RefreshToken.revoked_at.is_(None),
        RefreshToken.expires_at > bindparam("now"),
    )
    .correlate(Person)
    .exists(),
)
"""Asked with every request, so built once."""


def session_with_roles(
    session: Session, token_hash: bytes, application: str | None
) -> Row[tuple[PortalSession, Person, Any]] | None:
    """Return a browser's log-in, its person and their roles, in one question."""
    asked = {"token_hash": token_hash, "application": application}
    return session.execute(_SESSION, asked).one_or_none()


def device_with_roles(
    session: Session, family_id: UUID, person_id: UUID, application: str | None, now: datetime
) -> Row[tuple[Person, Any]] | None:
    """Return the person of a phone's log-in that has not been ended, with their roles, in one question."""
    asked = {"family_id": family_id, "person_id": person_id, "application": application, "now": now}
    return session.execute(_DEVICE, asked).one_or_none()


def person_by_email(session: Session, email: str) -> Person | None:
    """Return who logs in with this (normalised) address. For log-in and invitation only."""
    return session.scalar(select(Person).where(Person.email == email))


def person_by_id(session: Session, person_id: UUID) -> Person | None:
    """Return a person, whoever asks: only for their own log-in, or after `members` showed them."""
    return session.get(Person, person_id)


def person_locked(session: Session, person_id: UUID) -> Person | None:
    """Return a person as they are now, locked: whatever opens, renews or ends log-ins waits here in a row.

    Without it a log-in could be opened or renewed beside the statement that ends all of them, and survive.
    """
    return session.scalar(
        select(Person)
        .where(Person.id == person_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def member(session: Session, scope: Scope, person_id: UUID) -> Person | None:
    """Return a person who holds a role in an organisation the asker sees, or the asker."""
    if person_id == scope.actor_id:
        return session.get(Person, person_id)
    return session.scalar(
        select(Person).where(
            Person.id == person_id,
            select(Membership.id)
            .where(Membership.person_id == person_id, Membership.organisation_id.in_(scope.organisations))
            .exists(),
        )
    )


def members(
    session: Session, scope: Scope, organisation_ids: Collection[UUID], *, cursor: str | None, limit: int,
    search: str = "",
) -> paging.Page[Person]:  # fmt: skip
    """Return people who hold a role in any of the organisations, by name; search: in name or address"""
    belongs = (
        select(Membership.id)
        .where(
            Membership.person_id == Person.id,
            Membership.organisation_id.in_(scope.organisations & frozenset(organisation_ids)),
        )
        .exists()
    )
    query = select(Person).where(belongs)
    if search:
        said = (column.icontains(search, autoescape=True) for column in (Person.name, Person.email))
        query = query.where(or_(*said))
    return paging.page(session, query, by=(Person.name, Person.id), cursor=cursor, limit=limit)


def memberships(session: Session, scope: Scope, person_ids: Collection[UUID]) -> Sequence[Membership]:
    """Return the roles of people, at nodes the asker sees; of the asker, all."""
    return session.scalars(
        select(Membership)
        .where(
            Membership.person_id.in_(person_ids),
            Membership.organisation_id.in_(scope.organisations) | (Membership.person_id == scope.actor_id),
        )
        .order_by(Membership.created_at, Membership.id)
    ).all()


def switches(session: Session, scope: Scope, organisation_id: UUID) -> dict[str, bool]:
    """Return every application with whether it is on at a node."""
    if organisation_id not in scope.organisations:
        return {}
    rows = session.execute(
        text(
            "SELECT a.name, is_on(a.name, o.path) AS is_on"
            " FROM organisation o, unnest(CAST(:names AS text[])) AS a(name) WHERE o.id = :node"
        ),
        {"node": organisation_id, "names": list(_application_names())},
    )
    return {row.name: row.is_on for row in rows}


def switch(
    session: Session, scope: Scope, organisation_id: UUID, application: str
) -> ApplicationSwitch | None:
    """Return the switch set at this very node, if any."""
    if organisation_id not in scope.organisations:
        return None
    return session.get(ApplicationSwitch, (organisation_id, application))


def portal_sessions(session: Session, person_id: UUID) -> Sequence[PortalSession]:
    """Return the browsers a person is logged in from, the last used first."""
    return session.scalars(
        select(PortalSession)
        .where(PortalSession.person_id == person_id)
        .order_by(PortalSession.seen_at.desc(), PortalSession.id)
    ).all()


def refresh_token_holder(session: Session, token_hash: bytes) -> UUID | None:
    """Return whose refresh token this is."""
    return session.scalar(select(RefreshToken.person_id).where(RefreshToken.token_hash == token_hash))


def refresh_token(session: Session, token_hash: bytes) -> RefreshToken | None:
    """Return a refresh token. To use it, lock its person first: two uses come one after the other."""
    return session.scalar(select(RefreshToken).where(RefreshToken.token_hash == token_hash))


def refresh_tokens(
    session: Session, person_id: UUID, family_id: UUID | None = None
) -> Sequence[RefreshToken]:
    """Return a person's refresh tokens that were not revoked, the newest of each family first."""
    query = select(RefreshToken).where(RefreshToken.person_id == person_id, RefreshToken.revoked_at.is_(None))
    if family_id is not None:
        query = query.where(RefreshToken.family_id == family_id)
    return session.scalars(query.order_by(RefreshToken.family_id, RefreshToken.created_at.desc())).all()


def one_time_token(session: Session, token_hash: bytes, purpose: str) -> OneTimeToken | None:
    """Return an invitation or reset as it is now."""
    return session.scalar(
        select(OneTimeToken)
        .where(OneTimeToken.token_hash == token_hash, OneTimeToken.purpose == purpose)
        .execution_options(populate_existing=True)
    )


def has_letter(session: Session, person_id: UUID, purpose: str, *, expires_after: datetime) -> bool:
    """Tell whether a person holds an unused token that expires after an instant."""
    found = select(OneTimeToken.token_hash).where(
        OneTimeToken.person_id == person_id,
        OneTimeToken.purpose == purpose,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > expires_after,
    )
    return session.scalar(select(found.exists())) or False


def names(session: Session, scope: Scope, person_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of people who hold a role in organisations the asker sees."""
    if not person_ids:
        return {}
    belongs = select(Membership.person_id).where(Membership.organisation_id.in_(scope.organisations))
    rows = session.execute(
        select(Person.id, Person.name).where(Person.id.in_(person_ids), Person.id.in_(belongs))
    )
    return {row.id: row.name for row in rows}


def audit_trail(
    session: Session, scope: Scope, organisation_ids: Collection[UUID], *, cursor: str | None, limit: int,
    but: Collection[str] = (), only: Collection[str] = (),
) -> paging.Page[AuditEvent]:  # fmt: skip
    """Return what was done in organisations the asker sees, the newest first; but, only: actions"""
    query = select(AuditEvent).where(
        AuditEvent.organisation_id.in_(scope.organisations & frozenset(organisation_ids))
    )
    if but:
        query = query.where(AuditEvent.action.not_in(but))
    if only:
        query = query.where(AuditEvent.action.in_(only))
    return paging.page(session, query, by=(AuditEvent.id.desc(),), cursor=cursor, limit=limit)


def _application_names() -> Sequence[str]:
    return [str(a) for a in ApplicationSwitch.__table__.c.application.type.enums]
