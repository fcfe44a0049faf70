"""From a report to PDF."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from backend.workorders.rules.monthly import Month
from reports.monthly.content import Cell, document
from reports.typesetting import Template

TEMPLATE = Template(Path(__file__).with_name("template.typ"))


def pdf(month: Month, locale: str) -> bytes:
    """Return the report of a month as PDF on A4."""
    said = asdict(document(month, locale))
    for table in said["tables"]:
        table["rows"] = [[_shown(cell) for cell in row] for row in table["rows"]]
    return TEMPLATE.pdf(said)


def _shown(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.1f}" if cell != int(cell) else f"{cell:,.0f}"
    return f"{cell:,}" if isinstance(cell, int) else cell
