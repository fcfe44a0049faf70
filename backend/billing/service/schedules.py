"""Documents on schedule: agreed, made once for each period, tried again where they do not go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.billing.models import DeliveryStatus, DocumentDelivery, DocumentSchedule, Road
from backend.billing.queries import documents as document_queries
from backend.billing.queries import schedules as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules.documents import schedule as rules
from backend.billing.rules.documents.schedule import FORMS, Every, Form, Paper
from backend.billing.service import documents
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.periods import local_date
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.tenancy import service as tenancy

AT_ONCE = 200
"""So many deliveries are taken up at a time."""


@dataclass(frozen=True)
class NewSchedule:
    """What is to be made, how often, as what, and where it goes; see DocumentSchedule."""

    paper: Paper
    every: Every
    starts_on: date
    forms: Sequence[Form]
    road: Road
    locale: str = "en"
    customer_id: UUID | None = None
    ends_on: date | None = None
    recipients: Sequence[str] = field(default_factory=tuple)


def create_schedule(
    session: Session, scope: Scope, *, organisation_id: UUID, new: NewSchedule
) -> DocumentSchedule:
    """Have a document made for each period that is over, from its first day on."""
    scope.demand(organisation_id, *KEEPERS)
    tenancy.organisation(session, scope, organisation_id)
    _demand_sound(new)
    if new.customer_id is not None:
        tenancy.organisation(session, scope, new.customer_id)
        if organisation_id not in [
            seller for seller, _ in documents.sellers(session, scope, customer_id=new.customer_id)
        ]:
            raise Refused(
                "this customer has no contract here", field="customer_id", value=ids.show(new.customer_id)
            )
    made = DocumentSchedule(
        id=ids.new_id(), organisation_id=organisation_id, paper=new.paper, customer_id=new.customer_id,
        every=new.every,
        starts_on=new.starts_on, ends_on=new.ends_on, forms=[one.value for one in new.forms], locale=new.locale,
        road=new.road, recipients=list(new.recipients), created_at=clock.now(), created_by=scope.actor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    said = {
        "paper": made.paper.value,
        "every": made.every.value,
        "road": made.road.value,
        "to": made.recipients,
    }
    _note(session, scope, made, "created", said)
    return made


def _demand_sound(new: NewSchedule) -> None:
    if not new.forms or (lacking := set(new.forms) - FORMS[new.paper]):
        some = ", ".join(sorted(one.value for one in FORMS[new.paper]))
        said = ", ".join(sorted(one.value for one in (lacking if new.forms else ())))
        raise Refused(
            "this document is not made as that", field="forms", value=said, remedy=f"take some of {some}"
        )
    if new.paper is not Paper.BILLS and (new.paper is Paper.STATEMENT) != (new.customer_id is not None):
        raise Refused(
            "a statement is of a customer, bills may be, the others are of none", field="customer_id"
        )
    rules.demand_sendable(
        new.every, new.starts_on, new.ends_on, new.recipients, by_mail=new.road is Road.MAIL
    )


def end_schedule(session: Session, scope: Scope, *, schedule_id: UUID, on: date) -> DocumentSchedule:
    """Have no period made any more that begins on a local day or later; what was made stays in the list."""
    one = queries.schedule(session, scope, schedule_id, lock=True)
    scope.demand(one.organisation_id, *KEEPERS)
    if one.ends_on is not None and one.ends_on <= on:
        raise Conflict("this schedule has ended already", field="schedule_id", value=ids.show(schedule_id))
    before, one.ends_on = one.ends_on, max(on, one.starts_on)
    session.flush()
    _note(
        session,
        scope,
        one,
        "ended",
        {"ends_on": one.ends_on.isoformat(), "before": before and before.isoformat()},
    )
    return one


def schedule(session: Session, scope: Scope, *, schedule_id: UUID) -> DocumentSchedule:
    """Return one schedule; raises NotFound."""
    return queries.schedule(session, scope, schedule_id)


def schedules(
    session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[DocumentSchedule]:
    """Return a page of schedules, the newest first (keepers only: others have none)."""
    return queries.schedules(session, scope, cursor=cursor, limit=limit)


def deliveries(
    session: Session, scope: Scope, *, schedule_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[DocumentDelivery]:
    """Return a page of what became of a schedule's periods, the latest first; raises NotFound."""
    found = queries.schedule(session, scope, schedule_id)
    return queries.deliveries(session, scope, found.id, cursor=cursor, limit=limit)


def latest(session: Session, scope: Scope, *, schedule_ids: Sequence[UUID]) -> dict[UUID, DocumentDelivery]:
    """Return of each schedule the delivery to look at: one that failed, else the latest."""
    return queries.latest(session, scope, schedule_ids)


def retry(session: Session, scope: Scope, *, delivery_id: UUID) -> DocumentDelivery:
    """Have a delivery that did not go out tried again now."""
    one = queries.delivery(session, scope, delivery_id)
    scope.demand(one.organisation_id, *KEEPERS)
    if one.status is DeliveryStatus.DONE:
        raise Conflict("this document went out already", field="delivery_id", value=ids.show(delivery_id))
    one.next_try_at = clock.now()
    session.flush()
    audit.record(session, scope, action="document_delivery.retried", entity="document_delivery", entity_id=one.id,
                 organisation_id=one.organisation_id)  # fmt: skip
    return one


def open_due(session: Session, scope: Scope, *, schedule_id: UUID) -> int:
    """Write down the periods of a schedule that are over, each once whoever else does; return how many are new."""
    one = queries.schedule(session, scope, schedule_id, lock=True)
    today = local_date(clock.now(), network.zone_of(session, scope, one.organisation_id) or "UTC")
    known = queries.known(session, scope, one.id)
    found = rules.due(one.every, one.starts_on, one.ends_on, known, today)
    for span in found:
        row = insert(DocumentDelivery).values(
            id=ids.new_id(), organisation_id=one.organisation_id, schedule_id=one.id, first=span.first,
            until=span.until,
            status=DeliveryStatus.WAITING, files=[], tries=0, next_try_at=clock.now(),
        )  # fmt: skip
        session.execute(row.on_conflict_do_nothing(index_elements=["schedule_id", "first"]))
    return len(found)


def waiting(session: Session, scope: Scope) -> list[UUID]:
    """Return the deliveries whose time has come."""
    return queries.waiting(session, scope, clock.now(), AT_ONCE)


def take(
    session: Session, scope: Scope, *, delivery_id: UUID
) -> tuple[DocumentDelivery, DocumentSchedule] | None:
    """Hold a delivery until the commit; None where another has it, or it is done."""
    one = queries.free(session, scope, delivery_id, clock.now())
    return None if one is None else (one, queries.schedule(session, scope, one.schedule_id))


def went_out(session: Session, _scope: Scope, one: DocumentDelivery, files: Sequence[str]) -> None:
    """Note that a delivery went out. files: the names of what did; none where there was nothing to tell."""
    one.status, one.files, one.done_at, one.error = DeliveryStatus.DONE, list(files), clock.now(), None
    one.tries += 1
    session.flush()


def failed(session: Session, scope: Scope, *, delivery_id: UUID, error: str) -> None:
    """Note that a delivery did not go out, and when it is tried again."""
    one = queries.delivery(session, scope, delivery_id)
    if one.status is not DeliveryStatus.DONE:
        one.tries += 1
        one.status, one.error = DeliveryStatus.FAILED, error[:500]
        one.next_try_at = clock.now() + rules.wait(one.tries)
        session.flush()


def runs_issued(
    session: Session, scope: Scope, *, organisation_id: UUID, first: date, until: date
) -> list[UUID]:
    """Return the runs an operator issued in local days [first, until)."""
    return queries.runs_issued(session, scope, organisation_id, first, until)


def bills_issued(
    session: Session, scope: Scope, *, one: DocumentSchedule, first: date, until: date
) -> list[UUID]:
    """Return the bills and notes a schedule is about that were issued in local days [first, until), by number."""
    found = document_queries.issued_between(session, scope, one.organisation_id, first, until)
    return [bill.id for bill in found if one.customer_id in (None, bill.customer_id)]


def _note(session: Session, scope: Scope, one: DocumentSchedule, done: str, after: dict[str, Any]) -> None:
    audit.record(
        session, scope, action=f"document_schedule.{done}", entity="document_schedule", entity_id=one.id,
        organisation_id=one.organisation_id, after=after,
    )  # fmt: skip
