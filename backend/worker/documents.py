"""Documents of billing on schedule: what is due is made and goes out by mail or to a folder, once for each period."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import structlog
from celery import shared_task
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.analysis.models import AnalysisDelivery, AnalysisSchedule
from backend.billing.models import DocumentDelivery, DocumentSchedule
from backend.billing.rules.documents.schedule import Form, Paper
from backend.billing.service import Road, documents, schedules
from backend.infra import mail
from backend.infra.mail import Enclosure, Letter
from backend.kernel import ids, paging
from backend.kernel.db import database
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.tenancy import service as tenancy
from reports import accounts, tabular
from reports.tabular import Document

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


def _known(session: Session, scope: Scope) -> list[UUID]:
    return [one.id for one in paging.every(lambda at: schedules.schedules(session, scope, cursor=at))]


@shared_task(name="documents.deliver")
def deliver() -> int:
    """Make the documents whose period is over and send them; returns how many went out."""
    count = 0
    for scope in tenancy.system_scopes(database(), "documents on schedule"):
        with database().transaction(scope) as session:
            known = _known(session, scope)
        for schedule_id in known:
            with database().transaction(scope) as session:
                schedules.open_due(session, scope, schedule_id=schedule_id)
        with database().transaction(scope) as session:
            due = schedules.waiting(session, scope)
        count += sum(_send(scope, delivery_id) for delivery_id in due)
    return count


def _send(scope: Scope, delivery_id: UUID) -> bool:
    """Send one in a transaction of its own; what hinders it is written down, and it is tried again."""
    try:
        with database().transaction(scope) as session:
            found = schedules.take(session, scope, delivery_id=delivery_id)
            if found is None:
                return False
            delivery, schedule = found
            made = list(files(session, scope, schedule, delivery))
            hand_over(schedule, delivery, [file for _, file in made], [document for document, _ in made])
            schedules.went_out(session, scope, delivery, [file.name for _, file in made])
        return True
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        said = error.message if isinstance(error, EnerfieldError) else f"{type(error).__name__}: {error}"
        _log.warning("document not sent", delivery=str(delivery_id), error=said)
        with database().transaction(scope) as session:
            schedules.failed(session, scope, delivery_id=delivery_id, error=said)
        return False


def files(
    session: Session, scope: Scope, schedule: DocumentSchedule, delivery: DocumentDelivery
) -> Iterator[tuple[Document, Made]]:
    """Yield the files of a period, each with the document it shows."""
    last = delivery.until - timedelta(days=1)
    for number, document in enumerate(_documents(session, scope, schedule, delivery)):
        more = f"-{number + 1}" if number else ""
        stem = (
            f"{schedule.paper.value}-{delivery.first.isoformat()}-{last.isoformat()}{more}-{schedule.locale}"
        )
        for form in map(Form, schedule.forms):
            yield document, Made(f"{stem}.{form.value}", tabular.MEDIA[form], tabular.made(document, form))


def _documents(
    session: Session, scope: Scope, schedule: DocumentSchedule, delivery: DocumentDelivery
) -> Iterator[Document]:
    """Yield the documents of a period; none where no run was issued in it."""
    where, first, until, locale = schedule.organisation_id, delivery.first, delivery.until, schedule.locale
    if schedule.paper is Paper.AGEING:
        as_of = until - timedelta(days=1)
        yield accounts.ageing(documents.ageing(session, scope, organisation_id=where, as_of=as_of), locale)
    elif schedule.paper is Paper.TAX:
        told = documents.tax_export(session, scope, organisation_id=where, first=first, until=until)
        yield accounts.tax_export(told, locale)
    elif schedule.paper is Paper.STATEMENT:
        assert schedule.customer_id is not None, "a statement is of a customer"
        said = documents.statement(
            session, scope, customer_id=schedule.customer_id, organisation_id=where, first=first, until=until
        )
        yield accounts.statement(said, locale)
    else:
        for run_id in schedules.runs_issued(session, scope, organisation_id=where, first=first, until=until):
            yield accounts.run_summary(documents.run_summary(session, scope, run_id=run_id), locale)


def hand_over(
    schedule: DocumentSchedule | AnalysisSchedule, delivery: DocumentDelivery | AnalysisDelivery,
    made: list[Made], shown: list[Document],
) -> None:  # fmt: skip
    """Put a period's files into the schedule's folder, or send them to its recipients."""
    if not made:
        return
    if schedule.road is Road.FOLDER:
        folder = folder_of(schedule)
        for file in made:
            write(folder / file.name, file.data)
        return
    last = delivery.until - timedelta(days=1)
    period = delivery.first.isoformat() if last == delivery.first else f"{delivery.first} – {last}"
    words = {
        "title": shown[0].title,
        "seller": shown[0].seller,
        "period": period,
        "base_url": settings().base_url,
    }
    text = TEXTS["zh" if schedule.locale == "zh" else "en"].format(**words)
    subject = " ".join(f"{shown[0].title} · {shown[0].seller} · {period}".split())
    enclosed = [Enclosure(file.name, file.media_type, file.data) for file in made]
    post = mail.post(settings())
    for place, to in enumerate(schedule.recipients):
        post.send(Letter(to, subject, text, f"{ids.show(delivery.id)}-{place}", enclosed))


def folder_of(schedule: DocumentSchedule | AnalysisSchedule) -> Path:
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
