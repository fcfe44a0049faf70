"""What is left of what was paid ahead, with what was used since the last bill."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backend.billing.models.ledger import MONEY
from backend.kernel.db import Base, TenantOwned


class PrepaidBalance(TenantOwned, Base):
    """A prepaid contract's balance, as it was worked out last.

    booked: credit less what is owed; used: of intervals rated since the last bill, until a local day; reason: why the
    last days could not be rated, None where they could
    """

    __tablename__ = "prepaid_balance"

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("supply_contract.id"), primary_key=True)
    booked: Mapped[Decimal] = mapped_column(MONEY)
    used: Mapped[Decimal] = mapped_column(MONEY)
    until: Mapped[date]
    reason: Mapped[str | None]
    computed_at: Mapped[datetime]

    @property
    def left(self) -> Decimal:
        """What is left of it."""
        return self.booked - self.used
