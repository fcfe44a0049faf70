"""The workbook: one sheet of positions, one of devices. A text is never a formula, going out or coming in."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from backend.assets.rules import files
from backend.assets.rules.sheet import (
    DEVICES,
    MOST_ROWS,
    POSITIONS,
    Formula,
    Row,
    Sheet,
    device_columns,
    position_columns,
)
from backend.kernel.errors import Refused

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
MOST_COLUMNS = 60
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write(sheet: Sheet) -> bytes:
    """Return the workbook of a sheet; read() gives the same rows back."""
    book = Workbook()
    _fill(book.active, POSITIONS, list(position_columns(())), sheet.positions)
    _fill(book.create_sheet(), DEVICES, list(device_columns()), sheet.devices)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(data: bytes) -> Sheet:
    """Return the rows of a workbook; raises Refused where it is none, or holds neither sheet."""
    if files.office_kind(data) != files.XLSX:
        raise Refused("this is no workbook", field="file", remedy="save it as XLSX")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles it leaves out
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
            found = {
                page.title.strip().lower(): _rows(page)
                for page in book.worksheets
                if page.title.strip().lower() in (POSITIONS.lower(), DEVICES.lower())
            }
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, OSError):
        raise Refused("this workbook cannot be read", field="file", remedy="save it again") from None
    if not found:
        raise Refused(
            f"there is no sheet '{POSITIONS}' or '{DEVICES}'", field="file", remedy="begin with an export"
        )
    return Sheet(found.get(POSITIONS.lower(), ()), found.get(DEVICES.lower(), ()))


def _fill(page: Worksheet | Any, title: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
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
        page.column_dimensions[page.cell(1, column).column_letter].width = (
            28 if name in ("id", "parent") else 18
        )


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
