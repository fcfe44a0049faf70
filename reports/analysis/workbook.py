"""From a view to a workbook somebody would have made by hand: a sheet that says it all, then a sheet a table.

Charts are the program's own, drawn from the cells, so that they go on living when a figure is changed. Where there is
no chart of that kind (flows), the picture stands instead. Sheets print as they look: headings on every page, one page
wide, with page numbers.
"""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from reports.analysis import colours
from reports.analysis.content import FLOW, HEAT, LINE, Chart, Report
from reports.analysis.printing import picture
from reports.tabular import AMOUNT, COUNT, DATE, NUMBER, PERCENT, TEXT, Column, Table
from reports.tabular.safety import is_dangerous, without_control

FORMATS = {AMOUNT: "#,##0.00", NUMBER: "#,##0.0##", COUNT: "#,##0", DATE: "yyyy-mm-dd", PERCENT: "0.0%"}
RIGHT = frozenset({AMOUNT, NUMBER, COUNT, PERCENT})
WIDEST, NARROWEST = 46.0, 9.0
CHART_ROWS, CHART_CM = 17, (24.0, 8.2)
_UNNAMEABLE = re.compile(r"[\\/*?:\[\]]")

ACCENT, INK, QUIET, WASH = "0F5C73", "17242C", "55656F", "EEF4F6"
TITLE, STRONG = Font(size=18, bold=True, color=ACCENT), Font(bold=True, color=INK)
HEADING, LABEL = Font(bold=True, color="FFFFFF"), Font(color=QUIET)
HEADED, SHADED = PatternFill("solid", fgColor=ACCENT), PatternFill("solid", fgColor=WASH)
HAIR, LINED = Side(style="hair", color="C3CED4"), Side(style="medium", color=INK)


def xlsx(report: Report) -> bytes:
    """Return a view as XLSX."""
    book = Workbook()
    cover = book.active
    assert cover is not None, "a new workbook has a sheet"
    names: list[str] = []
    cover.title = _sheet_name(report.document.title, names)
    sheets = [_sheet(book, table, names) for table in report.document.tables]
    for sheet in book.worksheets:
        _print_well(sheet, report)
    _cover(cover, report, sheets)
    for chart in report.charts:
        if chart.kind == HEAT:
            _shade(sheets[chart.table], chart, report.document.tables[chart.table])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cover(page: Any, report: Report, sheets: list[Any]) -> None:
    said = report.document
    _write(page.cell(1, 1), said.title)
    page.cell(1, 1).font = TITLE
    page.row_dimensions[1].height = 28
    _write(page.cell(2, 1), said.seller)
    page.cell(2, 1).font = STRONG
    at = 4
    for label, text in said.facts:
        _write(page.cell(at, 1), label)
        _write(page.cell(at, 2), text)
        page.cell(at, 1).font = LABEL
        at += 1
    for label, text, holds in said.checks:
        _write(page.cell(at, 1), f"{'✓' if holds else '✗'} {label}")
        _write(page.cell(at, 2), text)
        at += 1
    at += 1
    for place, chart in enumerate(report.charts):
        at = _draw(page, at, report, place, chart, sheets)
    for note in said.notes:
        _write(page.cell(at, 1), note)
        page.merge_cells(start_row=at, start_column=1, end_row=at, end_column=6)
        cell = page.cell(at, 1)
        cell.alignment, cell.fill, cell.font = Alignment(wrap_text=True, vertical="top"), SHADED, LABEL
        page.row_dimensions[at].height = 15.0 * (1 + int(_width(note) // 112))
        at += 1
    for column, wide in zip("ABCDEF", (24, 40, 16, 16, 16, 16), strict=True):
        page.column_dimensions[column].width = wide
    page.sheet_view.showGridLines = False


def _draw(page: Any, at: int, report: Report, place: int, chart: Chart, sheets: list[Any]) -> int:
    """Put a chart on the first sheet at a row; returns the row below it."""
    if chart.kind in (FLOW, HEAT):
        data = picture(report, place, ppi=150)
        if data is None:
            return at
        shown = Image(io.BytesIO(data))
        shown.width, shown.height = 905, int(905 * shown.height / shown.width)
        page.add_image(shown, f"A{at}")
        return at + int(shown.height / 20) + 2
    page.add_chart(_chart(chart, sheets[chart.table], report.document.tables[chart.table]), f"A{at}")
    return at + CHART_ROWS + 1


def _chart(chart: Chart, sheet: Any, table: Table) -> Any:
    drawn = LineChart() if chart.kind == LINE else BarChart()
    last = len(table.rows) + 1
    for column in chart.columns:
        drawn.add_data(Reference(sheet, min_col=column + 1, min_row=1, max_row=last), titles_from_data=True)
    drawn.set_categories(Reference(sheet, min_col=chart.across + 1, min_row=2, max_row=last))
    drawn.title, drawn.y_axis.title = chart.heading, chart.unit or None
    drawn.width, drawn.height = CHART_CM
    drawn.x_axis.delete = drawn.y_axis.delete = False
    drawn.y_axis.number_format, drawn.y_axis.majorGridlines = "#,##0", drawn.y_axis.majorGridlines
    drawn.legend.position = "b"
    if len(chart.columns) < 2:
        drawn.legend = None
    for place, (column, series) in enumerate(zip(chart.columns, drawn.series, strict=True)):
        shade = chart.shades[place] if place < len(chart.shades) else ""
        colour = colours.of(shade, faint=column in chart.faint).removeprefix("#")
        if chart.kind == LINE:
            series.graphicalProperties.line.solidFill = colour
            series.graphicalProperties.line.width = 19_000  # [EMU], 1.5 pt
            series.smooth = False
        else:
            series.graphicalProperties.solidFill = colour
            drawn.gapWidth = 60
    return drawn


def _sheet(book: Workbook, table: Table, names: list[str]) -> Any:
    page = book.create_sheet(_sheet_name(table.heading, names))
    for at, column in enumerate(table.columns, start=1):
        cell = page.cell(1, at)
        _write(cell, column.label)
        cell.font, cell.fill = HEADING, HEADED
        cell.alignment = Alignment(
            horizontal="right" if column.kind in RIGHT else "left", vertical="center", wrap_text=True
        )
    page.row_dimensions[1].height = 30
    rows = [*table.rows, *table.sums]
    for number, row in enumerate(rows, start=2):
        is_sum = number > len(table.rows) + 1
        for at, (column, value) in enumerate(zip(table.columns, row, strict=True), start=1):
            cell = page.cell(number, at)
            _write(cell, value, column)
            cell.border = Border(top=LINED) if is_sum else Border(bottom=HAIR)
            if is_sum:
                cell.font = STRONG
            if column.kind in RIGHT:
                cell.alignment = Alignment(horizontal="right")
    if not rows:
        _write(page.cell(2, 1), table.empty)
    for at, column in enumerate(table.columns, start=1):
        page.column_dimensions[get_column_letter(at)].width = _column_width(
            column, [row[at - 1] for row in rows]
        )
    page.freeze_panes = "B2" if table.columns[0].kind in (TEXT, DATE) else "A2"
    if table.rows:
        page.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{len(table.rows) + 1}"
    return page


def _shade(page: Any, chart: Chart, table: Table) -> None:
    """Shade the numbers of a heat map from little to much."""
    first, last = get_column_letter(min(chart.columns) + 1), get_column_letter(max(chart.columns) + 1)
    low, high = (shade.removeprefix("#") for shade in (colours.SCALE[0], colours.SCALE[-2]))
    rule = ColorScaleRule(start_type="min", start_color=low, end_type="max", end_color=high)
    page.conditional_formatting.add(f"{first}2:{last}{len(table.rows) + 1}", rule)


def _print_well(page: Any, report: Report) -> None:
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    if page.freeze_panes:
        page.print_title_rows = "1:1"
    page.oddFooter.left.text = f"{report.document.seller} · {report.document.title}".replace("&", "&&")
    page.oddFooter.right.text = "&P / &N"
    page.page_margins.left = page.page_margins.right = 0.5


def _write(cell: Any, value: Any, column: Column | None = None) -> None:
    if isinstance(value, str):
        cell.value = without_control(value)
        cell.data_type = "s"  # whatever it begins with, it is text
        cell.quotePrefix = is_dangerous(value)
    elif value is not None:
        cell.value = value
        if column is not None and (shown := FORMATS.get(column.kind)):
            cell.number_format = shown


def _column_width(column: Column, cells: list[Any]) -> float:
    shown = [_shown(cell, column) for cell in cells[:400]]
    longest = max((_width(one) for one in [*shown, *_words(column.label)]), default=0.0)
    return min(max(longest + 3.0, NARROWEST), WIDEST)


def _words(label: str) -> list[str]:
    """Return the lines a heading may break into: two."""
    half = label.split(" ")
    return [label] if len(half) < 3 else [" ".join(half[: len(half) // 2]), " ".join(half[len(half) // 2 :])]


def _shown(cell: Any, column: Column) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, date):
        return cell.isoformat()
    return f"{float(cell) * 100:.1f}%" if column.kind == PERCENT else f"{float(cell):,.2f}"


def _width(said: str) -> float:
    return sum(2.0 if ord(one) > 0x2E80 else 1.0 for one in said)


def _sheet_name(said: str, taken: list[str]) -> str:
    """Return a name a sheet may have and none has yet: 31 characters at most."""
    name = base = _UNNAMEABLE.sub(" ", said)[:31].strip() or "1"
    number = 2
    while name.lower() in taken:
        name = f"{base[:28]} {number}"
        number += 1
    taken.append(name.lower())
    return name
