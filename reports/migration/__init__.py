"""What an operator brings from before, as a workbook (sheets and columns: `backend.billing.rules.migration`)."""

from __future__ import annotations

from backend.billing.rules import migration as rules
from backend.billing.rules.migration import BALANCES, CONTRACTS, REGISTERS, SHEETS, Given
from reports import workbook

GUIDED = ("sheet", "column", "needed", "meaning", "example")


def template() -> bytes:
    """Return the workbook to begin with: empty sheets under their headings, and a page that says what they hold."""
    pages = {sheet: (list(rules.COLUMNS[sheet]), ()) for sheet in SHEETS}
    return workbook.write(pages | {rules.GUIDE: (GUIDED, rules.guide())}, wide=("meaning",))


def write(given: Given) -> bytes:
    """Return the workbook of some rows; read() gives them back."""
    rows = (given.contracts, given.registers, given.balances)
    pages = {sheet: (list(rules.COLUMNS[sheet]), some) for sheet, some in zip(SHEETS, rows, strict=True)}
    return workbook.write(pages)


def read(data: bytes) -> Given:
    """Return the rows of a workbook; raises Refused where it is none, or has none of the sheets."""
    found = workbook.read(data, SHEETS)
    return Given(found.get(CONTRACTS, ()), found.get(REGISTERS, ()), found.get(BALANCES, ()))
