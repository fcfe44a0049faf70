"""Numbers that devices give their messages: what is missing between them was lost on the way.

Any number of workers report which numbers they heard. The database unites them, so that neither order,
repetition nor a restart matters; a hole that stays open for a grace period is counted as missed, once, until
what was missing comes after all: a spool may be drained hours later.

They are told in the transaction of their readings, in one row, and united a little later, many at once: a row of
each device in each batch would cost a third of storing the readings themselves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.scope import Scope
from backend.metering.queries import gateways as queries

GRACE_SECONDS = 15.0
"""How long a message may come after one with a higher number [s]."""

_IS_ANEW = "(excluded.run_us > d.run_us AND upper(d.seen) > upper(excluded.seen))"
_SEEN = f"(CASE WHEN {_IS_ANEW} THEN excluded.seen"
_SEEN += " ELSE (d.seen + excluded.seen) * int8multirange(int8range(lower(d.seen), NULL)) END)"
"""A device that began anew counts from below what was seen; where it seems to be above, another worker has
told of the same run before."""

_UNITE = text(f"""
WITH told AS MATERIALIZED (
    SELECT * FROM json_to_recordset(cast(:told AS json))
        AS t(device text, run_us int8, said int8multirange, last_us int8)
), known AS MATERIALIZED (
    SELECT device, run_us, seen, missing FROM device_sequence
    WHERE connection_id = :connection AND device IN (SELECT device FROM told) ORDER BY device FOR UPDATE
), heard AS MATERIALIZED (
    SELECT u.device, u.run_us, u.said AS seen,
        CASE WHEN u.run_us > known.run_us AND upper(known.seen) > upper(u.said) THEN '{{}}'
             ELSE known.missing * u.said END AS found
    FROM told u LEFT JOIN known ON known.device = u.device
    WHERE known.run_us IS NULL OR known.run_us <= u.run_us
        OR CASE WHEN u.last_us > 0 THEN u.last_us >= known.run_us ELSE u.run_us = 0 END
    ORDER BY u.device
), united AS (
    INSERT INTO device_sequence AS d (connection_id, organisation_id, device, run_us, seen, broken_at, changed_at)
    SELECT :connection, :organisation, device, run_us, seen,
        CASE WHEN seen <> int8multirange(range_merge(seen)) THEN cast(:now AS timestamptz) END, :now
    FROM heard
    ON CONFLICT (connection_id, device) DO UPDATE SET
        seen = {_SEEN},
        missing = CASE WHEN {_IS_ANEW} THEN '{{}}' ELSE d.missing - excluded.seen END,
        broken_at = CASE WHEN {_SEEN} = int8multirange(range_merge({_SEEN})) THEN NULL
                         ELSE coalesce(d.broken_at, excluded.changed_at) END,
        run_us = greatest(d.run_us, excluded.run_us), changed_at = excluded.changed_at
)
SELECT coalesce(sum(upper(hole) - lower(hole)), 0)::int8 FROM heard, unnest(found) hole""")

_TELL = text("""
INSERT INTO told_numbers (connection_id, organisation_id, teller, told)
VALUES (:connection, :organisation, :teller, cast(:told AS json))""")

_TAKE = text("""
DELETE FROM told_numbers WHERE id IN (
    SELECT id FROM told_numbers WHERE organisation_id = ANY(:organisations)
    ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING id, connection_id, organisation_id, teller, told""")

MOST_TOLD = 1_000
"""Rows united at a time."""

_COUNT = text("""
UPDATE connection_state SET missed = missed + :missing, last_gap = cast(:last_gap AS jsonb), changed_at = :now
WHERE connection_id = :connection""")

_UNCOUNT = text("""
UPDATE connection_state SET missed = greatest(missed - :found, 0), changed_at = :now
WHERE connection_id = :connection""")

_CLOSE = text("""
UPDATE device_sequence SET seen = int8multirange(range_merge(seen)), broken_at = NULL,
    missing = missing + int8multirange(range_merge(seen)) - seen
WHERE connection_id = :connection AND device = :device""")


@dataclass(frozen=True)
class Numbers:
    """Numbers heard from a device: half-open ranges.

    run_us: when it last began anew, 0 never; last_us: the latest instant of these numbers, 0 unknown; numbers
    from before the device began anew come late, and say nothing of what it sends now [µs since 1970]
    """

    ranges: Sequence[tuple[int, int]]
    run_us: int = 0
    last_us: int = 0


@dataclass(frozen=True)
class Told:
    """What one worker said at a time: device -> numbers."""

    connection_id: UUID
    organisation_id: UUID
    teller: str
    heard: Mapping[str, Numbers]


@dataclass(frozen=True)
class Gap:
    """Numbers of one device that did not come, first to last, and how many of those are missing."""

    connection_id: UUID
    organisation_id: UUID
    device: str
    first: int
    last: int
    missing: int


def tell_numbers(session: Session, scope: Scope, told: Told) -> None:
    """Write down the numbers a worker heard, in the transaction of their readings."""
    scope.demand(told.organisation_id)
    if not told.heard:
        return
    said = {device: (n.ranges, n.run_us, n.last_us) for device, n in told.heard.items()}
    session.execute(
        _TELL,
        {
            "connection": told.connection_id, "organisation": told.organisation_id, "teller": told.teller,
            "told": json.dumps(said),
        },
    )  # fmt: skip


def take_told(session: Session, scope: Scope) -> list[Told]:
    """Take what workers told, in the order of each, to be united in this transaction; nobody else takes it, too."""
    rows = session.execute(_TAKE, {"most": MOST_TOLD, "organisations": list(scope.organisations)}).all()
    return [
        Told(
            row.connection_id, row.organisation_id, row.teller,
            {device: Numbers([(a, b) for a, b in ranges], run_us, last_us)
             for device, (ranges, run_us, last_us) in row.told.items()},
        )
        for row in sorted(rows, key=attrgetter("id"))
    ]  # fmt: skip


def hear_numbers(
    session: Session,
    scope: Scope,
    *,
    connection_id: UUID,
    organisation_id: UUID,
    heard: Mapping[str, Numbers],
) -> None:
    """Unite the numbers a worker heard with what is known of each device."""
    scope.demand(organisation_id)
    if not heard:
        return
    told = [
        {"device": device, "run_us": numbers.run_us, "last_us": numbers.last_us,
         "said": "{" + ",".join(f"[{a},{b})" for a, b in numbers.ranges) + "}"}
        for device, numbers in heard.items()
    ]  # fmt: skip
    now = clock.now()
    found: int = session.execute(
        _UNITE,
        {"connection": connection_id, "organisation": organisation_id, "now": now, "told": json.dumps(told)},
    ).scalar_one()
    if found:
        session.execute(_UNCOUNT, {"connection": connection_id, "found": found, "now": now})


def close_gaps(session: Session, scope: Scope, *, grace_seconds: float = GRACE_SECONDS) -> list[Gap]:
    """Return the holes older than the grace period [s] and close them, so that each is counted once.

    What was missing in them stays known: `hear_numbers` takes it off the count where it comes after all.
    """
    before = clock.now() - timedelta(seconds=grace_seconds)
    gaps = [
        Gap(row.connection_id, row.organisation_id, row.device, row.first, row.last, row.missing)
        for row in queries.broken_sequences(session, scope, before)
    ]
    for gap in gaps:
        session.execute(_CLOSE, {"connection": gap.connection_id, "device": gap.device})
    return gaps


def note_gap(session: Session, scope: Scope, gap: Gap, *, last_gap: Mapping[str, object]) -> None:
    """Add what is missing to the connection's count and show it as the last gap."""
    scope.demand(gap.organisation_id)
    said = {"last_gap": json.dumps(last_gap), "now": clock.now()}
    session.execute(_COUNT, {"connection": gap.connection_id, "missing": gap.missing, **said})
