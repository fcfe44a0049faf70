"""Log-ins of phones: refresh tokens that rotate, and the end of a family when one is used twice."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.kernel import clock, ids
from backend.kernel.errors import NotFound, Unauthenticated
from backend.kernel.scope import Scope
from backend.tenancy import queries, rules
from backend.tenancy.models import Application, Person, PersonStatus, RefreshToken
from backend.tenancy.rules import RefreshReused, TokenState, Turn
from backend.tenancy.service.scopes import build_scope
from backend.tenancy.service.secrets import hashed, new_secret
from backend.tenancy.service.trail import note_about

MOST_DEVICES = 100


@dataclass(frozen=True)
class DeviceLogin:
    """What a phone gets: its refresh token, and the log-in (family) that access tokens name."""

    refresh_token: str
    family_id: UUID
    person: Person
    expires_at: datetime


@dataclass(frozen=True)
class Device:
    """A phone somebody is logged in on; last used when its newest token was given."""

    id: UUID
    device_id: str
    name: str | None
    started_at: datetime
    used_at: datetime


def open_device(
    session: Session, person: Person, *, device_id: str, device_name: str | None = None
) -> DeviceLogin:
    """Log a phone in: the first token of a new family."""
    token, now = new_secret(), clock.now()
    first = RefreshToken(
        token_hash=hashed(token), family_id=ids.new_id(), person_id=person.id, device_id=device_id,
        device_name=device_name, started_at=now, created_at=now, expires_at=now + rules.DEVICE_IDLE,
        rotated_at=None, successor_hash=None, revoked_at=None,
    )  # fmt: skip
    session.add(first)
    session.flush()
    _note(session, first, "device.open")
    return DeviceLogin(token, first.family_id, person, first.expires_at)


def refresh(session: Session, *, token: str, device_id: str, key: bytes) -> DeviceLogin:
    """Exchange a refresh token for its successor.

    The successor is computed from the token, so that a phone whose answer was lost gets the same one
    when it asks again. The person is locked first: whatever ends their log-ins comes before or after,
    never beside. key: secret of this installation
    """
    holder_id = queries.refresh_token_holder(session, hashed(token))
    person = holder_id and queries.person_locked(session, holder_id)
    presented = queries.refresh_token(session, hashed(token))
    if presented is None:
        raise _refused()
    successor = queries.refresh_token(session, presented.successor_hash) if presented.successor_hash else None
    state = TokenState(
        presented.device_id, presented.expires_at, presented.rotated_at, presented.revoked_at,
        is_successor_used=successor is not None and successor.rotated_at is not None,
    )  # fmt: skip
    turn = rules.judge_refresh(state, device_id=device_id, now=clock.now())
    if turn is Turn.END_FAMILY:
        _end_family(session, presented)
        _note(session, presented, "device.reuse_detected")
        raise RefreshReused("this log-in was used from elsewhere and has ended", remedy="log in again")
    if turn is Turn.REFUSE or person is None or person.status is not PersonStatus.ACTIVE:
        raise _refused()
    following = _successor(token, key)
    if turn is Turn.ROTATE:
        successor = _rotate(session, presented, hashed(following))
    assert successor is not None
    return DeviceLogin(following, presented.family_id, person, successor.expires_at)


def use_device(
    session: Session, *, family_id: UUID, person_id: UUID, application: Application | None = None
) -> tuple[Person, Scope]:
    """Return whose access token this is and what they see; raises Unauthenticated when the log-in ended."""
    found = queries.device_with_roles(
        session, family_id, person_id, application and application.value, clock.now()
    )
    if found is None:
        raise Unauthenticated("this log-in has ended", remedy="log in again")
    person, roles = found
    return person, build_scope(person, roles)


def devices(session: Session, scope: Scope) -> Sequence[Device]:
    """Return the phones the asker is logged in on, the last used first; `MOST_DEVICES` of them."""
    if scope.actor_id is None:
        return []
    newest: dict[UUID, RefreshToken] = {}
    for token in queries.refresh_tokens(session, scope.actor_id):
        newest.setdefault(token.family_id, token)
    now = clock.now()
    alive = [token for token in newest.values() if token.expires_at > now]
    return [
        Device(token.family_id, token.device_id, token.device_name, token.started_at, token.created_at)
        for token in sorted(alive, key=lambda t: t.created_at, reverse=True)[:MOST_DEVICES]
    ]


def end_device(session: Session, scope: Scope, family_id: UUID) -> None:
    """Log one of the asker's phones out, with every token of its log-in."""
    if scope.actor_id is not None:
        queries.person_locked(session, scope.actor_id)
    mine = queries.refresh_tokens(session, scope.actor_id, family_id) if scope.actor_id else []
    if not mine:
        raise NotFound("there is no such log-in", field="device", value=str(family_id))
    _end_family(session, mine[0])
    _note(session, mine[0], "device.end")


def _rotate(session: Session, presented: RefreshToken, successor_hash: bytes) -> RefreshToken:
    now = clock.now()
    successor = RefreshToken(
        token_hash=successor_hash, family_id=presented.family_id, person_id=presented.person_id,
        device_id=presented.device_id, device_name=presented.device_name, started_at=presented.started_at,
        created_at=now, rotated_at=None, successor_hash=None, revoked_at=None,
        expires_at=min(now + rules.DEVICE_IDLE, presented.started_at + rules.DEVICE_LONGEST),
    )  # fmt: skip
    session.add(successor)
    presented.rotated_at, presented.successor_hash = now, successor_hash
    session.flush()
    return successor


def _end_family(session: Session, token: RefreshToken) -> None:
    session.execute(
        update(RefreshToken)
        .where(RefreshToken.family_id == token.family_id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


def _successor(token: str, key: bytes) -> str:
    digest = hmac.new(key, b"refresh:" + token.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _refused() -> Unauthenticated:
    return Unauthenticated("this refresh token is not valid", remedy="log in again")


def _note(session: Session, token: RefreshToken, action: str) -> None:
    after = {"device": ids.show(token.family_id), "device_name": token.device_name}
    note_about(session, Scope.person(token.person_id, {}), token.person_id, action, after)
