"""How bills are numbered: without a gap, per operator and year. Pure."""

from __future__ import annotations

WORDS = {"bill": "Bill", "credit_note": "Credit note", "debit_note": "Debit note"}


def shown(year: int, serial: int) -> str:
    """Return a number as people read and quote it: 2026-000042."""
    return f"{year}-{serial:06d}"


def read(said: str) -> tuple[int, int] | None:
    """Return year and serial of a number as people write it, None for what is none."""
    year, dash, serial = said.strip().partition("-")
    if not dash or len(year) != 4 or not 1 <= len(serial) <= 9:
        return None
    return (int(year), int(serial)) if (year + serial).isascii() and (year + serial).isdigit() else None
