"""Every SELECT of tenancy. A person's own log-ins are found by secrets only they hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Label, Row, Text, bindparam, func, select, text, tuple_
from sqlalchemy.orm import Session, aliased

from backend.kernel import ids, paging
from backend.kernel.audit import AuditEvent
from backend.kernel.scope import Scope
from backend.tenancy.models import (
    ApplicationSwitch,
    Membership,
    OneTimeToken,
    Organisation,
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
    seen = scope.organisations
    above = Organisation.parent_id
    return session.scalars(
        select(Organisation)
        .where(Organisation.id.in_(seen), above.is_(None) | above.not_in(seen))
        .order_by(Organisation.name)
    ).all()


def root_ids(session: Session) -> list[UUID]:
    """Return the tops of all trees: workers open one system scope for each."""
    return list(session.scalars(text("SELECT root_organisations()")))


def subtree_ids(session: Session, node_id: UUID) -> frozenset[UUID]:
    """Return a node and all below it, whoever asks: what a role at the node extends to."""
    return frozenset(session.scalars(text("SELECT subtree_organisations(:node)"), {"node": node_id}))


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
    session: Session, scope: Scope, organisation_ids: Collection[UUID], *, after: str | None, limit: int
) -> paging.Page[Person]:
    """Return people who hold a role in any of the organisations, by name."""
    belongs = (
        select(Membership.id)
        .where(
            Membership.person_id == Person.id,
            Membership.organisation_id.in_(scope.organisations & frozenset(organisation_ids)),
        )
        .exists()
    )
    query = select(Person).where(belongs).order_by(Person.name, Person.id).limit(limit + 1)
    if after:
        name, identifier = paging.decode(after, 2)
        query = query.where(tuple_(Person.name, Person.id) > (str(name), ids.parse(str(identifier))))
    rows = session.scalars(query).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return paging.Page(rows, paging.encode(rows[-1].name, str(rows[-1].id)) if more else None)


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


def refresh_token(session: Session, token_hash: bytes) -> RefreshToken | None:
    """Return a refresh token, locked, so that two uses of it come one after the other."""
    return session.scalar(select(RefreshToken).where(RefreshToken.token_hash == token_hash).with_for_update())


def refresh_tokens(
    session: Session, person_id: UUID, family_id: UUID | None = None
) -> Sequence[RefreshToken]:
    """Return a person's refresh tokens that were not revoked, the newest of each family first."""
    query = select(RefreshToken).where(RefreshToken.person_id == person_id, RefreshToken.revoked_at.is_(None))
    if family_id is not None:
        query = query.where(RefreshToken.family_id == family_id)
    return session.scalars(query.order_by(RefreshToken.family_id, RefreshToken.created_at.desc())).all()


def family(session: Session, family_id: UUID) -> Sequence[RefreshToken]:
    """Return all tokens of one log-in, locked."""
    return session.scalars(
        select(RefreshToken)
        .where(RefreshToken.family_id == family_id)
        .order_by(RefreshToken.token_hash)
        .with_for_update()
    ).all()


def one_time_token(session: Session, token_hash: bytes, purpose: str) -> OneTimeToken | None:
    """Return an invitation or reset, locked."""
    return session.scalar(
        select(OneTimeToken)
        .where(OneTimeToken.token_hash == token_hash, OneTimeToken.purpose == purpose)
        .with_for_update()
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


def audit_trail(
    session: Session, scope: Scope, organisation_ids: Collection[UUID], *, after: str | None, limit: int
) -> paging.Page[AuditEvent]:
    """Return what was changed in organisations the asker sees, the newest first."""
    query = (
        select(AuditEvent)
        .where(AuditEvent.organisation_id.in_(scope.organisations & frozenset(organisation_ids)))
        .order_by(AuditEvent.id.desc())
        .limit(limit + 1)
    )
    if after:
        query = query.where(AuditEvent.id < ids.parse(str(paging.decode(after, 1)[0])))
    rows = session.scalars(query).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return paging.Page(rows, paging.encode(str(rows[-1].id)) if more else None)


def _application_names() -> Sequence[str]:
    return [str(a) for a in ApplicationSwitch.__table__.c.application.type.enums]
