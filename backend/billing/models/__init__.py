"""Tables of the area, a file per subject."""

from backend.billing.models.bill import (
    Bill,
    BillCounter,
    BillKind,
    BillLine,
    BillRun,
    BillRunException,
    BillStatus,
    RunStatus,
)
from backend.billing.models.contract import ContractPoint, SupplyContract, Tariff, TariffVersion
from backend.billing.models.ledger import (
    JournalEntry,
    LedgerAccount,
    LedgerBook,
    LedgerClosing,
    LedgerPosting,
)

__all__ = [
    "Bill", "BillCounter", "BillKind", "BillLine", "BillRun", "BillRunException", "BillStatus", "ContractPoint",
    "JournalEntry", "LedgerAccount", "LedgerBook", "LedgerClosing", "LedgerPosting", "RunStatus", "SupplyContract",
    "Tariff", "TariffVersion",
]  # fmt: skip
