"""What customers owed, or had paid ahead, before an operator's books began here."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.billing.models.ledger import MONEY
from backend.kernel.db import Base, Key, TenantOwned


class OpeningBalance(TenantOwned, Base):
    """An opening balance, once for a contract and reference. amount: owed, below nothing paid ahead.

    note_id: the debit note it is owed by, None for what was paid ahead: that is the customer's credit
    """

    __tablename__ = "opening_balance"
    __table_args__ = (UniqueConstraint("contract_id", "reference"),)

    id: Mapped[Key]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("supply_contract.id"))
    reference: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(MONEY)
    note_id: Mapped[UUID | None] = mapped_column(ForeignKey("bill.id"))
