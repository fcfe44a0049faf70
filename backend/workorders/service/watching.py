"""Pinning the question of a verification: which points are watched, in which bands, for how long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import ids
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.kernel.units import PointKind
from backend.metering import service as metering
from backend.metering.models import Point
from backend.workorders.models import OrderEvent, Verification, WorkOrder
from backend.workorders.queries import policies
from backend.workorders.queries import verifications as queries
from backend.workorders.rules import verification as rules
from backend.workorders.rules.verification import Question, Watched

MOST_POINTS = 6
LEARNED_FROM = timedelta(days=28)
DEFAULT_WINDOW = timedelta(minutes=30)


def start_verification(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """Pin the question and begin to watch: the effect of `verify`."""
    points = _points(session, scope, order)
    question = ask(session, scope, order, points)
    before = queries.newest(session, scope, order)
    session.add(
        Verification(
            id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id, cycle=order.cycle,
            attempt=before.attempt + 1 if before else 1, started_at=event.occurred_at,
            ends_at=event.occurred_at + question.window, question=_stored(session, scope, question, points),
        )
    )  # fmt: skip
    session.flush()


def ask(session: Session, scope: Scope, order: WorkOrder, points: Sequence[Point]) -> Question:
    """Return what is to be watched, of some points: those whose samples can be wrong. None: a person is asked."""
    policy = _policy(session, scope, order)
    window = timedelta(seconds=policy.window_s) if policy else DEFAULT_WINDOW
    watched = (_watched(session, scope, order, point) for point in points)
    counted = islice(rules.counted(watched, order.fault_class), MOST_POINTS)
    return Question(list(counted), window, policy.samples if policy else 5,
                    timedelta(seconds=policy.oldest_s) if policy else timedelta(minutes=15))  # fmt: skip


def _policy(session: Session, scope: Scope, order: WorkOrder) -> Any:
    """Return the most particular policy: of the fault class, then of the carrier, then of any."""
    found = policies.verification_policies(session, scope, order.organisation_id)
    carrier = order.carrier.value if order.carrier else None
    for fits in (
        lambda p: p.fault_class is not None and p.fault_class == order.fault_class,
        lambda p: p.fault_class is None and p.carrier is not None and p.carrier == carrier,
        lambda p: p.fault_class is None and p.carrier is None,
    ):
        for policy in found:
            if fits(policy):
                return policy
    return None


def _points(session: Session, scope: Scope, order: WorkOrder) -> list[Point]:
    """Return the point of the alarm that raised the order, else what the place measures and was heard of."""
    alarmed = queries.point_of_alarm(session, scope, order.alarm_id) if order.alarm_id else None
    if alarmed is not None:
        return [metering.point(session, scope, alarmed)]
    kinds = (PointKind.INSTANT, PointKind.REGISTER, PointKind.STATE)
    found = [
        p
        for p in metering.list_points(session, scope, position_id=order.position_id).items
        if p.kind in kinds
    ]
    fresh = {one.point_id for one in metering.latest_values(session, scope, point_ids=[p.id for p in found])}
    heard = [p for p in found if p.id in fresh]
    return [p for p in heard if p.kind is PointKind.INSTANT] or heard


def _watched(session: Session, scope: Scope, order: WorkOrder, point: Point) -> Watched:
    """Return a point with its band: what it did before the fault, inside the limits of its alarms."""
    low, high, why = point.low, point.high, "plausible range"
    if point.kind is PointKind.INSTANT and order.fault_class not in rules.SPEAKING:
        before = Period(order.reported_at - LEARNED_FROM, order.reported_at - timedelta(hours=1))
        learned = rules.learned(*queries.hourly_extremes(session, scope, point, before))
        if learned is not None:
            (low, high), why = learned, "the four weeks before"
        limits = queries.limits_of(session, scope, point)
        if limits:
            low, high = rules.within_limits((low, high), limits)
            why = f"{why}, inside the alarm's limits"
    return Watched(str(point.id), point.name, point.unit, low, high, why)


def _stored(session: Session, scope: Scope, question: Question, points: Sequence[Point]) -> dict[str, Any]:
    """Return what is kept of a question. Alarms are watched also of points whose samples prove nothing."""
    point_ids = {one.id for one in points[:MOST_POINTS]} | {UUID(one.key) for one in question.points}
    return {
        "points": [one.__dict__ for one in question.points], "window_s": question.window.total_seconds(),
        "samples": question.samples, "oldest_s": question.oldest.total_seconds(),
        "alarm_rules": [str(one) for one in queries.rules_on(session, scope, point_ids)],
    }  # fmt: skip
