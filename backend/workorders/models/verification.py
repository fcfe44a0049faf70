"""What telemetry said about a repair."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class Verification(TenantOwned, Base):
    """One watch over a position after a repair; can be replayed from stored samples.

    question: what was pinned when it began: points, bands [unit], samples, alarm rules, policy
    verdict: None while watching, then verified, failed, inconclusive; because: in words and numbers
    first_good_at: the first good sample of the row that decided; restoration stops there
    """

    __tablename__ = "verification"
    __table_args__ = (UniqueConstraint("work_order_id", "cycle", "attempt"),)

    id: Mapped[Key]
    work_order_id: Mapped[UUID] = mapped_column(ForeignKey("work_order.id"), index=True)
    cycle: Mapped[int]
    attempt: Mapped[int]
    started_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    question: Mapped[dict[str, Any]] = mapped_column(JSONB)
    verdict: Mapped[str | None]
    because: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    first_good_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
