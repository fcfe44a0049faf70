"""Documents of billing on schedule: what is due is made and goes out by mail or to a folder, once for each period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from celery import shared_task
from sqlalchemy.orm import Session

from backend.billing.models import DocumentDelivery, DocumentSchedule
from backend.billing.rules.documents.schedule import Form, Paper
from backend.billing.service import documents, schedules
from backend.kernel.scope import Scope
from backend.worker import bundles
from backend.worker.delivery import Made, deliver_all, hand_over, stem_of
from reports import accounts, tabular
from reports.tabular import Document


@shared_task(name="documents.deliver")
def deliver() -> int:
    """Make the documents whose period is over and send them; returns how many went out."""
    return deliver_all(schedules.DOCUMENTS, "documents on schedule", _hand_over)


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
