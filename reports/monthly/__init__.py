"""The monthly report of a hosted customer: PDF and workbook, in Chinese or English."""

from reports.monthly.content import Document, document
from reports.monthly.printing import pdf
from reports.monthly.workbook import xlsx

__all__ = ["Document", "document", "pdf", "xlsx"]
