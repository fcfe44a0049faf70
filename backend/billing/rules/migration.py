"""What an operator brings from before: contracts, registers and opening balances as rows of a workbook. Pure.

Every row has a key of its own (a contract's number; contract, point and register; contract and reference), so that the
same workbook sent twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.billing.rules import shares
from backend.kernel.sheets import Reader, Row, day, number, text

CONTRACTS, REGISTERS, BALANCES = "Contracts", "Registers", "Balances"
SHEETS = (CONTRACTS, REGISTERS, BALANCES)
YES, NO = ("yes", "y", "true", "1", "是"), ("no", "n", "false", "0", "否")

_FACT = re.compile(r"\s*([a-z][a-z0-9_]{0,59})\s*=\s*(\S+)\s*")


@dataclass(frozen=True)
class Given:
    """The three tables as they stand in the file."""

    contracts: Sequence[Row] = ()
    registers: Sequence[Row] = ()
    balances: Sequence[Row] = ()


@dataclass(frozen=True)
class Column:
    """A column: how it is read, what to write there, whether every row needs it, an example."""

    read: Reader
    hint: str
    is_needed: bool = False
    example: Any = None


def _truth(value: Any) -> bool:
    said = str(value).strip().lower()
    if said not in YES + NO:
        raise ValueError(f"'{said[:40]}' is neither yes nor no")
    return said in YES


def _whole(low: int, high: int) -> Reader:
    within = number(low, high)

    def read(value: Any) -> int:
        said = within(value)
        if said != int(said):
            raise ValueError(f"'{str(value)[:40]}' is no whole number")
        return int(said)

    return read


def _money(value: Any) -> Decimal:
    """Read an amount to the cent, of either sign."""
    try:
        said = Decimal(str(value).replace(",", "").strip())
    except InvalidOperation:
        raise ValueError(f"'{str(value)[:40]}' is no amount") from None
    if not said.is_finite() or abs(said) >= 10**12 or said != said.quantize(Decimal("0.01")):
        raise ValueError(f"'{str(value)[:40]}' is no amount to the cent")
    return said.quantize(Decimal("0.01"))


def _share(value: Any) -> int:
    """Read a share in percent as millionths."""
    try:
        parts = Decimal(str(value).strip().removesuffix("%")) * (shares.WHOLE // 100)
    except InvalidOperation:
        raise ValueError(f"'{str(value)[:40]}' is no percentage") from None
    if not parts.is_finite() or parts != int(parts) or not 0 < parts <= shares.WHOLE:
        raise ValueError("not above 0 and at most 100, with four decimal places at most")
    return int(parts)


def facts(value: Any) -> dict[str, str]:
    """Read what a tariff asks of a contract: name=number, separated by commas."""
    found: dict[str, str] = {}
    for part in str(value).split(","):
        said = _FACT.fullmatch(part)
        if said is None:
            raise ValueError(f"'{part.strip()[:40]}' is not name=number")
        try:
            exact = Decimal(said[2])
        except InvalidOperation:
            raise ValueError(f"'{said[2][:40]}' is no number") from None
        if not exact.is_finite() or abs(exact) >= 10**11:
            raise ValueError(f"'{said[2][:40]}' is no number")
        found[said[1]] = str(exact)
    return found


COLUMNS: dict[str, dict[str, Column]] = {
    CONTRACTS: {
        "number": Column(text(60), "the contract's number, each once", True, "EL-0042"),
        "customer": Column(text(200), "the customer's name as it is here, or its id", True, "Lanwan Mill"),
        "tariff": Column(text(60), "code of a tariff that is kept here", True, "park-tou"),
        "starts_on": Column(day, "the first day it is billed here, like 2026-11-01", True, "2026-11-01"),
        "ends_on": Column(day, "the first day it holds no more; empty: until further notice"),
        "months": Column(_whole(1, 12), "a bill goes over 1, 2, 3, 6 or 12 months; empty: 1", example=1),
        "day": Column(_whole(1, 28), "day of the month a period begins on; empty: 1", example=1),
        "first": Column(_whole(1, 12), "month a year's first period begins in; empty: 1", example=1),
        "due_days": Column(_whole(0, 365), "days to pay; empty: 14", example=14),
        "facts": Column(facts, "what the tariff asks, like contracted_kw=315, people=4", example="contracted_kw=315"),
        "payer": Column(text(200), "who pays, as the bank writes them", example="Lanwan Mill Ltd"),
        "is_prepaid": Column(_truth, "yes where it is paid in advance", example="no"),
        "low_balance": Column(_money, "a prepaid balance below this is told of", example=50),
        "emergency_credit": Column(_money, "so far below nothing a prepaid balance may go; empty: not at all"),
        "is_protected": Column(_truth, "yes where supply is never cut for debt", example="no"),
    },
    REGISTERS: {
        "contract": Column(text(60), "number of a contract, of the sheet or known here", True, "EL-0042"),
        "point": Column(text(200), "id of a point, or its name at the position", True, "Mill · energy"),
        "position": Column(text(60), "code of the position, where the point is named", example="MILL-1"),
        "register": Column(text(40), "what it is in the tariff: import, export, …; empty: import", example="import"),
        "share": Column(_share, "what of it the contract pays for, in percent; empty: 100", example=100),
    },
    BALANCES: {
        "contract": Column(text(60), "number of a contract, of the sheet or known here", True, "EL-0042"),
        "reference": Column(text(60), "number of the old bill or account, each once in a contract", True, "OLD-7781"),
        "amount": Column(_money, "what is owed, to the cent; below nothing: paid ahead", True, "1234.50"),
        "booked_on": Column(day, "the day the books begin with it, like 2026-11-01", True, "2026-11-01"),
        "due_on": Column(day, "the day it was due; empty: the day it is booked", example="2026-10-15"),
    },
}  # fmt: skip
"""Sheet -> column -> what stands in it."""

GUIDE = "Read me"
"""The page of the template that says what each column holds; it is not read."""


def readers(sheet: str) -> dict[str, Reader]:
    """Return a sheet's columns as they are read."""
    return {name: column.read for name, column in COLUMNS[sheet].items()}


def hints(sheet: str) -> dict[str, str]:
    """Return what to write into a sheet's columns."""
    return {name: column.hint for name, column in COLUMNS[sheet].items()}


def needed(sheet: str) -> tuple[str, ...]:
    """Return the columns every row of a sheet needs."""
    return tuple(name for name, column in COLUMNS[sheet].items() if column.is_needed)


def guide() -> list[Row]:
    """Return the template's page of words, a row a column."""
    rows = [
        {"sheet": sheet, "column": name, "needed": "yes" if column.is_needed else None, "meaning": column.hint,
         "example": column.example}
        for sheet, columns in COLUMNS.items() for name, column in columns.items()
    ]  # fmt: skip
    return [Row(place, cells) for place, cells in enumerate(rows, start=2)]
