"""Watches over repairs, and whether a position has telemetry at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, or_, select
from sqlalchemy.orm import Session

from backend.alarms.models import Alarm, AlarmEvent, AlarmRule, RuleKind
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.kernel.units import PointKind
from backend.metering.models import HourStatistic, Latest, Point
from backend.workorders.models import Verification, WorkOrder
from backend.workorders.queries.orders import visible


def has_telemetry(session: Session, scope: Scope, position_id: UUID) -> bool:
    """Whether anything instantaneous, a state or a register was ever read at a position."""
    there = exists().where(
        Point.position_id == position_id, Point.organisation_id.in_(scope.organisations),
        Latest.point_key == Point.key, Point.kind != PointKind.INTERVAL,
    )  # fmt: skip
    return bool(session.scalar(select(there)))


def newest(session: Session, scope: Scope, order: WorkOrder) -> Verification | None:
    """The last watch of an order's present cycle."""
    return session.scalar(
        select(Verification)
        .join(WorkOrder, WorkOrder.id == Verification.work_order_id)
        .where(Verification.work_order_id == order.id, Verification.cycle == order.cycle, visible(scope))
        .order_by(Verification.attempt.desc())
        .limit(1)
    )


def of_order(session: Session, scope: Scope, order: WorkOrder) -> Sequence[Verification]:
    """Every watch of an order, in order."""
    return session.scalars(
        select(Verification)
        .join(WorkOrder, WorkOrder.id == Verification.work_order_id)
        .where(Verification.work_order_id == order.id, visible(scope))
        .order_by(Verification.cycle, Verification.attempt)
    ).all()


def running(session: Session, scope: Scope, *, limit: int = 200) -> Sequence[UUID]:
    """Orders whose watch is not decided, the oldest first."""
    return session.scalars(
        select(Verification.work_order_id)
        .where(Verification.verdict.is_(None), Verification.organisation_id.in_(scope.organisations))
        .order_by(Verification.started_at)
        .limit(limit)
    ).all()


def decided_between(session: Session, scope: Scope, start: datetime, end: datetime) -> Sequence[Verification]:
    """Watches decided in a period, for statistics."""
    return session.scalars(
        select(Verification).where(
            Verification.decided_at >= start, Verification.decided_at < end,
            Verification.organisation_id.in_(scope.organisations),
        )
    ).all()  # fmt: skip


def by_id(session: Session, scope: Scope, verification_id: UUID) -> Verification | None:
    """One watch."""
    return session.scalar(
        select(Verification)
        .join(WorkOrder, WorkOrder.id == Verification.work_order_id)
        .where(Verification.id == verification_id, visible(scope))
    )


def point_of_alarm(session: Session, scope: Scope, alarm_id: UUID) -> UUID | None:
    """The point an alarm is about."""
    return session.scalar(
        select(Alarm.point_id).where(Alarm.id == alarm_id, Alarm.organisation_id.in_(scope.organisations))
    )


def rules_on(session: Session, scope: Scope, point_ids: Collection[UUID]) -> Sequence[UUID]:
    """Enabled alarm rules that look at some points."""
    return session.scalars(
        select(AlarmRule.id).where(
            AlarmRule.point_id.in_(point_ids), AlarmRule.is_enabled, AlarmRule.error.is_(None),
            AlarmRule.organisation_id.in_(scope.organisations),
        )
    ).all()  # fmt: skip


def limits_of(session: Session, scope: Scope, point: Point) -> dict[str, float]:
    """The limits of the enabled limit rules on a point, the narrowest of each name."""
    found: dict[str, float] = {}
    for parameters in session.scalars(
        select(AlarmRule.parameters).where(
            AlarmRule.point_id == point.id, AlarmRule.kind == RuleKind.LIMIT, AlarmRule.is_enabled,
            AlarmRule.organisation_id.in_(scope.organisations),
        )
    ):  # fmt: skip
        for name, value in parameters.items():
            if name in ("LL", "L", "H", "HH") and value is not None:
                narrow = max if name in ("LL", "L") else min
                found[name] = narrow(found.get(name, float(value)), float(value))
    return found


def alarm_history(
    session: Session, scope: Scope, rule_ids: Collection[UUID], start: datetime, end: datetime
) -> Sequence[Row[Any]]:
    """What happened up to `end` to alarms of some rules that were open after a day before `start`.

    rows: alarm_id, name of its rule, kind, at, comment; each alarm's in the order in which they were written
    """
    return session.execute(
        select(AlarmEvent.alarm_id, AlarmRule.name, AlarmEvent.kind, AlarmEvent.at, AlarmEvent.comment)
        .join(Alarm, Alarm.id == AlarmEvent.alarm_id)
        .join(AlarmRule, AlarmRule.id == Alarm.rule_id)
        .where(
            Alarm.rule_id.in_(rule_ids), Alarm.organisation_id.in_(scope.organisations), Alarm.raised_at <= end,
            or_(Alarm.closed_at.is_(None), Alarm.closed_at > start - timedelta(days=1)), AlarmEvent.at <= end,
        )
        .order_by(Alarm.raised_at, AlarmEvent.alarm_id, AlarmEvent.id)
    ).all()  # fmt: skip


def hourly_extremes(
    session: Session, scope: Scope, point: Point, period: Period
) -> tuple[Sequence[float], Sequence[float]]:
    """Lowest and highest value of each closed hour of a period [unit]."""
    rows = session.execute(
        select(HourStatistic.low, HourStatistic.high).where(
            HourStatistic.point_key == point.key, HourStatistic.start >= period.start,
            HourStatistic.start < period.end,
            select(Point.id).where(Point.id == point.id, Point.organisation_id.in_(scope.organisations)).exists(),
        )
    ).all()  # fmt: skip
    return [row[0] for row in rows], [row[1] for row in rows]
