"""What can be done with contracts, bills, payments and the ledger. The caller owns the transaction."""

from backend.billing.models import BillKind, BillStatus, DeliveryStatus, Road, RunStatus, Way

__all__ = ["BillKind", "BillStatus", "DeliveryStatus", "Road", "RunStatus", "Way"]
