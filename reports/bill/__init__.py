"""Bills and notes on A4, in Chinese or English."""

from reports.bill.content import content
from reports.bill.packing import united
from reports.bill.printing import pdf, pdfs, pictures

__all__ = ["content", "pdf", "pdfs", "pictures", "united"]
