"""Tables of the area, a file per subject."""

from backend.billing.models.bill import (
    Bill,
    BillCounter,
    BillKind,
    BillLine,
    BillRun,
    BillRunException,
    BillStatus,
    RevisedBill,
    RunStatus,
)
from backend.billing.models.contract import ContractPoint, SupplyContract, Tariff, TariffVersion
from backend.billing.models.document import DeliveryStatus, DocumentDelivery, DocumentSchedule, Road
from backend.billing.models.ledger import (
    JournalEntry,
    LedgerAccount,
    LedgerBook,
    LedgerClosing,
    LedgerPosting,
)
from backend.billing.models.payment import (
    Allocation,
    BankFile,
    IntentStatus,
    Payment,
    PaymentIntent,
    Refund,
    Way,
)

__all__ = [
    "Allocation",
    "BankFile",
    "Bill",
    "BillCounter",
    "BillKind",
    "BillLine",
    "BillRun",
    "BillRunException",
    "BillStatus",
    "ContractPoint",
    "DeliveryStatus",
    "DocumentDelivery",
    "DocumentSchedule",
    "IntentStatus",
    "JournalEntry",
    "LedgerAccount",
    "LedgerBook",
    "LedgerClosing",
    "LedgerPosting",
    "Payment",
    "PaymentIntent",
    "Refund",
    "RevisedBill",
    "Road",
    "RunStatus",
    "SupplyContract",
    "Tariff",
    "TariffVersion",
    "Way",
]  # fmt: skip
