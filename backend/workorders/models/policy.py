"""Rules an operator sets: service levels, calendars, escalation ladders, failure codes, windows of verification."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class WorkCalendar(TenantOwned, Base):
    """When clocks run. weekly: {weekday 0..6: [["09:00", "17:30"], …]} in timezone; holidays: dates without service."""

    __tablename__ = "work_calendar"

    id: Mapped[Key]
    name: Mapped[str]
    timezone: Mapped[str]
    weekly: Mapped[dict[str, Any]] = mapped_column(JSONB)
    holidays: Mapped[list[str]] = mapped_column(JSONB, default=list)


class SlaPolicy(TenantOwned, Base):
    """A version of a service level; a work order is pinned to one.

    targets: {priority 1..4: {response_min, restoration_min, round_the_clock}}; pausing: hold reasons that stop clocks
    approval_above: estimate above which a manager approves [site's currency]
    quality_share: of the closed orders, so much is drawn to be looked at again (0 to 1)
    """

    __tablename__ = "sla_policy"
    __table_args__ = (
        UniqueConstraint("organisation_id", "name", "version"),
        CheckConstraint("quality_share BETWEEN 0 AND 1", name="share"),
    )

    id: Mapped[Key]
    name: Mapped[str]
    version: Mapped[int]
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("work_calendar.id"))
    targets: Mapped[dict[str, Any]] = mapped_column(JSONB)
    pausing: Mapped[list[str]] = mapped_column(JSONB, default=list)
    approval_above: Mapped[float] = mapped_column(default=5000.0)
    geofence_m: Mapped[float] = mapped_column(default=100.0)
    horizon_h: Mapped[float] = mapped_column(default=48.0)
    quality_share: Mapped[float] = mapped_column(default=0.1, server_default=text("0.1"))
    valid_from: Mapped[datetime]


class VerificationPolicy(TenantOwned, Base):
    """How long and how often telemetry must look right after a repair, by fault class or carrier (None: any).

    window_s: length of the watch [s]; samples: good, fresh ones in a row; oldest_s: age beyond which one is stale [s]
    """

    __tablename__ = "verification_policy"

    id: Mapped[Key]
    carrier: Mapped[str | None]
    fault_class: Mapped[str | None]
    window_s: Mapped[float]
    samples: Mapped[int] = mapped_column(default=5)
    oldest_s: Mapped[float] = mapped_column(default=900.0)


class FailureCode(TenantOwned, Base):
    """A word for what was wrong, why, or what helped. kind: problem, cause, remedy."""

    __tablename__ = "failure_code"
    __table_args__ = (UniqueConstraint("organisation_id", "kind", "code"),)

    id: Mapped[Key]
    kind: Mapped[str]
    code: Mapped[str]
    name: Mapped[str]
    name_zh: Mapped[str | None]
    fault_classes: Mapped[list[str]] = mapped_column(JSONB, default=list)


class EscalationStep(TenantOwned, Base):
    """One rung of an organisation's ladder: after so long unacknowledged, tell these roles by these ways."""

    __tablename__ = "escalation_step"
    __table_args__ = (UniqueConstraint("organisation_id", "priority", "step"),)

    id: Mapped[Key]
    priority: Mapped[int]
    step: Mapped[int]
    after_min: Mapped[float]
    roles: Mapped[list[str]] = mapped_column(JSONB)
    ways: Mapped[list[str]] = mapped_column(JSONB)


class Escalation(TenantOwned, Base):
    """A rung reached by a work order: who was told when, and who acknowledged. Each rung once per cycle and reason."""

    __tablename__ = "escalation"
    __table_args__ = (
        UniqueConstraint("work_order_id", "cycle", "reason", "step"),
        Index("ix_escalation_open", "acknowledged_at", "told_at"),
    )

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"), index=True)
    cycle: Mapped[int]
    reason: Mapped[str]
    step: Mapped[int]
    told_at: Mapped[datetime]
    told: Mapped[list[str]] = mapped_column(JSONB, default=list)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
