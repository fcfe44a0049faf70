"""Workbooks of rows under headings, out and in. A text is never a formula, going out or coming in."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from backend.assets.rules import files
from backend.kernel.errors import Refused
from backend.kernel.sheets import MOST_ROWS, Formula, Row

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
MOST_COLUMNS = 60
WIDE, USUAL = 28, 18
"""How wide columns are [characters]."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write(pages: Mapping[str, tuple[Sequence[str], Sequence[Row]]], wide: Sequence[str] = ()) -> bytes:
    """Return a workbook: title -> columns and rows; read() gives the same rows back. wide: columns of long texts."""
    book = Workbook()
    for number, (title, (columns, rows)) in enumerate(pages.items()):
        _fill(book.create_sheet() if number else book.active, title, columns, rows, wide)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(data: bytes, titles: Sequence[str]) -> dict[str, list[Row]]:
    """Return title -> rows of those pages a workbook has; raises Refused where it is none, or has none of them."""
    if files.office_kind(data) != files.XLSX:
        raise Refused("this is no workbook", field="file", remedy="save it as XLSX")
    wanted = {title.lower(): title for title in titles}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles it leaves out
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
            found = {
                wanted[page.title.strip().lower()]: _rows(page)
                for page in book.worksheets
                if page.title.strip().lower() in wanted
            }
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, OSError):
        raise Refused("this workbook cannot be read", field="file", remedy="save it again") from None
    if not found:
        said = "' or '".join(titles)
        raise Refused(f"there is no sheet '{said}'", field="file", remedy="begin with an export")
    return found


def _fill(
    page: Worksheet | Any, title: str, columns: Sequence[str], rows: Sequence[Row], wide: Sequence[str]
) -> None:
    page.title = title
    page.append(list(columns))
    for cell in page[1]:
        cell.font = Font(bold=True)
    page.freeze_panes = "A2"
    for at, row in enumerate(rows, start=2):
        for column, name in enumerate(columns, start=1):
            value = row.cells.get(name)
            if value is None:
                continue
            cell = page.cell(at, column)
            if isinstance(value, str):
                cell.value = _CONTROL.sub("", value)
                cell.data_type = "s"  # whatever it begins with, it is text
                cell.quotePrefix = value.startswith(DANGEROUS)
            else:
                cell.value = value
    for column, name in enumerate(columns, start=1):
        letter = page.cell(1, column).column_letter
        page.column_dimensions[letter].width = WIDE if name in wide else USUAL


def _rows(page: Any) -> list[Row]:
    """Return the rows under the headings; empty ones are left out, numbers are the program's own."""
    lines = page.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS)
    headings = [_heading(cell.value) for cell in next(lines, ())]
    rows = []
    for number, cells in enumerate(lines, start=2):
        said = {
            name: _value(cell)
            for name, cell in zip(headings, cells, strict=False)
            if name and cell.value is not None
        }
        if said:
            rows.append(Row(number, said))
    return rows


def _heading(value: Any) -> str:
    return str(value or "").strip().lower().replace(" ", "_")


def _value(cell: Any) -> Any:
    if cell.data_type == "f":
        return Formula(cell.value if isinstance(cell.value, str) else "=")
    return cell.value
