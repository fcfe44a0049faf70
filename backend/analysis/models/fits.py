"""What was worked out by schedule: fits of use, and where customers stand among others."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.analysis.rules.peers import Basis, Width
from backend.kernel.db import Base, Key, TenantOwned
from backend.kernel.units import Carrier


class UseFit(TenantOwned, Base):
    """How an organisation's use of a carrier depended on weather and production in [first, until), local days.

    document: the fit (rules.intensity.document); autocorrelation: of its residuals; left_out: days that lacked data
    """

    __tablename__ = "use_fit"
    __table_args__ = (
        UniqueConstraint("organisation_id", "carrier", "first", "until", name="uq_use_fit_once"),
    )

    id: Mapped[Key]
    carrier: Mapped[Carrier]
    first: Mapped[date]
    until: Mapped[date]
    unit: Mapped[str]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    autocorrelation: Mapped[float]
    left_out: Mapped[int]
    fitted_at: Mapped[datetime]


class PeerPlace(TenantOwned, Base):
    """Where one organisation stands among others in [first, until): made once, never made again.

    value: use per unit of the basis [unit]; weather: whether it was made comparable by degree days
    width, others, lower, middle, upper, quarter: what may be told of others; None where the floor was not kept
    quota, quota_source: what a standard allows in so many days, None where none is kept
    """

    __tablename__ = "peer_place"
    __table_args__ = (
        UniqueConstraint(
            "organisation_id", "carrier", "basis", "product", "first", "until", name="uq_peer_place_once"
        ),
    )

    id: Mapped[Key]
    carrier: Mapped[Carrier]
    basis: Mapped[Basis]
    product: Mapped[str] = mapped_column(default="")
    first: Mapped[date]
    until: Mapped[date]
    value: Mapped[float]
    unit: Mapped[str]
    weather: Mapped[bool]
    width: Mapped[Width | None]
    others: Mapped[int | None] = mapped_column(SmallInteger)
    lower: Mapped[float | None]
    middle: Mapped[float | None]
    upper: Mapped[float | None]
    quarter: Mapped[int | None] = mapped_column(SmallInteger)
    quota: Mapped[float | None]
    quota_source: Mapped[str | None]
    made_at: Mapped[datetime]
