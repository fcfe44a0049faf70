"""Points: measured quantities at positions, and what happened to their registers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned
from backend.kernel.units import Carrier, PointKind


class Direction(StrEnum):
    """Which way the carrier flows, as seen from the position: in is consumed, out is delivered."""

    IN = "in"
    OUT = "out"


class Point(TenantOwned, Base):
    """One measured quantity at a position.

    key: int64 used inside readings and intervals
    interval_minutes: length of the intervals of a register or interval point (5, 15, 30, 60)
    dial: first value a register cannot show [unit]; None for one that never rolls over
    is_settled: bills and balances rest on it
    is_total: its amounts count in sums of organisations and sites (sub-meters and twins do not)
    low, high: plausible range of an instantaneous value [unit]
    error: why no amounts could be made of its readings from failing_since on; tried again with each new reading
    """

    __tablename__ = "point"
    __table_args__ = (
        CheckConstraint("interval_minutes IN (5, 15, 30, 60)", name="interval_minutes"),
        CheckConstraint("dial IS NULL OR dial > 0", name="dial"),
        Index("ix_point_position_id", "position_id"),
    )

    id: Mapped[Key]
    key: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("point.id"), index=True)
    name: Mapped[str]
    name_zh: Mapped[str | None]
    carrier: Mapped[Carrier]
    quantity: Mapped[str]
    unit: Mapped[str]
    kind: Mapped[PointKind]
    direction: Mapped[Direction]
    category: Mapped[str | None]
    interval_minutes: Mapped[int] = mapped_column(default=15)
    dial: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    is_settled: Mapped[bool] = mapped_column(default=False)
    is_total: Mapped[bool] = mapped_column(default=False)
    is_simulated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    error: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    created_at: Mapped[datetime]


class RegisterEventKind(StrEnum):
    """Why a register may jump without energy flowing."""

    RESET = "reset"
    EXCHANGE = "exchange"


class RegisterEvent(Base):
    """A register was reset, or its meter exchanged, at an instant.

    final: last value of the old register [unit]; initial: first value of the new one [unit]
    """

    __tablename__ = "register_event"

    point_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("point.key"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[RegisterEventKind]
    final: Mapped[float]
    initial: Mapped[float]
