"""From a report to a workbook: a sheet a table. A text is never a formula."""

from __future__ import annotations

import io
import re
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

from backend.workorders.rules.monthly import Month
from reports.monthly.content import Cell, document

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def xlsx(month: Month, locale: str) -> bytes:
    """Return the report of a month as XLSX; what people wrote stands there as text."""
    said = document(month, locale)
    book = Workbook()
    page = book.active
    assert page is not None, "a new workbook has a sheet"
    page.title = month.month
    for row, line in enumerate((said.title, *said.lines), start=1):
        _write(page.cell(row, 1), line, bold=row == 1)
    page.column_dimensions["A"].width = 60
    for table in said.tables:
        page = book.create_sheet(table.heading)
        for column, name in enumerate(table.columns, start=1):
            _write(page.cell(1, column), name, bold=True)
            page.column_dimensions[page.cell(1, column).column_letter].width = 34 if column == 1 else 20
        for at, cells in enumerate(table.rows, start=2):
            for column, value in enumerate(cells, start=1):
                _write(page.cell(at, column), value)
        page.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write(cell: Any, value: Cell, *, bold: bool = False) -> None:
    if isinstance(value, str):
        cell.value = _CONTROL.sub("", value)
        cell.data_type = "s"  # whatever it begins with, it is text
        cell.quotePrefix = value.startswith(DANGEROUS)
    elif value is not None:
        cell.value = value
    if bold:
        cell.font = Font(bold=True)
