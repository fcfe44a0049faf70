"""Validation, estimation, editing: gaps with their shapes, exceptions to be looked at, and virtual meters."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class Gap(Base):
    """A stretch of a point that was not read, and how its amounts are estimated.

    first_at, last_at: of a register, the readings on either side; of an interval point, [first, last) without any
    rule, weight, reason: the estimator, what it expects of each interval (float32, raw bytes; None: a straight
    line), and why it is this one; all None while the gap waits to be estimated
    author_id: who had it estimated; None: the follower. Reached only through points, like intervals.
    """

    __tablename__ = "gap"
    __table_args__ = (Index("ix_gap_waiting", "noted_at", postgresql_where=text("estimated_at IS NULL")),)

    point_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_at: Mapped[datetime] = mapped_column(primary_key=True)
    last_at: Mapped[datetime]
    noted_at: Mapped[datetime]
    estimated_at: Mapped[datetime | None]
    rule: Mapped[int | None] = mapped_column(SmallInteger)
    weight: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason: Mapped[str | None]
    author_id: Mapped[UUID | None]


class ExceptionState(StrEnum):
    """What became of an exception. RERUN: made again since, and not found any more."""

    OPEN = "open"
    ACCEPTED = "accepted"
    EDITED = "edited"
    RERUN = "rerun"


class VeeException(TenantOwned, Base):
    """Something validation found in a point's readings or intervals, until somebody or a new run settles it.

    check, severity: see `rules.vee`; [starts_at, ends_at): where; measured, limit: in the check's own unit
    settled_by: the person, None where a new run did; reason: theirs, in their words
    """

    __tablename__ = "vee_exception"
    __table_args__ = (
        UniqueConstraint("point_id", "check", "starts_at"),
        CheckConstraint("ends_at > starts_at", name="period"),
        Index("ix_vee_exception_recent", "organisation_id", "found_at", "id"),
    )

    id: Mapped[Key]
    point_id: Mapped[UUID] = mapped_column(ForeignKey("point.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    check: Mapped[int] = mapped_column(SmallInteger)
    severity: Mapped[int] = mapped_column(SmallInteger)
    measured: Mapped[float]
    limit: Mapped[float]
    state: Mapped[ExceptionState] = mapped_column(default=ExceptionState.OPEN)
    found_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None]


class VeeSetting(TenantOwned, Base):
    """How an organisation wants its points, and those below it, validated and estimated. One row each.

    uses_*: what estimators may take into account; is_shut_without_supply: where no contract covers a place that had
    one, nothing flows; longest_gap_days: a longer gap keeps its straight line
    missing, spike, high, low, dead_hours, clock_s, loss, excess: see `rules.vee.Limits`
    """

    __tablename__ = "vee_setting"
    __table_args__ = (
        UniqueConstraint("organisation_id"),
        CheckConstraint("longest_gap_days BETWEEN 1 AND 62", name="longest_gap_days"),
        CheckConstraint(
            "missing >= 0 AND spike > 1 AND high > 1 AND low BETWEEN 0 AND 1 AND dead_hours > 0 AND clock_s > 0"
            " AND loss BETWEEN 0 AND 1 AND excess BETWEEN 0 AND 1",
            name="limits",
        ),
    )

    id: Mapped[Key]
    uses_siblings: Mapped[bool]
    uses_weather: Mapped[bool]
    uses_holidays: Mapped[bool]
    is_shut_without_supply: Mapped[bool]
    longest_gap_days: Mapped[int] = mapped_column(SmallInteger)
    missing: Mapped[int] = mapped_column(SmallInteger)
    spike: Mapped[float]
    high: Mapped[float]
    low: Mapped[float]
    dead_hours: Mapped[float]
    clock_s: Mapped[float]
    loss: Mapped[float]
    excess: Mapped[float]
    changed_at: Mapped[datetime]


class ShutPeriod(TenantOwned, Base):
    """A point is known to be shut in [starts_at, ends_at): where nothing was read, nothing flowed.

    ends_at None: until further notice; reason, said_by: how one knows, and who
    """

    __tablename__ = "shut_period"
    __table_args__ = (
        UniqueConstraint("point_id", "starts_at"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="period"),
    )

    id: Mapped[Key]
    point_id: Mapped[UUID] = mapped_column(ForeignKey("point.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    reason: Mapped[str]
    said_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class VirtualTerm(TenantOwned, Base):
    """One part of a virtual meter: a source point, added or taken off, whole or in part.

    share_from, share_to: the part of the source from one share to another; those of neighbours touch, so that
    whole quanta of all of them sum to the source
    """

    __tablename__ = "virtual_term"
    __table_args__ = (
        CheckConstraint("sign IN (-1, 1)", name="sign"),
        CheckConstraint("0 <= share_from AND share_from < share_to AND share_to <= 1", name="share"),
        CheckConstraint("point_id <> source_id", name="itself"),
        Index("ix_virtual_term_source_id", "source_id"),
    )

    point_id: Mapped[UUID] = mapped_column(ForeignKey("point.id"), primary_key=True)
    source_id: Mapped[UUID] = mapped_column(ForeignKey("point.id"), primary_key=True)
    sign: Mapped[int] = mapped_column(SmallInteger, default=1)
    share_from: Mapped[float] = mapped_column(default=0.0)
    share_to: Mapped[float] = mapped_column(default=1.0)
