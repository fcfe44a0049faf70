"""What stands in documents: bills, statements, ageing, runs, taxes. Nothing here changes anything."""

from backend.billing.service.documents.bill import bill_document, bill_documents, bills_of_run

__all__ = ["bill_document", "bill_documents", "bills_of_run"]
