"""Sums of roll-ups, the one truth of consumption: over stretches, and bucket by bucket. One statement each.

Meters are given by key with the zone of their sites, since local days and months are those of the site. Callers take
both from `queries.meters`, which is confined to the scope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.kernel import bulk
from backend.kernel.periods import Period
from backend.kernel.scope import Scope

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """A stretch to be summed by roll-ups of one grain (0 hour, 1 day, 2 month) of meters in one zone.

    piece: of what it is a part; the sums of a piece's windows are added
    """

    piece: int
    zone: str
    grain: int
    period: Period


_SUMS = """
SELECT w.piece, m.key, sum(s.amount)::int8, sum(s.estimated)::int8, sum(s.count)::int8
FROM unnest(%(keys)s::int8[], %(zones)s::text[]) AS m(key, zone)
JOIN unnest(%(pieces)s::int8[], %(of)s::text[], %(grains)s::int2[], %(firsts)s::timestamptz[], %(ends)s::timestamptz[])
    AS w(piece, zone, grain, first, until) ON w.zone = m.zone
CROSS JOIN LATERAL (
    SELECT sum(r.amount) AS amount, sum(r.estimated) AS estimated, sum(r.count) AS count FROM roll_up r
    WHERE r.grain = w.grain AND r.point_key = m.key AND r.start >= w.first AND r.start < w.until
) s
WHERE s.count > 0 GROUP BY 1, 2"""

_BUCKETS = """
SELECT w.piece, m.part, r.grain, r.start, sum(r.amount)::int8, sum(r.estimated)::int8, sum(r.count)::int8
FROM unnest(%(keys)s::int8[], %(parts)s::int8[], %(zones)s::text[]) AS m(key, part, zone)
JOIN unnest(%(pieces)s::int8[], %(of)s::text[], %(grains)s::int2[], %(firsts)s::timestamptz[], %(ends)s::timestamptz[])
    AS w(piece, zone, grain, first, until) ON w.zone = m.zone
JOIN roll_up r ON r.grain = w.grain AND r.point_key = m.key AND r.start >= w.first AND r.start < w.until
GROUP BY 1, 2, 3, 4 ORDER BY 1, 4, 2"""

_WARMTH = """
SELECT date_trunc('day', start, %(zone)s), sum(total) / sum(count) FROM hour_statistic
WHERE point_key = %(key)s AND count > 0
  AND EXISTS (SELECT FROM unnest(%(firsts)s::timestamptz[], %(ends)s::timestamptz[]) AS w(first, until)
              WHERE start >= w.first AND start < w.until)
  AND start >= %(first)s AND start < %(end)s
GROUP BY 1 HAVING count(*) >= 12 ORDER BY 1"""


def sums(
    session: Session, scope: Scope, zones: Mapping[int, str], windows: Sequence[Window]
) -> list[tuple[int, int, int, int, int]]:
    """Sums of meters over windows: piece, key, amount, estimated [quanta], intervals; none where none is known."""
    assert scope.organisations, "a scope without organisations holds no points"
    if not zones or not windows:
        return []
    said = {"keys": list(zones), "zones": list(zones.values()), **_told(windows)}
    columns = bulk.columns_of(session, _SUMS, ["int8"] * 5, said)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def buckets(
    session: Session,
    scope: Scope,
    parts: Mapping[int, int],
    zones: Mapping[int, str],
    windows: Sequence[Window],
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
    """Sums of the meters of each part, bucket by bucket: piece, part, grain, start [µs], amount, estimated, intervals.

    parts: meter -> the part it is summed in; those of a part have one unit
    """
    assert scope.organisations, "a scope without organisations holds no points"
    if not parts or not windows:
        return (np.empty(0, np.int64),) * 7
    said = {
        "keys": list(parts), "parts": list(parts.values()), "zones": [zones[key] for key in parts], **_told(windows)
    }  # fmt: skip
    kinds = ["int8", "int8", "int2", "timestamptz", "int8", "int8", "int8"]
    piece, part, grain, start, amount, estimated, count = bulk.columns_of(session, _BUCKETS, kinds, said)
    return piece, part, grain, start, amount, estimated, count


def warmth(
    session: Session, scope: Scope, key: int, zone: str, stretches: Sequence[Period]
) -> tuple[Ints, Floats]:
    """Daily means of a temperature over stretches, by local day: start [µs], mean; days with 12 hours at least."""
    assert scope.organisations, "a scope without organisations holds no points"
    firsts, ends = _borders(stretches)
    said = {"key": key, "zone": zone, "firsts": firsts, "ends": ends, "first": min(firsts), "end": max(ends)}
    start, mean = bulk.columns_of(session, _WARMTH, ["timestamptz", "float8"], said)
    return start, mean


def _told(windows: Sequence[Window]) -> dict[str, list[object]]:
    firsts, ends = _borders([one.period for one in windows])
    return {
        "pieces": [one.piece for one in windows], "of": [one.zone for one in windows],
        "grains": [one.grain for one in windows], "firsts": list(firsts), "ends": list(ends),
    }  # fmt: skip


def _borders(stretches: Sequence[Period]) -> tuple[list[datetime], list[datetime]]:
    return [one.start for one in stretches], [one.end for one in stretches if one.end is not None]
