"""Looking at alarms: lists, one with its history, counts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from backend.alarms.models import RuleKind
from backend.alarms.queries import look as queries
from backend.alarms.queries.look import AlarmFilter
from backend.kernel.errors import NotFound, Refused
from backend.kernel.paging import Page
from backend.kernel.scope import Scope

ORDERS = ("urgent", "newest")


@dataclass(frozen=True)
class AlarmRow:
    """An alarm as lists show it. `acknowledged_by` is a name.

    unit: of value, limit and worst: the point's, for rates per time, for silence seconds
    """

    id: UUID
    rule_id: UUID
    point_id: UUID
    point_key: int
    position_id: UUID
    organisation_id: UUID
    kind: str
    name: str
    name_zh: str | None
    advice: str | None
    state: str
    level: str
    priority: int
    suppression: str | None
    suppressed_until: datetime | None
    value: float | None
    limit: float | None
    worst: float | None
    unit: str
    carrier: str
    quantity: str
    point_name: str
    point_name_zh: str | None
    place: str
    place_zh: str | None
    is_simulated: bool
    raised_at: datetime
    recorded_at: datetime
    times: int
    acknowledged_at: datetime | None
    acknowledged_by_id: UUID | None
    acknowledged_by: str | None
    returned_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True)
class Happening:
    """One line of an alarm's history."""

    at: datetime
    kind: str
    level: str | None
    value: float | None
    actor_id: UUID | None
    actor: str | None
    comment: str | None


@dataclass(frozen=True)
class OpenCount:
    """Open alarms, and how many of them nobody has acknowledged."""

    open: int = 0
    unacknowledged: int = 0


def alarms(
    session: Session, scope: Scope, wanted: AlarmFilter | None = None, *, order: str = "urgent",
    cursor: str | None = None, limit: int = 50,
) -> Page[AlarmRow]:  # fmt: skip
    """Return a page of alarms: open ones, the most urgent first, unless asked otherwise."""
    if order not in ORDERS:
        raise Refused(f"there is no order '{order}'", field="order", value=order, remedy="urgent or newest")
    found = queries.alarms(session, scope, wanted or AlarmFilter(), order=order, cursor=cursor, limit=limit)
    return found.each(lambda row: _shown(scope, row))


def alarm(session: Session, scope: Scope, alarm_id: UUID) -> AlarmRow:
    """Return one alarm; raises NotFound."""
    row = queries.alarm(session, scope, alarm_id)
    if row is None:
        raise NotFound("there is no such alarm", field="alarm_id", value=str(alarm_id))
    return _shown(scope, row)


def alarms_by_id(session: Session, scope: Scope, alarm_ids: Collection[UUID]) -> list[AlarmRow]:
    """Return alarms whatever became of them; those the scope may not see are left out."""
    return [_shown(scope, row) for row in queries.by_id(session, scope, alarm_ids)]


def values_when_raised(
    session: Session, scope: Scope, alarm_ids: Collection[UUID]
) -> dict[UUID, float | None]:
    """Return what was measured when alarms were raised, whatever it is now."""
    return {row.alarm_id: row.value for row in queries.when_raised(session, scope, alarm_ids)}


def history(
    session: Session, scope: Scope, alarm_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> Page[Happening]:
    """Return a page of what happened to an alarm, the newest first. Customers see what, not who and what was said."""
    is_staff = alarm(session, scope, alarm_id).organisation_id in scope.staff_organisations
    lines = queries.history(session, scope, alarm_id, cursor=cursor, limit=limit)
    return lines.each(lambda row: _happened(row, is_staff))


def _happened(row: Row[Any], is_staff: bool) -> Happening:
    said = (row.actor_id, row.actor, row.comment) if is_staff else (None, None, None)
    return Happening(row.at, row.kind, row.level, row.value, *said)


def open_counts(
    session: Session, scope: Scope, *, organisation_id: UUID | None = None, position_id: UUID | None = None
) -> dict[int, OpenCount]:
    """Return open alarms by priority 1..4."""
    counts = dict.fromkeys((1, 2, 3, 4), OpenCount())
    for row in queries.open_counts(session, scope, organisation_id=organisation_id, position_id=position_id):
        before = counts[row.priority]
        counts[row.priority] = OpenCount(before.open + row.open, before.unacknowledged + row.unacknowledged)
    return counts


def open_by_organisation(
    session: Session, scope: Scope, *, organisation_id: UUID | None = None
) -> dict[UUID, dict[UUID, int]]:
    """Return open alarms with their priorities by the organisations they concern (only those that have some).

    An alarm concerns its owner and the customer supplied where it was raised, so it may stand under both.
    """
    found: dict[UUID, dict[UUID, int]] = {}
    for row in queries.open_by_organisation(session, scope, organisation_id=organisation_id):
        found.setdefault(row.organisation_id, {})[row.alarm_id] = row.priority
    return found


def _shown(scope: Scope, row: Row[Any]) -> AlarmRow:
    until = {"shelved": row.shelved_until, "out_of_service": row.out_of_service_until}
    named = {f.name: getattr(row, f.name, None) for f in fields(AlarmRow)}
    suppression = row.suppression and row.suppression.value
    named |= {
        "kind": row.kind.value, "state": row.state.value, "carrier": row.carrier.value,
        "unit": _unit(row), "suppression": suppression, "suppressed_until": until.get(suppression),
    }  # fmt: skip
    if row.organisation_id not in scope.staff_organisations:
        named |= {"acknowledged_by": None, "acknowledged_by_id": None}
    return AlarmRow(**named)


def _unit(row: Row[Any]) -> str:
    if row.kind is RuleKind.SILENCE:
        return "s"
    return f"{row.unit}/{row.parameters.get('per', 'min')}" if row.kind is RuleKind.RATE else row.unit
