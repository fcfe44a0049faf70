"""Alarm rules as people look at them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, or_, select, text
from sqlalchemy.orm import Session

from backend.alarms.models import Alarm, AlarmRule
from backend.alarms.queries.look import below_organisation, below_positions
from backend.kernel import clock, paging
from backend.kernel.db import required
from backend.kernel.scope import Role, Scope
from backend.metering.models import Point
from backend.network.models import Position, Site


@dataclass(frozen=True)
class RuleFilter:
    """Which rules are wanted; suppressed: only those shelved or out of service; failing: set aside."""

    kinds: Sequence[str] | None = None
    position_id: UUID | None = None
    point_id: UUID | None = None
    organisation_id: UUID | None = None
    text: str | None = None
    suppressed: bool = False
    failing: bool = False


def rules(
    session: Session, scope: Scope, wanted: RuleFilter, *, cursor: str | None, limit: int
) -> paging.Page[Row[Any]]:
    """Rules with their point and place, by name."""
    statement = select(AlarmRule, Point, Position).join(Point, Point.id == AlarmRule.point_id)
    statement = statement.join(Position, Position.id == AlarmRule.position_id).where(
        visible(scope), *_conditions(wanted)
    )
    return paging.page(session, statement, by=(AlarmRule.name, AlarmRule.id), cursor=cursor, limit=limit)


def rule(session: Session, scope: Scope, rule_id: UUID, *, lock: bool = False) -> AlarmRule:
    """One rule; raises NotFound."""
    statement = select(AlarmRule).where(visible(scope), AlarmRule.id == rule_id)
    query = statement.with_for_update(key_share=True) if lock else statement
    return required(session, query, "there is no such alarm rule", rule_id=rule_id)


def held(session: Session, scope: Scope, rule_id: UUID, *roles: Role) -> AlarmRule:
    """One rule, locked for a change by somebody of these roles; raises NotFound or Forbidden."""
    scope.demand(rule(session, scope, rule_id).organisation_id, *roles)
    return rule(session, scope, rule_id, lock=True)


def place_of(session: Session, scope: Scope, found: AlarmRule) -> tuple[Point, Position]:
    """The point and the position a rule looks at."""
    row = session.execute(
        select(Point, Position)
        .join(Position, Position.id == Point.position_id)
        .join(AlarmRule, AlarmRule.point_id == Point.id)
        .where(visible(scope), AlarmRule.id == found.id)
    ).one()
    return row.Point, row.Position


def owned_points(session: Session, scope: Scope, point_ids: Collection[UUID]) -> dict[UUID, Point]:
    """Points of the scope's own organisations, by id."""
    found = session.scalars(
        select(Point).where(Point.id.in_(point_ids), Point.organisation_id.in_(scope.organisations))
    )
    return {point.id: point for point in found}


def zone_of(session: Session, scope: Scope, position_id: UUID) -> str:
    """The time zone of the site a position belongs to; UTC where there is none."""
    found = session.scalar(
        select(Site.timezone)
        .join(Position, Position.site_id == Site.position_id)
        .where(Position.id == position_id, Position.organisation_id.in_(scope.organisations))
    )
    return found or "UTC"


def open_alarms_of(session: Session, scope: Scope, rule_ids: Collection[UUID]) -> Sequence[Alarm]:
    """Open alarms of rules of the scope's own organisations, locked for a change."""
    return session.scalars(
        select(Alarm)
        .where(
            Alarm.rule_id.in_(rule_ids),
            Alarm.organisation_id.in_(scope.organisations),
            text("alarm.state <> 'normal'"),
        )
        .order_by(Alarm.id)
        .with_for_update()
    ).all()


def quiet_until(session: Session, scope: Scope, now: datetime) -> Sequence[AlarmRule]:
    """Rules whose shelving or time out of service is over by now, locked for a change."""
    return session.scalars(
        select(AlarmRule)
        .where(
            or_(AlarmRule.shelved_until <= now, AlarmRule.out_of_service_until <= now),
            AlarmRule.organisation_id.in_(scope.organisations),
        )
        .order_by(AlarmRule.id)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()


def dependants(session: Session, scope: Scope, rule_ids: Collection[UUID]) -> Sequence[AlarmRule]:
    """Rules that keep quiet by design while one of these is on."""
    return session.scalars(
        select(AlarmRule).where(
            AlarmRule.suppressed_by_id.in_(rule_ids), AlarmRule.organisation_id.in_(scope.organisations)
        )
    ).all()


def minded_by(session: Session, scope: Scope, rule_id: UUID) -> set[UUID]:
    """Rules that a rule keeps quiet for, directly or by way of others."""
    own = AlarmRule.organisation_id.in_(scope.organisations)
    first = select(AlarmRule.suppressed_by_id.label("id")).where(AlarmRule.id == rule_id, own)
    chain = first.cte("chain", recursive=True)
    chain = chain.union(select(AlarmRule.suppressed_by_id).join(chain, AlarmRule.id == chain.c.id).where(own))
    return set(session.scalars(select(chain.c.id).where(chain.c.id.is_not(None))))


def is_on(session: Session, scope: Scope, rule_id: UUID) -> bool:
    """Tell whether a rule's condition is on now: it has an open alarm that has not returned."""
    found = session.scalar(
        select(Alarm.id).where(
            Alarm.rule_id == rule_id,
            Alarm.organisation_id.in_(scope.organisations),
            text("alarm.state IN ('unacknowledged', 'acknowledged')"),
        )
    )
    return found is not None


def visible(scope: Scope) -> ColumnElement[bool]:
    """Condition on AlarmRule: the scope's own, or at a place supplied to it now (rules are of today)."""
    covered = text(
        "EXISTS (SELECT FROM covered_periods() c WHERE c.position_id = alarm_rule.position_id"
        " AND c.starts_at <= :rules_at AND (c.ends_at IS NULL OR c.ends_at > :rules_at))"
    ).bindparams(rules_at=clock.now())
    return or_(AlarmRule.organisation_id.in_(scope.organisations), covered)


def _conditions(wanted: RuleFilter) -> list[ColumnElement[bool]]:
    found: list[Any] = []
    if wanted.kinds is not None:
        found.append(AlarmRule.kind.in_(wanted.kinds))
    if wanted.point_id is not None:
        found.append(AlarmRule.point_id == wanted.point_id)
    if wanted.position_id is not None:
        found.append(AlarmRule.position_id.in_(below_positions([wanted.position_id])))
    if wanted.organisation_id is not None:
        found.append(AlarmRule.organisation_id.in_(below_organisation(wanted.organisation_id)))
    if wanted.suppressed:
        found.append(or_(AlarmRule.shelved_until.is_not(None), AlarmRule.out_of_service_until.is_not(None)))
    if wanted.failing:
        found.append(AlarmRule.error.is_not(None))
    if wanted.text:
        columns = (AlarmRule.name, AlarmRule.name_zh, Point.name, Position.name)
        found.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    return found
