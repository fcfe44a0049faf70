"""From a document to a workbook: what it is about first, then a sheet a table. Amounts are numbers, dates dates."""

from __future__ import annotations

import io
import re
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

from reports.tabular.content import AMOUNT, COUNT, DATE, NUMBER, PERCENT, TEXT, Cell, Column, Document, Table
from reports.tabular.safety import is_dangerous, without_control

FORMATS = {AMOUNT: "#,##0.00##", NUMBER: "#,##0.######", COUNT: "#,##0", DATE: "yyyy-mm-dd", PERCENT: "0.##%"}
WIDTHS = {TEXT: 18, AMOUNT: 16, NUMBER: 16, COUNT: 10, DATE: 12, PERCENT: 10}
_UNNAMEABLE = re.compile(r"[\\/*?:\[\]]")
BOLD = Font(bold=True)


def xlsx(document: Document) -> bytes:
    """Return a document as XLSX."""
    book = Workbook()
    page = book.active
    assert page is not None, "a new workbook has a sheet"
    page.title = _sheet_name(document.title)
    _cover(page, document)
    for table in document.tables:
        _sheet(book.create_sheet(_sheet_name(table.heading)), table)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cover(page: Any, document: Document) -> None:
    rows = [(document.title, ""), (document.seller, ""), *document.facts]
    rows += [(label, text) for label, text, _ in document.checks] + [(note, "") for note in document.notes]
    for at, (label, text) in enumerate(rows, start=1):
        _write(page.cell(at, 1), label, bold=at == 1)
        _write(page.cell(at, 2), text)
    page.column_dimensions["A"].width = page.column_dimensions["B"].width = 44


def _sheet(page: Any, table: Table) -> None:
    for at, column in enumerate(table.columns, start=1):
        cell = page.cell(1, at)
        _write(cell, column.label, bold=True)
        page.column_dimensions[cell.column_letter].width = 36 if column.is_wide else WIDTHS[column.kind]
    for number, row in enumerate([*table.rows, *table.sums], start=2):
        for at, (column, value) in enumerate(zip(table.columns, row, strict=True), start=1):
            _write(page.cell(number, at), value, column, bold=number > len(table.rows) + 1)
    page.freeze_panes = "A2"


def _write(cell: Any, value: Cell, column: Column | None = None, *, bold: bool = False) -> None:
    if isinstance(value, str):
        cell.value = without_control(value)
        cell.data_type = "s"  # whatever it begins with, it is text
        cell.quotePrefix = is_dangerous(value)
    elif value is not None:
        cell.value = value
        if column is not None and (shown := FORMATS.get(column.kind)):
            cell.number_format = shown
    if bold:
        cell.font = BOLD


def _sheet_name(said: str) -> str:
    """Return a name a sheet may have: 31 characters at most, without those that are not allowed."""
    return _UNNAMEABLE.sub(" ", said)[:31].strip() or "1"
