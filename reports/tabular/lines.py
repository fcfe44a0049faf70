"""From a document's first table to CSV (RFC 4180, UTF-8 with a mark, so that spreadsheets see the Chinese).

The head names columns by their keys; amounts are plain numbers with a point, dates ISO 8601, shares fractions. A text
that could be a formula has an apostrophe before it.
"""

from __future__ import annotations

import csv as writer
import io
from datetime import date
from decimal import Decimal

from reports.tabular.content import Cell, Document
from reports.tabular.safety import quoted


def csv(document: Document) -> bytes:
    """Return a document's first table as CSV, without its sums."""
    out = io.StringIO(newline="")
    lines = writer.writer(out, lineterminator="\r\n")
    table = document.tables[0]
    lines.writerow([column.key for column in table.columns])
    lines.writerows([_plain(cell) for cell in row] for row in table.rows)
    return out.getvalue().encode("utf-8-sig")


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell) if isinstance(cell, int) else quoted(cell)
