"""Views that are made by themselves for each period, and what became of each period's."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from backend.analysis.rules.asking import ViewName
from backend.billing.models import DeliveryStatus, Road
from backend.billing.rules.documents.schedule import Every
from backend.kernel.db import Base, Key, TenantOwned


class AnalysisSchedule(TenantOwned, Base):
    """A view that is made for each period. organisation_id: whose energy it is about.

    filters: what the view was asked besides its days (see `rules.asking.Ask.kept`)
    starts_on: first day of the first period; ends_on: from then on none begins
    forms: kinds of files; recipients: addresses, of those that go by mail
    """

    __tablename__ = "analysis_schedule"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_on"),
        CheckConstraint("(road = 'mail') = (cardinality(recipients) > 0)", name="recipients"),
        CheckConstraint("cardinality(forms) > 0", name="forms"),
    )

    id: Mapped[Key]
    view: Mapped[ViewName]
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    every: Mapped[Every]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    forms: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    locale: Mapped[str]
    road: Mapped[Road]
    recipients: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class AnalysisDelivery(TenantOwned, Base):
    """A period's files of a schedule: once. files: their names; tries, error: of one that did not go out yet."""

    __tablename__ = "analysis_delivery"
    __table_args__ = (
        UniqueConstraint("schedule_id", "first"),
        Index("ix_analysis_delivery_due", "next_try_at", postgresql_where=text("status <> 'done'")),
    )

    id: Mapped[Key]
    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("analysis_schedule.id"))
    first: Mapped[date]
    until: Mapped[date]
    status: Mapped[DeliveryStatus]
    files: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    next_try_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
