"""Cells as numbers, by the decimal mark of a layout. Pure."""

from __future__ import annotations

import pandas as pd


def numbers(cells: pd.Series, decimal: str) -> pd.Series:
    """Return cells as numbers, NaN where they are none.

    decimal: `.`, or `,` where a point may part thousands
    """
    text = cells.str.strip()
    if decimal == ",":
        text = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    return pd.to_numeric(text, errors="coerce")
