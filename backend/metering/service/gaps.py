"""Gaps: noted when amounts are made, estimated right after, and their shapes kept for the next time.

A register's gap first gets a straight line, at once; the estimate replaces it, as a version, in the follower's
next quiet moment. From then on its shape belongs to the gap: whatever has the stretch made again finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import bulk, clock
from backend.kernel.scope import Scope
from backend.kernel.units import PointKind
from backend.metering import queries, rules
from backend.metering.models import Gap
from backend.metering.queries import CountedPoint
from backend.metering.rules import HOUR_US, Amounts, Method, RegisterGap, Rule, Shape, Spans, vee
from backend.metering.service import around, validation
from backend.metering.service.stretches import Job

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MOST = 100
"""Gaps estimated in one go: bounds how long a live reading waits behind them."""

_log = structlog.get_logger(__name__)

_NOTE = """
INSERT INTO gap AS g (point_key, first_at, last_at, noted_at)
SELECT point_key, first, last, :now FROM noted
ON CONFLICT (point_key, first_at) DO UPDATE SET
    last_at = excluded.last_at, noted_at = excluded.noted_at, estimated_at = NULL, rule = NULL, weight = NULL,
    reason = NULL, author_id = NULL
WHERE g.last_at <> excluded.last_at"""

_FORGET = """
DELETE FROM gap g USING late l
WHERE g.point_key = l.point_key AND g.first_at >= l.first AND g.first_at < l.last
  AND NOT EXISTS (SELECT FROM kept k WHERE k.point_key = g.point_key AND k.first = g.first_at)
RETURNING g.point_key, g.first_at"""


@dataclass(frozen=True)
class Found:
    """Gaps of one job's register; low, high: borders of the stretch that is made [µs]."""

    job: int
    point: CountedPoint
    gaps: Sequence[RegisterGap]
    low_us: int
    high_us: int


def longer_than(point: CountedPoint) -> int:
    """Return from which length on a gap of a point is estimated [µs]: an hour, and two intervals."""
    return max(HOUR_US, 2 * point.length_us)


def found(job: int, point: CountedPoint, shown: tuple[Ints, Floats], stretch: tuple[int, int]) -> Found:
    """Return the gaps of a job's register that reach into the stretch [low, high] it makes."""
    at_us, value = shown
    low, high = stretch
    far = rules.register_gaps(
        at_us, value, longer_us=longer_than(point), dial=point.dial, events=point.events
    )
    return Found(job, point, [gap for gap in far if gap.last_us > low and gap.first_us < high], low, high)


def unread(point: CountedPoint, start_us: Ints, until_us: int | None) -> list[tuple[CountedPoint, int, int]]:
    """Return the stretches an interval point said nothing in: since it was made last, and in between."""
    if not len(start_us):
        return []
    ends = np.append(until_us if until_us is not None else start_us[0], start_us[:-1] + point.length_us)
    return [(point, int(ends[i]), int(start_us[i])) for i in np.flatnonzero(start_us > ends)]


def spans(registers: Sequence[Gap]) -> Spans:
    """Return gaps of registers as stretches to be made again."""
    key = np.array([gap.point_key for gap in registers], dtype=np.int64)
    first, last = (
        np.array([clock.to_us(at) for at in column], dtype=np.int64)
        for column in ([gap.first_at for gap in registers], [gap.last_at for gap in registers])
    )
    return Spans(key, first, last, np.full(len(key), 2, dtype=np.int64))


def jobs_with_gaps(jobs: Sequence[Job], job: Ints, at_us: Ints) -> set[int]:
    """Tell which jobs have readings far enough apart. job, at_us: sorted readings of all of them."""
    if not len(at_us):
        return set()
    limit = np.array([longer_than(one.point) for one in jobs], dtype=np.int64)
    far = (np.diff(at_us) > limit[job[1:]]) & (np.diff(job) == 0)
    return set(np.unique(job[1:][far]).tolist())


def shapes(session: Session, scope: Scope, found: Sequence[Found]) -> dict[int, list[Shape]]:
    """Return the shapes of gaps by job, and note the gaps that have none yet."""
    reaching = [(one, gap) for one in found for gap in one.gaps]
    if not reaching:
        return {}
    known = {
        (row.point_key, clock.to_us(row.first_at), clock.to_us(row.last_at)): row
        for row in queries.gaps_at(
            session, scope, [(one.point.key, clock.from_us(gap.first_us)) for one, gap in reaching]
        )
    }
    shaped: dict[int, list[Shape]] = {}
    for one, gap in reaching:
        row = known.get((one.point.key, gap.first_us, gap.last_us))
        if row is not None and row.weight is not None and row.rule is not None:
            weight = np.frombuffer(row.weight, np.float32).astype(np.float64)
            shaped.setdefault(one.job, []).append(Shape(gap.first_us, gap.last_us, weight, row.rule))
    fresh = {(one.point.key, gap.first_us): gap.last_us for one, gap in reaching
             if (one.point.key, gap.first_us, gap.last_us) not in known}  # fmt: skip
    _note(session, fresh)
    return shaped


def note_unread(session: Session, scope: Scope, unread: Sequence[tuple[CountedPoint, int, int]]) -> None:
    """Note stretches [first, last) in which interval points said nothing."""
    assert scope.organisations, "gaps belong to the points of an organisation"
    _note(session, {(point.key, first): last for point, first, last in unread})


def forget_filled(
    session: Session, scope: Scope, late: Sequence[tuple[int, int, int]], found: Sequence[Found]
) -> None:
    """Drop gaps noted in stretches (key, low, high) made again, but for those found there: the others were filled."""
    assert scope.organisations, "gaps belong to the points of an organisation"
    if not late:
        return
    _stage(session, "late", late)
    _stage(session, "kept", [(one.point.key, gap.first_us, gap.last_us) for one in found for gap in one.gaps])
    filled = [(key, first) for key, first in session.execute(text(_FORGET))]
    if filled:
        validation.gaps_filled(session, scope, filled)


def _stage(session: Session, table: str, stretches: Sequence[tuple[int, int, int]]) -> None:
    key, first, last = np.array(stretches, dtype=np.int64).reshape(-1, 3).T
    bulk.stage(session, table, {
        "point_key": (key, "int8"), "first": (first, "timestamptz"), "last": (last, "timestamptz"),
    })  # fmt: skip


def _note(session: Session, gaps: dict[tuple[int, int], int]) -> None:
    if gaps:
        _stage(session, "noted", [(key, first, last) for (key, first), last in gaps.items()])
        session.execute(text(_NOTE), {"now": clock.now()})


@dataclass(frozen=True)
class Filled:
    """What was estimated: intervals of interval points, and the stretches of registers to be made again.

    unusual: gaps of points that are read more than they are not: a meter read once a month has none
    """

    made: list[tuple[CountedPoint, Amounts]]
    registers: list[Gap]
    unusual: list[Gap]


def estimate(
    session: Session, scope: Scope, points: dict[int, CountedPoint], waiting: Sequence[Gap]
) -> Filled:
    """Choose an estimator for each gap, note its shape and reason, and return what follows from it."""
    known = [gap for gap in waiting if gap.point_key in points]
    for gap in waiting:
        gap.estimated_at = clock.now()
    filled = Filled([], [], [])
    for gap, context in zip(known, around.contexts(session, scope, points, known), strict=True):
        point = points[gap.point_key]
        if context is None:
            gap.rule, gap.reason = int(Rule.INTERPOLATED), "too long to know what happened"
            continue
        if np.count_nonzero(~np.isnan(context.amount)) >= len(context):
            filled.unusual.append(gap)
        is_register = point.kind is PointKind.REGISTER
        expected = vee.expect(context, point.carrier, with_register=is_register)
        is_known = is_register or _knows_a_week(context) or vee.is_shut(context)
        if expected is None or not is_known:
            gap.rule, gap.reason = int(Rule.NONE), "too little is known before it"
        elif is_register:
            gap.rule, gap.reason = int(expected.rule), expected.reason
            if expected.rule is not Rule.INTERPOLATED or np.ptp(expected.amount):
                gap.weight = expected.amount.astype(np.float32).tobytes()
                filled.registers.append(gap)
        else:
            gap.rule, gap.reason = int(expected.rule), expected.reason
            filled.made.append((point, _as_amounts(gap, point, expected)))
    return filled


def give_up(session: Session, scope: Scope, gap: Gap, error: Exception) -> None:
    """Leave a gap as it is, and say why it could not be estimated."""
    assert scope.organisations, "gaps belong to the points of an organisation"
    gap.estimated_at, gap.rule, gap.weight = clock.now(), int(Rule.NONE), None
    gap.reason = f"{type(error).__name__}: {error}"[:500]
    session.flush()
    _log.warning("gap not estimated", point_key=gap.point_key, first_at=gap.first_at, error=gap.reason)


def _as_amounts(gap: Gap, point: CountedPoint, expected: vee.Expectation) -> Amounts:
    start = np.arange(clock.to_us(gap.first_at), clock.to_us(gap.last_at), point.length_us, dtype=np.int64)
    amount = np.floor(expected.amount + 0.5).astype(np.int64)
    method, rule = (np.full(len(start), code, np.int16) for code in (Method.ESTIMATED, expected.rule))
    return Amounts(start, amount, method, rule)


def _knows_a_week(context: vee.Gap) -> bool:
    """Tell whether enough was measured to invent what nobody read: a register's gap is none of that."""
    return bool(np.count_nonzero(~np.isnan(context.amount)) * context.length_us >= 7 * 24 * HOUR_US)
