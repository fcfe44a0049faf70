"""Amounts: settlement-grade intervals, their sums, and statistics of instantaneous values."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base


class Method(StrEnum):
    """How an interval's amount came about."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    EDITED = "edited"


class Interval(Base):
    """Amount of a point in [start, start + minutes), the current version. Partitioned by month.

    amount: whole quanta of the point's unit (Wh, L, kJ, …), never negative
    rule: the rule that made it, for example 'interval' or 'register'; author_id: the person, None: the follower
    A changed amount is the next version; a trigger keeps the one before in `superseded_interval`.
    """

    __tablename__ = "interval"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        Index("ix_interval_edited", "point_key", "start", postgresql_where=text("method = 2")),
        {"postgresql_partition_by": "RANGE (start)"},
    )

    point_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    minutes: Mapped[int] = mapped_column(SmallInteger)
    version: Mapped[int] = mapped_column(SmallInteger)
    method: Mapped[int] = mapped_column(SmallInteger)
    rule: Mapped[int] = mapped_column(SmallInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    author_id: Mapped[UUID | None]


class SupersededInterval(Base):
    """An earlier version of an interval, kept for ever."""

    __tablename__ = "superseded_interval"

    point_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    minutes: Mapped[int] = mapped_column(SmallInteger)
    method: Mapped[int] = mapped_column(SmallInteger)
    rule: Mapped[int] = mapped_column(SmallInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    author_id: Mapped[UUID | None]


class RollUp(Base):
    """Sum of a point's current intervals in one hour, or one local day or month of its site.

    grain: 0 hour, 1 day, 2 month; count: intervals summed; estimated: part of amount not measured
    """

    __tablename__ = "roll_up"

    grain: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    point_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    estimated: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int]


class HourStatistic(Base):
    """What an instantaneous point did in one closed hour: keeps the peaks of long curves.

    total: sum of usable values (mean = total / count); low, high: extremes with their instants
    """

    __tablename__ = "hour_statistic"

    point_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
    total: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    low_at: Mapped[datetime]
    high_at: Mapped[datetime]


class Progress(Base):
    """How far a point's amounts are made: intervals are complete up to `settled_until`.

    read_until: the newest reading they were made of; one that comes later but is earlier moves borders
    settled_value: register reading interpolated there [unit], so that 'today so far' can be shown
    validated_until: end of the last local day that was validated
    """

    __tablename__ = "progress"
    __table_args__ = (Index("ix_progress_settled_until", "settled_until"),)

    point_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    settled_until: Mapped[datetime]
    read_until: Mapped[datetime]
    settled_value: Mapped[float | None]
    validated_until: Mapped[datetime | None]
