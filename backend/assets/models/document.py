"""Documents and photos of a position, a device or a customer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class DocumentKind(StrEnum):
    """What a document is for."""

    MANUAL = "manual"
    DRAWING = "drawing"
    CERTIFICATE = "certificate"
    PHOTO = "photo"
    CONTRACT = "contract"
    REPORT = "report"
    INVOICE = "invoice"
    OTHER = "other"


class Document(TenantOwned, Base):
    """A file with a title, at one position, one device, or in one customer's file.

    organisation_id: who keeps it; a customer's file is kept by the organisation above the customer
    sha256: where the file store keeps the bytes, preview_sha256: a small picture of it
    is_shared: customers see it too, where the thing it belongs to is theirs to see
    archived_at: taken out of the lists; the bytes stay
    """

    __tablename__ = "document"
    __table_args__ = (
        CheckConstraint("num_nonnulls(position_id, device_id, customer_id) = 1", name="at_one_thing"),
    )

    id: Mapped[Key]
    position_id: Mapped[UUID | None] = mapped_column(ForeignKey("position.id"), index=True)
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("device.id"), index=True)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    kind: Mapped[DocumentKind]
    title: Mapped[str]
    file_name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    preview_sha256: Mapped[str | None]
    is_shared: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    archived_at: Mapped[datetime | None]
