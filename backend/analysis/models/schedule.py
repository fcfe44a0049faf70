"""Views that are made by themselves for each period, and what became of each period's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.analysis.rules.asking import ViewName
from backend.billing.models import Delivered, Recurring
from backend.kernel.db import Base


class AnalysisSchedule(Recurring, Base):
    """A view that is made for each period. organisation_id: whose energy it is about.

    filters: what the view was asked besides its days (see `rules.asking.Ask.kept`)
    """

    __tablename__ = "analysis_schedule"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_on"),
        CheckConstraint("(road = 'mail') = (cardinality(recipients) > 0)", name="recipients"),
        CheckConstraint("cardinality(forms) > 0", name="forms"),
    )

    view: Mapped[ViewName]
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class AnalysisDelivery(Delivered, Base):
    """A period's files of a schedule."""

    __tablename__ = "analysis_delivery"
    __table_args__ = (
        UniqueConstraint("schedule_id", "first"),
        Index("ix_analysis_delivery_due", "next_try_at", postgresql_where=text("status <> 'done'")),
    )

    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("analysis_schedule.id"))
