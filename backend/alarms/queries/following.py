"""What the evaluator reads: all rules of its scope, the points they look at, and what it remembers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, or_, select, text
from sqlalchemy.orm import Session

from backend.alarms.models import Alarm, AlarmRule, RuleMemory
from backend.kernel.errors import Forbidden
from backend.kernel.scope import Kind, Scope
from backend.metering.models import Batch, Latest, Point, Reading
from backend.metering.rules import Quality
from backend.network.models import Position, Site


def enabled_rules(session: Session, scope: Scope) -> Sequence[Row[Any]]:
    """Rules to be evaluated: the rule, its point's key and kind, and the site's zone."""
    return session.execute(
        select(
            AlarmRule,
            Point.key.label("point_key"),
            Point.kind.label("point_kind"),
            func.coalesce(Site.timezone, "UTC").label("zone"),
        )
        .join(Point, Point.id == AlarmRule.point_id)
        .join(Position, Position.id == AlarmRule.position_id)
        .outerjoin(Site, Site.position_id == Position.site_id)
        .where(AlarmRule.is_enabled, AlarmRule.organisation_id.in_(scope.organisations))
        .order_by(AlarmRule.key)
    ).all()


def rules_and_dependants(session: Session, scope: Scope, rule_ids: Collection[UUID]) -> Sequence[AlarmRule]:
    """Rules by their ids, and those that keep quiet because of them, as they stand now."""
    either = or_(AlarmRule.id.in_(rule_ids), AlarmRule.suppressed_by_id.in_(rule_ids))
    return session.scalars(
        select(AlarmRule).where(either, AlarmRule.organisation_id.in_(scope.organisations))
    ).all()


def rules_by_key(session: Session, scope: Scope, keys: Collection[int]) -> Sequence[AlarmRule]:
    """Rules by their keys, enabled or not."""
    return session.scalars(
        select(AlarmRule).where(AlarmRule.key.in_(keys), AlarmRule.organisation_id.in_(scope.organisations))
    ).all()


def fingerprint(session: Session, scope: Scope) -> tuple[Any, ...]:
    """Something that differs whenever a rule was added, changed, or put aside."""
    row = session.execute(
        select(
            func.count(), func.coalesce(func.sum(AlarmRule.revision), 0),
            func.count().filter(AlarmRule.is_enabled),
        ).where(AlarmRule.organisation_id.in_(scope.organisations))
    ).one()  # fmt: skip
    return tuple(row)


def point_keys(session: Session, scope: Scope, point_ids: Collection[UUID]) -> dict[str, int]:
    """Keys of points the scope owns, by id as text."""
    rows = session.execute(
        select(Point.id, Point.key).where(
            Point.id.in_(point_ids), Point.organisation_id.in_(scope.organisations)
        )
    )
    return {str(row.id): row.key for row in rows}


def last_good(session: Session, scope: Scope, keys: Collection[int]) -> dict[int, datetime]:
    """When each point was last read well: point key -> instant."""
    rows = session.execute(
        select(Latest.point_key, Latest.read_at)
        .join(Point, Point.key == Latest.point_key)
        .where(
            Latest.point_key.in_(keys), Latest.quality != Quality.BAD,
            Point.organisation_id.in_(scope.organisations),
        )
    )  # fmt: skip
    return {row.point_key: row.read_at for row in rows}


def present(
    session: Session, scope: Scope, keys: Collection[int], *, since: datetime, until_sequence: int
) -> Sequence[Row[Any]]:
    """The newest usable live reading of points, where the journal up to a sequence held it.

    rows: point_key, read_at, value
    """
    newest = and_(Reading.point_key == Latest.point_key, Reading.read_at == Latest.read_at)
    return session.execute(
        select(Latest.point_key, Latest.read_at, Latest.value)
        .join(Point, Point.key == Latest.point_key)
        .join(Reading, newest)
        .join(Batch, Batch.id == Reading.batch_id)
        .where(
            Latest.point_key.in_(keys), Point.organisation_id.in_(scope.organisations),
            Latest.read_at >= since, Reading.read_at >= since, Latest.quality != Quality.BAD,
            Latest.value.is_not(None), Batch.is_live, Batch.sequence <= until_sequence,
        )
    ).all()  # fmt: skip


def open_alarms(session: Session, scope: Scope, rule_ids: Collection[UUID]) -> dict[UUID, Alarm]:
    """Open alarms by rule, locked, in one order everywhere."""
    found = session.scalars(
        select(Alarm)
        .where(
            Alarm.rule_id.in_(rule_ids),
            Alarm.organisation_id.in_(scope.organisations),
            text("alarm.state <> 'normal'"),
        )
        .order_by(Alarm.id)
        .with_for_update()
    )
    return {alarm.rule_id: alarm for alarm in found}


def memory(session: Session, scope: Scope, follower: str) -> RuleMemory | None:
    """What a follower remembers."""
    _system_only(scope)
    return session.scalar(select(RuleMemory).where(RuleMemory.follower == follower))


def lock_memory(session: Session, scope: Scope, follower: str) -> int:
    """How often a follower's memory was saved (0: never), locked against another one's saving."""
    _system_only(scope)
    statement = select(RuleMemory.version).where(RuleMemory.follower == follower).with_for_update()
    return session.scalar(statement) or 0


def _system_only(scope: Scope) -> None:
    if scope.kind is not Kind.SYSTEM:
        raise Forbidden("only workers evaluate rules")
