"""What stands in documents: bills, statements, ageing, runs, taxes. Nothing here changes anything."""

from backend.billing.service.documents.ageing import ageing
from backend.billing.service.documents.bill import bill_document, bill_documents, bills_of_run
from backend.billing.service.documents.run import run_summary
from backend.billing.service.documents.statement import sellers, statement
from backend.billing.service.documents.tax import tax_export

__all__ = [
    "ageing", "bill_document", "bill_documents", "bills_of_run", "run_summary", "sellers", "statement", "tax_export",
]  # fmt: skip
