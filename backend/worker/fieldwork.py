"""What time brings to field work: verifications, ladders, reminders, operations that waited too long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend import wiring
from backend.assets import service as assets
from backend.field import service as field
from backend.infra.webpush import WebPush
from backend.kernel import paging
from backend.kernel.db import confine, database
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.tenancy import service as tenancy
from backend.wiring import notices
from backend.workorders import service as work
from backend.workorders.rules.monthly import Month
from backend.workorders.service import hosting
from reports import monthly

_log = structlog.get_logger(__name__)


@contextmanager
def by_itself(failed: str, **about: str) -> Iterator[None]:
    """Go on with the others whatever one of them meets; only a database that is gone ends the run."""
    try:
        yield
    except EnerfieldError as error:
        _log.warning(failed, **about, error=error.message)
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        _log.exception(failed, **about)


@shared_task(name="fieldwork.tick")
def tick() -> int:
    """Do what is due to orders, each in a transaction of its own; returns how many were looked at."""
    count = 0
    for scope in tenancy.system_scopes(database(), "field work's clock"):
        with database().transaction(scope) as session:
            due = work.due(session, scope)
        for one in due:
            about = {"what": one[0], "order": str(one[1])}
            with by_itself("field work not moved", **about), database().transaction(scope) as session:
                work.do(session, scope, one)
        count += len(due)
    return count


@shared_task(name="fieldwork.inspect")
def inspect() -> int:
    """Make the orders of inspection plans that are due, and today's patrols; returns how many."""
    count = 0
    for scope in tenancy.system_scopes(database(), "planned inspections"):
        count += _make(scope, work.inspection_plans, work.make_if_due, "inspection not made")
        count += _make(scope, hosting.patrol_plans, hosting.make_patrol_if_due, "patrol not made")
    return count


def _make(
    scope: Scope, listed: Callable[..., paging.Page[Any]], make: Callable[..., Any], failed: str
) -> int:
    """Make what is due of each plan, each in a transaction of its own; returns how many."""
    count = 0
    with database().transaction(scope) as session:
        plans = [one.id for one in paging.every(lambda cursor: listed(session, scope, cursor=cursor))]
    for plan_id in plans:
        with by_itself(failed, plan=str(plan_id)):
            with database().transaction(scope) as session:
                made = make(session, scope, plan_id=plan_id)
            count += made is not None
    return count


@shared_task(name="fieldwork.report_months")
def report_months() -> int:
    """Write the monthly reports of hosted customers whose month is over, into their files; returns how many."""
    count = 0
    for scope in tenancy.system_scopes(database(), "monthly reports"):
        with database().transaction(scope) as session:
            due = hosting.due_reports(session, scope)
        for contract_id, month in due:
            with by_itself("monthly report not written", contract=str(contract_id)):
                with database().transaction(scope) as session:
                    file_report(session, scope, contract_id=contract_id, month=month)
                count += 1
    return count


def file_report(session: Session, scope: Scope, *, contract_id: UUID, month: date) -> hosting.MonthlyReport:
    """Write a month and keep it in the customer's file: PDF and workbook, both languages; again adds nothing."""
    kept = hosting.keep_report(session, scope, contract_id=contract_id, month=month)
    if kept.document_ids:
        return kept
    told = Month.read(kept.content)
    about = assets.About(customer_id=hosting.contract(session, scope, contract_id=contract_id).customer_id)
    for locale in ("zh", "en"):
        for make, ending in ((monthly.pdf, "pdf"), (monthly.xlsx, "xlsx")):
            new = assets.NewDocument(
                monthly.document(told, locale).title, assets.DocumentKind.REPORT, f"{told.month}-{locale}.{ending}",
                make(told, locale), is_shared=True,
            )  # fmt: skip
            made = assets.add_document(session, scope, wiring.files(), about=about, new=new)
            kept.document_ids = [*kept.document_ids, str(made.id)]
    session.flush()
    return kept


@shared_task(name="fieldwork.settle_overdue")
def settle_overdue() -> int:
    """Carry out what waited three days for something that never came; drop uploads nobody went on with."""
    with database().transaction(Scope.public()) as session:
        people = field.people_with_overdue(session, Scope.public())
    count = 0
    for person_id in people:
        with by_itself(
            "operations not settled", person=str(person_id)
        ):  # their phone may be sending just now
            with database().transaction(Scope.public()) as session:
                scope = tenancy.scope_of_id(session, person_id)
                confine(session, scope)
                settled = field.settle_overdue(session, scope, wiring.files())
            count += settled
    return count + field.drop_expired(settings().home / "uploads")


@shared_task(name="fieldwork.ask_for_photos")
def ask_for_photos() -> int:
    """Ask phones for the photos they registered and never sent; returns how many are missing."""
    count = 0
    pusher = WebPush(settings().home, settings().base_url)
    for scope in tenancy.system_scopes(database(), "photos that never came"):
        with database().transaction(scope) as session:
            count += notices.ask_for_photos(session, scope, pusher)
    _log.info("photos that never came", count=count)
    return count
