"""An office of statutory invoices reached over HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from backend.billing.ports import Invoice
from backend.infra.signed import SignedPost


@dataclass
class HttpOffice:
    """An office, or a gateway before one."""

    server: SignedPost

    def issue(self, invoice: Invoice) -> str:
        """Hand an invoice in; raises Unavailable, and Refused where the office will not have it."""
        (number,) = self.server.post("invoices", {
            "operator": str(invoice.operator_id), "bill": str(invoice.bill_id), "bill_number": invoice.bill_number,
            "buyer": invoice.buyer, "issued_on": invoice.issued_on.isoformat(), "currency": invoice.currency,
            "total": str(invoice.total), "tax": str(invoice.tax), "red_of": invoice.red_of,
            "lines": [{"name": one.name, "quantity": str(one.quantity), "unit": one.unit, "amount": str(one.amount)}
                      for one in invoice.lines],
        }, "number")  # fmt: skip
        return number
