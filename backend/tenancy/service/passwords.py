"""Setting a password: by invitation, after forgetting it, by changing it, or by command."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.kernel import clock, ids
from backend.kernel.errors import Conflict, NotFound, Refused
from backend.kernel.events import publish
from backend.kernel.scope import Scope
from backend.tenancy import events, queries, rules
from backend.tenancy.models import OneTimeToken, Person, PersonStatus
from backend.tenancy.ports import Passwords
from backend.tenancy.rules import PresentPasswordWrong
from backend.tenancy.service import logins
from backend.tenancy.service.logins import Gate
from backend.tenancy.service.secrets import hashed, new_secret
from backend.tenancy.service.trail import account_digest, note_about

INVITATION, RESET = "invitation", "password_reset"
_LASTS: dict[str, timedelta] = {INVITATION: rules.INVITATION_LASTS, RESET: rules.RESET_LASTS}


def ask_for_reset(session: Session, gate: Gate, *, email: str, network: str) -> None:
    """Have a letter sent to who has this address, if anybody.

    Neither the answer nor the time it takes tells: for an unknown address the same is written, about nobody.
    raises TooManyAttempts when this network, or anybody for this address, asked too often
    """
    account = email.strip().lower()[:254]
    gate.attempts.ask_for_letter(account, network)
    found = queries.person_by_email(session, account)
    is_known = found is not None and found.status is PersonStatus.ACTIVE
    wanted = found.id if found is not None and is_known else ids.new_id()
    nodes = queries.membership_nodes(session, wanted) or queries.root_ids(session)
    if nodes:
        publish(session, events.reset_wanted(wanted, min(nodes)))
    asked = {"account": account_digest(account), "network": network}
    note_about(session, Scope.public(), wanted, "password.reset_wanted", asked)


def issue_token(session: Session, person_id: UUID, *, purpose: str) -> tuple[Person, str] | None:
    """Make the token for a letter. A new invitation makes the earlier ones invalid; a reset does not.

    (Anybody may ask for a reset, and would void the link its owner is about to use; each lasts an hour,
    and setting the password ends them all.)
    None when the person needs none any more, or just got a reset letter: nobody is flooded.
    """
    person = queries.person_locked(session, person_id)
    wanted = {INVITATION: PersonStatus.INVITED, RESET: PersonStatus.ACTIVE}[purpose]
    if person is None or person.status is not wanted:
        return None
    just_now = clock.now() + rules.RESET_LASTS - rules.RESET_PAUSE
    if purpose == RESET and queries.has_letter(session, person.id, RESET, expires_after=just_now):
        return None
    if purpose == INVITATION:
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
    return _holder(session, token, purpose)


def set_password(
    session: Session, passwords: Passwords, *, token: str, purpose: str, password: str
) -> Person:
    """Use the token of a letter to set a password; ends every log-in the person had."""
    person = _holder(session, token, purpose)
    rules.check_password(password, email=person.email)
    person.password_hash = passwords.hash(password)
    person.status = PersonStatus.ACTIVE
    _spend(session, person.id)
    logins.end_all(session, person.id)
    _note(session, Scope.person(person.id, {}), person, purpose)
    return person


def change_password(
    session: Session, scope: Scope, gate: Gate, *, old: str, new: str, network: str,
    keep_token: str | None = None,
) -> None:  # fmt: skip
    """Change one's own password; ends every other log-in.

    Wrong guesses of the present one count as failed log-ins do. keep_token: cookie of the browser asking
    """
    person = queries.person_by_id(session, scope.actor_id) if scope.actor_id else None
    if person is None:
        raise NotFound("only a person has a password")
    gate.attempts.begin(person.email, network)
    kept = person.password_hash
    if not gate.passwords.matches(kept, old):
        note_about(session, scope, person.id, "password.refused", {"network": network})
        raise PresentPasswordWrong("the present password is wrong", field="old", remedy="type it again")
    gate.attempts.succeeded(person.email, network)
    rules.check_password(new, email=person.email)
    person = queries.person_locked(session, person.id)
    if person is None or person.password_hash != kept or person.status is not PersonStatus.ACTIVE:
        raise Conflict("your password was changed meanwhile", remedy="log in again")
    person.password_hash = gate.passwords.hash(new)
    logins.end_all(session, person.id, but=hashed(keep_token) if keep_token else None)
    _spend(session, person.id)
    _note(session, scope, person, "change")


def give_password(
    session: Session, scope: Scope, passwords: Passwords, person: Person, password: str
) -> None:
    """Set a password by command (`enerfield user`), for somebody who then may log in.

    Who is suspended stays so: the new password is for when they are let in again.
    """
    rules.check_password(password, email=person.email)
    session.flush()
    queries.person_locked(session, person.id)
    person.password_hash = passwords.hash(password)
    if person.status is PersonStatus.INVITED:
        person.status = PersonStatus.ACTIVE
    _spend(session, person.id)
    logins.end_all(session, person.id)
    _note(session, scope, person, "command")


def _holder(session: Session, token: str, purpose: str) -> Person:
    """Return who holds a valid token, locked: a suspension comes before or after, never beside."""
    found = queries.one_time_token(session, hashed(token), purpose)
    person = found and queries.person_locked(session, found.person_id)
    kept = queries.one_time_token(session, hashed(token), purpose)  # as it is now that we may use it
    if (
        kept is None or person is None or kept.used_at is not None or clock.now() >= kept.expires_at
        or person.status is PersonStatus.SUSPENDED
    ):  # fmt: skip
        raise Refused("this link is no longer valid", field="token", remedy="ask for a new letter")
    return person


def _spend(session: Session, person_id: UUID) -> None:
    """Make every unused token of a person invalid."""
    session.execute(
        update(OneTimeToken)
        .where(OneTimeToken.person_id == person_id, OneTimeToken.used_at.is_(None))
        .values(used_at=clock.now())
    )


def _note(session: Session, scope: Scope, person: Person, how: str) -> None:
    note_about(session, scope, person.id, "password.set", {"how": how})
