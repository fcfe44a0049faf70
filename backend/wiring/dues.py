"""Telling customers that a bill will be high, and customers and office what was said about a complaint.

As with field work, who is told is settled once, and each reader and way is an event of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing import events as billing
from backend.field import service as field
from backend.field.service import Notice
from backend.infra import mail
from backend.infra.mail import Letter
from backend.infra.webpush import WebPush
from backend.kernel import ids
from backend.kernel.events import Event, publish
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.wiring.notices import Reader, holders

WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "high_bill": {
        "en": ("Your bill will be high", "By {ends_on} it comes to about {projected} {currency}; usual is {usual}."),
        "zh": ("本期账单将偏高", "预计到 {ends_on} 为 {projected} {currency}，通常为 {usual}。"),
    },
    "answered": {"en": ("The office has answered", "There is an answer to what you said about your bill."),
                 "zh": ("客服已回复", "您对账单的疑问已有答复。")},
    "open": {"en": ("A customer asks about a bill", "Somebody waits for an answer."),
             "zh": ("客户对账单有疑问", "有客户正在等待答复。")},
}  # fmt: skip
"""What is told -> title and body by language."""


def high_bill(session: Session, scope: Scope, event: Event) -> None:
    """Tell the customer's people that a bill will be high."""
    said = event.body
    known = {
        "projected": f"{Decimal(said['projected']):,.2f}", "usual": f"{Decimal(said['usual']):,.2f}",
        "currency": said["currency"], "ends_on": date.fromisoformat(said["ends_on"]).isoformat(),
    }  # fmt: skip
    readers = holders(session, scope, UUID(said["customer_id"]), "customer")
    _address(session, event, "high_bill", readers, known, "/bills/so-far")


def complaint(session: Session, scope: Scope, event: Event) -> None:
    """Tell the other side of a complaint that it is their turn; nobody once it is settled."""
    said = event.body
    path = f"/complaints/{UUID(said['complaint_id'])}"
    if said["state"] == "answered":
        readers = holders(session, scope, UUID(said["customer_id"]), "customer")
    elif said["state"] == "open":
        readers = holders(session, scope, event.organisation_id, "manager")
    else:
        return
    _address(session, event, said["state"], readers, {}, path)


def _address(
    session: Session, event: Event, words: str, readers: Sequence[Reader], known: dict[str, str], path: str
) -> None:
    """Write an event for each reader and way, in the transaction that settles who they are."""
    for one in readers:
        for way in ("push", "mail"):
            if way == "mail" and not one.email:
                continue
            body = {
                "words": words, "known": known, "path": path, "way": way, "email": one.email, "locale": one.locale,
                "person_id": str(one.person_id) if one.person_id else None,
            }  # fmt: skip
            publish(
                session, billing.event(billing.LETTER, event.organisation_id, body, actor_id=event.actor_id)
            )


def hand_over(session: Session, scope: Scope, event: Event) -> None:
    """Tell one reader by one way; a letter carries the same id however often this is tried."""
    said = event.body
    notices = {
        locale: Notice(title, body.format(**said["known"]), said["path"], f"bill-{said['words']}")
        for locale, (title, body) in WORDS[said["words"]].items()
    }
    if said["way"] == "push":
        pusher = WebPush(settings().home, settings().base_url)
        field.notify(session, scope, pusher, people={UUID(said["person_id"])}, notices=notices)
        return
    notice = notices[said["locale"] if said["locale"] in notices else "en"]
    link = f"{settings().base_url}{said['path']}"
    letter = Letter(said["email"], notice.title, f"{notice.body}\n\n{link}\n", id=ids.show(event.id))
    mail.post(settings()).send(letter)
