"""Reading rounds: registers without a line, read each month by hand, each reading held against the last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, periods
from backend.kernel.errors import Refused
from backend.kernel.paging import Page
from backend.kernel.periods import Period
from backend.kernel.scope import Role, Scope
from backend.kernel.units import PointKind
from backend.metering import service as metering
from backend.metering.models import Point
from backend.workorders.models import ReadingRound
from backend.workorders.queries import hosting as queries
from backend.workorders.queries import monthly
from backend.workorders.rules import rounds as rules
from backend.workorders.rules.rounds import Before

PLANNERS = (Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
READERS = (Role.TECHNICIAN, Role.OPERATOR, Role.DISPATCHER, Role.ADMINISTRATOR)
LOOKED_BACK = timedelta(days=400)
DOUBTS = {
    "not_a_register": "the register cannot show this",
    "backwards": "this is less than the last reading",
    "too_much": "this is more than five times the usual use",
}


@dataclass(frozen=True)
class NewRound:
    """Which registers are read until which day of the month."""

    name: str
    point_ids: Sequence[UUID]
    due_day: int
    zone: str
    contract_id: UUID | None = None


@dataclass(frozen=True)
class Stop:
    """A register of a round. read_at, value: this month's reading [unit of the point], None while it is missing."""

    point: Point
    read_at: datetime | None
    value: float | None


@dataclass(frozen=True)
class Progress:
    """How far a round of a month is. due_on: local day; is_late: some are missing though the day is over."""

    round: ReadingRound
    due_on: date
    stops: Sequence[Stop]
    is_late: bool

    @property
    def done(self) -> int:
        """Return how many registers were read."""
        return sum(one.read_at is not None for one in self.stops)


def plan_round(session: Session, scope: Scope, *, new: NewRound) -> ReadingRound:
    """Write a round; it belongs to the organisation of its first point."""
    wanted = list(dict.fromkeys(new.point_ids))
    if not 1 <= len(wanted) <= 200:
        raise Refused("a round has 1 to 200 registers", field="point_ids", value=len(wanted))
    if not 1 <= new.due_day <= 28:
        raise Refused("a round is due on a day from 1 to 28", field="due_day", value=new.due_day)
    if not new.name.strip():
        raise Refused("a round has a name", field="name")
    points = [metering.point(session, scope, one) for one in wanted]
    if wrong := [one for one in points if one.kind is not PointKind.REGISTER]:
        raise Refused("only registers are read on a round", field="point_ids", value=wrong[0].name)
    scope.demand(points[0].organisation_id, *PLANNERS)
    if new.contract_id is not None:
        queries.contract(session, scope, new.contract_id)
    made = ReadingRound(
        id=ids.new_id(), organisation_id=points[0].organisation_id, contract_id=new.contract_id,
        name=new.name.strip()[:200], point_ids=[str(one) for one in wanted], due_day=new.due_day, timezone=new.zone,
        is_active=True, created_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    _record(session, scope, "hosting.round_planned", made)
    return made


def end_round(session: Session, scope: Scope, *, round_id: UUID) -> ReadingRound:
    """Read it no more; readings stay."""
    found = queries.reading_round(session, scope, round_id)
    scope.demand(found.organisation_id, *PLANNERS)
    found.is_active = False
    _record(session, scope, "hosting.round_ended", found)
    return found


def progress_of(
    session: Session, scope: Scope, *, rounds: Sequence[ReadingRound], month: date | None = None
) -> list[Progress]:
    """Return how far rounds are in a month (this one); whoever read, and however: a reading counts."""
    now = clock.now()
    rows = []
    wanted_points = {UUID(point) for one in rounds for point in one.point_ids}
    known = {one.id: one for one in monthly.points(session, scope, wanted_points)}
    for one in rounds:
        span = periods.month(month or periods.local_date(now, one.timezone), one.timezone)
        assert span.end is not None, "months end"
        wanted = [UUID(point) for point in one.point_ids]
        read = monthly.read_in(session, scope, point_ids=wanted, start=span.start, end=span.end)
        due_on = periods.local_date(span.start, one.timezone).replace(day=one.due_day)
        stops = [Stop(known[point], *read.get(point, (None, None))) for point in wanted if point in known]
        is_over = periods.local_date(now, one.timezone) > due_on
        rows.append(Progress(one, due_on, stops, is_over and any(stop.read_at is None for stop in stops)))
    return rows


def reading_rounds(
    session: Session, scope: Scope, *, organisations: Collection[UUID] | None = None, cursor: str | None = None,
    limit: int = 50,
) -> Page[Progress]:  # fmt: skip
    """Return a page of this month's rounds, those due first at the top."""
    found = queries.rounds(session, scope, organisations=organisations, cursor=cursor, limit=limit)
    return Page(progress_of(session, scope, rounds=found.items), found.next_cursor)


def registers_without_line(
    session: Session, scope: Scope, *, organisations: Collection[UUID]
) -> Sequence[Point]:
    """Return the registers of nodes that nothing reads by itself, by name."""
    return monthly.registers_without_line(session, scope, organisations)


def reading_round(session: Session, scope: Scope, *, round_id: UUID) -> Progress:
    """Return one round of this month; raises NotFound."""
    return progress_of(session, scope, rounds=[queries.reading_round(session, scope, round_id)])[0]


def read_register(
    session: Session, scope: Scope, *, round_id: UUID, point_id: UUID, value: float, is_sure: bool = False
) -> None:
    """Keep what a register of a round shows now [unit of the point], with the quality 'manual'.

    raises Refused where that can hardly be right; is_sure: too much use is kept all the same, a wrong register never
    """
    found = queries.reading_round(session, scope, round_id)
    if str(point_id) not in found.point_ids:
        raise Refused("this register is not on the round", field="point_id", value=ids.show(point_id))
    point = metering.point(session, scope, point_id)
    scope.demand(point.organisation_id, *READERS)
    if not np.isfinite(value):
        raise Refused("a reading is a number", field="value", value=str(value))
    now = clock.now()
    span = Period(now - LOOKED_BACK, now)
    at_us, values, _quality = metering.readings(session, scope, point_id=point.id, period=span)
    shown = [Before(float(values[n]), clock.from_us(int(at_us[n]))) for n in _apart(at_us, values)]
    last, earlier = (*reversed(shown), None, None)[:2]
    why = rules.doubt(value, now, last, earlier=earlier, dial=point.dial)
    if why is not None and not (is_sure and why == "too_much"):
        raise Refused(
            DOUBTS[why], field="value", value=value,
            remedy="look again; if it is so, tick 'I looked twice'" if why == "too_much" else "look again",
        )  # fmt: skip
    batch = metering.ReadingBatch(
        np.array([point.key], np.int64), np.array([clock.to_us(now)], np.int64), np.array([float(value)]),
        np.array([metering.Quality.MANUAL], np.int16),
    )  # fmt: skip
    metering.store_readings(session, scope, batch, source="round", live=False, corrects=True)
    audit.record(session, scope, action="hosting.register_read", entity="point", entity_id=point.id,
                 organisation_id=point.organisation_id, after={"value": value, "is_sure": is_sure})  # fmt: skip


def _apart(at_us: np.ndarray, values: np.ndarray) -> list[int]:
    """Return the places of the last reading and of one at least a day before it, in order."""
    good = np.flatnonzero(np.isfinite(values))
    if not len(good):
        return []
    last = int(good[-1])
    before = good[at_us[good] <= at_us[last] - 86_400_000_000]
    return [int(before[-1]), last] if len(before) else [last]


def _record(session: Session, scope: Scope, action: str, made: ReadingRound) -> None:
    audit.record(session, scope, action=action, entity="reading_round", entity_id=made.id,
                 organisation_id=made.organisation_id, after={"name": made.name})  # fmt: skip
