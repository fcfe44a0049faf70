"""Telling readers of billing: of reminders, plans, low balances, high bills, complaints; each in their own language.

Who is told is settled once, and each reader and way is an event of its own: what one mail server refuses is tried again
for its reader alone, under the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing import events as billing
from backend.billing.service import plans
from backend.field import service as field
from backend.field.service import Notice
from backend.infra import mail
from backend.infra.mail import Letter
from backend.infra.webpush import WebPush
from backend.kernel import ids
from backend.kernel.events import Event, publish
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.wiring.bill_words import AMOUNTS, WORDS
from backend.wiring.notices import Reader, holders

SUBJECTS = ("bill_id", "plan_id", "complaint_id", "request_id", "contract_id")
"""What a notice is about: a later one about the same takes an earlier one's place on the phone."""


def reminded(session: Session, scope: Scope, event: Event) -> None:
    """Tell a customer that a bill is overdue."""
    _tell_customer(
        session, scope, event, "reminder_fee" if Decimal(event.body["fee"]) else "reminder", "/bills"
    )


def plan_moved(session: Session, scope: Scope, event: Event) -> None:
    """Tell a customer how their plan stands."""
    _tell_customer(session, scope, event, f"plan_{event.body['status']}", "/bills")


def balance_low(session: Session, scope: Scope, event: Event) -> None:
    """Tell a customer that their balance runs low."""
    words = "balance_low"
    if event.body.get("emergency_credit") and Decimal(event.body["balance"]) < 0:
        is_used_up = Decimal(event.body["balance"]) < -Decimal(event.body["emergency_credit"])
        words = "emergency_used_up" if is_used_up else "emergency_begun"
    _tell_customer(session, scope, event, words, "/prepaid")


def high_bill(session: Session, scope: Scope, event: Event) -> None:
    """Tell the customer's people that a bill will be high."""
    _tell_customer(session, scope, event, "high_bill", "/bills/so-far")


def cut_moved(session: Session, scope: Scope, event: Event) -> None:
    """Tell a customer that supply may be cut, stays, or is given back."""
    words = f"cut_{event.body['status']}"
    if words in WORDS:
        _tell_customer(session, scope, event, words, "/bills")
    if event.body["status"] == "withdrawn" and event.body["order_id"]:
        readers = holders(session, scope, event.organisation_id, "dispatcher")
        _address(session, event, "cut_not", readers, f"/workorders/{UUID(event.body['order_id'])}")


def complaint(session: Session, scope: Scope, event: Event) -> None:
    """Tell the other side of a complaint that it is their turn; nobody once it is settled."""
    path = f"/complaints/{UUID(event.body['complaint_id'])}"
    if event.body["state"] == "answered":
        _tell_customer(session, scope, event, "complaint_answered", path)
    elif event.body["state"] == "open":
        readers = holders(session, scope, event.organisation_id, "manager")
        _address(session, event, "complaint_open", readers, path)


def request_moved(session: Session, scope: Scope, event: Event) -> None:
    """Tell the office what a customer asks for, and the customer what became of it."""
    said = event.body
    words = f"{said['kind']}_{said['status']}"
    if said["status"] == "open":
        _address(
            session,
            event,
            words,
            holders(session, scope, event.organisation_id, "manager"),
            "/account-requests",
        )
    elif words in WORDS:
        _tell_customer(session, scope, event, words, "/bills")


def paid(session: Session, scope: Scope, event: Event) -> None:
    """Look whether a payment ended its customer's plans."""
    if event.body["customer_id"]:
        for plan_id in plans.active(session, scope, customer_id=UUID(event.body["customer_id"])):
            plans.review(session, scope, plan_id=plan_id)


def hand_over(session: Session, scope: Scope, event: Event) -> None:
    """Tell one reader by one way; a letter carries the same id however often this is tried."""
    said = event.body
    notices = {locale: _worded(said, locale) for locale in ("en", "zh")}
    if said["way"] == "push":
        pusher = WebPush(settings().home, settings().base_url)
        field.notify(session, scope, pusher, people={UUID(said["person_id"])}, notices=notices)
        return
    notice = notices[said["locale"] if said["locale"] in notices else "en"]
    text = f"{notice.body}\n\n{settings().base_url}{said['path']}\n"
    mail.post(settings()).send(Letter(said["email"], notice.title, text, id=ids.show(event.id)))


def _tell_customer(session: Session, scope: Scope, event: Event, words: str, path: str) -> None:
    readers = holders(session, scope, UUID(event.body["customer_id"]), "customer")
    _address(session, event, words, readers, path)


def _address(session: Session, event: Event, words: str, readers: Sequence[Reader], path: str) -> None:
    """Write an event for each reader and way, in the transaction that settles who they are."""
    said = {name: value for name, value in event.body.items() if value is not None}
    for one in readers:
        for way in ("push", "mail"):
            body = {"words": words, "said": said, "path": path, "way": way, "person_id": str(one.person_id),
                    "email": one.email, "locale": one.locale}  # fmt: skip
            letter = billing.event(billing.LETTER, event.organisation_id, body, actor_id=event.actor_id)
            publish(session, letter)


def _worded(said: dict[str, Any], locale: str) -> Notice:
    known = dict(said["said"])
    known |= {name: f"{Decimal(known[name]):,.2f}" for name in AMOUNTS if name in known}
    title, body = (part.format(**known) for part in WORDS[said["words"]][locale])
    about = next((known[name] for name in SUBJECTS if name in known), said["words"])
    return Notice(title, body, said["path"], f"billing-{about}")
