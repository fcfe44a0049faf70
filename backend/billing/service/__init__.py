"""What can be done with contracts, bills, payments and the ledger. The caller owns the transaction."""

from backend.billing.models import BillKind, BillStatus, GivingStatus, HoldReason, PlanStatus, RunStatus, Way

__all__ = ["BillKind", "BillStatus", "GivingStatus", "HoldReason", "PlanStatus", "RunStatus", "Way"]
