"""Readings as they came, the latest of each point, and the journal that followers read."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base


class Reading(Base):
    """What a channel said at one instant: the current revision. Partitioned by month of `read_at`.

    Another value for the same instant becomes the next revision; a trigger keeps the one before in
    `superseded_reading`, whoever writes. value is null where the source sent none (bad quality).
    Reached only through points, so it carries no organisation and no foreign key (speed of COPY).
    """

    __tablename__ = "reading"
    __table_args__ = {"postgresql_partition_by": "RANGE (read_at)"}

    point_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    read_at: Mapped[datetime] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(SmallInteger, default=0)
    quality: Mapped[int] = mapped_column(SmallInteger)
    value: Mapped[float | None]
    batch_id: Mapped[int] = mapped_column(BigInteger)


class SupersededReading(Base):
    """An earlier revision of a reading, kept for ever."""

    __tablename__ = "superseded_reading"

    point_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    read_at: Mapped[datetime] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    quality: Mapped[int] = mapped_column(SmallInteger)
    value: Mapped[float | None]
    batch_id: Mapped[int] = mapped_column(BigInteger)


class Latest(Base):
    """The newest reading of each point, by the instant it was read."""

    __tablename__ = "latest"
    __table_args__ = {"postgresql_with": {"fillfactor": "50"}}

    point_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    read_at: Mapped[datetime]
    quality: Mapped[int] = mapped_column(SmallInteger)
    value: Mapped[float | None]
    received_at: Mapped[datetime]


class Batch(Base):
    """One commit of readings: the journal its followers read, in commit order.

    sequence: given under a lock just before the commit, so that commits appear in its order
    source: protocol or file it came by; is_live: may raise live alarms
    points, first_us, last_us: for each point touched, the span of its new readings (int64 arrays, raw bytes)
    journal: the new readings themselves for live followers (see rules.pack); dropped after a day
    """

    __tablename__ = "batch"
    __table_args__ = (
        Index("ix_batch_sequence", "sequence", unique=True),
        Index("ix_batch_connection_id", "connection_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime]
    connection_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    source: Mapped[str]
    is_live: Mapped[bool]
    readings: Mapped[int]
    changed: Mapped[int]
    spans: Mapped[bytes | None] = mapped_column(LargeBinary)
    journal: Mapped[bytes | None] = mapped_column(LargeBinary)
    notes: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class Cursor(Base):
    """How far a follower has read the journal; moved in the transaction of its work."""

    __tablename__ = "cursor"

    follower: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    moved_at: Mapped[datetime]
    error: Mapped[str | None]
