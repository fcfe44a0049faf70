"""Write intervals, their roll-ups and hourly statistics; set-based, changing nothing where nothing changed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from backend.kernel import bulk, clock
from backend.kernel.scope import Scope
from backend.metering.rules import HourStatistics
from backend.metering.service.store import ensure_months

Ints = NDArray[np.int64]

_INSERT = """
INSERT INTO "interval" (point_key, start, minutes, version, method, rule, amount)
SELECT point_key, start, minutes, 0, method, rule, amount FROM made
ON CONFLICT (point_key, start) DO NOTHING"""

_REVISE = """
UPDATE "interval" i SET minutes = m.minutes, method = m.method, rule = m.rule, amount = m.amount
FROM made m
WHERE i.point_key = m.point_key AND i.start = m.start AND i.start BETWEEN :first AND :last
  AND i.method <> 2 AND (i.amount, i.method, i.rule) IS DISTINCT FROM (m.amount, m.method, m.rule)"""

_KEEP_EDITED = """
UPDATE made m SET method = i.method, rule = i.rule, amount = i.amount
FROM "interval" i WHERE i.method = 2 AND i.point_key = m.point_key AND i.start = m.start"""

_SUMS = """
WITH bucket AS (
    SELECT point_key, date_trunc('{unit}', start, :zone) AS start, sum(amount) AS amount,
        coalesce(sum(amount) FILTER (WHERE method = 1), 0) AS estimated, count(*) AS count, sum(minutes) AS minutes
    FROM made WHERE point_key = ANY (:keys) GROUP BY 1, 2
), bounded AS (
    SELECT b.*, (date_trunc('{unit}', b.start AT TIME ZONE :zone) + interval '1 {unit}') AT TIME ZONE :zone AS stop
    FROM bucket b
)
INSERT INTO roll_up AS u (grain, point_key, start, amount, estimated, count)
SELECT {grain}, point_key, start, amount, estimated, count FROM bounded WHERE {is_whole}
UNION ALL
SELECT {grain}, b.point_key, b.start, {sums}
FROM (SELECT * FROM bounded WHERE NOT {is_whole}) b JOIN {source} s
    ON s.point_key = b.point_key AND s.start >= b.start AND s.start < b.stop AND {of_source}
GROUP BY b.point_key, b.start
ORDER BY 2, 3
ON CONFLICT (grain, point_key, start) DO UPDATE SET
    amount = excluded.amount, estimated = excluded.estimated, count = excluded.count
WHERE (u.amount, u.estimated, u.count) IS DISTINCT FROM (excluded.amount, excluded.estimated, excluded.count)"""

_WHOLE = "minutes * interval '1 minute' = stop - start"
_FROM_INTERVALS = {
    "source": '"interval"', "of_source": "true", "is_whole": f"({_WHOLE})",
    "sums": "sum(s.amount), coalesce(sum(s.amount) FILTER (WHERE s.method = 1), 0), count(*)",
}  # fmt: skip
_FROM_DAYS = {
    "source": "roll_up", "of_source": "s.grain = 1", "is_whole": "false",
    "sums": "sum(s.amount), sum(s.estimated), sum(s.count)",
}  # fmt: skip
_HOURS = _SUMS.format(unit="hour", grain=0, **_FROM_INTERVALS)
_DAYS = _SUMS.format(unit="day", grain=1, **_FROM_INTERVALS)
_MONTHS = _SUMS.format(unit="month", grain=2, **_FROM_DAYS)
"""A bucket that `made` covers whole is summed from it; any other is summed again from what is stored."""

_STATISTICS = """
INSERT INTO hour_statistic AS h (point_key, start, count, total, low, high, low_at, high_at)
SELECT point_key, start, count::int4, total, low, high, low_at, high_at FROM statistic
ON CONFLICT (point_key, start) DO UPDATE SET count = excluded.count, total = excluded.total, low = excluded.low,
    high = excluded.high, low_at = excluded.low_at, high_at = excluded.high_at
WHERE (h.count, h.total, h.low, h.high)
    IS DISTINCT FROM (excluded.count, excluded.total, excluded.low, excluded.high)"""

_PROGRESS = """
INSERT INTO progress AS p (point_key, settled_until, read_until, settled_value)
SELECT point_key, until, newest, nullif(value, 'NaN') FROM settled
ON CONFLICT (point_key) DO UPDATE SET settled_until = excluded.settled_until,
    read_until = greatest(p.read_until, excluded.read_until), settled_value = excluded.settled_value
WHERE p.settled_until <= excluded.settled_until"""

_known_months: dict[str, set[str]] = {}


def write_intervals(
    session: Session, scope: Scope, *, point_key: Ints, start_us: Ints, minutes: Ints, method: Ints, rule: Ints,
    amount: Ints, zones: dict[str, Ints],
) -> int:  # fmt: skip
    """Write intervals (one row a point and start) and recompute the roll-ups they touch.

    amount: quanta; zones: time zone -> keys of the points whose days it cuts
    returns: how many intervals are new or changed. Edited intervals are left alone.
    """
    assert scope.organisations, "amounts belong to the points of an organisation"
    if not len(point_key):
        return 0
    _ensure_interval_months(session, start_us)
    columns = {
        "point_key": (point_key, "int8"), "start": (start_us, "timestamptz"), "minutes": (minutes, "int2"),
        "method": (method, "int2"), "rule": (rule, "int2"), "amount": (amount, "int8"),
    }  # fmt: skip
    bulk.stage(session, "made", columns)
    session.execute(text("ANALYZE made"))
    changed = _count(session, _INSERT, {})
    if changed < len(point_key):
        changed += _count(session, _REVISE, _span(start_us))
    if changed:
        session.execute(text(_KEEP_EDITED))
        session.execute(text(_HOURS), {"zone": "UTC", "keys": np.unique(point_key).tolist()})
        for zone, keys in zones.items():
            session.execute(text(_DAYS), {"zone": zone, "keys": keys.tolist()})
            session.execute(text(_MONTHS), {"zone": zone, "keys": keys.tolist()})
    return changed


def write_statistics(session: Session, scope: Scope, *, point_key: Ints, hours: HourStatistics) -> None:
    """Write what instantaneous points did in closed hours."""
    assert scope.organisations, "statistics belong to the points of an organisation"
    if not len(point_key):
        return
    columns: dict[str, tuple[NDArray[Any], str]] = {
        "point_key": (point_key, "int8"), "start": (hours.start_us, "timestamptz"), "count": (hours.count, "int8"),
        "total": (hours.total, "float8"), "low": (hours.low, "float8"), "high": (hours.high, "float8"),
        "low_at": (hours.low_at_us, "timestamptz"), "high_at": (hours.high_at_us, "timestamptz"),
    }  # fmt: skip
    bulk.stage(session, "statistic", columns)
    session.execute(text(_STATISTICS))


def write_progress(
    session: Session,
    scope: Scope,
    *,
    point_key: Ints,
    until_us: Ints,
    newest_us: Ints,
    value: NDArray[np.float64],
) -> None:
    """Remember how far points are made up, of readings up to when, and the register there [unit] (NaN: none)."""
    assert scope.organisations, "progress belongs to the points of an organisation"
    if not len(point_key):
        return
    columns: dict[str, tuple[NDArray[Any], str]] = {
        "point_key": (point_key, "int8"), "until": (until_us, "timestamptz"), "newest": (newest_us, "timestamptz"),
        "value": (value, "float8"),
    }  # fmt: skip
    bulk.stage(session, "settled", columns)
    session.execute(text(_PROGRESS))


def _span(start_us: Ints) -> dict[str, Any]:
    """First and last start, for partition pruning."""
    return {"first": clock.from_us(start_us.min()), "last": clock.from_us(start_us.max())}


def _ensure_interval_months(session: Session, start_us: Ints) -> None:
    bind = session.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    months = np.unique(start_us.astype("datetime64[us]").astype("datetime64[M]")).astype(str)
    have = _known_months.setdefault(str(engine.url), set())
    missing = [month for month in months if month not in have]
    if missing:
        ensure_months(engine, "interval", missing)
        have.update(missing)


def _count(session: Session, statement: str, parameters: dict[str, Any]) -> int:
    result: Any = session.execute(text(statement), parameters)
    return int(result.rowcount)
