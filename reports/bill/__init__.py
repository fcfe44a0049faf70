"""Bills and notes on A4, in Chinese or English."""

from reports.bill.content import content
from reports.bill.printing import pdf, pictures

__all__ = ["content", "pdf", "pictures"]
