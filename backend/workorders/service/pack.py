"""The work pack: all a technician needs of their orders, gathered set by set for phones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel.paging import Page
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from backend.workorders.models import (
    Attachment,
    ChecklistAnswer,
    ChecklistTemplate,
    Comment,
    FailureCode,
    OrderEvent,
    PartUse,
    Permit,
    PlannedPart,
    TimePunch,
    Verification,
    Visit,
    WorkOrder,
)
from backend.workorders.queries import evidence, policies
from backend.workorders.queries import orders as order_queries
from backend.workorders.queries import packs as queries
from backend.workorders.queries import parts as part_queries
from backend.workorders.service.look import Clocks, clocks_told

GEOFENCE_M = 100.0
T = TypeVar("T")


@dataclass(frozen=True)
class Pack:
    """An order with all that belongs to it. names: of people, by id; contact: of whoever reported it without account"""

    order: WorkOrder
    clocks: Clocks
    customer: str | None
    contact: Mapping[str, Any] | None
    geofence_m: float
    answers: Sequence[ChecklistAnswer]
    photos: Sequence[Attachment]
    comments: Sequence[Comment]
    events: Sequence[OrderEvent]
    permits: Sequence[Permit]
    parts: Sequence[PartUse]
    planned_parts: Sequence[PlannedPart]
    verifications: Sequence[Verification]
    names: Mapping[UUID | None, str]


def packs(session: Session, scope: Scope, *, orders: Sequence[WorkOrder]) -> list[Pack]:
    """Return the packs of orders; the number of questions does not grow with theirs."""
    order_ids = [one.id for one in orders]
    answers = _by_order(queries.answers(session, scope, order_ids))
    photos = _by_order(queries.attachments(session, scope, order_ids))
    comments = _by_order(queries.comments(session, scope, order_ids))
    happened = order_queries.events_of(session, scope, order_ids)
    events = _by_order(happened)
    permits = _by_order(queries.permits(session, scope, order_ids))
    parts = _by_order(queries.parts_used(session, scope, order_ids))
    planned = _by_order(part_queries.planned(session, scope, order_ids))
    watches = _by_order(queries.verifications(session, scope, order_ids))
    agreed = policies.sla_policies(session, scope)
    clocks = clocks_told(orders, happened, agreed)
    fences = {policy.id: policy.geofence_m for policy, _ in agreed}
    customers = tenancy.organisations_by_id(
        session, scope, {one.customer_id for one in orders if one.customer_id}
    )
    people = {e.actor_id for told in events.values() for e in told if e.actor_id}
    people |= {c.author_id for said in comments.values() for c in said if c.author_id}
    names = tenancy.names(session, scope, people)
    return [
        Pack(
            one, clocks[one.id], customers[one.customer_id].name if one.customer_id in customers else None,
            {key: one.reporter.get(key) for key in ("name", "phone")} if one.reporter else None,
            fences.get(one.sla_policy_id, GEOFENCE_M) if one.sla_policy_id else GEOFENCE_M,
            [a for a in answers.get(one.id, []) if a.cycle == one.cycle], photos.get(one.id, []),
            comments.get(one.id, []), events.get(one.id, []), permits.get(one.id, []), parts.get(one.id, []),
            planned.get(one.id, []), watches.get(one.id, []), names,
        )
        for one in orders
    ]  # fmt: skip


def visits_of_person(
    session: Session, scope: Scope, *, start: datetime, end: datetime
) -> Sequence[tuple[Visit, WorkOrder]]:
    """Return the asker's visits of a period and those not over, alone or in a crew, with their orders."""
    return queries.visits_of_person(session, scope, start=start, end=end)


def punches_of(session: Session, scope: Scope, *, visit_ids: Collection[UUID]) -> Sequence[TimePunch]:
    """Return the time booked on some visits."""
    return queries.punches(session, scope, visit_ids)


def last_orders_at(
    session: Session, scope: Scope, *, position_ids: Collection[UUID], each: int
) -> Sequence[WorkOrder]:
    """Return the last orders of each of some positions."""
    return queries.last_orders_at(session, scope, position_ids, each)


def own_store(session: Session, scope: Scope) -> UUID | None:
    """Return the store of the asker's van."""
    if scope.actor_id is None:
        return None
    profile = policies.technician_of(session, scope, scope.actor_id)
    return profile.store_id if profile else None


def failure_codes(session: Session, scope: Scope) -> Sequence[FailureCode]:
    """Return all failure codes by kind and code."""
    return policies.failure_codes(session, scope)


def checklists(session: Session, scope: Scope) -> Sequence[ChecklistTemplate]:
    """Return the current version of every check-list."""
    return evidence.current_checklists(session, scope)


def list_failure_codes(
    session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
) -> Page[FailureCode]:
    """Return a page of the failure codes by kind and code."""
    return policies.failure_codes_page(session, scope, cursor=cursor, limit=limit)


def list_checklists(
    session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
) -> Page[ChecklistTemplate]:
    """Return a page of the current versions of check-lists, by name."""
    return evidence.checklists_page(session, scope, cursor=cursor, limit=limit)


def _by_order(rows: Iterable[T]) -> dict[UUID, list[T]]:
    found: dict[UUID, list[T]] = {}
    for row in rows:
        found.setdefault(row.work_order_id, []).append(row)  # type: ignore[attr-defined]  # all of ours have it
    return found
