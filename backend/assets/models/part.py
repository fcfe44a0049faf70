"""Spare parts, the stores they lie in, and the ledger of their movements."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class StoreKind(StrEnum):
    """Where parts lie."""

    WAREHOUSE = "warehouse"
    VAN = "van"


class MovementReason(StrEnum):
    """Why a stock changed."""

    RECEIVED = "received"
    USED = "used"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    COUNTED = "counted"
    SCRAPPED = "scrapped"


class Part(TenantOwned, Base):
    """A line of the catalogue. minimum: how many should lie in all stores together [unit]."""

    __tablename__ = "part"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)

    id: Mapped[Key]
    number: Mapped[str]
    name: Mapped[str]
    name_zh: Mapped[str | None]
    unit: Mapped[str]
    minimum: Mapped[Decimal] = mapped_column(Numeric(14, 3), server_default=text("0"))
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Store(TenantOwned, Base):
    """A warehouse, or the van of a technician (person_id)."""

    __tablename__ = "store"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[Key]
    kind: Mapped[StoreKind]
    name: Mapped[str]
    name_zh: Mapped[str | None]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    position_id: Mapped[UUID | None] = mapped_column(ForeignKey("position.id"), index=True)
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class StockMovement(TenantOwned, Base):
    """A line of the ledger: a store's stock of a part changed by `delta` [unit of the part]. Only ever added to.

    op_id: made once where the movement was; with store and part it is unique, so a retry counts once
    reference_id: what it was for, a work order for instance
    """

    __tablename__ = "stock_movement"
    __table_args__ = (
        UniqueConstraint("op_id", "store_id", "part_id"),
        Index("ix_stock_movement_store_id_part_id", "store_id", "part_id", postgresql_include=["delta"]),
        Index("ix_stock_movement_part_id", "part_id", "at"),
        CheckConstraint("delta <> 0", name="moves_something"),
    )

    id: Mapped[Key]
    store_id: Mapped[UUID] = mapped_column(ForeignKey("store.id"))
    part_id: Mapped[UUID] = mapped_column(ForeignKey("part.id"))
    delta: Mapped[Decimal] = mapped_column(Numeric(14, 3))
    reason: Mapped[MovementReason]
    reference_id: Mapped[UUID | None] = mapped_column(index=True)
    note: Mapped[str | None]
    op_id: Mapped[UUID]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
