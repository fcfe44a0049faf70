"""Views on schedule: agreed, made once for each period, tried again where they do not go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analysis.models import AnalysisDelivery, AnalysisSchedule
from backend.analysis.queries.confined import ANALYSTS, analyses
from backend.analysis.rules.asking import YEARS, Ask, Compare, ViewName, ask_of
from backend.analysis.service.benefit import KEEPERS
from backend.billing.models import Road
from backend.billing.queries.recurring import Tables
from backend.billing.rules.documents import schedule as rules
from backend.billing.rules.documents.schedule import Every, Form
from backend.billing.service.recurring import Schedules
from backend.kernel import clock, ids
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy

VIEWS = Schedules(Tables(AnalysisSchedule, AnalysisDelivery, analyses), ANALYSTS, "analysis")

end_schedule, schedule, schedules = VIEWS.end_schedule, VIEWS.schedule, VIEWS.schedules
deliveries, latest, retry = VIEWS.deliveries, VIEWS.latest, VIEWS.retry


@dataclass(frozen=True)
class NewSchedule:
    """What is to be made, how often, as what, and where it goes; see AnalysisSchedule."""

    view: ViewName
    every: Every
    starts_on: date
    forms: Sequence[Form]
    road: Road
    locale: str = "en"
    filters: Mapping[str, Any] = field(default_factory=dict)
    ends_on: date | None = None
    recipients: Sequence[str] = field(default_factory=tuple)


def create_schedule(
    session: Session, scope: Scope, *, organisation_id: UUID, new: NewSchedule
) -> AnalysisSchedule:
    """Have a view made for each period that is over, from its first day on."""
    scope.demand(organisation_id, *ANALYSTS)
    if new.view is ViewName.BENEFIT:  # it is made with the rights of a system, and tells what accounts say
        scope.demand(organisation_id, *KEEPERS)
    tenancy.organisation(session, scope, organisation_id)
    if not new.forms:
        raise Refused("no kind of file is chosen", field="forms", remedy="take some of pdf, xlsx, csv")
    if new.starts_on.year not in YEARS:
        raise Refused(f"{new.starts_on.year} is out of range", field="starts_on", value=new.starts_on.isoformat(),
                      remedy=f"use days of {YEARS[0]} to {YEARS[-1]}")  # fmt: skip
    rules.demand_sendable(
        new.every, new.starts_on, new.ends_on, new.recipients, by_mail=new.road is Road.MAIL
    )
    ask = _ask(organisation_id, new)
    made = AnalysisSchedule(
        id=ids.new_id(), organisation_id=organisation_id, view=new.view, filters=ask.kept(), every=new.every,
        starts_on=new.starts_on, ends_on=new.ends_on, forms=[one.value for one in new.forms], locale=new.locale,
        road=new.road, recipients=list(new.recipients), created_at=clock.now(), created_by=scope.actor_id,
    )  # fmt: skip
    return VIEWS.agreed(session, scope, made, {"view": made.view.value})


def _ask(organisation_id: UUID, new: NewSchedule) -> Ask:
    """Return the question of the first period; raises Refused where its filters say nonsense."""
    first = rules.span(new.every, new.starts_on, 0)
    ask = ask_of(new.filters, organisation_id=organisation_id, first=first.first, until=first.until)
    if ask.compare is Compare.CUSTOM:
        raise Refused("days that are named cannot be compared with every time", field="compare",
                      value=ask.compare.value, remedy="use before, year or none")  # fmt: skip
    return ask


def asked(schedule: AnalysisSchedule, delivery: AnalysisDelivery) -> Ask:
    """Return what a schedule asks of a view for one of its periods."""
    return ask_of(
        schedule.filters, organisation_id=schedule.organisation_id, first=delivery.first, until=delivery.until
    )
