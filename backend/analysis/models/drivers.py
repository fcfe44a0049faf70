"""What use depends on and is compared by: drivers, own factors, quotas, measures, what is bought at which tariff."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.analysis.rules import factors
from backend.analysis.rules.drivers import DriverKind, Source
from backend.analysis.rules.peers import Basis
from backend.kernel.db import Base, Key, TenantOwned
from backend.kernel.units import Carrier

MONEY = Numeric(20, 4)


class Entered:
    """When a person or a file said it, and who."""

    entered_at: Mapped[datetime]
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class Driver(TenantOwned, Entered, Base):
    """What use depends on, of an organisation or of one of its positions, for some local days.

    value: an amount for all of [starts_on, ends_on) together (production [unit], operating hours [h]), a level from
    starts_on on until the next one (area [m2], heads [pcs]), or a mean of the days (outdoor temperature [°C])
    product: what is produced; empty for all other kinds
    """

    __tablename__ = "driver"
    __table_args__ = (
        UniqueConstraint(
            "organisation_id", "position_id", "kind", "product", "starts_on", name="uq_driver_once",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="half_open"),
        CheckConstraint("(kind = 'production') = (product <> '')", name="product"),
        CheckConstraint("(ends_on IS NULL) = (kind IN ('area', 'heads'))", name="level"),
    )  # fmt: skip

    id: Mapped[Key]
    position_id: Mapped[UUID | None] = mapped_column(ForeignKey("position.id"))
    kind: Mapped[DriverKind]
    product: Mapped[str] = mapped_column(default="")
    unit: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    value: Mapped[float]
    source: Mapped[Source]


class OwnFactor(TenantOwned, Entered, Base):
    """A factor of standard coal or CO2 an operator says, from a day on [per base unit of the carrier]."""

    __tablename__ = "own_factor"
    __table_args__ = (
        UniqueConstraint("organisation_id", "carrier", "kind", "from_on", name="uq_own_factor_once"),
    )

    id: Mapped[Key]
    carrier: Mapped[Carrier]
    kind: Mapped[factors.Kind]
    from_on: Mapped[date]
    value: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    source: Mapped[str]


class UseQuota(TenantOwned, Entered, Base):
    """What a standard allows a trade in a year, per m2, head or product, from a day on [base unit of the carrier]."""

    __tablename__ = "use_quota"
    __table_args__ = (
        UniqueConstraint("organisation_id", "trade", "carrier", "basis", "from_on", name="uq_use_quota_once"),
        CheckConstraint("value > 0", name="value"),
    )

    id: Mapped[Key]
    trade: Mapped[str]
    carrier: Mapped[Carrier]
    basis: Mapped[Basis]
    from_on: Mapped[date]
    value: Mapped[float]
    source: Mapped[str]


class Measure(TenantOwned, Entered, Base):
    """Something done to use less. outlay, yearly [currency]; years it serves; rate of discount (0.06 is 6 %)."""

    __tablename__ = "measure"
    __table_args__ = (CheckConstraint("outlay > 0 AND years BETWEEN 1 AND 60", name="sound"),)

    id: Mapped[Key]
    name: Mapped[str]
    carrier: Mapped[Carrier | None]
    begun_on: Mapped[date]
    outlay: Mapped[Decimal] = mapped_column(MONEY)
    currency: Mapped[str]
    yearly: Mapped[Decimal] = mapped_column(MONEY)
    years: Mapped[int] = mapped_column(SmallInteger)
    rate: Mapped[Decimal] = mapped_column(Numeric(6, 4))


class Purchase(TenantOwned, Entered, Base):
    """What an operator buys through a meter, at which tariff, for some local days. facts: see SupplyContract."""

    __tablename__ = "purchase"
    __table_args__ = (
        UniqueConstraint("point_id", "starts_on"),
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="half_open"),
    )

    id: Mapped[Key]
    point_id: Mapped[UUID] = mapped_column(ForeignKey("point.id"))
    tariff_id: Mapped[UUID] = mapped_column(ForeignKey("tariff.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
