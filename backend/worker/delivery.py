"""How what is made on schedule leaves: once a period, as files of a folder or enclosed in letters."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.billing.models import Delivered, DocumentDelivery, DocumentSchedule, Recurring
from backend.billing.queries.recurring import D, S
from backend.billing.service import Road
from backend.billing.service.recurring import Schedules
from backend.infra import mail
from backend.infra.mail import Enclosure, Letter
from backend.kernel import ids, paging
from backend.kernel.db import database
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.tenancy import service as tenancy

_log = structlog.get_logger(__name__)

TEXTS = {
    "en": "Hello,\n\nenclosed: {title}, {period}, of {seller}.\n\nSent by itself, as agreed at {base_url}.\n",
    "zh": "您好：\n\n附件为{seller}的{title}（{period}）。\n\n本邮件由系统按约定自动发送：{base_url}\n",
}


class Made(NamedTuple):
    """A file that is ready to go out."""

    name: str
    media_type: str
    data: bytes


Send = Callable[[Session, Scope, S, D], list[str]]
"""Makes the files of a period and hands them over; returns their names."""


def deliver_all(kept: Schedules[S, D], reason: str, send: Send[S, D]) -> int:
    """Make what is due of each schedule of a kind and send it; returns how many went out."""
    count = 0
    for scope in tenancy.system_scopes(database(), reason):
        with database().transaction(scope) as session:
            known = _known(kept, session, scope)
        for schedule_id in known:
            with database().transaction(scope) as session:
                kept.open_due(session, scope, schedule_id=schedule_id)
        with database().transaction(scope) as session:
            due = kept.waiting(session, scope)
        count += sum(_deliver(kept, scope, delivery_id, send) for delivery_id in due)
    return count


def _known(kept: Schedules[S, D], session: Session, scope: Scope) -> list[UUID]:
    return [one.id for one in paging.every(lambda at: kept.schedules(session, scope, cursor=at))]


def _deliver(kept: Schedules[S, D], scope: Scope, delivery_id: UUID, send: Send[S, D]) -> bool:
    """Send one in a transaction of its own; what hinders it is written down, and it is tried again."""
    try:
        with database().transaction(scope) as session:
            found = kept.take(session, scope, delivery_id=delivery_id)
            if found is None:
                return False
            delivery, schedule = found
            kept.went_out(session, scope, delivery, send(session, scope, schedule, delivery))
        return True
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        said = error.message if isinstance(error, EnerfieldError) else f"{type(error).__name__}: {error}"
        _log.warning("not sent", kind=kept.name, delivery=str(delivery_id), error=said)
        with database().transaction(scope) as session:
            kept.failed(session, scope, delivery_id=delivery_id, error=said)
        return False


def stem_of(schedule: DocumentSchedule, delivery: DocumentDelivery, more: str = "") -> str:
    """Return what a period's files are called: bills-2026-10-01-2026-10-31-zh."""
    last = delivery.until - timedelta(days=1)
    return f"{schedule.paper.value}-{delivery.first.isoformat()}-{last.isoformat()}{more}-{schedule.locale}"


def mail_out(schedule: Recurring, delivery: Delivered, about: tuple[str, str], made: Sequence[Made]) -> None:
    """Send files to the schedule's readers, each in a letter of their own. about: what it is, and whose."""
    (title, seller), last = about, delivery.until - timedelta(days=1)
    period = delivery.first.isoformat() if last == delivery.first else f"{delivery.first} – {last}"
    words = {"title": title, "seller": seller, "period": period, "base_url": settings().base_url}
    text = TEXTS["zh" if schedule.locale == "zh" else "en"].format(**words)
    subject = " ".join(f"{title} · {seller} · {period}".split())
    enclosed = [Enclosure(file.name, file.media_type, file.data) for file in made]
    post = mail.post(settings())
    for place, to in enumerate(schedule.recipients):
        post.send(Letter(to, subject, text, f"{ids.show(delivery.id)}-{place}", enclosed))


def hand_over(schedule: Recurring, delivery: Delivered, about: tuple[str, str], made: Sequence[Made]) -> None:
    """Put a period's files into the schedule's folder, or send them; about: what it is, and whose."""
    if made and schedule.road is Road.FOLDER:
        for file in made:
            write(folder_of(schedule) / file.name, file.data)
    elif made:
        mail_out(schedule, delivery, about, made)


def folder_of(schedule: Recurring) -> Path:
    """Return where a schedule's files are put: of the operator, and of the schedule below it."""
    return settings().home / "documents" / ids.show(schedule.organisation_id) / ids.show(schedule.id)


def write(place: Path, data: bytes) -> None:
    """Write a file whole or not at all, readable by this account only; again it is the same file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_name(f".{place.name}.{ids.show(ids.new_id())}.part")
    try:
        with open(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.rename(place)
    finally:
        with suppress(FileNotFoundError):
            half.unlink()
