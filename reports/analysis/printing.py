"""From a view to PDF on A4, and its first chart as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.analysis import colours, drawing
from reports.analysis.content import FLOW, HEAT, Chart, Report
from reports.tabular import Table
from reports.tabular.printing import content as of_tables
from reports.typesetting import Template

TEMPLATE = Template(Path(__file__).with_name("template.typ"))
PICTURE = Template(Path(__file__).with_name("picture.typ"))
MOST_ROWS = 120
"""So many rows of a table are set; a workbook has them all."""

LEFT = ("{} more rows are in the workbook.", "其余 {} 行见工作簿。")


def pdf(report: Report) -> bytes:
    """Return a view as PDF."""
    return TEMPLATE.pdf(content(report))


def pages(report: Report, *, ppi: float = 110) -> list[bytes]:
    """Return its pages as PNG, to be looked at."""
    return TEMPLATE.pictures(content(report), ppi=ppi)


def picture(report: Report, place: int = 0, *, ppi: float = 200) -> bytes | None:
    """Return a chart of a view as PNG; None where it has none."""
    if place >= len(report.charts):
        return None
    said = {"chart": _drawn(report.charts[place], report), "locale": report.document.locale,
            "title": report.document.title, "seller": report.document.seller}  # fmt: skip
    return PICTURE.pictures(said, ppi=ppi)[0]


def content(report: Report) -> dict[str, Any]:
    """Return what the template sets: texts and pictures only."""
    said = of_tables(report.document)
    for table in said["tables"]:
        left = max(0, len(table["rows"]) - MOST_ROWS)
        table["rows"] = table["rows"][:MOST_ROWS]
        table["left"] = left
        table["left-words"] = LEFT[report.document.locale == "zh"].format(left)
    return said | {"charts": [_drawn(chart, report) for chart in report.charts]}


def legend(chart: Chart, table: Table) -> list[tuple[str, str, bool]]:
    """Return what the columns of a chart are: name, shade, whether faint; nothing where the picture names them."""
    if chart.kind in (FLOW, HEAT) or len(chart.columns) < 2:
        return []
    return [
        (
            table.columns[column].label,
            chart.shades[place] if place < len(chart.shades) else "",
            column in chart.faint,
        )
        for place, column in enumerate(chart.columns)
    ]


def _drawn(chart: Chart, report: Report) -> dict[str, Any]:
    table = report.document.tables[chart.table]
    return {
        "heading": chart.heading, "svg": drawing.svg(chart, table),
        "legend": [(name, colours.of(shade, faint=faint)) for name, shade, faint in legend(chart, table)],
    }  # fmt: skip
