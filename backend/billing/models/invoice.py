"""Bills as the tax office knows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, TenantOwned


class InvoiceStatus(StrEnum):
    """How far a statutory invoice is."""

    WAITING = "waiting"
    ISSUED = "issued"
    REFUSED = "refused"


class ElectronicInvoice(TenantOwned, Base):
    """The statutory invoice of a bill, or the red one of a credit note. number: the office's, once it is issued.

    event_id: the event that asks for it, whose delivery tells how often that was tried and what came of it
    reason: why the office refused it
    """

    __tablename__ = "electronic_invoice"
    __table_args__ = (
        CheckConstraint("(status = 'issued') = (number IS NOT NULL)", name="number"),
        Index("ix_electronic_invoice_status", "organisation_id", "status"),
    )

    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), primary_key=True)
    status: Mapped[InvoiceStatus]
    is_red: Mapped[bool]
    number: Mapped[str | None]
    event_id: Mapped[UUID]
    reason: Mapped[str | None]
    asked_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
