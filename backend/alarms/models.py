"""Alarm rules, the alarms they raise, and everything that ever happened to each (ISA-18.2)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
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


class AlarmRule(TenantOwned, Base):
    """When to raise an alarm.

    point_id: the point looked at (for expressions, the point shown with it)
    parameters: by kind, see alarms/README; priority 1..4; delays [s]; deadband [unit]
    error: why the rule was set aside, until somebody mends it
    shelved_until: operators hid it until then; out_of_service: maintenance took it out
    """

    __tablename__ = "alarm_rule"

    id: Mapped[Key]
    key: Mapped[int] = mapped_column(
        BigInteger, unique=True, server_default=text("nextval('alarm_rule_key')")
    )
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
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
    out_of_service_until: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class RuleMemory(Base):
    """What the evaluator remembers of a rule between batches, so that a restart changes nothing."""

    __tablename__ = "rule_memory"
    __table_args__ = {"postgresql_with": {"fillfactor": "50"}}

    rule_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    memory: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Alarm(TenantOwned, Base):
    """One occurrence of a rule's condition. At most one open alarm per rule and point."""

    __tablename__ = "alarm"
    __table_args__ = (
        Index(
            "uq_alarm_open", "rule_id", "point_id", unique=True, postgresql_where=text("state <> 'normal'")
        ),
        Index("ix_alarm_recent", "organisation_id", "raised_at", "id"),
        Index("ix_alarm_position_id", "position_id"),
    )

    id: Mapped[Key]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
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
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    returned_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    shelved_until: Mapped[datetime | None]


class AlarmEvent(TenantOwned, Base):
    """One thing that happened to an alarm: raised, worse, better, acknowledged, commented, returned, …"""

    __tablename__ = "alarm_event"
    __table_args__ = (Index("ix_alarm_event_alarm_id", "alarm_id", "id"),)

    id: Mapped[Key]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    alarm_id: Mapped[UUID] = mapped_column(ForeignKey("alarm.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    level: Mapped[str | None]
    value: Mapped[float | None]
    actor_id: Mapped[UUID | None]
    comment: Mapped[str | None]
