"""Validate what was made: each local day when it is over, in the quiet moments of the follower.

The checks themselves are `rules.vee`; here their arrays are read for many points at once, and what they find is
kept as exceptions. A day whose intervals are revised is validated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import or_, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel import clock, ids
from backend.kernel.scope import Scope
from backend.metering import queries
from backend.metering.models import ExceptionState, Gap, VeeException
from backend.metering.queries import ClosedDays, CountedPoint
from backend.metering.rules import HOUR_US, vee
from backend.metering.rules.vee import Check, Findings
from backend.metering.service.settings import settings_of

Ints = NDArray[np.int64]
DAY_US = 24 * HOUR_US
PAST_US = 28 * DAY_US
LONGEST_US = 31 * DAY_US
MOST = 200
"""Points validated in one go: bounds how long a live reading waits behind them."""
OF_DAYS = (Check.DUPLICATE, Check.SPIKE, Check.HIGH, Check.LOW, Check.REGISTER, Check.PARENT, Check.DEAD)
"""Checks that look at whole days again and again, and so can take back what they found."""

_VALIDATED = text("""
UPDATE progress p SET validated_until = d.until
FROM unnest(CAST(:keys AS int8[]), CAST(:until AS timestamptz[])) d(key, until) WHERE p.point_key = d.key""")

_NOT_FOUND_ANY_MORE = text("""
UPDATE vee_exception e SET state = 'rerun', settled_at = :now, settled_by = NULL, reason = 'not found any more'
FROM unnest(CAST(:points AS uuid[]), CAST(:first AS timestamptz[]), CAST(:last AS timestamptz[])) d(id, first, last)
WHERE e.point_id = d.id AND e.starts_at >= d.first AND e.starts_at < d.last AND e.state = 'open'
  AND e."check" = ANY (:checks)
  AND NOT EXISTS (SELECT FROM unnest(CAST(:found_points AS uuid[]), CAST(:found_checks AS int2[]),
      CAST(:found_starts AS timestamptz[])) f(id, "check", start)
      WHERE f.id = e.point_id AND f."check" = e."check" AND f.start = e.starts_at)""")

_FILLED = text("""
UPDATE vee_exception e SET state = 'rerun', settled_at = :now, settled_by = NULL, reason = 'late readings came'
FROM unnest(CAST(:keys AS int8[]), CAST(:starts AS timestamptz[])) f(key, start) JOIN point p ON p.key = f.key
WHERE e.point_id = p.id AND e.starts_at = f.start AND e."check" = 0 AND e.state = 'open'""")


def validate_closed_days(session: Session, scope: Scope, *, most: int = MOST) -> int:
    """Validate the days that are over, in the caller's transaction; return of how many points (0: none left)."""
    days = queries.closed_days(session, scope, most)
    if not days:
        return 0
    days = [_shortened(day) for day in days]
    said = settings_of(session, scope, [day.organisation_id for day in days])
    for limits in {one.limits for one in said.values()}:
        mine = [day for day in days if said[day.organisation_id].limits == limits]
        found = vee.joined([
            *_of_intervals(session, scope, mine, limits), *_of_others(session, scope, mine, limits)
        ])  # fmt: skip
        _take_back(session, mine, found)
        record(session, scope, found, [(day.point_id, day.organisation_id) for day in mine])
    until = [clock.from_us(day.end_us) for day in days]
    session.execute(_VALIDATED, {"keys": [day.key for day in days], "until": until})
    return len(days)


def record(session: Session, scope: Scope, found: Findings, points: Sequence[tuple[UUID, UUID]]) -> None:
    """Keep findings as exceptions, each once. points: id and organisation of each owner.

    What is open takes the new figures; what a new run had settled opens again; what a person settled stays.
    """
    assert scope.organisations, "exceptions belong to the points of an organisation"
    if not len(found):
        return
    now = clock.now()
    rows = [
        {
            "id": ids.new_id(), "point_id": points[int(found.owner[i])][0],
            "organisation_id": points[int(found.owner[i])][1], "starts_at": clock.from_us(int(found.start_us[i])),
            "ends_at": clock.from_us(int(found.end_us[i])), "check": int(found.check[i]),
            "severity": int(found.severity[i]), "measured": float(found.measured[i]), "limit": float(found.limit[i]),
            "state": ExceptionState.OPEN, "found_at": now,
        }
        for i in range(len(found))
    ]  # fmt: skip
    new = insert(VeeException)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["point_id", "check", "starts_at"],
            set_={
                "ends_at": new.excluded.ends_at, "severity": new.excluded.severity, "limit": new.excluded.limit,
                "measured": new.excluded.measured, "state": ExceptionState.OPEN, "settled_at": None, "reason": None,
            },
            where=or_(
                VeeException.state == ExceptionState.OPEN,
                (VeeException.state == ExceptionState.RERUN) & VeeException.settled_by.is_(None),
            ),
        ),
        rows,
    )  # fmt: skip


def note_gaps(session: Session, scope: Scope, gaps: Sequence[Gap], points: dict[int, CountedPoint]) -> None:
    """Keep gaps of which more than a few intervals were not read as exceptions."""
    known = [gap for gap in gaps if gap.point_key in points]
    said = settings_of(session, scope, [points[gap.point_key].owner[1] for gap in known])
    lots = []
    for owner, gap in enumerate(known):
        at = np.array([clock.to_us(gap.first_at), clock.to_us(gap.last_at)], dtype=np.int64)
        length = points[gap.point_key].length_us
        at[0] -= length  # as if the interval before were the last that was read
        lots.append(
            vee.missing(np.full(2, owner, np.int64), at, length, said[points[gap.point_key].owner[1]].missing)
        )
    record(session, scope, vee.joined(lots), [points[gap.point_key].owner for gap in known])


def note_break(
    session: Session, scope: Scope, point: CountedPoint, at_us: Ints, value: NDArray[np.float64]
) -> None:
    """Keep an unexplained step back of a register as an exception: an exchange nobody recorded, as a rule."""
    record(
        session, scope, vee.exchanges(0, at_us, value, dial=point.dial, events=point.events), [point.owner]
    )


def note_negative(
    session: Session, scope: Scope, point: CountedPoint, at_us: Ints, value: NDArray[np.float64]
) -> None:
    """Keep interval readings below zero as exceptions."""
    nobody = np.zeros(len(at_us), dtype=np.int64)
    record(session, scope, vee.negative(nobody, at_us, value, point.length_us), [point.owner])


def gaps_filled(session: Session, scope: Scope, filled: Sequence[tuple[int, Any]]) -> None:
    """Settle the exceptions of gaps (key, first instant) that late readings filled."""
    assert scope.organisations, "exceptions belong to the points of an organisation"
    keys, starts = [key for key, _ in filled], [start for _, start in filled]
    session.execute(_FILLED, {"keys": keys, "starts": starts, "now": clock.now()})


def _shortened(day: ClosedDays) -> ClosedDays:
    """Return the last month of it, where more is waiting: years that were imported are not all gone through."""
    start = max(day.start_us, day.end_us - LONGEST_US)
    return ClosedDays(day.key, day.point_id, day.organisation_id, day.length_us, day.zone, start, day.end_us)


def _columns(days: Sequence[ClosedDays]) -> tuple[Ints, Ints, Ints]:
    key, first, last = np.array([(day.key, day.start_us, day.end_us) for day in days], dtype=np.int64).T
    return key, first, last


def _of_intervals(
    session: Session, scope: Scope, days: Sequence[ClosedDays], limits: vee.Limits
) -> list[Findings]:
    """Run the checks of intervals against their own past, one length of interval after the other."""
    key, first, last = _columns(days)
    owner, start, amount, _ = queries.amounts_in(session, scope, key, first - PAST_US, last)
    day = np.zeros_like(start)
    length = np.array([one.length_us for one in days], dtype=np.int64)
    for zone in {one.zone for one in days}:
        here = np.array([one.zone == zone for one in days])[owner]
        day[here] = (start[here] + vee.utc_offset_us(start[here], zone)) // DAY_US
    found = []
    for of_length in np.unique(length):
        mine = length[owner] == of_length
        is_past = start < first[owner]
        past, of_now, whole = (
            _series(chosen, owner, start, day, amount, int(of_length))
            for chosen in (mine & is_past, mine & ~is_past, mine)
        )
        known = vee.past_of(past, len(days))
        still = vee.dead(whole, known, limits)
        found += [
            vee.validate_days(of_now, known, limits),
            vee.chosen(still, still.end_us > first[still.owner]),
        ]
    return found


def _series(
    chosen: NDArray[np.bool_], owner: Ints, start: Ints, day: Ints, amount: Ints, length: int
) -> vee.Series:
    return vee.Series(owner[chosen], start[chosen], day[chosen], amount[chosen], length)


def _of_others(
    session: Session, scope: Scope, days: Sequence[ClosedDays], limits: vee.Limits
) -> list[Findings]:
    """Run the checks that need something else than a point's own intervals."""
    key, first, last = _columns(days)
    owner, start, own, parts = queries.sub_meters(session, scope, key, first, last)
    parent = vee.against_parent((owner, start, start + DAY_US), own, parts, limits)
    owner, start, moved, total, rounding = queries.twins(session, scope, key, first, last)
    found = [parent, *(
        vee.register_against_intervals(
            (owner[i : i + 1], start[i : i + 1], start[i : i + 1] + DAY_US), moved[i : i + 1], total[i : i + 1],
            rounding=int(rounding[i]),
        )
        for i in range(len(owner))
    )]  # fmt: skip
    owner, at_us, value = queries.said_twice(session, scope, key, first, last)
    found.append(vee.duplicates(owner, at_us, value))
    owner, read_us, received_us = queries.delays(session, scope, key, last - HOUR_US, last)
    found.append(vee.clock_drift(owner, read_us, received_us, limits))
    return found


def _take_back(session: Session, days: Sequence[ClosedDays], found: Findings) -> None:
    """Settle what was open in these days and is not found any more."""
    session.execute(_NOT_FOUND_ANY_MORE, {
        "now": clock.now(), "points": [day.point_id for day in days], "checks": [int(one) for one in OF_DAYS],
        "first": [clock.from_us(day.start_us) for day in days], "last": [clock.from_us(day.end_us) for day in days],
        "found_points": [days[int(owner)].point_id for owner in found.owner],
        "found_checks": [int(one) for one in found.check],
        "found_starts": [clock.from_us(int(at)) for at in found.start_us],
    })  # fmt: skip
