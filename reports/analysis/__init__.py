"""Documents of analysis: every view as workbook, PDF, CSV and picture, now or on schedule."""

from reports.analysis import consumption, flows, habits
from reports.analysis.content import COLUMNS, FLOW, HEAT, LINE, Band, Chart, Report
from reports.analysis.files import file_of
from reports.analysis.printing import pages, pdf, picture
from reports.analysis.registry import VIEWS, View, made, view
from reports.analysis.workbook import xlsx

__all__ = [
    "COLUMNS", "FLOW", "HEAT", "LINE", "VIEWS", "Band", "Chart", "Report", "View", "consumption", "file_of", "flows",
    "habits", "made", "pages", "pdf", "picture", "view", "xlsx",
]  # fmt: skip
