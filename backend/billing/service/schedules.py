"""Documents on schedule: agreed, made once for each period, tried again where they do not go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import DocumentDelivery, DocumentSchedule, Road
from backend.billing.queries import documents as document_queries
from backend.billing.queries import schedules as queries
from backend.billing.queries.confined import KEEPERS, keeps
from backend.billing.queries.recurring import Tables
from backend.billing.rules.documents import schedule as rules
from backend.billing.rules.documents.schedule import FORMS, Every, Form, Paper
from backend.billing.service import documents
from backend.billing.service.recurring import Schedules
from backend.kernel import clock, ids
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy

DOCUMENTS = Schedules(Tables(DocumentSchedule, DocumentDelivery, keeps), KEEPERS, "document")

end_schedule, schedule, schedules = DOCUMENTS.end_schedule, DOCUMENTS.schedule, DOCUMENTS.schedules
deliveries, latest, retry = DOCUMENTS.deliveries, DOCUMENTS.latest, DOCUMENTS.retry


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
    return DOCUMENTS.agreed(session, scope, made, {"paper": made.paper.value})


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
