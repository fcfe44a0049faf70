"""How documents on schedule leave: as files of a folder, or enclosed in letters."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from backend.analysis.models import AnalysisDelivery, AnalysisSchedule
from backend.billing.models import DocumentDelivery, DocumentSchedule
from backend.billing.service import Road
from backend.infra import mail
from backend.infra.mail import Enclosure, Letter
from backend.kernel import ids
from backend.kernel.settings import settings

TEXTS = {
    "en": "Hello,\n\nenclosed: {title}, {period}, of {seller}.\n\nSent by itself, as agreed at {base_url}.\n",
    "zh": "您好：\n\n附件为{seller}的{title}（{period}）。\n\n本邮件由系统按约定自动发送：{base_url}\n",
}


AnySchedule = DocumentSchedule | AnalysisSchedule
AnyDelivery = DocumentDelivery | AnalysisDelivery


class Made(NamedTuple):
    """A file that is ready to go out."""

    name: str
    media_type: str
    data: bytes


def stem_of(schedule: DocumentSchedule, delivery: DocumentDelivery, more: str = "") -> str:
    """Return what a period's files are called: bills-2026-10-01-2026-10-31-zh."""
    last = delivery.until - timedelta(days=1)
    return f"{schedule.paper.value}-{delivery.first.isoformat()}-{last.isoformat()}{more}-{schedule.locale}"


def mail_out(
    schedule: AnySchedule, delivery: AnyDelivery, about: tuple[str, str], made: Sequence[Made]
) -> None:
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


def hand_over(
    schedule: AnySchedule, delivery: AnyDelivery, about: tuple[str, str], made: Sequence[Made]
) -> None:
    """Put a period's files into the schedule's folder, or send them; about: what it is, and whose."""
    if made and schedule.road is Road.FOLDER:
        for file in made:
            write(folder_of(schedule) / file.name, file.data)
    elif made:
        mail_out(schedule, delivery, about, made)


def folder_of(schedule: AnySchedule) -> Path:
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
