"""Letters tenancy asks for, in the reader's language. The token is made here, when the letter is written."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.infra import mail
from backend.infra.mail import Letter
from backend.kernel.errors import NotFound
from backend.kernel.events import Event
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.tenancy import service
from backend.tenancy.models import Person
from backend.tenancy.service import INVITATION, RESET

INVITATION_PATH = "/invitation/"
RESET_PATH = "/reset/"

_TEXTS = {
    ("invitation", "en"): (
        "You are invited to {place}",
        "Hello {name},\n\nyou have been invited to {place} on Enerfield.\n"
        "Choose your password here within 7 days:\n\n{link}\n\nYou log in with {email}.\n",
    ),
    ("invitation", "zh"): (
        "邀请您加入{place}",
        "{name}，您好：\n\n您已受邀加入 Enerfield 平台的“{place}”。\n"
        "请在 7 天内通过以下链接设置密码：\n\n{link}\n\n登录账号：{email}\n",
    ),
    ("access", "en"): (
        "You now have access to {place}",
        "Hello {name},\n\nyou have been given a role at {place} on Enerfield.\n"
        "Log in as usual:\n\n{link}\n\nIf this is a surprise, ask whoever runs {place}.\n",
    ),
    ("access", "zh"): (
        "您已获得{place}的访问权限",
        "{name}，您好：\n\n您在 Enerfield 平台的“{place}”中获得了新的角色。\n"
        "请照常登录：\n\n{link}\n\n如有疑问，请联系“{place}”的管理员。\n",
    ),
    ("reset", "en"): (
        "Set a new password",
        "Hello {name},\n\nsomebody, probably you, asked for a new password for {email}.\n"
        "Set it here within one hour:\n\n{link}\n\nIf it was not you, do nothing: nothing has changed.\n",
    ),
    ("reset", "zh"): (
        "重置密码",
        "{name}，您好：\n\n有人（可能是您本人）为 {email} 申请了重置密码。\n"
        "请在 1 小时内通过以下链接设置新密码：\n\n{link}\n\n如非本人操作，请忽略此邮件，您的密码不会改变。\n",
    ),
}  # fmt: skip


def invitation(session: Session, scope: Scope, event: Event) -> None:
    """Write to somebody new; nothing when they have set a password meanwhile."""
    issued = service.issue_token(session, _person_id(event), purpose=INVITATION)
    if issued is not None:
        person, token = issued
        _send(session, scope, event, person, "invitation", INVITATION_PATH + token)


def password_reset(session: Session, scope: Scope, event: Event) -> None:
    """Write to somebody who forgot their password; nothing when they are suspended meanwhile."""
    issued = service.issue_token(session, _person_id(event), purpose=RESET)
    if issued is not None:
        person, token = issued
        _send(session, scope, event, person, "reset", RESET_PATH + token)


def access(session: Session, scope: Scope, event: Event) -> None:
    """Tell somebody who logs in elsewhere that there is a new place for them; nobody who lost the role since."""
    try:
        person = service.person(session, scope, _person_id(event))
    except NotFound:
        return
    _send(session, scope, event, person, "access", "/")


def _send(session: Session, scope: Scope, event: Event, person: Person, kind: str, path: str) -> None:
    place = service.organisation(session, scope, event.organisation_id)
    locale = person.locale if (kind, person.locale) in _TEXTS else "en"
    subject, text = _TEXTS[kind, locale]
    words = {
        "name": person.name, "email": person.email, "link": settings().base_url + path,
        "place": (place.name_zh if locale == "zh" else None) or place.name,
    }  # fmt: skip
    subject = " ".join(subject.format(**words).split())
    mail.post(settings()).send(Letter(person.email, subject, text.format(**words)))


def _person_id(event: Event) -> UUID:
    return UUID(event.body["person_id"])
