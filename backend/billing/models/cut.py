"""Supply that may be cut for debt: announced, asked for, done by people, and given back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.billing.models.ledger import MONEY
from backend.kernel.db import Base, Key, TenantOwned


class CutStatus(StrEnum):
    """How far it is. Each step but the notice's is a person's."""

    ANNOUNCED = "announced"
    REQUESTED = "requested"
    CUT = "cut"
    RECONNECTING = "reconnecting"
    RECONNECTED = "reconnected"
    WITHDRAWN = "withdrawn"


class SupplyCut(TenantOwned, Base):
    """A contract's supply that may be cut for debt. debt: when it was announced; earliest_on: as the notice says.

    low_c, high_c: the forecast it was asked for with [°C]; order_id, back_order_id: the work orders it made
    """

    __tablename__ = "supply_cut"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (status NOT IN ('reconnected', 'withdrawn'))", name="ended"),
        Index("uq_supply_cut_open", "contract_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_supply_cut_customer_id", "customer_id"),
    )

    id: Mapped[Key]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("supply_contract.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    status: Mapped[CutStatus]
    debt: Mapped[Decimal] = mapped_column(MONEY)
    currency: Mapped[str]
    announced_on: Mapped[date]
    announced_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    earliest_on: Mapped[date]
    requested_at: Mapped[datetime | None]
    requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    low_c: Mapped[float | None]
    high_c: Mapped[float | None]
    order_id: Mapped[UUID | None]
    back_order_id: Mapped[UUID | None]
    cut_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
