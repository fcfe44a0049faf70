"""What the field adds and nobody takes away: photos, comments, time, parts. Unique per operation of a phone."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class Attachment(TenantOwned, Base):
    """A photo or signature, named by its hash; the bytes may follow. arrived_at: None until they are here.

    stored_sha256: of the picture as it is kept, decoded and written anew, without its place
    role: before, after, meter, tag, signature, evidence; size [bytes]
    """

    __tablename__ = "work_attachment"
    __table_args__ = (Index("ix_work_attachment_missing", "arrived_at", "sha256"),)

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"), index=True)
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visit.id"))
    cycle: Mapped[int]
    role: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    mime: Mapped[str]
    taken_at: Mapped[datetime]
    taken_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    device_id: Mapped[str | None]
    arrived_at: Mapped[datetime | None]
    stored_sha256: Mapped[str | None]
    op_id: Mapped[UUID | None] = mapped_column(unique=True)


class Comment(TenantOwned, Base):
    """A remark on a work order; the customer sees public ones."""

    __tablename__ = "work_comment"

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"), index=True)
    text: Mapped[str]
    is_public: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    op_id: Mapped[UUID | None] = mapped_column(unique=True)


class TimePunch(TenantOwned, Base):
    """Time booked on a visit. kind: travel, work, break; seconds: from the phone's monotonic clock [s]."""

    __tablename__ = "time_punch"

    id: Mapped[Key]
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visit.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    started_at: Mapped[datetime]
    seconds: Mapped[float]
    op_id: Mapped[UUID | None] = mapped_column(unique=True)


class PartUse(TenantOwned, Base):
    """A part taken from a store for a work order; the stock ledger of assets holds the movement."""

    __tablename__ = "part_use"

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"), index=True)
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visit.id"))
    part_id: Mapped[UUID]
    store_id: Mapped[UUID | None]
    quantity: Mapped[Decimal] = mapped_column(Numeric(12, 3))
    cost: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    at: Mapped[datetime]
    op_id: Mapped[UUID | None] = mapped_column(unique=True)
