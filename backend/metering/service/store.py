"""Store readings: one transaction holds readings, the latest of each point, and the journal's batch row.

Whoever stores readings of a point first locks its row in `latest`, points in ascending order, until the commit.
What is newer than that row is new for certain and is appended; the rest is merged with what is stored
(`backend/decisions/0008-append-path.md`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from backend.kernel import bulk, clock, commits
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.metering import queries, rules
from backend.metering.rules import ReadingBatch

SEQUENCE_LOCK = 0x45_4E_45_52
"""Held from just before the commit: batches become visible in the order of their sequence."""

_INSERT = """
INSERT INTO reading (point_key, read_at, revision, quality, value, batch_id)
SELECT point_key, read_at, 0, quality, nullif(value, 'NaN'), :batch FROM incoming
ON CONFLICT (point_key, read_at) DO NOTHING"""

_REVISE = """
UPDATE reading r SET quality = i.quality, value = nullif(i.value, 'NaN'), batch_id = :batch
FROM incoming i
WHERE r.point_key = i.point_key AND r.read_at = i.read_at
  AND r.read_at BETWEEN :first AND :last
  AND (r.quality <> i.quality OR r.value IS DISTINCT FROM nullif(i.value, 'NaN'))"""

_NOT_SUPERSEDED = """
  AND NOT EXISTS (
    SELECT FROM superseded_reading s
    WHERE s.point_key = i.point_key AND s.read_at = i.read_at
      AND s.quality = i.quality AND s.value IS NOT DISTINCT FROM nullif(i.value, 'NaN'))"""

_BEGIN = """
INSERT INTO latest (point_key, read_at, quality, received_at)
SELECT point_key, '-infinity', quality, :now FROM newest ORDER BY point_key
ON CONFLICT (point_key) DO NOTHING"""

_HOLD = """
SELECT l.point_key, l.read_at FROM newest n JOIN latest l ON l.point_key = n.point_key
ORDER BY l.point_key FOR UPDATE OF l"""

_LATEST = """
UPDATE latest l SET read_at = n.read_at, quality = n.quality, value = nullif(n.value, 'NaN'), received_at = :now
FROM newest n WHERE l.point_key = n.point_key AND l.read_at < n.read_at"""

_LATEST_REVISED = """
UPDATE latest l SET quality = r.quality, value = r.value, received_at = :now
FROM incoming i JOIN reading r ON r.point_key = i.point_key AND r.read_at = i.read_at
WHERE l.point_key = i.point_key AND l.read_at = i.read_at
  AND (l.quality <> r.quality OR l.value IS DISTINCT FROM r.value)"""

_BATCH = """
WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock(:lock)), added AS (
    INSERT INTO batch (id, sequence, received_at, connection_id, actor_id, source, is_live, readings, changed,
                       spans, journal, notes)
    SELECT :batch, nextval('batch_sequence'), :now, cast(:connection_id AS uuid), cast(:actor_id AS uuid), :source,
        :is_live, :readings, :changed, cast(:spans AS bytea), cast(:journal AS bytea), cast(:notes AS jsonb)
    FROM held RETURNING id
)
SELECT pg_notify('batch', '') FROM added"""


@dataclass(frozen=True)
class Stored:
    """What became of a batch: how many readings were new, revised, or already there."""

    batch_id: int
    new: int
    revised: int
    unchanged: int


def store_readings(
    session: Session,
    scope: Scope,
    batch: ReadingBatch,
    *,
    source: str,
    connection_id: UUID | None = None,
    live: bool,
    corrects: bool = False,
    notes: str | None = None,
) -> Stored:
    """Store readings exactly once, in the caller's transaction.

    The same instant and value again is a no-op; another value is the next revision and the one
    before is kept. A value that was already superseded is a late duplicate and changes nothing,
    unless `corrects` says that somebody means it.

    source: protocol or file; live: may raise live alarms; notes: JSON text kept with the batch
    raises Refused when a point is unknown to the scope or an instant is absurd
    """
    _demand_known(session, scope, batch.point_key)
    _ensure_months(session, batch.read_at_us)
    now = clock.now()
    batch_id: int = session.execute(text("SELECT nextval('batch_id')")).scalar_one()
    new = revised = 0
    for part in rules.passes(batch):
        added, changed = _store_pass(session, part, batch_id, now, corrects)
        new, revised = new + added, revised + changed
    _journal(session, scope, batch, batch_id, now, new + revised, source, connection_id, live, notes)
    return Stored(batch_id, new, revised, len(batch) - new - revised)


REMADE = "register event"
"""Source of journal batches that bring no readings: amounts around an instant are to be made again."""


def have_made_again(
    session: Session, scope: Scope, point_key: int, at: datetime, *, until: datetime | None = None
) -> None:
    """Tell the followers to make a point's amounts around an instant, or up to a later one, again."""
    at_us = np.array([clock.to_us(at)], dtype=np.int64)
    until_us = at_us if until is None else np.array([clock.to_us(until)], dtype=np.int64)
    key = np.array([point_key], dtype=np.int64)
    spans = rules.Spans(key, at_us, until_us, np.zeros(1, dtype=np.int64))
    batch_id = session.execute(text("SELECT nextval('batch_id')")).scalar_one()
    row = {
        "batch": batch_id, "now": clock.now(), "connection_id": None, "actor_id": scope.actor_id, "source": REMADE,
        "is_live": False, "readings": 0, "changed": 0, "spans": rules.pack_spans(spans), "journal": None, "notes": None,
    }  # fmt: skip
    commits.put_down(session, "batches", row)


def _store_pass(
    session: Session, part: ReadingBatch, batch_id: int, now: datetime, corrects: bool
) -> tuple[int, int]:
    """Store readings that are sorted and unique; return how many were new and how many revised."""
    is_new = part.read_at_us > _hold(session, part, now)
    clashed = not _append_new(session, part.take(is_new), batch_id)
    new = 0 if clashed else int(is_new.sum())
    rest = part if clashed else part.take(~is_new)
    merged = revised = 0
    if len(rest):
        merged, revised = _merge(session, rest, batch_id, corrects)
    if is_new.any():
        session.execute(text(_LATEST), {"now": now})
    if revised or clashed:
        session.execute(text(_LATEST_REVISED), {"now": now})
    return new + merged, revised


def _hold(session: Session, part: ReadingBatch, now: datetime) -> NDArray[np.int64]:
    """Lock the points until the commit; return the newest instant stored before, for each reading [µs]."""
    is_last = np.ones(len(part), dtype=bool)
    is_last[:-1] = part.point_key[1:] != part.point_key[:-1]
    last = part.take(is_last)
    bulk.stage(session, "newest", _columns(last))
    before_us = bulk.columns_of(session, _HOLD, ["int8", "timestamptz"])[1]
    if len(before_us) < len(last):
        session.execute(text(_BEGIN), {"now": now})
        before_us = bulk.columns_of(session, _HOLD, ["int8", "timestamptz"])[1]
    return np.repeat(before_us, np.diff(np.flatnonzero(is_last), prepend=-1))


def _append_new(session: Session, part: ReadingBatch, batch_id: int) -> bool:
    """Append readings that nobody has stored; False, and nothing done, where somebody has after all."""
    stamps: bulk.Columns = {"revision": (0, "int2"), "batch_id": (batch_id, "int8")}
    is_empty = np.isnan(part.value)
    lots = []
    for chosen in (~is_empty, is_empty):
        columns = _columns(part.take(chosen))
        if chosen is is_empty:
            del columns["value"]
        lots.append({**columns, **stamps})
    return bulk.append(session, "reading", *(lot for lot in lots if np.size(lot["point_key"][0])))


def _merge(session: Session, part: ReadingBatch, batch_id: int, corrects: bool) -> tuple[int, int]:
    """Store readings that may be there already; return how many were not, and how many differed."""
    bulk.stage(session, "incoming", _columns(part))
    new = _count(session, _INSERT, {"batch": batch_id})
    if new == len(part):
        return new, 0
    period = {"first": clock.from_us(part.read_at_us.min()), "last": clock.from_us(part.read_at_us.max())}
    statement = _REVISE if corrects else _REVISE + _NOT_SUPERSEDED
    return new, _count(session, statement, {"batch": batch_id, **period})


def _columns(part: ReadingBatch) -> dict[str, tuple[NDArray[Any], str]]:
    return {
        "point_key": (part.point_key, "int8"), "read_at": (part.read_at_us, "timestamptz"),
        "quality": (part.quality, "int2"), "value": (part.value, "float8"),
    }  # fmt: skip


def _journal(
    session: Session, scope: Scope, batch: ReadingBatch, batch_id: int, now: datetime, changed: int,
    source: str, connection_id: UUID | None, live: bool, notes: str | None,
) -> None:  # fmt: skip
    """Have the batch row written at the commit, under the lock that orders commits, and wake the followers."""
    spans = None
    if changed:
        order = np.lexsort((batch.read_at_us, batch.point_key))
        spans = rules.pack_spans(rules.spans_of(batch.take(order)))
    row = {
        "batch": batch_id, "now": now, "connection_id": connection_id, "actor_id": scope.actor_id, "source": source,
        "is_live": live, "readings": len(batch), "changed": changed, "spans": spans,
        "journal": rules.pack(batch) if live and changed else None, "notes": notes,
    }  # fmt: skip
    commits.put_down(session, "batches", row)


@commits.writes("batches")
def _append(session: Session, rows: list[dict[str, Any]]) -> None:
    """Append batch rows to the journal: last of all, since nobody else commits until we do."""
    for row in rows:
        session.execute(text(_BATCH), {**row, "lock": SEQUENCE_LOCK})


def _count(session: Session, statement: str, parameters: dict[str, Any]) -> int:
    result: Any = session.execute(text(statement), parameters)
    return int(result.rowcount)


_known: dict[tuple[str, frozenset[UUID]], NDArray[np.int64]] = {}
_months: dict[str, set[str]] = {}
_guard = threading.Lock()


def _demand_known(session: Session, scope: Scope, keys: NDArray[np.int64]) -> None:
    """Refuse points the scope does not hold. What was found once is remembered: points never move."""
    wanted = np.unique(keys)
    place = (str(_engine(session).url), scope.organisations)
    known = _known.get(place, np.empty(0, dtype=np.int64))
    if np.isin(wanted, known, assume_unique=True).all():
        return
    fresh = queries.owned_keys(session, scope)
    missing = wanted[~np.isin(wanted, fresh, assume_unique=True)]
    if len(missing):
        raise Refused(
            f"{len(missing)} of {len(wanted)} points are not known here",
            field="point_key",
            value=missing[:10].tolist(),
            remedy="map the channel to a point of this organisation",
        )
    with _guard:
        _known[place] = fresh


def _ensure_months(session: Session, read_at_us: NDArray[np.int64]) -> None:
    """Create the monthly partitions these instants need, each once, apart from the caller's transaction."""
    if not len(read_at_us):
        return
    months = np.unique(read_at_us.astype("datetime64[us]").astype("datetime64[M]")).astype(str)
    have = _months.setdefault(str(_engine(session).url), set())
    missing = [month for month in months if month not in have]
    if not missing:
        return
    ensure_months(_engine(session), "reading", missing)
    have.update(missing)


def ensure_months(engine: Engine, table: str, months: list[str]) -> None:
    """Create monthly partitions of `table` ('reading' or 'interval') for months like '2026-11'."""
    with engine.begin() as connection:
        for month in months:
            connection.execute(
                text("SELECT ensure_month(:table, cast(:month AS timestamptz))"),
                {"table": table, "month": f"{month}-01T00:00Z"},
            )


def _engine(session: Session) -> Engine:
    bind = session.get_bind()
    return bind if isinstance(bind, Engine) else bind.engine
