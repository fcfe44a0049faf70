"""Alarm rules, the alarms they raise, and everything that ever happened to each (ISA-18.2)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class RuleKind(StrEnum):
    """What a rule looks at."""

    LIMIT = "limit"
    RATE = "rate"
    SILENCE = "silence"
    STATE = "state"
    EXPRESSION = "expression"
    NIGHT_FLOW = "night_flow"


class AlarmState(StrEnum):
    """States of ISA-18.2 (clause 5.4.2). NORMAL alarms are closed; every other one is open."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    NORMAL = "normal"


class Suppression(StrEnum):
    """Why an alarm is kept from people: shelved, out for maintenance, or quiet by design."""

    SHELVED = "shelved"
    OUT_OF_SERVICE = "out_of_service"
    BY_DESIGN = "by_design"


class AlarmRule(TenantOwned, Base):
    """When to raise an alarm: what ISA-18.2 calls an alarm, before it occurs.

    key: int64 of the evaluator; point_id: the point looked at (for expressions, the point shown with it)
    parameters: by kind, see alarms/README; priority 1..4; delays [s]; deadband [unit]
    error: why the rule was set aside, until somebody mends it; revision: counts its changes
    shelved_*: operators hid it until then; out_of_service_*: maintenance took it out until then
    suppressed_by_id: while that rule's condition is on, this one keeps quiet by design
    """

    __tablename__ = "alarm_rule"

    id: Mapped[Key]
    key: Mapped[int] = mapped_column(
        BigInteger, unique=True, server_default=text("nextval('alarm_rule_key')")
    )
    point_id: Mapped[UUID] = mapped_column(ForeignKey("point.id"), index=True)
    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"), index=True)
    kind: Mapped[RuleKind]
    name: Mapped[str]
    name_zh: Mapped[str | None]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    priority: Mapped[int]
    deadband: Mapped[float] = mapped_column(default=0.0)
    on_delay_s: Mapped[float] = mapped_column(default=0.0)
    off_delay_s: Mapped[float] = mapped_column(default=0.0)
    advice: Mapped[str | None]
    is_enabled: Mapped[bool] = mapped_column(default=True)
    error: Mapped[str | None]
    shelved_until: Mapped[datetime | None]
    shelved_by: Mapped[UUID | None]
    shelved_reason: Mapped[str | None]
    out_of_service_until: Mapped[datetime | None]
    out_of_service_by: Mapped[UUID | None]
    out_of_service_reason: Mapped[str | None]
    suppressed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("alarm_rule.id"), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class RuleMemory(Base):
    """What the evaluator remembers between batches, so that a restart changes nothing.

    One row a follower, saved in the transaction of its alarms and its cursor. version: counts the
    savings, so that a worker that fell asleep notices that another went on; memory: see rules/memory.py
    """

    __tablename__ = "rule_memory"

    follower: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    saved_at: Mapped[datetime]
    memory: Mapped[bytes] = mapped_column(LargeBinary)


class Alarm(TenantOwned, Base):
    """One occurrence of a rule's condition. At most one open alarm per rule and point.

    level: name of the level it is at (of the last one, once returned); value, limit: when it last changed
    worst: most extreme value up to then; raised_at: in the readings' time; recorded_at: when we noticed
    times: how often it was raised while open; suppression: why it is kept from people, if it is
    """

    __tablename__ = "alarm"
    __table_args__ = (
        Index(
            "uq_alarm_open", "rule_id", "point_id", unique=True, postgresql_where=text("state <> 'normal'")
        ),
        Index("ix_alarm_recent", "organisation_id", "raised_at", "id"),
        Index("ix_alarm_raised_at", "raised_at", "id"),
        Index("ix_alarm_position_id", "position_id"),
    )

    id: Mapped[Key]
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("alarm_rule.id"), index=True)
    point_id: Mapped[UUID] = mapped_column(ForeignKey("point.id"), index=True)
    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"))
    state: Mapped[AlarmState]
    level: Mapped[str]
    priority: Mapped[int]
    value: Mapped[float | None]
    limit: Mapped[float | None]
    worst: Mapped[float | None]
    raised_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    suppression: Mapped[Suppression | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    returned_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class AlarmEvent(TenantOwned, Base):
    """One thing that happened to an alarm: raised, worse, better, acknowledged, commented, returned, …"""

    __tablename__ = "alarm_event"
    __table_args__ = (
        Index("ix_alarm_event_alarm_id", "alarm_id", "id"),
        Index("ix_alarm_event_at", "at", "kind"),
    )

    id: Mapped[Key]
    alarm_id: Mapped[UUID] = mapped_column(ForeignKey("alarm.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    level: Mapped[str | None]
    value: Mapped[float | None]
    actor_id: Mapped[UUID | None]
    comment: Mapped[str | None]
