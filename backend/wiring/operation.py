"""What plans lead to: who runs a plant learns that none could be made; rounds that were asked for are made."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.field import service as field
from backend.field.service import Notice
from backend.infra import mail
from backend.infra.mail import Letter
from backend.infra.webpush import WebPush
from backend.kernel import ids
from backend.kernel.events import Event, publish
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.optimisation import events as optimisation
from backend.optimisation.service import rounds
from backend.wiring.notices import holders

WORDS = {
    "en": ("No plan for {site}", "{message}. {remedy}"),
    "zh": ("{site}：未能生成运行计划", "原因和处理办法见计划页面；系统会再次尝试。"),
}
"""Reasons are worded in Chinese by the page (portal/plan_refusals.py): the notice leads there."""
ROLES = ("operator", "manager")
LONGEST = 400
"""So much of a reason fits a notice; all of it stands on the plan's page [characters]."""


def plan_failed(session: Session, scope: Scope, event: Event) -> None:
    """Settle who is told: the plant's operators, its managers where it has none."""
    readers = next(
        (some for role in ROLES if (some := holders(session, scope, event.organisation_id, role))), []
    )
    for one in readers:
        for way in ("push", "mail"):
            body = {"said": event.body, "way": way, "person_id": str(one.person_id), "email": one.email,
                    "locale": one.locale}  # fmt: skip
            letter = optimisation.event(
                optimisation.LETTER, event.organisation_id, body, actor_id=event.actor_id
            )
            publish(session, letter)


def hand_over(session: Session, scope: Scope, event: Event) -> None:
    """Tell one reader by one way; a letter carries the same id however often this is tried."""
    said = event.body
    notices = {locale: _worded(said["said"], locale) for locale in WORDS}
    if said["way"] == "push":
        pusher = WebPush(settings().home, settings().base_url)
        field.notify(session, scope, pusher, people={UUID(said["person_id"])}, notices=notices)
        return
    notice = notices[said["locale"] if said["locale"] in notices else "en"]
    text = f"{notice.body}\n\n{settings().base_url}/plans/{UUID(said['said']['plan_id'])}\n"
    mail.post(settings()).send(Letter(said["email"], notice.title, text, id=ids.show(event.id)))


def make_round(session: Session, scope: Scope, event: Event) -> None:
    """Plan the plants of a round together; a round that is made stays as it is."""
    rounds.make_round(session, scope, round_id=UUID(event.body["round_id"]))


def _worded(said: dict[str, Any], locale: str) -> Notice:
    site = (said.get("site_zh") if locale == "zh" else None) or said["site"]
    known = {"site": site, "message": said["message"][:LONGEST], "remedy": said["remedy"][:LONGEST]}
    title, body = (part.format(**known).strip() for part in WORDS[locale])
    return Notice(title, body, "/plan", f"plan-{said['plant_id']}")
