"""A document made of tables: headings, columns that say what they hold, rows of plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

Cell = str | int | Decimal | date | None

TEXT, NUMBER, AMOUNT, COUNT, DATE, PERCENT = "text", "number", "amount", "count", "date", "percent"
"""What a column holds. amount: money with its coins; percent: a share, 0.13 is 13 %."""


@dataclass(frozen=True)
class Column:
    """A column. key: its name in CSV, the same in every language; is_wide: takes what room there is."""

    key: str
    label: str
    kind: str = TEXT
    is_wide: bool = False


@dataclass(frozen=True)
class Table:
    """A table under a heading. sums: rows at its foot; empty: what is said where it has no rows."""

    heading: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    sums: Sequence[Sequence[Cell]] = ()
    empty: str = ""


@dataclass(frozen=True)
class Document:
    """A document. facts: label and text of what it is about; the first table is the one that becomes CSV.

    checks: label, text and whether it holds: what ties the figures out
    """

    locale: str
    title: str
    seller: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    checks: Sequence[tuple[str, str, bool]] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    is_landscape: bool = False
