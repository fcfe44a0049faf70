"""Alarms as they sounded, for statistics."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, case, func, select
from sqlalchemy.orm import Session

from backend.alarms.models import Alarm, AlarmEvent, AlarmRule
from backend.alarms.queries.look import below_organisation, visible
from backend.kernel.scope import Scope
from backend.network.models import Position

SOUNDED = ("raised", "raised_again")
ENDED = ("returned", "withdrawn")


def annunciations(
    session: Session, scope: Scope, *, start: datetime, end: datetime, organisation_id: UUID | None
) -> Sequence[Row[Any]]:
    """Unsuppressed alarms each time they sounded in [start, end), oldest first.

    ended, acknowledged: the first such event of the alarm after it sounded, or null
    """
    following = {"partition_by": AlarmEvent.alarm_id, "order_by": (AlarmEvent.at, AlarmEvent.id)}
    rows = {"rows": (0, None)}

    def next_at(kinds: Collection[str]) -> Any:
        at = case((AlarmEvent.kind.in_(kinds), AlarmEvent.at))
        return func.min(at).over(**following, **rows)

    conditions = [visible(scope), Alarm.suppression.is_(None), Alarm.raised_at < end]
    if organisation_id is not None:
        conditions.append(Alarm.organisation_id.in_(below_organisation(organisation_id)))
    recent = select(AlarmEvent.alarm_id).where(
        AlarmEvent.kind.in_(SOUNDED), AlarmEvent.at >= start, AlarmEvent.at < end
    )
    told = (
        select(
            AlarmEvent.at, AlarmEvent.kind, AlarmRule.key, Alarm.priority,
            next_at(ENDED).label("ended_at"), next_at(("acknowledged",)).label("acknowledged_at"),
        )
        .join(Alarm, Alarm.id == AlarmEvent.alarm_id)
        .join(AlarmRule, AlarmRule.id == Alarm.rule_id)
        .where(Alarm.id.in_(recent), *conditions)
        .subquery()
    )  # fmt: skip
    return session.execute(
        select(told)
        .where(and_(told.c.kind.in_(SOUNDED), told.c.at >= start, told.c.at < end))
        .order_by(told.c.at)
    ).all()


def named(session: Session, scope: Scope, keys: Collection[int]) -> dict[int, Row[Any]]:
    """Rules by key with their names and places: id, name, name_zh, place, place_zh."""
    rows = session.execute(
        select(
            AlarmRule.key, AlarmRule.id, AlarmRule.name, AlarmRule.name_zh, Position.name.label("place"),
            Position.name_zh.label("place_zh"),
        )
        .join(Position, Position.id == AlarmRule.position_id)
        .where(AlarmRule.key.in_(keys), AlarmRule.organisation_id.in_(scope.organisations))
    ).all()  # fmt: skip
    return {row.key: row for row in rows}
