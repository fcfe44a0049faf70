"""Logging in with a password, and the log-ins of browsers: opened, used, listed, ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from backend.kernel import clock, ids
from backend.kernel.errors import NotFound, Unauthenticated
from backend.kernel.scope import Scope
from backend.tenancy import queries, rules
from backend.tenancy.models import Application, Person, PersonStatus, PortalSession, RefreshToken
from backend.tenancy.ports import Attempts, Passwords
from backend.tenancy.rules import LogInRefused
from backend.tenancy.service.scopes import build_scope
from backend.tenancy.service.secrets import hashed, new_secret
from backend.tenancy.service.trail import account_digest, note_about


@dataclass(frozen=True)
class Gate:
    """What stands at the door: how passwords are hashed and how often one may try."""

    passwords: Passwords
    attempts: Attempts


def log_in(session: Session, gate: Gate, *, email: str, password: str, network: str) -> Person:
    """Return who has this address and password.

    Unknown addresses, wrong passwords and suspended people all get the same answer after the same
    time. The person stays locked until the caller has opened the log-in, so that what ends all
    log-ins ends this one too. network: where the attempt comes from, for the count of failures
    """
    account, typed = email.strip().lower()[:254], password[: rules.PASSWORD_LENGTH[1]]
    gate.attempts.begin(account, network)
    found = queries.person_by_email(session, account)
    kept = _kept_hash(found)
    if not gate.passwords.matches(kept, typed):
        raise _log_in_refused(session, account, network, found)
    assert found is not None
    now_kept = _kept_hash(queries.person_locked(session, found.id))  # hashing took its time
    if now_kept is None or (now_kept != kept and not gate.passwords.matches(now_kept, typed)):
        raise _log_in_refused(session, account, network, found)
    gate.attempts.succeeded(account, network)
    if gate.passwords.is_outdated(now_kept):
        found.password_hash = gate.passwords.hash(typed)
    found.last_login_at = clock.now()
    return found


def open_session(session: Session, person: Person, *, user_agent: str | None, network: str | None) -> str:
    """Log a browser in; returns the token for its cookie."""
    token, now = new_secret(), clock.now()
    opened = PortalSession(
        token_hash=hashed(token), person_id=person.id, created_at=now, seen_at=now, network=network,
        expires_at=now + rules.SESSION_LONGEST, user_agent=(user_agent or "")[:200] or None,
    )  # fmt: skip
    session.add(opened)
    _note(session, person.id, "session.open", network)
    return token


def use_session(
    session: Session, token: str, *, application: Application | None = None
) -> tuple[Person, PortalSession, Scope]:
    """Return who a cookie belongs to and what they may see; raises Unauthenticated when it is over."""
    found = queries.session_with_roles(session, hashed(token), application and application.value)
    now = clock.now()
    if found is None or rules.session_is_over(
        created_at=found[0].created_at, seen_at=found[0].seen_at, now=now
    ):
        raise Unauthenticated("your session is over", remedy="log in again")
    opened, person, roles = found
    if now - opened.seen_at > rules.SESSION_NOTED:
        opened.seen_at = now
    return person, opened, build_scope(person, roles)


def sessions(session: Session, scope: Scope) -> Sequence[PortalSession]:
    """Return the browsers the asker is logged in from, without those that are over."""
    now = clock.now()
    return [
        opened
        for opened in queries.portal_sessions(session, _myself(scope))
        if not rules.session_is_over(created_at=opened.created_at, seen_at=opened.seen_at, now=now)
    ]


def end_session(session: Session, scope: Scope, session_id: UUID) -> None:
    """Log one of the asker's browsers out."""
    for opened in queries.portal_sessions(session, _myself(scope)):
        if opened.id == session_id:
            session.delete(opened)
            _note(session, opened.person_id, "session.end", opened.network)
            return
    raise NotFound("there is no such session", field="session_id", value=str(session_id))


def end_all(session: Session, person_id: UUID, *, but: bytes | None = None) -> None:
    """End every log-in of a person, on browsers and phones; `but` spares one browser by its token's hash."""
    queries.person_locked(session, person_id)
    closing = delete(PortalSession).where(PortalSession.person_id == person_id)
    session.execute(closing if but is None else closing.where(PortalSession.token_hash != but))
    session.execute(
        update(RefreshToken)
        .where(RefreshToken.person_id == person_id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


def forget_old_logins(session: Session) -> int:
    """Delete log-ins that ended long ago; returns how many. For the nightly upkeep."""
    now = clock.now()
    browsers = session.execute(delete(PortalSession).where(PortalSession.expires_at < now))
    phones = session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now - rules.DEVICE_IDLE))
    return browsers.rowcount + phones.rowcount


def _myself(scope: Scope) -> UUID:
    if scope.actor_id is None:
        raise Unauthenticated("only a person has sessions")
    return scope.actor_id


def _kept_hash(person: Person | None) -> str | None:
    """Return the hash a password must fit; None for who may not log in."""
    return person.password_hash if person is not None and person.status is PersonStatus.ACTIVE else None


def _log_in_refused(session: Session, account: str, network: str, found: Person | None) -> LogInRefused:
    tried = {"account": account_digest(account), "network": network}
    someone = ids.new_id() if found is None else found.id  # of nobody, at the same cost
    note_about(session, Scope.public(), someone, "log_in.refused", tried)
    return LogInRefused("address or password is wrong", remedy="try again or ask for a password reset")


def _note(session: Session, person_id: UUID, action: str, network: str | None) -> None:
    note_about(session, Scope.person(person_id, {}), person_id, action, {"network": network})
