"""Views of analysis on schedule: what is due is made and goes out by mail or to a folder, once for each period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import structlog
from celery import shared_task
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.analysis.models import AnalysisDelivery, AnalysisSchedule
from backend.analysis.service import schedules
from backend.billing.rules.documents.schedule import Form
from backend.kernel import paging
from backend.kernel.db import database
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from backend.worker.delivery import Made, hand_over
from reports import analysis

_log = structlog.get_logger(__name__)


def _known(session: Session, scope: Scope) -> list[UUID]:
    return [one.id for one in paging.every(lambda at: schedules.schedules(session, scope, cursor=at))]


@shared_task(name="documents.deliver_analysis")
def deliver() -> int:
    """Make the views whose period is over and send them; returns how many went out."""
    count = 0
    for scope in tenancy.system_scopes(database(), "views on schedule"):
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
            report = analysis.made(
                session, scope, schedule.view, schedules.asked(schedule, delivery), schedule.locale
            )
            made = list(files(report, schedule, delivery))
            hand_over(schedule, delivery, (report.document.title, report.document.seller), made)
            schedules.went_out(session, scope, delivery, [file.name for file in made])
        return True
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        said = error.message if isinstance(error, EnerfieldError) else f"{type(error).__name__}: {error}"
        _log.warning("view not sent", delivery=str(delivery_id), error=said)
        with database().transaction(scope) as session:
            schedules.failed(session, scope, delivery_id=delivery_id, error=said)
        return False


def files(report: analysis.Report, schedule: AnalysisSchedule, delivery: AnalysisDelivery) -> Iterator[Made]:
    """Yield the files of a period."""
    last = delivery.until - timedelta(days=1)
    stem = f"{report.stem}-{delivery.first.isoformat()}-{last.isoformat()}-{schedule.locale}"
    for form in map(Form, schedule.forms):
        data, media_type = analysis.file_of(report, form)
        yield Made(f"{stem}.{form.value}", media_type, data)
