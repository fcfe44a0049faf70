"""Rows of a workbook as typed values: what may stand in a cell, and all that is wrong, each with its place. Pure.

A cell holds text, a number, a date or nothing; a formula is never worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.kernel import ids
from backend.kernel.errors import Refused

MOST_ROWS = 20_000


class Formula(str):
    """A cell that holds a formula: never worked out, never taken."""


@dataclass(frozen=True)
class Row:
    """A row as it stands in the file. number: as the program shows it; cells: column -> value."""

    number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """Something that cannot be taken, and where it stands. value: what stood there; remedy: what to do about it."""

    sheet: str
    row: int
    column: str
    message: str
    value: str | None = None
    remedy: str | None = None


@dataclass(eq=False)
class Parsed:
    """A row whose cells could be read. values: column -> typed value, None where the cell is empty."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)


Reader = Callable[[Any], Any]


def parse(
    sheet: str,
    rows: Sequence[Row],
    columns: Mapping[str, Reader],
    problems: list[Problem],
    hints: Mapping[str, str] | None = None,
) -> list[Parsed]:
    """Return the rows as typed values; what cannot be read is added to `problems` and stands as None.

    hints: column -> what to write there, said as the remedy of what is wrong
    """
    if len(rows) > MOST_ROWS:
        problems.append(Problem(sheet, 1, "", f"more than {MOST_ROWS} rows; send it in parts"))
        return []
    return [_parsed(sheet, row, columns, problems, hints or {}) for row in rows]


def shown(value: Any) -> str | None:
    """Return what stands in a cell, as it is said in a problem; None for an empty one."""
    return None if value is None else str(value)[:100]


def _parsed(
    sheet: str, row: Row, columns: Mapping[str, Reader], problems: list[Problem], hints: Mapping[str, str]
) -> Parsed:
    parsed = Parsed(row.number)
    for name in row.cells.keys() - columns.keys():
        problems.append(Problem(sheet, row.number, name, "unknown column", remedy="remove it"))
    for name, read in columns.items():
        try:
            parsed.values[name] = _read(read, row.cells.get(name))
        except (ValueError, InvalidOperation) as error:
            parsed.values[name] = None
            said = str(error) or "cannot be read"
            problems.append(Problem(sheet, row.number, name, said, shown(row.cells[name]), hints.get(name)))
    return parsed


def _read(read: Reader, value: Any) -> Any:
    if isinstance(value, Formula):
        raise ValueError("a formula; write its value")
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return read(value)


def text(most: int) -> Reader:
    """Return the reader of a text; numbers in such a column are taken as they are written."""

    def read(value: Any) -> str:
        said = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
        if len(said) > most:
            raise ValueError(f"longer than {most} characters")
        if any(ord(sign) < 32 for sign in said):
            raise ValueError("holds a line break or another control character")
        return said

    return read


def one_of(values: Sequence[str]) -> Reader:
    """Return the reader of one of some words."""

    def read(value: Any) -> str:
        said = str(value).strip().lower()
        if said not in values:
            raise ValueError(f"'{said[:40]}' is none of {', '.join(values)}")
        return said

    return read


def words_of(values: Sequence[str]) -> Reader:
    """Return the reader of several words, separated by commas."""
    single = one_of(values)

    def read(value: Any) -> tuple[str, ...]:
        return tuple(single(part) for part in str(value).split(",") if part.strip())

    return read


def number(low: float, high: float) -> Reader:
    """Return the reader of a number within limits."""

    def read(value: Any) -> float:
        try:
            said = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"'{str(value)[:40]}' is no number") from None
        if not low <= said <= high:
            raise ValueError(f"not between {low:g} and {high:g}")
        return said

    return read


def amount(value: Any) -> Decimal:
    """Read an amount of money, exact to the cent."""
    try:
        said = Decimal(str(value)).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise ValueError(f"'{str(value)[:40]}' is no amount") from None
    if not 0 <= said < Decimal(10) ** 12:
        raise ValueError("not between 0 and 10^12")
    return said


def day(value: Any) -> date:
    """Read a day: a date cell, or text like 2026-11-22."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(f"'{str(value)[:40]}' is no day like 2026-11-22") from None


def identifier(value: Any) -> Any:
    """Read the 26 characters of an id."""
    try:
        return ids.parse(str(value))
    except Refused:
        raise ValueError("not an id; leave it empty for something new") from None


def currency(value: Any) -> str:
    """Read the three letters of a currency."""
    said = str(value).strip().upper()
    if len(said) != 3 or not said.isascii() or not said.isalpha():
        raise ValueError("not three letters such as CNY")
    return said
