"""Pages of analysis: a file per question. Importing them hangs their views on the blueprint."""

from portal.analysis import pages, schedules

__all__ = ["pages", "schedules"]
