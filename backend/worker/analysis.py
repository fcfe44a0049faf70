"""Views of analysis on schedule: what is due is made and goes out by mail or to a folder, once for each period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from celery import shared_task
from sqlalchemy.orm import Session

from backend.analysis.models import AnalysisDelivery, AnalysisSchedule
from backend.analysis.service import schedules
from backend.billing.rules.documents.schedule import Form
from backend.kernel.scope import Scope
from backend.worker.delivery import Made, deliver_all, hand_over
from reports import analysis


@shared_task(name="documents.deliver_analysis")
def deliver() -> int:
    """Make the views whose period is over and send them; returns how many went out."""
    return deliver_all(schedules.VIEWS, "views on schedule", _hand_over)


def _hand_over(
    session: Session, scope: Scope, schedule: AnalysisSchedule, delivery: AnalysisDelivery
) -> list[str]:
    """Make a view of a period and send it; returns the names of what went out."""
    asked = schedules.asked(schedule, delivery)
    report = analysis.made(session, scope, schedule.view, asked, schedule.locale)
    made = list(files(report, schedule, delivery))
    hand_over(schedule, delivery, (report.document.title, report.document.seller), made)
    return [file.name for file in made]


def files(report: analysis.Report, schedule: AnalysisSchedule, delivery: AnalysisDelivery) -> Iterator[Made]:
    """Yield the files of a period."""
    last = delivery.until - timedelta(days=1)
    stem = f"{report.stem}-{delivery.first.isoformat()}-{last.isoformat()}-{schedule.locale}"
    for form in map(Form, schedule.forms):
        data, media_type = analysis.file_of(report, form)
        yield Made(f"{stem}.{form.value}", media_type, data)
