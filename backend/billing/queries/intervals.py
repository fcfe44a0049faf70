"""Intervals as bills need them: a point's amounts of a period as one array. Keys are of contracts the scope keeps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
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
