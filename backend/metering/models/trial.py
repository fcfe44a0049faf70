"""Trials: does what stands at the other end of a connection answer?"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, TenantOwned


class Outcome(StrEnum):
    """What a worker found. Only these words leave it: never bytes that the other side sent."""

    ANSWERS = "answers"
    QUIET = "quiet"
    UNKNOWN_HOST = "unknown_host"
    FORBIDDEN_HOST = "forbidden_host"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    REFUSES = "refuses"
    FOREIGN = "foreign"
    UNUSABLE = "unusable"


class ConnectionTrial(TenantOwned, Base):
    """The last time somebody asked whether a connection works; one a connection.

    unit: which Modbus unit is asked; None: the first that is read
    taken_at: when a worker took it up; outcome: what it found, None while it is looking
    detail: milliseconds until the answer, and what fits the outcome: families, messages
    """

    __tablename__ = "connection_trial"

    connection_id: Mapped[UUID] = mapped_column(
        ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True
    )
    unit: Mapped[int | None] = mapped_column(SmallInteger)
    asked_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]
    detail: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
