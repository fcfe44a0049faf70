"""What phones are, what they sent, what is still to be decided, and files on their way."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class FieldDevice(Base):
    """A phone in somebody's hand. last_seq, last_at: highest count of its operations, and their latest time."""

    __tablename__ = "field_device"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    device_id: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str | None]
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    last_at: Mapped[datetime | None]
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger)
    is_clock_odd: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime]


class FieldOperation(Base):
    """One operation of a phone, kept with its answer in the transaction of its effect; never deleted.

    digest: SHA-256 of what was sent; outcome, result: the answer given; held ones wait for `missing` until held_until
    """

    __tablename__ = "field_operation"
    __table_args__ = (
        Index("ix_field_operation_held", "held_until", postgresql_where=text("outcome = 'held'")),
        Index("ix_field_operation_received_at", "received_at"),
        Index("ix_field_operation_seq", "person_id", "device_id", "seq"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    op_id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[str]
    seq: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    outcome: Mapped[str]
    result: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime]
    uncertainty_s: Mapped[float]
    received_at: Mapped[datetime]
    held_until: Mapped[datetime | None]


class FieldConflict(TenantOwned, Base):
    """What a phone and the office said differently; both are kept until somebody picks.

    kind: state, same_field, tag_taken, deleted; mine: what the phone said; theirs: what stood here
    """

    __tablename__ = "field_conflict"
    __table_args__ = (Index("ix_field_conflict_open", "organisation_id", "resolved_at", "id"),)

    id: Mapped[Key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    op_id: Mapped[UUID]
    entity: Mapped[str]
    entity_id: Mapped[UUID]
    kind: Mapped[str]
    command: Mapped[str]
    mine: Mapped[dict[str, Any]] = mapped_column(JSONB)
    theirs: Mapped[dict[str, Any]] = mapped_column(JSONB)
    raised_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    resolution: Mapped[str | None]


class FieldUpload(Base):
    """A file on its way from a phone, named by its hash. received [bytes] are safe; stored_sha256: as it is kept."""

    __tablename__ = "field_upload"
    __table_args__ = (UniqueConstraint("person_id", "sha256"),)

    id: Mapped[Key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    mime: Mapped[str]
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    stored_sha256: Mapped[str | None]
    refused: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PushSubscription(Base):
    """Where a phone is told that something is new (RFC 8030, 8291)."""

    __tablename__ = "push_subscription"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    device_id: Mapped[str] = mapped_column(primary_key=True)
    endpoint: Mapped[str]
    p256dh: Mapped[str]
    auth: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    failed_at: Mapped[datetime | None]
