"""From a document to PDF on A4: what it is about, its tables with their sums, what ties them out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from reports import figures
from reports.tabular.content import AMOUNT, COUNT, NUMBER, PERCENT, Cell, Column, Document, Table
from reports.typesetting import Template

TEMPLATE = Template(Path(__file__).with_name("template.typ"))
RIGHT = frozenset({AMOUNT, NUMBER, COUNT, PERCENT})
PLACES = 2
PAGES = ("Page {} of {}", "第 {} 页，共 {} 页")


def pdf(document: Document) -> bytes:
    """Return a document as PDF."""
    return TEMPLATE.pdf(content(document))


def pictures(document: Document, *, ppi: float = 144) -> list[bytes]:
    """Return its pages as PNG, to be looked at."""
    return TEMPLATE.pictures(content(document), ppi=ppi)


def content(document: Document) -> dict[str, Any]:
    """Return what the template sets: texts only."""
    return {
        "locale": document.locale,
        "title": document.title,
        "seller": document.seller,
        "facts": list(document.facts),
        "tables": [_table(one) for one in document.tables],
        "checks": list(document.checks),
        "notes": list(document.notes),
        "landscape": document.is_landscape,
        "page": PAGES[document.locale == "zh"],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "heading": table.heading,
        "columns": [
            {"label": one.label, "right": one.kind in RIGHT, "wide": one.is_wide} for one in table.columns
        ],
        "rows": [_row(table, row) for row in table.rows],
        "sums": [_row(table, row) for row in table.sums],
        "empty": table.empty,
    }


def _row(table: Table, row: Any) -> list[str]:
    return [_shown(cell, column) for column, cell in zip(table.columns, row, strict=True)]


def _shown(cell: Cell, column: Column) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, str):
        return cell
    if column.kind == PERCENT:
        return f"{figures.number(Decimal(cell) * 100)} %"
    if column.kind == AMOUNT:
        exact = Decimal(cell).normalize().as_tuple().exponent
        return figures.number(cell, places=max(PLACES, -exact if isinstance(exact, int) else 0))
    return figures.number(cell)
