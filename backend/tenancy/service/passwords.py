"""Setting a password: by invitation, after forgetting it, by changing it, or by command."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.kernel import audit, clock
from backend.kernel.errors import NotFound, Refused
from backend.kernel.events import publish
from backend.kernel.scope import Scope
from backend.tenancy import events, queries, rules
from backend.tenancy.models import OneTimeToken, Person, PersonStatus
from backend.tenancy.ports import Passwords
from backend.tenancy.service import logins
from backend.tenancy.service.secrets import hashed, new_secret

INVITATION, RESET = "invitation", "password_reset"
_LASTS: dict[str, timedelta] = {INVITATION: rules.INVITATION_LASTS, RESET: rules.RESET_LASTS}


def ask_for_reset(session: Session, *, email: str) -> None:
    """Have a letter sent to who has this address, if anybody; the answer does not tell."""
    found = queries.person_by_email(session, email.strip().lower()[:254])
    if found is None or found.status is not PersonStatus.ACTIVE:
        return
    nodes = [node for held in queries.roles_of(session, found.id).values() for node in held]
    if nodes:
        publish(session, events.reset_wanted(found.id, min(nodes)))


def issue_token(session: Session, person_id: UUID, *, purpose: str) -> tuple[Person, str] | None:
    """Make the token for a letter, the earlier ones invalid.

    None when the person needs none any more, or just got a reset letter: nobody is flooded.
    """
    person = queries.person_by_id(session, person_id)
    wanted = {INVITATION: PersonStatus.INVITED, RESET: PersonStatus.ACTIVE}[purpose]
    if person is None or person.status is not wanted:
        return None
    just_now = clock.now() + rules.RESET_LASTS - rules.RESET_PAUSE
    if purpose == RESET and queries.has_letter(session, person.id, RESET, expires_after=just_now):
        return None
    _spend(session, person.id)
    token = new_secret()
    session.add(
        OneTimeToken(
            token_hash=hashed(token), purpose=purpose, person_id=person.id, used_at=None,
            expires_at=clock.now() + _LASTS[purpose],
        )
    )  # fmt: skip
    return person, token


def token_holder(session: Session, token: str, *, purpose: str) -> Person:
    """Return who a letter was sent to, without using its token; raises Refused when it is void."""
    return _holder(session, token, purpose)[1]


def set_password(
    session: Session, passwords: Passwords, *, token: str, purpose: str, password: str
) -> Person:
    """Use the token of a letter to set a password; ends every log-in the person had."""
    kept, person = _holder(session, token, purpose)
    rules.check_password(password, email=person.email)
    kept.used_at = clock.now()
    person.password_hash = passwords.hash(password)
    person.status = PersonStatus.ACTIVE
    logins.end_all(session, person.id)
    _note(session, Scope.person(person.id, {}), person, purpose)
    return person


def change_password(
    session: Session, scope: Scope, passwords: Passwords, *, old: str, new: str, keep_token: str | None = None
) -> None:
    """Change one's own password; ends every other log-in. keep_token: cookie of the browser asking"""
    person = queries.person_by_id(session, scope.actor_id) if scope.actor_id else None
    if person is None:
        raise NotFound("only a person has a password")
    if not passwords.matches(person.password_hash, old):
        raise Refused("the present password is wrong", field="old", remedy="type it again")
    rules.check_password(new, email=person.email)
    person.password_hash = passwords.hash(new)
    logins.end_all(session, person.id, but=hashed(keep_token) if keep_token else None)
    _spend(session, person.id)
    _note(session, scope, person, "change")


def give_password(
    session: Session, scope: Scope, passwords: Passwords, person: Person, password: str
) -> None:
    """Set a password by command (`enerfield user`), for somebody who then may log in."""
    rules.check_password(password, email=person.email)
    person.password_hash = passwords.hash(password)
    person.status = PersonStatus.ACTIVE
    logins.end_all(session, person.id)
    _note(session, scope, person, "command")


def _holder(session: Session, token: str, purpose: str) -> tuple[OneTimeToken, Person]:
    kept = queries.one_time_token(session, hashed(token), purpose)
    person = kept and queries.person_by_id(session, kept.person_id)
    if (
        kept is None or person is None or kept.used_at is not None or clock.now() >= kept.expires_at
        or person.status is PersonStatus.SUSPENDED
    ):  # fmt: skip
        raise Refused("this link is no longer valid", field="token", remedy="ask for a new letter")
    return kept, person


def _spend(session: Session, person_id: UUID) -> None:
    """Make every unused token of a person invalid."""
    session.execute(
        update(OneTimeToken)
        .where(OneTimeToken.person_id == person_id, OneTimeToken.used_at.is_(None))
        .values(used_at=clock.now())
    )


def _note(session: Session, scope: Scope, person: Person, how: str) -> None:
    audit.record(
        session, scope, action="password.set", entity="person", entity_id=person.id, organisation_id=None,
        after={"how": how},
    )  # fmt: skip
