"""A customer's file: whom to ring, what was said, which contracts there are. Kept by the organisation above."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class CustomerContact(TenantOwned, Base):
    """Somebody to talk to at a customer. organisation_id: who keeps the file; customer_id: whose file it is."""

    __tablename__ = "customer_contact"

    id: Mapped[Key]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str]
    function: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    note: Mapped[str | None]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class CustomerNote(TenantOwned, Base):
    """What was said or agreed with a customer, when, by whom. Only ever added to."""

    __tablename__ = "customer_note"

    id: Mapped[Key]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    at: Mapped[datetime]
    text: Mapped[str]
    actor_id: Mapped[UUID | None]


class ContractReference(TenantOwned, Base):
    """A contract with a customer, by its number, for days starts_on up to and with ends_on (None: open)."""

    __tablename__ = "contract_reference"
    __table_args__ = (CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="in_order"),)

    id: Mapped[Key]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[str]
    title: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    note: Mapped[str | None]
    created_at: Mapped[datetime]
