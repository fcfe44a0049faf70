"""What happened to a hosted customer in a month."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from backend.alarms.models import Alarm
from backend.kernel.scope import Scope
from backend.kernel.units import PointKind
from backend.metering.models import Channel, Point, Reading
from backend.network.models import Position
from backend.workorders.models import WorkOrder


def places(session: Session, scope: Scope, roots: Collection[UUID]) -> frozenset[UUID]:
    """Positions and all below them."""
    top = select(cast(Position.path, Text)).where(
        Position.id.in_(roots), Position.organisation_id.in_(scope.organisations)
    )
    paths = session.scalars(top).all()
    if not paths:
        return frozenset()
    below = or_(*(Position.path.op("<@")(func.text2ltree(path)) for path in paths))
    return frozenset(
        session.scalars(select(Position.id).where(below, Position.organisation_id.in_(scope.organisations)))
    )


def alarms_by_priority(
    session: Session, scope: Scope, *, positions: Collection[UUID], start: datetime, end: datetime
) -> dict[int, int]:
    """How many alarms were raised at places, by priority; those kept quiet are left out."""
    rows = session.execute(
        select(Alarm.priority, func.count())
        .where(
            Alarm.organisation_id.in_(scope.organisations), Alarm.position_id.in_(positions),
            Alarm.raised_at >= start, Alarm.raised_at < end, Alarm.suppression.is_(None),
        )
        .group_by(Alarm.priority)
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}


def orders(
    session: Session, scope: Scope, *, customer_id: UUID, positions: Collection[UUID], start: datetime, end: datetime
) -> Sequence[WorkOrder]:  # fmt: skip
    """Orders reported in a period about a customer's supply or at places run for them."""
    return session.scalars(
        select(WorkOrder)
        .where(
            WorkOrder.organisation_id.in_(scope.organisations), WorkOrder.is_rehearsal.is_(False),
            or_(WorkOrder.customer_id == customer_id, WorkOrder.position_id.in_(positions)),
            WorkOrder.reported_at >= start, WorkOrder.reported_at < end,
        )
        .order_by(WorkOrder.reported_at, WorkOrder.id)
        .limit(2_000)
    ).all()  # fmt: skip


def read_in(
    session: Session, scope: Scope, *, point_ids: Collection[UUID], start: datetime, end: datetime
) -> dict[UUID, tuple[datetime, float | None]]:
    """The last reading of each point in a period: when, and what it showed [unit of the point]."""
    rows = session.execute(
        select(Point.id, Reading.read_at, Reading.value)
        .join(Reading, and_(Reading.point_key == Point.key, Reading.read_at >= start, Reading.read_at < end))
        .where(Point.id.in_(point_ids), Point.organisation_id.in_(scope.organisations))
        .ext(distinct_on(Point.id))
        .order_by(Point.id, Reading.read_at.desc())
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def points(session: Session, scope: Scope, wanted: Collection[UUID]) -> Sequence[Point]:
    """Several points; those of others are left out."""
    return session.scalars(
        select(Point).where(Point.id.in_(wanted), Point.organisation_id.in_(scope.organisations))
    ).all()


def registers_without_line(
    session: Session, scope: Scope, organisations: Collection[UUID]
) -> Sequence[Point]:
    """Registers no channel reads, by name."""
    return session.scalars(
        select(Point)
        .where(
            Point.organisation_id.in_(scope.organisations), Point.organisation_id.in_(organisations),
            Point.kind == PointKind.REGISTER, ~select(Channel.id).where(Channel.point_id == Point.id).exists(),
        )
        .order_by(Point.name, Point.id)
        .limit(200)
    ).all()  # fmt: skip
