"""Work and switching tickets on paper."""

from reports.tickets.printing import Ticket, pdf

__all__ = ["Ticket", "pdf"]
