"""What can be done with contracts, bills, payments and the ledger. The caller owns the transaction."""

from backend.billing.models import (
    BillKind,
    BillStatus,
    CutStatus,
    DeliveryStatus,
    GivingStatus,
    HoldReason,
    InvoiceStatus,
    PlanStatus,
    RequestKind,
    RequestStatus,
    Road,
    RunStatus,
    Way,
)
from backend.billing.queries.confined import KEEPERS

__all__ = [
    "KEEPERS", "BillKind", "BillStatus", "CutStatus", "DeliveryStatus", "GivingStatus", "HoldReason", "InvoiceStatus",
    "PlanStatus", "RequestKind", "RequestStatus", "Road", "RunStatus", "Way",
]  # fmt: skip
