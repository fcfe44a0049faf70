"""Amounts as they were known: intervals with their versions, and earlier versions again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.kernel import bulk
from backend.kernel.scope import Scope

Ints = NDArray[np.int64]
Shorts = NDArray[np.int16]

_NOW = """
SELECT point_key, start, amount, version FROM "interval"
WHERE point_key = ANY (%(keys)s) AND start >= %(start)s AND start < %(end)s AND method <> 3 AND minutes = %(minutes)s"""

_EVER = """
SELECT point_key, start, amount, version FROM "interval"
WHERE point_key = ANY (%(keys)s) AND start >= %(start)s AND start < %(end)s AND minutes = %(minutes)s
UNION ALL
SELECT point_key, start, amount, version FROM superseded_interval
WHERE point_key = ANY (%(keys)s) AND start >= %(start)s AND start < %(end)s AND minutes = %(minutes)s"""
_KINDS = ["int8", "timestamptz", "int8", "int2"]


def known_now(
    session: Session, scope: Scope, keys: Sequence[int], *, minutes: int, start: datetime, end: datetime
) -> tuple[Ints, Ints, Ints, Shorts]:
    """Intervals of points in [start, end) as they are known now: key, start [µs], amount [quanta], version.

    The caller's points come from the scope.
    """
    assert scope.organisations, "a scope without organisations holds no points"
    key, start_us, amount, version = bulk.columns_of(session, _NOW, _KINDS, _about(keys, minutes, start, end))
    return key, start_us, amount, version


def ever_known(
    session: Session, scope: Scope, keys: Sequence[int], *, minutes: int, start: datetime, end: datetime
) -> tuple[Ints, Ints, Ints, Shorts]:
    """Every version of intervals of points in [start, end), also those withdrawn: as `known_now` has them."""
    assert scope.organisations, "a scope without organisations holds no points"
    key, start_us, amount, version = bulk.columns_of(
        session, _EVER, _KINDS, _about(keys, minutes, start, end)
    )
    return key, start_us, amount, version


def _about(keys: Sequence[int], minutes: int, start: datetime, end: datetime) -> dict[str, object]:
    return {"keys": list(keys), "minutes": minutes, "start": start, "end": end}
