"""Drivers as a file, out and in: a workbook, or CSV by its headings in UTF-8 or GB 18030."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from backend.analysis.rules.drivers import COLUMNS, SHEET
from backend.kernel.errors import Refused
from backend.kernel.sheets import MOST_ROWS, Row
from reports import workbook


def read(data: bytes) -> list[Row]:
    """Return the rows of a workbook or CSV, numbered as a program shows them; raises Refused where it is neither."""
    if data[:2] == b"PK":
        return workbook.read(data, [SHEET])[SHEET]
    lines = csv.reader(io.StringIO(_text(data), newline=""))
    headings = [one.strip().lower().replace(" ", "_") for one in next(lines, [])]
    if not {"kind", "value", "first_day"} <= set(headings):
        raise Refused(
            "the first row does not say what stands below it", field="file", value=", ".join(headings)[:200],
            remedy="begin with the headings " + ", ".join(COLUMNS),
        )  # fmt: skip
    rows = []
    for number, cells in enumerate(lines, start=2):
        said = {
            name: cell.strip() for name, cell in zip(headings, cells, strict=False) if name and cell.strip()
        }
        if said:
            rows.append(Row(number, said))
        if len(rows) > MOST_ROWS:
            break
    return rows


def write(rows: Sequence[Row] = ()) -> bytes:
    """Return a workbook of drivers; without rows, one to fill in."""
    return workbook.write({SHEET: (COLUMNS, rows)}, wide=("organisation", "position", "product"))


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("this file cannot be read", field="file", remedy="save it as XLSX, or as CSV in UTF-8")
