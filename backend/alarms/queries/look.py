"""Alarms as people look at them: lists, one with its history, counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, text, union
from sqlalchemy.orm import Session, aliased

from backend.alarms.models import Alarm, AlarmEvent, AlarmRule, AlarmState
from backend.kernel import paging
from backend.kernel.scope import Scope
from backend.metering.models import Point
from backend.network.models import Position, SupplyAgreement
from backend.network.queries.naming import full_name
from backend.tenancy.models import Organisation, Person


@dataclass(frozen=True)
class AlarmFilter:
    """Which alarms are wanted; what is left out does not matter.

    states: None for every open one; position_id, position_ids, organisation_id: with everything below;
    an organisation's alarms are its own, and those at places supplied to it
    text: in the names of rule, point or place; suppressed: False without those that keep quiet, True only
    those, None both; since, until: raised in [since, until)
    """

    alarm_ids: Collection[UUID] | None = None
    states: Sequence[str] | None = None
    priorities: Sequence[int] | None = None
    carriers: Sequence[str] | None = None
    position_id: UUID | None = None
    position_ids: Collection[UUID] | None = None
    point_id: UUID | None = None
    rule_id: UUID | None = None
    organisation_id: UUID | None = None
    text: str | None = None
    suppressed: bool | None = False
    since: datetime | None = None
    until: datetime | None = None


def alarms(
    session: Session, scope: Scope, wanted: AlarmFilter, *, order: str, cursor: str | None, limit: int
) -> paging.Page[Row[Any]]:
    """Rows of `_columns`; order 'urgent' or 'newest'."""
    query = _columns().where(visible(scope), *_conditions(wanted))
    newest = (Alarm.raised_at.desc(), Alarm.id.desc())
    by = (Alarm.priority, *newest) if order == "urgent" else newest
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def alarm(session: Session, scope: Scope, alarm_id: UUID) -> Row[Any] | None:
    """One alarm as a row of `_columns`."""
    return session.execute(_columns().where(visible(scope), Alarm.id == alarm_id)).first()


def by_id(session: Session, scope: Scope, alarm_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """Alarms in any state as rows of `_columns`, those the scope may see."""
    return session.execute(_columns().where(visible(scope), Alarm.id.in_(alarm_ids))).all()


def when_raised(session: Session, scope: Scope, alarm_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """What was measured when alarms were first raised: alarm_id, value."""
    return session.execute(
        select(AlarmEvent.alarm_id, AlarmEvent.value)
        .join(Alarm, Alarm.id == AlarmEvent.alarm_id)
        .where(visible(scope), AlarmEvent.alarm_id.in_(alarm_ids), AlarmEvent.kind == "raised")
    ).all()


def held(session: Session, scope: Scope, alarm_ids: Sequence[UUID]) -> Sequence[Alarm]:
    """Alarms by id, locked for a change, oldest first."""
    return session.scalars(
        select(Alarm)
        .where(visible(scope), Alarm.id.in_(alarm_ids))
        .order_by(Alarm.id)
        .with_for_update(of=Alarm)
    ).all()


def history(
    session: Session, scope: Scope, alarm_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[Row[Any]]:
    """Everything that happened to an alarm, the newest first, with the names of those who did it."""
    query = (
        select(
            AlarmEvent.id, AlarmEvent.at, AlarmEvent.kind, AlarmEvent.level, AlarmEvent.value,
            AlarmEvent.actor_id, Person.name.label("actor"), AlarmEvent.comment,
        )
        .join(Alarm, Alarm.id == AlarmEvent.alarm_id)
        .outerjoin(Person, Person.id == AlarmEvent.actor_id)
        .where(visible(scope), Alarm.id == alarm_id)
    )  # fmt: skip
    by = (AlarmEvent.at.desc(), AlarmEvent.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


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


def open_by_organisation(
    session: Session, scope: Scope, *, organisation_id: UUID | None
) -> Sequence[Row[Any]]:
    """Open, unsuppressed alarms with whom they concern: organisation_id (owner or supplied), alarm_id, priority."""
    conditions = (visible(scope), *_conditions(AlarmFilter(organisation_id=organisation_id)))
    own = select(Alarm.organisation_id, Alarm.id.label("alarm_id"), Alarm.priority).where(*conditions)
    top, here = aliased(Position), aliased(Position)
    supplied = (
        select(SupplyAgreement.organisation_id, Alarm.id.label("alarm_id"), Alarm.priority)
        .join(here, here.id == Alarm.position_id)
        .join(top, here.path.below(top.path))
        .join(SupplyAgreement, SupplyAgreement.position_id == top.id)
        .where(SupplyAgreement.organisation_id.in_(scope.organisations), _during(), *conditions)
    )
    return session.execute(union(own, supplied)).all()


def visible(scope: Scope) -> ColumnElement[bool]:
    """Condition on Alarm: the scope's own, or raised at a place supplied to it, while it was."""
    covered = text(
        "EXISTS (SELECT FROM covered_periods() c WHERE c.position_id = alarm.position_id"
        " AND alarm.raised_at >= c.starts_at AND (c.ends_at IS NULL OR alarm.raised_at < c.ends_at))"
    )
    return or_(Alarm.organisation_id.in_(scope.organisations), covered)


def _columns() -> Select[Any]:
    site = aliased(Position)
    place, place_zh = full_name(Position, site)
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
            Point.name_zh.label("point_name_zh"), place.label("place"),
            place_zh.label("place_zh"), Person.name.label("acknowledged_by"),
        )
        .join(AlarmRule, AlarmRule.id == Alarm.rule_id)
        .join(Point, Point.id == Alarm.point_id)
        .join(Position, Position.id == Alarm.position_id)
        .outerjoin(site, site.id == Position.site_id)
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
    found += [
        column == value
        for column, value in ((Alarm.point_id, wanted.point_id), (Alarm.rule_id, wanted.rule_id))
        if value is not None
    ]
    if wanted.alarm_ids is not None:
        found.append(Alarm.id.in_(wanted.alarm_ids))
    if wanted.priorities is not None:
        found.append(Alarm.priority.in_(wanted.priorities))
    if wanted.since is not None:
        found.append(Alarm.raised_at >= wanted.since)
    if wanted.until is not None:
        found.append(Alarm.raised_at < wanted.until)
    if wanted.carriers is not None:
        found.append(Alarm.point_id.in_(select(Point.id).where(Point.carrier.in_(wanted.carriers))))
    for places in (wanted.position_ids, None if wanted.position_id is None else [wanted.position_id]):
        if places is not None:
            found.append(Alarm.position_id.in_(below_positions(places)))
    if wanted.organisation_id is not None:
        found.append(_concerns(wanted.organisation_id))
    if wanted.text:
        found.append(_says(wanted.text))
    return found


def below_positions(position_ids: Collection[UUID]) -> Select[tuple[UUID]]:
    """Ids of positions and all below them."""
    top = aliased(Position)
    return select(Position.id).join(top, top.id.in_(position_ids)).where(Position.path.below(top.path))


def _concerns(organisation_id: UUID) -> ColumnElement[bool]:
    """Condition on Alarm: of an organisation and those below it, or at a place supplied to one of them then."""
    below = below_organisation(organisation_id)
    top, here = aliased(Position), aliased(Position)
    supplied = (
        select(SupplyAgreement.id)
        .join(top, top.id == SupplyAgreement.position_id)
        .join(here, here.path.below(top.path))
        .where(here.id == Alarm.position_id, SupplyAgreement.organisation_id.in_(below), _during())
    )
    return or_(Alarm.organisation_id.in_(below), supplied.correlate(Alarm).exists())


def _during() -> ColumnElement[bool]:
    """Condition on Alarm and SupplyAgreement: raised while it was supplied."""
    ends = or_(SupplyAgreement.ends_at.is_(None), Alarm.raised_at < SupplyAgreement.ends_at)
    return and_(Alarm.raised_at >= SupplyAgreement.starts_at, ends)


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
