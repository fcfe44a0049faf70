"""Numbers that devices give their messages: what is missing between them was lost on the way.

Any number of workers report which numbers they heard. The database unites them, so that neither order,
repetition nor a restart matters; a hole that stays open for a grace period is counted as missed, once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.scope import Scope
from backend.metering.queries import gateways as queries

GRACE_SECONDS = 15.0
"""How long a message may come after one with a higher number [s]."""

_SEEN = "(CASE WHEN excluded.run_us > d.run_us THEN excluded.seen ELSE (d.seen + excluded.seen)"
_SEEN += " * int8multirange(int8range(lower(d.seen), NULL)) END)"
_UNITE = text(f"""
INSERT INTO device_sequence AS d (connection_id, organisation_id, device, run_us, seen, broken_at, changed_at)
SELECT :connection, :organisation, device, run_us, seen,
    CASE WHEN seen <> int8multirange(range_merge(seen)) THEN cast(:now AS timestamptz) END, :now
FROM (SELECT device, run_us, cast(said AS int8multirange) AS seen
      FROM unnest(cast(:devices AS text[]), cast(:runs AS int8[]), cast(:said AS text[]))
          AS u(device, run_us, said)
      ORDER BY device) AS heard
ON CONFLICT (connection_id, device) DO UPDATE SET
    seen = {_SEEN},
    broken_at = CASE WHEN {_SEEN} = int8multirange(range_merge({_SEEN})) THEN NULL
                     ELSE coalesce(d.broken_at, excluded.changed_at) END,
    run_us = greatest(d.run_us, excluded.run_us), changed_at = excluded.changed_at""")

_COUNT = text("""
UPDATE connection_state SET missed = missed + :missing, last_gap = cast(:last_gap AS jsonb), changed_at = :now
WHERE connection_id = :connection""")

_CLOSE = text("""
UPDATE device_sequence SET seen = int8multirange(range_merge(seen)), broken_at = NULL
WHERE connection_id = :connection AND device = :device""")


@dataclass(frozen=True)
class Numbers:
    """Numbers heard from a device: half-open ranges; when it last began anew [µs since 1970], 0 never."""

    ranges: Sequence[tuple[int, int]]
    run_us: int = 0


@dataclass(frozen=True)
class Gap:
    """Numbers of one device that did not come, first to last, and how many of those are missing."""

    connection_id: UUID
    organisation_id: UUID
    device: str
    first: int
    last: int
    missing: int


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
    said = ["{" + ",".join(f"[{a},{b})" for a, b in numbers.ranges) + "}" for numbers in heard.values()]
    session.execute(
        _UNITE,
        {
            "connection": connection_id, "organisation": organisation_id, "now": clock.now(), "said": said,
            "devices": list(heard), "runs": [numbers.run_us for numbers in heard.values()],
        },
    )  # fmt: skip


def close_gaps(session: Session, scope: Scope, *, grace_seconds: float = GRACE_SECONDS) -> list[Gap]:
    """Return the holes older than the grace period [s] and close them, so that each is counted once."""
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
