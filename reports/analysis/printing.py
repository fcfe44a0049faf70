"""From a view to PDF on A4, and its first chart as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from reports import figures
from reports.analysis import colours, drawing
from reports.analysis.content import FLOW, HEAT, Chart, Report
from reports.tabular import PERCENT, Table
from reports.tabular.content import Cell
from reports.tabular.printing import content as of_tables
from reports.typesetting import Template

TEMPLATE = Template(Path(__file__).with_name("template.typ"))
PICTURE = Template(Path(__file__).with_name("picture.typ"))
MOST_ROWS = 120
"""So many rows of a table are set; a workbook has them all."""

MOST_COLUMNS = 12
"""A table of more columns is in the workbook only; on paper its chart stands for it."""

IN_THE_WORKBOOK = ("These figures are in the workbook.", "明细数据见工作簿。")
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
    at = int(report.document.locale == "zh")
    for shown, table in zip(said["tables"], report.document.tables, strict=True):
        is_wide = len(table.columns) > MOST_COLUMNS
        kept = [] if is_wide else table.rows[:MOST_ROWS]
        shown["rows"], shown["sums"] = ([], []) if is_wide else texts_of(replace(table, rows=kept))
        left = len(table.rows) - len(kept)
        shown["left-words"] = LEFT[at].format(left) if left else ""
        if is_wide:
            shown["columns"], shown["empty"] = [], IN_THE_WORKBOOK[at]
    return said | {"charts": [_drawn(chart, report) for chart in report.charts], "leading": report.leading}


def texts_of(table: Table) -> tuple[list[list[str]], list[list[str]]]:
    """Return the rows of a table and its sums as texts: numbers of a column to the same number of places."""
    places = [_places(table, column) for column in range(len(table.columns))]
    return [_row(table, row, places) for row in table.rows], [_row(table, row, places) for row in table.sums]


def _places(table: Table, column: int) -> int:
    """Return to how many places a column of numbers is told: the larger they are, the fewer."""
    known = [cell for row in (*table.rows, *table.sums) if isinstance(cell := row[column], Decimal)]
    largest = max((abs(one) for one in known), default=Decimal(0))
    most = 0 if largest >= 100_000 else 1 if largest >= 100 else 3
    return min(most, max((figures.places_of(one) for one in known), default=0))


def _row(table: Table, row: Sequence[Cell], places: Sequence[int]) -> list[str]:
    return [
        _shown(cell, column.kind, to) for cell, column, to in zip(row, table.columns, places, strict=True)
    ]


def _shown(cell: Cell, kind: str, places: int) -> str:
    if isinstance(cell, Decimal) and kind == PERCENT:
        return f"{figures.number(cell * 100, places=1)} %"
    if isinstance(cell, Decimal):
        return figures.number(cell, places=places)
    return f"{cell:,}" if isinstance(cell, int) else "" if cell is None else str(cell)


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
