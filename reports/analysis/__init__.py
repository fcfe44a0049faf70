"""Documents of analysis: every view as workbook, PDF, CSV and picture, now or on schedule."""

from reports.analysis import benchmark, benefit, consumption, efficiency, flows, habits, intensity
from reports.analysis.content import COLUMNS, FLOW, HEAT, LINE, Band, Chart, Report
from reports.analysis.files import file_of
from reports.analysis.printing import pages, pdf, picture
from reports.analysis.registry import VIEWS, View, made, view
from reports.analysis.workbook import xlsx

__all__ = [
    "COLUMNS",
    "FLOW",
    "HEAT",
    "LINE",
    "VIEWS",
    "Band",
    "Chart",
    "Report",
    "View",
    "benchmark",
    "benefit",
    "consumption",
    "efficiency",
    "file_of",
    "flows",
    "habits",
    "intensity",
    "made",
    "pages",
    "pdf",
    "picture",
    "view",
    "xlsx",
]
