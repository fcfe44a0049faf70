"""Tables of the area, a file per subject."""

from backend.billing.models.account import (
    AccountRequest,
    BillSoFar,
    Complaint,
    ComplaintState,
    ComplaintWord,
    RequestKind,
    RequestStatus,
)
from backend.billing.models.bill import (
    Bill,
    BillArchive,
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
from backend.billing.models.cut import CutStatus, SupplyCut
from backend.billing.models.document import DeliveryStatus, DocumentDelivery, DocumentSchedule, Road
from backend.billing.models.dunning import (
    BillHold,
    BillReminder,
    DunningPolicy,
    HoldReason,
    InstalmentPlan,
    PlanInstalment,
    PlannedBill,
    PlanStatus,
)
from backend.billing.models.invoice import ElectronicInvoice, InvoiceStatus
from backend.billing.models.ledger import (
    JournalEntry,
    LedgerAccount,
    LedgerBook,
    LedgerClosing,
    LedgerPosting,
)
from backend.billing.models.opening import OpeningBalance
from backend.billing.models.payment import (
    Allocation,
    BankFile,
    GivingStatus,
    IntentStatus,
    Payment,
    PaymentIntent,
    ProviderRefund,
    Refund,
    Way,
)
from backend.billing.models.prepaid import PrepaidBalance

__all__ = [
    "AccountRequest", "Allocation", "BankFile", "Bill", "BillArchive", "BillCounter", "BillHold", "BillKind",
    "BillLine", "BillReminder", "BillRun", "BillRunException", "BillSoFar", "BillStatus", "Complaint",
    "ComplaintState", "ComplaintWord", "ContractPoint", "CutStatus", "DeliveryStatus", "DocumentDelivery",
    "DocumentSchedule", "DunningPolicy", "ElectronicInvoice", "GivingStatus", "HoldReason", "InstalmentPlan",
    "IntentStatus", "InvoiceStatus", "JournalEntry", "LedgerAccount", "LedgerBook", "LedgerClosing",
    "LedgerPosting", "OpeningBalance", "Payment", "PaymentIntent", "PlanInstalment", "PlanStatus",
    "PlannedBill", "PrepaidBalance", "ProviderRefund", "Refund", "RequestKind", "RequestStatus", "RevisedBill",
    "Road", "RunStatus", "SupplyContract", "SupplyCut", "Tariff", "TariffVersion", "Way",
]  # fmt: skip
