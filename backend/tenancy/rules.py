"""Where nodes may stand, how long a log-in lasts, what a password must be. Pure: no clock, no database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from backend.kernel.errors import Refused, Unauthenticated

PASSWORD_LENGTH = (10, 200)
"""Shortest and longest password [characters]."""

SESSION_IDLE = timedelta(hours=12)
SESSION_LONGEST = timedelta(days=7)
SESSION_NOTED = timedelta(minutes=1)
"""A browser's log-in ends after this silence, or this age; its last use is noted this often."""

DEVICE_IDLE = timedelta(days=30)
DEVICE_LONGEST = timedelta(days=365)
LOST_ANSWER = timedelta(seconds=60)
"""A phone stays logged in through this silence, to this age; a lost answer may be asked for again so long."""

INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=1)
RESET_PAUSE = timedelta(minutes=10)
"""No second reset letter goes to the same person sooner, however often somebody asks."""

LOG_IN_ACTIONS = (
    "session.open", "session.end", "device.open", "device.end", "device.reuse_detected", "log_in.refused",
    "password.set", "password.refused", "password.reset_wanted",
)  # fmt: skip
"""What the audit trail calls things that happen at the door; everything else is a change."""

LOCALES = ("en", "zh")
"""Languages people read."""

MOST_NODES = 100
"""A person holds roles at so many organisations at most."""

MOST_ROLES = 6 * MOST_NODES
MOST_PREFERENCES = 16_384
"""What a person's preferences may take as JSON [bytes]."""

TIERS = {"region": 0, "park": 1, "enterprise": 2, "customer": 3}


class RefreshReused(Unauthenticated):
    """A refresh token was used twice: the whole log-in ended, which is kept although an error is answered."""

    keeps_changes = True


class LogInRefused(Unauthenticated):
    """Address or password is wrong; that somebody tried is kept although an error is answered."""

    keeps_changes = True


class PresentPasswordWrong(Refused):
    """Somebody logged in does not know the present password; the try is kept although it is refused."""

    keeps_changes = True


class Turn(Enum):
    """What to do with a refresh token that is presented."""

    ROTATE = auto()
    REPEAT = auto()
    END_FAMILY = auto()
    REFUSE = auto()


@dataclass(frozen=True)
class TokenState:
    """What is known of a presented refresh token."""

    device_id: str
    expires_at: datetime
    rotated_at: datetime | None
    revoked_at: datetime | None
    is_successor_used: bool


def judge_refresh(token: TokenState, *, device_id: str, now: datetime) -> Turn:
    """Decide about a refresh token (RFC 9700, 4.14.2, with grace for an answer that never arrived).

    A rotated token that comes again is theft, unless the same device asks within
    `LOST_ANSWER` and has not used the token it would have got.
    """
    if token.revoked_at is not None or now >= token.expires_at:
        return Turn.REFUSE
    if token.device_id != device_id:
        return Turn.END_FAMILY
    if token.rotated_at is None:
        return Turn.ROTATE
    if now - token.rotated_at <= LOST_ANSWER and not token.is_successor_used:
        return Turn.REPEAT
    return Turn.END_FAMILY


def session_is_over(*, created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Tell whether a browser's log-in has been silent, or has lasted, too long."""
    return now - seen_at >= SESSION_IDLE or now - created_at >= SESSION_LONGEST


def normalise_email(email: str) -> str:
    """Return the form e-mail addresses are kept in; raises Refused for what cannot be one."""
    plain = email.strip().lower()
    name, at, host = plain.rpartition("@")
    if not (name and at and host) or len(plain) > 254 or any(c.isspace() or ord(c) < 32 for c in plain):
        raise Refused("this is not an e-mail address", field="email", remedy="use the form name@example.org")
    return plain


def check_password(password: str, *, email: str) -> str:
    """Return the password, or raise Refused with what a good one is."""
    shortest, longest = PASSWORD_LENGTH
    too_plain = len(set(password)) < 5 or password.lower() in {email, email.split("@")[0]}
    if not shortest <= len(password) <= longest or too_plain:
        raise Refused(
            "this password is too easy to guess or too long",
            field="password",
            remedy=f"use {shortest} to {longest} characters, not your address and not one letter repeated",
        )
    return password


def check_locale(locale: str) -> str:
    """Return a language people may choose, or raise Refused."""
    if locale not in LOCALES:
        raise Refused(
            "this language is not there",
            field="locale",
            value=locale[:20],
            remedy="use " + ", ".join(LOCALES),
        )
    return locale


def demand_few(nodes: int) -> None:
    """Refuse to let somebody hold roles at more nodes than anybody can look over."""
    if nodes > MOST_NODES:
        raise Refused(
            f"a person holds roles at {MOST_NODES} organisations at most", field="organisation_id",
            remedy="give a role at the organisation above them, or take one away",
        )  # fmt: skip


def check_preferences(preferences: dict[str, Any]) -> dict[str, Any]:
    """Return preferences that can be kept, or raise Refused when they are too many."""
    size = len(json.dumps(preferences).encode())
    if size > MOST_PREFERENCES:
        raise Refused(
            "these are too many preferences", field="preferences", value=f"{size} bytes",
            remedy=f"keep them within {MOST_PREFERENCES} bytes of JSON",
        )  # fmt: skip
    return preferences


def check_tier(parent_kind: str | None, kind: str) -> None:
    """Refuse a node that does not stand below its parent (levels may be skipped, enterprises nested)."""
    if parent_kind is None:
        return
    if TIERS[kind] < TIERS[parent_kind] or (kind == parent_kind and kind in {"region", "customer"}):
        raise Refused(
            f"a {kind} cannot stand below a {parent_kind}",
            field="kind",
            value=kind,
            remedy="the order is region, park, enterprise, customer",
        )
