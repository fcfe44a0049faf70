"""A view on a page: its charts, drawn by the server for a desk and a phone, its tables, and how to take it along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for
from markupsafe import Markup

from backend.analysis.rules.asking import ViewName
from portal.analysis.asking import AnalysisView
from reports.analysis import Chart, Report, drawing, printing
from reports.tabular import AMOUNT, COUNT, NUMBER, PERCENT, Table

MOST_CELLS = 3000
"""A larger table is not shown on a page; the workbook has it."""

RIGHT = frozenset({AMOUNT, COUNT, NUMBER, PERCENT})


@dataclass(frozen=True)
class Drawn:
    """A chart on a page. desk, phone: SVG; legend: (name, classes); table: its figures"""

    heading: str
    desk: Markup
    phone: Markup
    legend: list[tuple[str, str]]
    table: dict[str, Any]
    picture: str


def charts(report: Report, view: AnalysisView, name: ViewName) -> list[Drawn]:
    """Return the charts of a view."""
    return [_drawn(report, place, chart, view, name) for place, chart in enumerate(report.charts)]


def _drawn(report: Report, place: int, chart: Chart, view: AnalysisView, name: ViewName) -> Drawn:
    table = report.document.tables[chart.table]
    pictures = [Markup(drawing.svg(chart, table, width=width)) for width in (drawing.WIDE, drawing.NARROW)]  # noqa: S704 - our own drawing, names escaped in it
    legend = [(said, "before" if faint else shade) for said, shade, faint in printing.legend(chart, table)]
    picture = url_for("portal.analysis_picture", name=name.value, **view.query(), chart=place)
    return Drawn(chart.heading, *pictures, legend, shown(table), picture)


def shown(table: Table) -> dict[str, Any]:
    """Return a table as a page shows it: texts, numbers to the right."""
    is_long = len(table.rows) * len(table.columns) > MOST_CELLS
    said = ([], []) if is_long else printing.texts_of(table)
    return {
        "is_long": is_long, "heading": table.heading, "empty": table.empty,
        "columns": [{"label": one.label, "right": one.kind in RIGHT} for one in table.columns],
        "rows": said[0], "sums": said[1],
    }  # fmt: skip


def takes(view: AnalysisView, name: ViewName) -> list[tuple[str, str]]:
    """Return (what, address) of the files a view can be had as."""
    query = view.query()
    return [
        (kind.upper(), url_for("portal.analysis_file", name=name.value, kind=kind, **query))
        for kind in ("csv", "xlsx", "pdf")
    ]


def schedule_link(view: AnalysisView, name: ViewName) -> str:
    """Return the address of the form that has a view made on schedule, as it is looked at now."""
    return url_for("portal.new_analysis_schedule", view=name.value, **view.query())
