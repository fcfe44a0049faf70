"""From a report to PDF."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typst

from backend.workorders.rules.monthly import Month
from reports.monthly.content import Cell, document

TEMPLATE = Path(__file__).with_name("template.typ")


def pdf(month: Month, locale: str) -> bytes:
    """Return the report of a month as PDF on A4; what people wrote is set as text, never run."""
    said = asdict(document(month, locale))
    for table in said["tables"]:
        table["rows"] = [[_shown(cell) for cell in row] for row in table["rows"]]
    made: bytes = typst.compile(str(TEMPLATE), format="pdf", sys_inputs={"data": json.dumps(said)})
    return made


def _shown(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.1f}" if cell != int(cell) else f"{cell:,.0f}"
    return f"{cell:,}" if isinstance(cell, int) else cell
