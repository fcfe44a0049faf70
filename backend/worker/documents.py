"""Documents of billing on schedule: what is due is made and goes out by mail or to a folder, once for each period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import structlog
from celery import shared_task
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.billing.models import DocumentDelivery, DocumentSchedule
from backend.billing.rules.documents.schedule import Form, Paper
from backend.billing.service import documents, schedules
from backend.kernel import paging
from backend.kernel.db import database
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from backend.worker import bundles
from backend.worker.delivery import Made, hand_over, stem_of
from reports import accounts, tabular
from reports.tabular import Document

_log = structlog.get_logger(__name__)


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
            schedules.went_out(session, scope, delivery, _hand_over(session, scope, schedule, delivery))
        return True
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        said = error.message if isinstance(error, EnerfieldError) else f"{type(error).__name__}: {error}"
        _log.warning("document not sent", delivery=str(delivery_id), error=said)
        with database().transaction(scope) as session:
            schedules.failed(session, scope, delivery_id=delivery_id, error=said)
        return False


def _hand_over(
    session: Session, scope: Scope, schedule: DocumentSchedule, delivery: DocumentDelivery
) -> list[str]:
    """Make what a period's delivery holds and send it; returns the names of what went out."""
    if schedule.paper is Paper.BILLS:
        return bundles.hand_over(session, scope, schedule, delivery)
    made = list(files(session, scope, schedule, delivery))
    if made:
        shown = made[0][0]
        hand_over(schedule, delivery, (shown.title, shown.seller), [file for _, file in made])
    return [file.name for _, file in made]


def files(
    session: Session, scope: Scope, schedule: DocumentSchedule, delivery: DocumentDelivery
) -> Iterator[tuple[Document, Made]]:
    """Yield the files of a period, each with the document it shows."""
    for number, document in enumerate(_documents(session, scope, schedule, delivery)):
        stem = stem_of(schedule, delivery, f"-{number + 1}" if number else "")
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
