"""What is agreed with customers: tariffs with their versions, contracts, and the points a contract pays for."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Numeric, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class Tariff(TenantOwned, Base):
    """A tariff of an operator; what it says is in its versions."""

    __tablename__ = "tariff"
    __table_args__ = (UniqueConstraint("organisation_id", "code"),)

    id: Mapped[Key]
    code: Mapped[str]
    created_at: Mapped[datetime]


class TariffVersion(TenantOwned, Base):
    """A tariff's document as it was said at an instant. Never changed: another word is the next revision."""

    __tablename__ = "tariff_version"
    __table_args__ = (UniqueConstraint("tariff_id", "revision"),)

    id: Mapped[Key]
    tariff_id: Mapped[UUID] = mapped_column(ForeignKey("tariff.id"))
    revision: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class SupplyContract(TenantOwned, Base):
    """What a customer is supplied with, at which tariff, and how it is billed. organisation_id: who supplies.

    starts_on, ends_on: local dates, half-open; months, day, first: the billing calendar (see rules.periods)
    due_days: days to pay from the issue; facts: what the tariff asks of it: contracted_kw, area_m2, people, …
    is_protected: never disconnected for debt; is_prepaid: paid in advance, balance kept in the ledger
    emergency_credit: so far below nothing a prepaid balance may go before that is a debt; None: not at all
    """

    __tablename__ = "supply_contract"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="half_open"),
        CheckConstraint("months IN (1, 2, 3, 6, 12) AND day BETWEEN 1 AND 28", name="calendar"),
        CheckConstraint("emergency_credit > 0", name="emergency_credit"),
        Index("ix_supply_contract_customer_id", "customer_id"),
    )

    id: Mapped[Key]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[str]
    tariff_id: Mapped[UUID] = mapped_column(ForeignKey("tariff.id"), index=True)
    zone: Mapped[str]
    currency: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    months: Mapped[int] = mapped_column(SmallInteger, default=1)
    day: Mapped[int] = mapped_column(SmallInteger, default=1)
    first: Mapped[int] = mapped_column(SmallInteger, default=1)
    due_days: Mapped[int] = mapped_column(SmallInteger, default=14)
    facts: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    payer: Mapped[str | None]
    low_balance: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))
    emergency_credit: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))
    is_prepaid: Mapped[bool] = mapped_column(default=False)
    is_protected: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class ContractPoint(TenantOwned, Base):
    """A point a contract pays for, wholly or in part. register: what it is in the tariff; share [millionths]."""

    __tablename__ = "contract_point"
    __table_args__ = (
        UniqueConstraint("contract_id", "point_id", "register"),
        CheckConstraint("share BETWEEN 1 AND 1000000", name="share"),
    )

    id: Mapped[Key]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("supply_contract.id"), index=True)
    point_id: Mapped[UUID] = mapped_column(ForeignKey("point.id"), index=True)
    register: Mapped[str] = mapped_column(default="import")
    share: Mapped[int] = mapped_column(Integer, default=1_000_000)
