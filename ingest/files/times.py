"""Local clock readings to instants, on days of 23 and 25 hours too. Pure."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MISSING = np.iinfo(np.int64).min
"""Stands for an instant that cannot be told."""


def to_us(
    local: pd.Series, zone: str, *, after_us: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Turn local clock readings, in the order of the file, into instants.

    An hour that comes twice is told apart by order: its clock readings belong to the first pass until
    they would no longer come after the reading before. A clock reading that never was is MISSING.

    local: datetime64 without zone, NaT where unreadable
    after_us: the instant before the first of them, when a file is read in parts
    returns: instants [microseconds since the Unix epoch], and which clock readings do not exist
    """
    ZoneInfo(zone)
    readable = local.notna().to_numpy()
    first = _localised(local, zone, ambiguous=True)
    second = _localised(local, zone, ambiguous=False)
    result = first.copy()
    for place in np.flatnonzero(first != second):
        before = result[place - 1] if place else after_us
        if before is not None and before != MISSING and first[place] <= before:
            result[place] = second[place]
    return result, readable & (result == MISSING)


def _localised(local: pd.Series, zone: str, *, ambiguous: bool) -> NDArray[np.int64]:
    flags = np.full(len(local), ambiguous)
    aware = local.dt.tz_localize(zone, ambiguous=flags, nonexistent="NaT").dt.tz_convert("UTC")
    naive = aware.dt.tz_localize(None).astype("datetime64[us]")
    found: NDArray[np.int64] = naive.to_numpy().astype(np.int64)
    return found
