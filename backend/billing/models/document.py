"""Documents that are made by themselves: what, for whom, how often, and what became of each period's."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from backend.billing.rules.documents.schedule import Every, Paper
from backend.kernel.db import Base, Key, TenantOwned


class Road(StrEnum):
    """How a document goes out."""

    MAIL = "mail"
    FOLDER = "folder"


class DeliveryStatus(StrEnum):
    """How far a period's document is; one that failed is tried again."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Recurring(TenantOwned):
    """Something that is made for each period, of any kind.

    starts_on: first day of the first period; ends_on: from then on none begins
    forms: kinds of files; recipients: addresses, of those that go by mail
    """

    id: Mapped[Key]
    every: Mapped[Every]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    forms: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    locale: Mapped[str]
    road: Mapped[Road]
    recipients: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class Delivered(TenantOwned):
    """A period's files of a schedule: once. files: their names; tries, error: of one that did not go out yet."""

    id: Mapped[Key]
    schedule_id: Mapped[UUID]
    first: Mapped[date]
    until: Mapped[date]
    status: Mapped[DeliveryStatus]
    files: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    next_try_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class DocumentSchedule(Recurring, Base):
    """A document that is made for each period. organisation_id: whose accounts it is of.

    customer_id: of a statement, or of bills where only one customer's are wanted
    """

    __tablename__ = "document_schedule"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_on"),
        CheckConstraint(
            "(paper <> 'statement' OR customer_id IS NOT NULL)"
            " AND (paper IN ('statement', 'bills') OR customer_id IS NULL)",
            name="customer",
        ),
        CheckConstraint("(road = 'mail') = (cardinality(recipients) > 0)", name="recipients"),
        CheckConstraint("cardinality(forms) > 0", name="forms"),
    )

    paper: Mapped[Paper]
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))


class DocumentDelivery(Delivered, Base):
    """A period's document of a schedule."""

    __tablename__ = "document_delivery"
    __table_args__ = (
        UniqueConstraint("schedule_id", "first"),
        Index("ix_document_delivery_due", "next_try_at", postgresql_where=text("status <> 'done'")),
    )

    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("document_schedule.id"))
