"""What people do about exceptions: accept what was found, edit the intervals with a reason, have it made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import audit, clock, paging, units
from backend.kernel.errors import Conflict, Refused
from backend.kernel.periods import Period
from backend.kernel.scope import Role, Scope
from backend.kernel.units import PointKind
from backend.metering import queries, rules
from backend.metering.models import ExceptionState, Gap, Interval, Point, VeeException
from backend.metering.queries import ExceptionFilter
from backend.metering.rules import Rule, SplitError, vee
from backend.metering.rules.vee import Check, Severity
from backend.metering.service import edits
from backend.metering.service.store import have_made_again

MENDERS = (Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
MICROSECOND = timedelta(microseconds=1)
MOST_EDITED = 3_000
"""Intervals edited at once: a month of quarters of an hour."""

_AGAIN = text("""
UPDATE gap SET estimated_at = NULL, rule = NULL, weight = NULL, reason = NULL, author_id = :author
WHERE point_key = :key AND first_at < :end AND last_at > :start""")

_VALIDATE_AGAIN = text(
    "UPDATE progress SET validated_until = :start WHERE point_key = :key AND validated_until > :start"
)


@dataclass(frozen=True)
class ExceptionRow:
    """An exception as lists show it, with its point and place; words: what was found, in a sentence."""

    exception: VeeException
    point: Point
    place: Any

    @property
    def check(self) -> Check:
        """Which question it answers."""
        return Check(self.exception.check)

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return Severity(self.exception.severity)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.exception, name)


@dataclass(frozen=True)
class Story:
    """All that a person needs to judge an exception, beside the readings: amounts around it, gaps, every version.

    intervals: current ones; versions: all in its own stretch, the newest first of each start
    """

    row: ExceptionRow
    period: Period
    intervals: Sequence[Interval]
    versions: Sequence[Any]
    gaps: Sequence[Gap]


def exceptions(
    session: Session, scope: Scope, wanted: ExceptionFilter, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[ExceptionRow]:
    """Return a page of exceptions of the scope's points, the newest found first."""
    return queries.exceptions(session, scope, wanted, cursor=cursor, limit=limit).each(
        lambda row: ExceptionRow(*row)
    )


def vee_exception(session: Session, scope: Scope, exception_id: UUID) -> ExceptionRow:
    """Return one exception; raises NotFound."""
    found = queries.vee_exception(session, scope, exception_id)
    point = queries.point(session, scope, found.point_id)
    return ExceptionRow(found, point, queries.positions_of(session, scope, [point.id])[point.id])


def story(session: Session, scope: Scope, exception_id: UUID, *, around: timedelta) -> Story:
    """Return an exception with what was read and made around it."""
    row = vee_exception(session, scope, exception_id)
    period = Period(row.exception.starts_at - around, row.exception.ends_at + around)
    inside = Period(row.exception.starts_at, row.exception.ends_at)
    assert period.end is not None
    return Story(
        row, period,
        queries.intervals(session, scope, row.point, period, MOST_EDITED),
        queries.versions(session, scope, row.point, inside, MOST_EDITED),
        queries.gaps_within(session, scope, row.point, period.start, period.end),
    )  # fmt: skip


def accept_exception(session: Session, scope: Scope, exception_id: UUID, *, reason: str = "") -> VeeException:
    """Say that what was found is right as it is."""
    found = _to_be_settled(session, scope, exception_id)
    return _settle(session, scope, found, ExceptionState.ACCEPTED, reason.strip() or None)


def edit_exception(
    session: Session, scope: Scope, exception_id: UUID, *, said: Sequence[tuple[datetime, float]], reason: str
) -> VeeException:
    """Give intervals of an exception's stretch new amounts, as new versions by this person, with their reason.

    said: start and amount [unit of the point]. Where the register is believed, the sum stays what it moved.
    """
    found = _to_be_settled(session, scope, exception_id)
    if len(reason.strip()) < 3:
        raise Refused("an edit needs a reason", field="reason", remedy="say how you know the amounts")
    point = queries.point(session, scope, found.point_id)
    _edit(session, scope, found, point, said, reason.strip())
    return _settle(session, scope, found, ExceptionState.EDITED, reason.strip())


def rerun_exception(session: Session, scope: Scope, exception_id: UUID, *, reason: str = "") -> VeeException:
    """Have the stretch made, estimated and validated again from what is stored; edits in it are taken back."""
    found = _to_be_settled(session, scope, exception_id)
    point = queries.point(session, scope, found.point_id)
    about = {"key": point.key, "start": found.starts_at, "end": found.ends_at, "author": scope.actor_id}
    edits.take_back_edits(session, scope, point.key, found.starts_at, found.ends_at)
    session.execute(_AGAIN, about)
    session.execute(_VALIDATE_AGAIN, about)
    have_made_again(session, scope, point.key, found.starts_at, until=found.ends_at)
    return _settle(session, scope, found, ExceptionState.RERUN, reason.strip() or None)


def _to_be_settled(session: Session, scope: Scope, exception_id: UUID) -> VeeException:
    found = queries.vee_exception(session, scope, exception_id)
    scope.demand(found.organisation_id, *MENDERS)
    if found.state is not ExceptionState.OPEN:
        raise Conflict(
            "this exception is settled already", field="exception_id", value=found.state.value,
            remedy="look at its history",
        )  # fmt: skip
    return found


def _settle(
    session: Session, scope: Scope, found: VeeException, state: ExceptionState, reason: str | None
) -> VeeException:
    found.state, found.reason = state, reason
    found.settled_at, found.settled_by = clock.now(), scope.actor_id
    session.flush()
    audit.record(
        session, scope, action=f"vee_exception.{state.value}", entity="vee_exception", entity_id=found.id,
        organisation_id=found.organisation_id, before={"state": ExceptionState.OPEN.value},
        after={"state": state.value, "reason": reason},
    )  # fmt: skip
    return found


def _edit(
    session: Session, scope: Scope, found: VeeException, point: Point, said: Sequence[tuple[datetime, float]],
    reason: str,
) -> None:  # fmt: skip
    """Write what a person says; raises Refused where it does not fit the stretch or its register."""
    if not 1 <= len(said) <= MOST_EDITED or len({start for start, _ in said}) != len(said):
        raise Refused("each interval is said once", field="intervals", value=len(said))
    length = timedelta(minutes=point.interval_minutes)
    if any(
        not _touches(start, length, found) or clock.to_us(start) % (length // MICROSECOND)
        for start, _ in said
    ):
        raise Refused(
            "an interval lies outside the exception, or starts off the grid", field="intervals",
            remedy=f"give starts {point.interval_minutes} minutes apart within it",
        )  # fmt: skip
    per_unit = units.quanta_per(point.unit)
    start_us = np.array([clock.to_us(start) for start, _ in said], dtype=np.int64)
    value = np.array([amount for _, amount in said], dtype=np.float64)
    if not rules.countable(value, per_unit).all():
        raise Refused("an amount cannot be counted", field="intervals")
    order = np.argsort(start_us)
    start_us, amount = start_us[order], np.floor(value[order] * per_unit + 0.5).astype(np.int64)
    first, last = clock.from_us(int(start_us[0])), clock.from_us(int(start_us[-1])) + length
    rows = queries.intervals(session, scope, point, Period(first, last), MOST_EDITED + 1)
    before = {clock.to_us(row.start): row for row in rows}
    standing = [before[int(at)] for at in start_us if int(at) in before]
    try:
        vee.manual(amount, total=_moved(point, standing), reason=reason)
    except SplitError as error:
        raise Refused(
            str(error), field="intervals", remedy="let the amounts sum to what the register moved"
        ) from error
    zone = queries.zone_of(session, scope, point.id)
    edits.edit(session, scope, point, zone, start_us=start_us, amount=amount)


def _touches(start: datetime, length: timedelta, found: VeeException) -> bool:
    return start < found.ends_at and start + length > found.starts_at


def _moved(point: Point, standing: Sequence[Interval]) -> int | None:
    """Return what a register moved over intervals [quanta]; None where no register says it."""
    if point.kind is not PointKind.REGISTER or any(row.rule == Rule.BREAK for row in standing):
        return None
    return sum(row.amount for row in standing)
