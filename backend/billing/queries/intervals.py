"""Intervals as bills need them: a point's amounts of a period as one array. Keys are of contracts the scope keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import bulk, clock
from backend.kernel.scope import Scope
from backend.metering.rules import Method

WHOLE = """
SELECT key, amounts FROM unnest(%(keys)s::bigint[]) key, LATERAL (
    SELECT array_agg(amount) AS amounts FROM (
        SELECT amount FROM "interval"
        WHERE point_key = key AND start >= %(start)s AND start < %(end)s AND minutes = %(minutes)s
        AND method <> %(withdrawn)s ORDER BY start
    ) in_order
) of_point
"""
PLACED = """
SELECT point_key, array_agg(CAST(extract(epoch FROM start) * 1000000 AS bigint) ORDER BY start),
    array_agg(amount ORDER BY start)
FROM "interval"
WHERE point_key = ANY (CAST(:keys AS bigint[])) AND start >= :start AND start < :end AND minutes = :minutes
    AND method <> :withdrawn
GROUP BY point_key
"""
LAST = """
SELECT point_key, CAST(extract(epoch FROM max(start + minutes * interval '1 minute')) * 1000000 AS bigint)
FROM "interval" WHERE point_key = ANY (CAST(:keys AS bigint[])) AND start >= :since AND method <> :withdrawn
GROUP BY point_key
"""


def amounts(
    session: Session, _scope: Scope, keys: Sequence[int], *, start_us: int, end_us: int, minutes: int
) -> dict[int, NDArray[np.int64]]:
    """Point's key -> its amounts in [start, end) in order [quanta]; of one with gaps there are fewer than fit."""
    found = bulk.arrays_of(
        session, WHOLE, "int8",
        {"keys": list(keys), "start": clock.from_us(start_us), "end": clock.from_us(end_us), "minutes": minutes,
         "withdrawn": int(Method.WITHDRAWN)},
    )  # fmt: skip
    return dict(found)


def starts_and_amounts(
    session: Session, _scope: Scope, keys: Sequence[int], *, start_us: int, end_us: int, minutes: int
) -> dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Point's key -> starts [µs UTC] and amounts [quanta] of its intervals in [start, end), in order."""
    rows = session.execute(
        text(PLACED),
        {"keys": list(keys), "start": clock.from_us(start_us), "end": clock.from_us(end_us), "minutes": minutes,
         "withdrawn": int(Method.WITHDRAWN)},
    )  # fmt: skip
    return {
        key: (np.array(starts, dtype=np.int64), np.array(amounts, dtype=np.int64))
        for key, starts, amounts in rows
    }


def ends(session: Session, _scope: Scope, keys: Sequence[int]) -> dict[int, int]:
    """Point's key -> the end of its last interval of the last 62 days [µs UTC]; those with none are left out."""
    rows = session.execute(
        text(LAST),
        {"keys": list(keys), "since": clock.now() - timedelta(days=62), "withdrawn": int(Method.WITHDRAWN)},
    )
    return {row[0]: row[1] for row in rows}
