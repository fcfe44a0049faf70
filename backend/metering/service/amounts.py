"""Write intervals, their roll-ups and hourly statistics; set-based, changing nothing where nothing changed.

What starts later than all a point has is new for certain (one follower writes, under a lease) and is appended;
the rest is merged with what is stored (`backend/decisions/0008-append-path.md`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from backend.kernel import bulk, clock, periods
from backend.kernel.events import publish
from backend.kernel.scope import Scope
from backend.metering import events
from backend.metering.queries import Stretches
from backend.metering.rules import HOUR_US, HourStatistics, Method
from backend.metering.service.store import ensure_months

Ints = NDArray[np.int64]
Columns = dict[str, tuple[NDArray[Any], str]]

_INSERT = """
INSERT INTO "interval" (point_key, start, minutes, version, method, rule, amount)
SELECT point_key, start, minutes, 0, method, rule, amount FROM made WHERE NOT is_new
ON CONFLICT (point_key, start) DO NOTHING"""

_REVISE = """
WITH revised AS (
    UPDATE "interval" i SET minutes = m.minutes, method = m.method, rule = m.rule, amount = m.amount, author_id = NULL
    FROM made m
    WHERE NOT m.is_new AND i.point_key = m.point_key AND i.start = m.start AND i.start BETWEEN :first AND :last
      AND i.method <> 2 AND (i.amount, i.method, i.rule) IS DISTINCT FROM (m.amount, m.method, m.rule)
    RETURNING i.point_key, i.start, i.minutes
)
SELECT p.id, p.organisation_id, r.point_key, min(r.start), max(r.start + r.minutes * interval '1 minute'), count(*)
FROM revised r JOIN point p ON p.key = r.point_key GROUP BY p.id, r.point_key ORDER BY r.point_key"""

_VALIDATE_AGAIN = """
UPDATE progress p SET validated_until = r.start
FROM unnest(CAST(:keys AS int8[]), CAST(:starts AS timestamptz[])) r(key, start)
WHERE p.point_key = r.key AND p.validated_until > r.start"""

_KEEP_EDITED = """
UPDATE made m SET method = i.method, rule = i.rule, amount = i.amount
FROM "interval" i WHERE NOT m.is_new AND i.method = 2 AND i.point_key = m.point_key AND i.start = m.start"""

_SUMS = """
WITH bucket AS (
    SELECT point_key, date_trunc('{unit}', start, :zone) AS start, sum(amount) AS amount,
        coalesce(sum(amount) FILTER (WHERE method = 1), 0) AS estimated, count(*) FILTER (WHERE method <> 3) AS count,
        sum(minutes) AS minutes
    FROM made WHERE point_key = ANY (:keys) AND {of_made} GROUP BY 1, 2
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
    "sums": "sum(s.amount), coalesce(sum(s.amount) FILTER (WHERE s.method = 1), 0), "
    "count(*) FILTER (WHERE s.method <> 3)",
}  # fmt: skip
_FROM_DAYS = {
    "source": "roll_up", "of_source": "s.grain = 1", "is_whole": "false",
    "sums": "sum(s.amount), sum(s.estimated), sum(s.count)",
}  # fmt: skip
_HOURS = _SUMS.format(unit="hour", grain=0, of_made="NOT in_hours", **_FROM_INTERVALS)
_DAYS = _SUMS.format(unit="day", grain=1, of_made="NOT in_days", **_FROM_INTERVALS)
_MONTHS = _SUMS.format(unit="month", grain=2, of_made="true", **_FROM_DAYS)
"""A bucket that `made` covers whole is summed from it; any other is summed again from what is stored.

in_hours, in_days: rows whose hour, or day, is summed already.
"""

_EMPTY = """
DELETE FROM roll_up u USING (
    SELECT point_key, min(start) - interval '32 days' AS first, max(start) AS last FROM made WHERE method = 3 GROUP BY 1
) m WHERE u.point_key = m.point_key AND u.count = 0 AND u.start BETWEEN m.first AND m.last"""
"""Sums of intervals that are all withdrawn: as if there had never been any."""

_UNMEASURED = """
DELETE FROM hour_statistic h USING unmeasured u
WHERE h.point_key = u.point_key AND h.start >= u.start AND h.start < u.stop
  AND NOT EXISTS (SELECT FROM measured m WHERE m.point_key = h.point_key AND m.start = h.start)"""

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
    read_until = greatest(p.read_until, excluded.read_until), settled_value = excluded.settled_value"""

_NEWEST = """
SELECT f.point_key, coalesce((
    SELECT t.start FROM {table} t WHERE t.point_key = f.point_key AND t.start >= f.start
    ORDER BY t.start DESC LIMIT 1), '-infinity')
FROM firsts f ORDER BY f.point_key"""

MOST_TOLD = 500
"""Points in one event."""

_log = structlog.get_logger(__name__)
_known_months: dict[str, set[str]] = {}


def write_intervals(
    session: Session, scope: Scope, *, point_key: Ints, start_us: Ints, minutes: Ints, method: Ints, rule: Ints,
    amount: Ints, zones: dict[str, Ints],
) -> int:  # fmt: skip
    """Write intervals (one row a point and start, sorted so) and recompute the roll-ups they touch.

    amount: quanta; zones: time zone -> keys of the points whose days it cuts
    returns: how many intervals are new or changed. Edited intervals are left alone.
    """
    assert scope.organisations, "amounts belong to the points of an organisation"
    if not len(point_key):
        return 0
    ensure_interval_months(session, start_us)
    columns: Columns = {
        "point_key": (point_key, "int8"), "start": (start_us, "timestamptz"), "minutes": (minutes, "int2"),
        "method": (method, "int2"), "rule": (rule, "int2"), "amount": (amount, "int8"),
    }  # fmt: skip
    is_new = _append_new(session, '"interval"', columns, version=(0, "int2"))
    in_hours = _append_sums(session, 0, columns, is_new, start_us // HOUR_US * HOUR_US, np.array(60))
    in_days = np.zeros_like(is_new)
    is_needed = ~(is_new & in_hours)
    for zone, keys in zones.items():
        day_us, length = _local_days(start_us, zone)
        here = np.isin(point_key, keys)
        in_days |= here & _append_sums(session, 1, columns, is_new & here, day_us, length)
        is_needed |= here & (~in_days | _is_first(point_key, day_us))
    marks = {"is_new": (is_new, "bool"), "in_hours": (in_hours, "bool"), "in_days": (in_days, "bool")}
    bulk.stage(session, "made", _chosen({**columns, **marks}, is_needed))
    session.execute(text("ANALYZE made"))
    changed = int(is_new.sum())
    if not is_new.all():
        changed += _count(session, _INSERT, {})
    if changed < len(point_key):
        changed += _revise(session, scope, start_us[~is_new])
    if changed:
        session.execute(text(_KEEP_EDITED))
        sum_up(session, np.unique(point_key[~in_hours]), zones)
        if (method == Method.WITHDRAWN).any():
            session.execute(text(_EMPTY))
    return changed


def sum_up(session: Session, hours: Ints, zones: dict[str, Ints]) -> None:
    """Sum again what `made` touches: hours of these points, days and months by zone."""
    session.execute(text(_HOURS), {"zone": "UTC", "keys": hours.tolist()})
    for zone, keys in zones.items():
        session.execute(text(_DAYS), {"zone": zone, "keys": keys.tolist()})
        session.execute(text(_MONTHS), {"zone": zone, "keys": keys.tolist()})


def _revise(session: Session, scope: Scope, start_us: Ints) -> int:
    """Give changed intervals a new version, and tell those who may have used the one before; return how many."""
    revised = session.execute(text(_REVISE), _span(start_us)).all()
    if not revised:
        return 0
    told: dict[UUID, list[tuple[UUID, datetime, datetime, int]]] = {}
    for point_id, organisation_id, _, start, end, count in revised:
        told.setdefault(organisation_id, []).append((point_id, start, end, count))
    for organisation_id, points in told.items():
        for i in range(0, len(points), MOST_TOLD):
            some = points[i : i + MOST_TOLD]
            publish(session, events.intervals_revised(organisation_id, some, actor_id=scope.actor_id))
    keys, starts = [row[2] for row in revised], [row[3] for row in revised]
    session.execute(text(_VALIDATE_AGAIN), {"keys": keys, "starts": starts})
    return sum(row[5] for row in revised)


def write_statistics(session: Session, scope: Scope, *, point_key: Ints, hours: HourStatistics) -> None:
    """Write what instantaneous points did in closed hours, sorted by point and hour."""
    assert scope.organisations, "statistics belong to the points of an organisation"
    if not len(point_key):
        return
    columns: Columns = {
        "point_key": (point_key, "int8"), "start": (hours.start_us, "timestamptz"), "count": (hours.count, "int4"),
        "total": (hours.total, "float8"), "low": (hours.low, "float8"), "high": (hours.high, "float8"),
        "low_at": (hours.low_at_us, "timestamptz"), "high_at": (hours.high_at_us, "timestamptz"),
    }  # fmt: skip
    is_old = ~_append_new(session, "hour_statistic", columns)
    if is_old.any():
        bulk.stage(session, "statistic", _chosen(columns, is_old))
        session.execute(text(_STATISTICS))


def withdraw_statistics(
    session: Session, scope: Scope, stretches: Stretches, point_key: Ints, start_us: Ints
) -> None:
    """Remove what is kept of hours in stretches, but for those (point, hour) that something was measured in."""
    assert scope.organisations, "statistics belong to the points of an organisation"
    unmeasured: Columns = {
        "point_key": (stretches.point_key, "int8"), "start": (stretches.first_us, "timestamptz"),
        "stop": (stretches.last_us, "timestamptz"),
    }  # fmt: skip
    bulk.stage(session, "unmeasured", unmeasured)
    bulk.stage(session, "measured", {"point_key": (point_key, "int8"), "start": (start_us, "timestamptz")})
    session.execute(text(_UNMEASURED))


def set_aside(session: Session, scope: Scope, point_key: int, error: Exception, since_us: int) -> None:
    """Note at a point that amounts cannot be made of its readings from an instant on [µs], and why."""
    said = f"{type(error).__name__}: {str(getattr(error, 'orig', error)).splitlines()[0]}"[:500]
    before = session.scalar(_FAILING, {"key": point_key, "organisations": list(scope.organisations)})
    session.execute(_SET_ASIDE, {"key": point_key, "error": said, "since": clock.from_us(since_us)})
    if before != said:
        _log.warning(
            "point set aside: no amounts can be made of its readings", point_key=point_key, error=said
        )


def take_up_again(session: Session, scope: Scope, point_key: int) -> None:
    """Note at a point that its amounts are made again."""
    assert scope.organisations, "a point belongs to an organisation"
    session.execute(_SET_ASIDE, {"key": point_key, "error": None, "since": None})
    _log.info("point taken up again", point_key=point_key)


_FAILING = text("SELECT error FROM point WHERE key = :key AND organisation_id = ANY (:organisations)")
_SET_ASIDE = text("UPDATE point SET error = :error, failing_since = :since WHERE key = :key")


def _append_new(session: Session, table: str, columns: Columns, **more: tuple[int, str]) -> NDArray[np.bool_]:
    """Append the rows that start later than all their points have in a table; return which they are."""
    point_key, start_us = columns["point_key"][0], columns["start"][0]
    is_first = _is_first(point_key)
    bulk.stage(session, "firsts", _chosen({name: columns[name] for name in ("point_key", "start")}, is_first))
    newest_us = bulk.columns_of(session, _NEWEST.format(table=table), ["int8", "timestamptz"])[1]
    is_new: NDArray[np.bool_] = start_us > newest_us[np.cumsum(is_first) - 1]
    if is_new.any() and not bulk.append(session, table, {**_chosen(columns, is_new), **more}):
        return np.zeros_like(is_new)
    return is_new


def _append_sums(
    session: Session, grain: int, intervals: Columns, is_new: NDArray[np.bool_], bucket_us: Ints, length: Ints
) -> NDArray[np.bool_]:
    """Append the sums of buckets that consist of new intervals alone; return which intervals these are.

    bucket_us: start of each interval's bucket; length: that bucket's length [min], one for all or one each
    """
    point_key, minutes, method, amount = (
        intervals[n][0] for n in ("point_key", "minutes", "method", "amount")
    )
    is_first = _is_first(point_key, bucket_us)
    at = np.flatnonzero(is_first)
    is_whole = np.logical_and.reduceat(is_new, at)
    is_whole &= np.add.reduceat(minutes, at, dtype=np.int64) == np.broadcast_to(length, len(is_new))[at]
    sums: Columns = {
        "point_key": (point_key[at], "int8"), "start": (bucket_us[at], "timestamptz"),
        "amount": (np.add.reduceat(amount, at), "int8"),
        "estimated": (np.add.reduceat(np.where(method == Method.ESTIMATED, amount, 0), at), "int8"),
        "count": (np.diff(at, append=len(is_new)), "int4"),
    }  # fmt: skip
    if is_whole.any() and not bulk.append(
        session, "roll_up", {**_chosen(sums, is_whole), "grain": (grain, "int2")}
    ):
        is_whole[:] = False
    return is_whole[np.cumsum(is_first) - 1]


def _local_days(start_us: Ints, zone: str) -> tuple[Ints, Ints]:
    """Return the start of each instant's local day [µs], and that day's length [min]."""
    first, last = (periods.local_date(clock.from_us(at), zone) for at in (start_us.min(), start_us.max()))
    days = [periods.day(first + timedelta(days=n), zone) for n in range((last - first).days + 1)]
    border = np.array([clock.to_us(day.start) for day in days] + [clock.to_us(days[-1].end)], dtype=np.int64)
    day = np.searchsorted(border, start_us, side="right") - 1
    return border[day], np.diff(border)[day] // 60_000_000


def _is_first(*columns: Ints) -> NDArray[np.bool_]:
    """Tell which rows differ from the one before."""
    is_first = np.ones(len(columns[0]), dtype=bool)
    is_first[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return is_first


def _chosen(columns: Columns, chosen: NDArray[np.bool_]) -> Columns:
    return {name: (array[chosen], kind) for name, (array, kind) in columns.items()}


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
    columns: Columns = {
        "point_key": (point_key, "int8"), "until": (until_us, "timestamptz"), "newest": (newest_us, "timestamptz"),
        "value": (value, "float8"),
    }  # fmt: skip
    bulk.stage(session, "settled", columns)
    session.execute(text(_PROGRESS))


def _span(start_us: Ints) -> dict[str, Any]:
    """First and last start, for partition pruning."""
    return {"first": clock.from_us(start_us.min()), "last": clock.from_us(start_us.max())}


def ensure_interval_months(session: Session, start_us: Ints) -> None:
    """Have a partition for every month that intervals start in [µs]."""
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
