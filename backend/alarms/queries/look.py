"""Alarms as people look at them: lists, one with its history, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, text, tuple_
from sqlalchemy.orm import Session, aliased

from backend.alarms.models import Alarm, AlarmEvent, AlarmRule, AlarmState
from backend.kernel import clock, paging
from backend.kernel.scope import Scope
from backend.metering.models import Point
from backend.network.models import Position
from backend.tenancy.models import Organisation, Person


@dataclass(frozen=True)
class AlarmFilter:
    """Which alarms are wanted; what is left out does not matter.

    states: None for every open one; position_id, organisation_id: with everything below
    text: in the names of rule, point or place; suppressed: False without those that keep quiet, True only
    those, None both; since, until: raised in [since, until)
    """

    states: Sequence[str] | None = None
    priorities: Sequence[int] | None = None
    carriers: Sequence[str] | None = None
    position_id: UUID | None = None
    point_id: UUID | None = None
    rule_id: UUID | None = None
    organisation_id: UUID | None = None
    text: str | None = None
    suppressed: bool | None = False
    since: datetime | None = None
    until: datetime | None = None


def alarms(
    session: Session, scope: Scope, wanted: AlarmFilter, *, order: str, cursor: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Rows of `_columns`, at most limit + 1, after the cursor; order 'urgent' or 'newest'."""
    statement = _columns().where(visible(scope), *_conditions(wanted))
    newest = (Alarm.raised_at.desc(), Alarm.id.desc())
    if order == "urgent":
        if cursor is not None:
            priority, raised_us, last = paging.decode(cursor, 3)
            after = tuple_(Alarm.raised_at, Alarm.id) < tuple_(*_place(raised_us, last))
            statement = statement.where(
                or_(Alarm.priority > priority, and_(Alarm.priority == priority, after))
            )
        return session.execute(statement.order_by(Alarm.priority, *newest).limit(limit + 1)).all()
    if cursor is not None:
        statement = statement.where(
            tuple_(Alarm.raised_at, Alarm.id) < tuple_(*_place(*paging.decode(cursor, 2)))
        )
    return session.execute(statement.order_by(*newest).limit(limit + 1)).all()


def cursor_after(row: Row[Any], order: str) -> str:
    """Return the page marker that follows a row."""
    place = (clock.to_us(row.raised_at), str(row.id))
    return paging.encode(row.priority, *place) if order == "urgent" else paging.encode(*place)


def alarm(session: Session, scope: Scope, alarm_id: UUID) -> Row[Any] | None:
    """One alarm as a row of `_columns`."""
    return session.execute(_columns().where(visible(scope), Alarm.id == alarm_id)).first()


def held(session: Session, scope: Scope, alarm_ids: Sequence[UUID]) -> Sequence[Alarm]:
    """Alarms by id, locked for a change, oldest first."""
    return session.scalars(
        select(Alarm)
        .where(visible(scope), Alarm.id.in_(alarm_ids))
        .order_by(Alarm.id)
        .with_for_update(of=Alarm)
    ).all()


def history(session: Session, scope: Scope, alarm_id: UUID) -> Sequence[Row[Any]]:
    """Everything that happened to an alarm, oldest first, with the names of those who did it."""
    return session.execute(
        select(
            AlarmEvent.id, AlarmEvent.at, AlarmEvent.kind, AlarmEvent.level, AlarmEvent.value,
            AlarmEvent.actor_id, Person.name.label("actor"), AlarmEvent.comment,
        )
        .join(Alarm, Alarm.id == AlarmEvent.alarm_id)
        .outerjoin(Person, Person.id == AlarmEvent.actor_id)
        .where(visible(scope), Alarm.id == alarm_id)
        .order_by(AlarmEvent.at, AlarmEvent.id)
    ).all()  # fmt: skip


def open_counts(
    session: Session, scope: Scope, *, organisation_id: UUID | None, position_id: UUID | None
) -> Sequence[Row[Any]]:
    """Open, unsuppressed alarms: organisation_id, priority, open, unacknowledged."""
    wanted = AlarmFilter(organisation_id=organisation_id, position_id=position_id)
    fresh = Alarm.state.in_((AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED))
    return session.execute(
        select(
            Alarm.organisation_id,
            Alarm.priority,
            func.count().label("open"),
            func.count().filter(fresh).label("unacknowledged"),
        )
        .where(visible(scope), *_conditions(wanted))
        .group_by(Alarm.organisation_id, Alarm.priority)
    ).all()


def visible(scope: Scope) -> ColumnElement[bool]:
    """Condition on Alarm: the scope's own, or raised at a place supplied to it, while it was."""
    covered = text(
        "EXISTS (SELECT FROM covered_periods() c WHERE c.position_id = alarm.position_id"
        " AND alarm.raised_at >= c.starts_at AND (c.ends_at IS NULL OR alarm.raised_at < c.ends_at))"
    )
    return or_(Alarm.organisation_id.in_(scope.organisations), covered)


def _columns() -> Select[Any]:
    names = (Alarm.id, Alarm.rule_id, Alarm.point_id, Alarm.position_id, Alarm.organisation_id, Alarm.state)
    return (
        select(
            *names, Alarm.level, Alarm.priority, Alarm.suppression, Alarm.value, Alarm.limit, Alarm.worst,
            Alarm.raised_at, Alarm.recorded_at, Alarm.times, Alarm.acknowledged_at,
            Alarm.acknowledged_by.label("acknowledged_by_id"), Alarm.returned_at, Alarm.closed_at,
            AlarmRule.kind, AlarmRule.parameters,
            AlarmRule.name, AlarmRule.name_zh, AlarmRule.advice, AlarmRule.shelved_until,
            AlarmRule.out_of_service_until, Point.key.label("point_key"), Point.unit, Point.carrier,
            Point.quantity, Point.is_simulated, Point.name.label("point_name"),
            Point.name_zh.label("point_name_zh"), Position.name.label("place"),
            Position.name_zh.label("place_zh"), Person.name.label("acknowledged_by"),
        )
        .join(AlarmRule, AlarmRule.id == Alarm.rule_id)
        .join(Point, Point.id == Alarm.point_id)
        .join(Position, Position.id == Alarm.position_id)
        .outerjoin(Person, Person.id == Alarm.acknowledged_by)
    )  # fmt: skip


def _conditions(wanted: AlarmFilter) -> list[ColumnElement[bool]]:
    found: list[Any] = []
    if wanted.states is None:
        found.append(text("alarm.state <> 'normal'"))
    else:
        found.append(Alarm.state.in_([AlarmState(state) for state in wanted.states]))
    if wanted.suppressed is not None:
        found.append(Alarm.suppression.is_not(None) if wanted.suppressed else Alarm.suppression.is_(None))
    for column, value in ((Alarm.point_id, wanted.point_id), (Alarm.rule_id, wanted.rule_id)):
        if value is not None:
            found.append(column == value)
    if wanted.priorities is not None:
        found.append(Alarm.priority.in_(wanted.priorities))
    if wanted.since is not None:
        found.append(Alarm.raised_at >= wanted.since)
    if wanted.until is not None:
        found.append(Alarm.raised_at < wanted.until)
    if wanted.carriers is not None:
        found.append(Alarm.point_id.in_(select(Point.id).where(Point.carrier.in_(wanted.carriers))))
    if wanted.position_id is not None:
        found.append(Alarm.position_id.in_(below_position(wanted.position_id)))
    if wanted.organisation_id is not None:
        found.append(Alarm.organisation_id.in_(below_organisation(wanted.organisation_id)))
    if wanted.text:
        found.append(_says(wanted.text))
    return found


def below_position(position_id: UUID) -> Select[tuple[UUID]]:
    """Ids of a position and all below it."""
    top = aliased(Position)
    return select(Position.id).join(top, top.id == position_id).where(Position.path.below(top.path))


def below_organisation(organisation_id: UUID) -> Select[tuple[UUID]]:
    """Ids of an organisation and all below it."""
    top = aliased(Organisation)
    return (
        select(Organisation.id).join(top, top.id == organisation_id).where(Organisation.path.below(top.path))
    )


def _says(words: str) -> ColumnElement[bool]:
    named = (AlarmRule.name, AlarmRule.name_zh, Point.name, Point.name_zh)
    columns = (*named, Position.name, Position.name_zh, Position.code)
    return or_(*(column.icontains(words, autoescape=True) for column in columns))


def _place(raised_us: int, last: str) -> tuple[datetime, UUID]:
    return clock.from_us(raised_us), UUID(last)
