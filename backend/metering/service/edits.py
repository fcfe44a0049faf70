"""Intervals that a person says: versions with their name, which no reading changes until they are taken back."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import bulk, clock
from backend.kernel.events import publish
from backend.kernel.scope import Scope
from backend.metering import events
from backend.metering.models import Point
from backend.metering.rules import Method, Rule
from backend.metering.service import amounts

Ints = NDArray[np.int64]

_EDIT = """
INSERT INTO "interval" AS i (point_key, start, minutes, version, method, rule, amount, author_id)
SELECT point_key, start, minutes, 0, method, rule, amount, CAST(:author AS uuid) FROM made
ON CONFLICT (point_key, start) DO UPDATE SET minutes = excluded.minutes, method = excluded.method,
    rule = excluded.rule, amount = excluded.amount, author_id = excluded.author_id"""

_TAKE_BACK = """
UPDATE "interval" SET method = 1, author_id = :author
WHERE point_key = :key AND start >= :start AND start < :end AND method = 2
RETURNING start"""


def edit(session: Session, scope: Scope, point: Point, zone: str, *, start_us: Ints, amount: Ints) -> None:
    """Write what a person says of a point's intervals (sorted), as versions of theirs, and the sums that follow.

    amount: quanta. No reading changes them any more, until the edit is taken back.
    """
    assert point.organisation_id in scope.organisations, "only intervals of the scope's own points are edited"
    amounts.ensure_interval_months(session, start_us)
    false = np.zeros(len(start_us), dtype=bool)
    columns: bulk.Columns = {
        "point_key": (np.full(len(start_us), point.key, np.int64), "int8"), "start": (start_us, "timestamptz"),
        "minutes": (np.full(len(start_us), point.interval_minutes), "int2"),
        "method": (np.full(len(start_us), Method.EDITED), "int2"), "amount": (amount, "int8"),
        "rule": (np.full(len(start_us), Rule.MANUAL), "int2"),
        "is_new": (false, "bool"), "in_hours": (false, "bool"), "in_days": (false, "bool"),
    }  # fmt: skip
    bulk.stage(session, "made", columns)
    session.execute(text(_EDIT), {"author": scope.actor_id})
    keys = np.array([point.key], dtype=np.int64)
    amounts.sum_up(session, keys, {zone: keys})
    length = timedelta(minutes=point.interval_minutes)
    first, end = clock.from_us(int(start_us[0])), clock.from_us(int(start_us[-1])) + length
    told = events.intervals_revised(
        point.organisation_id, [(point.id, first, end, len(start_us))], actor_id=scope.actor_id
    )
    publish(session, told)


def take_back_edits(session: Session, scope: Scope, point_key: int, start: datetime, end: datetime) -> int:
    """Let the follower make what a person had said in [start, end) again; return how many intervals that is."""
    assert scope.organisations, "amounts belong to the points of an organisation"
    about = {"key": point_key, "start": start, "end": end, "author": scope.actor_id}
    return len(session.execute(text(_TAKE_BACK), about).all())
