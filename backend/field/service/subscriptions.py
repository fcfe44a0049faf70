"""Where phones are told of news, and telling them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from backend.field import queries
from backend.field.models import PushSubscription
from backend.kernel import clock
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope


@dataclass(frozen=True)
class Notice:
    """What a phone shows. url: path within the app; tag: a later notice with the same tag replaces this one"""

    title: str
    body: str
    url: str
    tag: str


class Pusher(Protocol):
    """Sends a notice to a push service (infra/webpush.py)."""

    def send(self, subscription: PushSubscription, notice: Notice) -> bool:
        """Send; False where the subscription is gone for good."""


def subscribe(
    session: Session, scope: Scope, *, device_id: str, endpoint: str, p256dh: str, auth: str, locale: str
) -> PushSubscription:
    """Keep where a phone of the asker is told; a new address replaces the old one of the same phone."""
    if urlsplit(endpoint).scheme != "https" or len(endpoint) > 2_000:
        raise Refused("a push service has an https address", field="endpoint", value=endpoint[:200])
    row = session.get(PushSubscription, (scope.actor_id, device_id)) or PushSubscription(
        person_id=scope.actor_id, device_id=device_id
    )
    row.endpoint, row.p256dh, row.auth, row.locale = endpoint, p256dh, auth, locale
    row.created_at, row.failed_at = clock.now(), None
    session.add(row)
    session.flush()
    return row


def unsubscribe(session: Session, scope: Scope, *, device_id: str) -> None:
    """Tell a phone nothing any more."""
    row = session.get(PushSubscription, (scope.actor_id, device_id))
    if row is not None:
        session.delete(row)


def notify(
    session: Session, scope: Scope, pusher: Pusher, *, people: Collection[UUID], notices: dict[str, Notice],
    device_id: str | None = None,
) -> int:  # fmt: skip
    """Tell the phones of some people, each in its language; returns how many heard.

    notices: by locale, with 'en'; device_id: only this phone of theirs
    """
    heard = 0
    for row in queries.subscriptions(session, scope, people):
        if device_id is not None and row.device_id != device_id:
            session.expunge(row)
        elif pusher.send(row, notices.get(row.locale, notices["en"])):
            heard += 1
        else:
            session.expunge(row)
            queries.forget_subscription(session, scope, row.endpoint)
    return heard
