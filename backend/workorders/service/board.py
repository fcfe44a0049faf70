"""The dispatchers' board: who is where on a day, what waits, and the same as a problem for planners.

Gathered with a fixed number of questions, however many orders and technicians there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.periods import day as day_of
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.network.models import Position
from backend.tenancy import service as tenancy
from backend.workorders.models import Technician, Visit, WorkOrder
from backend.workorders.ports import Roads
from backend.workorders.queries import board as queries
from backend.workorders.queries import hosting
from backend.workorders.queries import orders as visits
from backend.workorders.rules.dispatch import values
from backend.workorders.rules.dispatch.shifts import ALWAYS, Stretch, certificates_of, shift_on, spans_on
from backend.workorders.rules.dispatch.standing import Trouble, as_it_stands
from backend.workorders.rules.dispatch.travel import Place, great_circle
from backend.workorders.rules.dispatch.values import Assignment, Job, Problem, Window
from backend.workorders.rules.machine import ENDED, OrderStatus, VisitStatus
from backend.workorders.rules.sla import Clock
from backend.workorders.service import parts
from backend.workorders.service.look import Clocks, clocks_of
from backend.workorders.service.parts import DayParts

MOST = 400
"""So many waiting orders are planned at once, the most urgent."""

THERE = frozenset({VisitStatus.ON_SITE, VisitStatus.WORKING, VisitStatus.BREAK})
BEFORE_WORK = frozenset(
    {OrderStatus.READY, OrderStatus.SCHEDULED, OrderStatus.DISPATCHED, OrderStatus.ACCEPTED}
)
ACCEPTED = frozenset({VisitStatus.ACCEPTED, VisitStatus.ENROUTE})


@dataclass(frozen=True)
class Lane:
    """A technician's day: working profile, name, visits in order; when they work, nothing on a day off.

    spans: the weekly shift and the duty roster together
    """

    profile: Technician
    name: str
    visits: Sequence[tuple[Visit, WorkOrder]]
    spans: Sequence[Stretch]


@dataclass(frozen=True)
class Board:
    """A day. Subjects of the problem are visits that may still move, and waiting orders, by their ids.

    origin: instant from which the problem's seconds count (the local midnight)
    unplaced: waiting orders without a place to drive to, or whose agreed window is not on this day
    relaxed: subject -> windows without the promise of the service level, where that narrows them
    unpermitted: orders that need a permit to work and have none
    promised: subject -> when its work must have ended to keep the service level [s]
    """

    on: date
    zone: str
    origin: datetime
    lanes: Sequence[Lane]
    waiting: Sequence[WorkOrder]
    unplaced: Sequence[WorkOrder]
    places: Mapping[UUID, Position]
    clocks: Mapping[UUID, Clocks]
    problem: Problem
    troubles: Sequence[Trouble]
    relaxed: Mapping[UUID, tuple[Window, ...]]
    promised: Mapping[values.Key, int]
    now_s: int
    unpermitted: frozenset[UUID]

    def subject(self, subject_id: UUID) -> tuple[WorkOrder, Visit | None]:
        """Return what a job of the problem stands for."""
        for lane in self.lanes:
            for visit, order in lane.visits:
                if visit.id == subject_id:
                    return order, visit
        return next(order for order in self.waiting if order.id == subject_id), None

    def away(self) -> Sequence[Lane]:
        """Return technicians who do not work on this day, or no longer do."""
        here = {one.id for one in self.problem.technicians}
        return [lane for lane in self.lanes if lane.profile.person_id not in here]

    def name(self, person_id: object) -> str:
        """Return a technician's name."""
        return next((lane.name for lane in self.lanes if lane.profile.person_id == person_id), "?")

    def instant(self, seconds: int) -> datetime:
        """Return when so many seconds after the origin are."""
        return self.origin + timedelta(seconds=seconds)


def board(
    session: Session, scope: Scope, *, organisation_id: UUID, on: date, zone: str, roads: Roads | None = None
) -> Board:
    """Return a day of an organisation and all below it; driving by great circles where no road service is set."""
    below = frozenset(one.id for one in tenancy.subtree(session, scope, organisation_id))
    period = day_of(on, zone)
    assert period.end is not None
    profiles = queries.technicians(session, scope, below)
    names = tenancy.names(session, scope, [one.person_id for one in profiles])
    planned = queries.visits_on(session, scope, below, start=period.start, end=period.end)
    waiting = queries.waiting(session, scope, below, limit=MOST)
    orders = list({order.id: order for order in (*waiting, *(order for _, order in planned))}.values())
    places = dict(network.positions_by_id(session, scope, {order.position_id for order in orders}))
    places |= network.positions_by_id(session, scope, {place.site_id for place in places.values()})
    clocks = clocks_of(session, scope, orders)
    declined = _declined(session, scope, waiting)
    reader = _Reader(on, zone, period.start, places, clocks, {one.person_id for one in profiles}, declined)
    reader.roads, reader.parts = roads, parts.of_day(session, scope, orders)
    for shift in hosting.working_shifts(
        session, scope, start=period.start, end=period.end, people={one.person_id for one in profiles}
    ):
        reader.duty.setdefault(shift.person_id, []).append((shift.starts_at, shift.ends_at))
    problem = reader.problem(profiles, planned, waiting)
    standing = as_it_stands(problem)
    lanes = [
        Lane(one, names.get(one.person_id, "?"), [row for row in planned if row[0].technician_id == one.person_id],
             reader.spans(one))
        for one in profiles
    ]  # fmt: skip
    routed = {job.id for job in problem.jobs}
    return Board(
        on, zone, period.start, sorted(lanes, key=lambda lane: lane.name), waiting,
        [order for order in waiting if order.id not in routed], places, clocks, standing.problem, standing.troubles,
        reader.relaxed, reader.promised, reader.now_s, _unpermitted(session, scope, orders),
    )  # fmt: skip


def _unpermitted(session: Session, scope: Scope, orders: Sequence[WorkOrder]) -> frozenset[UUID]:
    asked = frozenset(order.id for order in orders if order.needs_permit and order.status in BEFORE_WORK)
    return asked - queries.permitted(session, scope, asked, at=clock.now())


def _declined(session: Session, scope: Scope, orders: Sequence[WorkOrder]) -> dict[UUID, frozenset[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    for visit in visits.visits_of(session, scope, [order.id for order in orders]):
        if visit.status is VisitStatus.DECLINED:
            found.setdefault(visit.work_order_id, set()).add(visit.technician_id)
    return {order: frozenset(people) for order, people in found.items()}


class _Reader:
    """Turns rows into the values dispatch is about."""

    def __init__(
        self, on: date, zone: str, origin: datetime, places: Mapping[UUID, Position], clocks: Mapping[UUID, Clocks],
        people: set[UUID], declined: Mapping[UUID, frozenset[UUID]],
    ) -> None:  # fmt: skip
        self.on, self.zone, self.origin, self.places, self.clocks = on, zone, origin, places, clocks
        self.people, self.declined = people, declined
        self.now_s = int((clock.now() - origin).total_seconds())
        self.relaxed: dict[UUID, tuple[Window, ...]] = {}
        self.promised: dict[values.Key, int] = {}
        self.certificates: frozenset[str] = frozenset()
        self.roads: Roads | None = None
        self.parts = DayParts({}, {}, {})
        self.duty: dict[UUID, list[Stretch]] = {}

    def problem(
        self, profiles: Sequence[Technician], planned: Sequence[tuple[Visit, WorkOrder]], waiting: Sequence[WorkOrder]
    ) -> Problem:  # fmt: skip
        self.certificates = frozenset(name for one in profiles for name in certificates_of(one.certificates))
        crew = [one for one in (self._technician(one, planned) for one in profiles) if one is not None]
        here = {one.id for one in crew}
        jobs = [self._visit(visit, order, here) for visit, order in planned if self._may_move(visit)]
        jobs += [self._order(order) for order in waiting]
        known = tuple(job for job in jobs if job is not None)
        places = values.places_of(known, crew)
        travel = self.roads.matrix(places) if self.roads else great_circle(places)
        return Problem(self.on, known, tuple(crew), travel, self.parts.store)

    def spans(self, profile: Technician) -> list[Stretch]:
        """Return when a technician works on the day."""
        duty = self.duty.get(profile.person_id, ())
        return spans_on(self.on, profile.timezone or self.zone, profile.shift, duty)

    def _may_move(self, visit: Visit) -> bool:
        return visit.status not in ENDED and visit.status not in THERE

    def _technician(
        self, profile: Technician, planned: Sequence[tuple[Visit, WorkOrder]]
    ) -> values.Technician | None:
        zone, duty = profile.timezone or self.zone, self.duty.get(profile.person_id, ())
        found = shift_on(self.on, zone, profile.shift, profile.breaks, self.origin, duty)
        if found is None:
            return None
        (shift, breaks), base = found, Place(profile.base_longitude, profile.base_latitude)
        start, from_s = base, shift.earliest_s
        for visit, order in planned:
            is_theirs = visit.technician_id == profile.person_id
            place = self._place(order)
            if (
                is_theirs
                and place
                and (visit.status in THERE or (visit.status in ENDED and visit.arrived_at))
            ):
                start = place
                if visit.status in THERE:
                    from_s = max(from_s, self._s(visit.planned_end))
        if self.now_s > 0:
            from_s = max(from_s, self.now_s)
        at_work = [
            max(from_s, self._s(first)) for first, last in self.spans(profile) if from_s < self._s(last)
        ]
        from_s = min(at_work, default=shift.latest_s)  # between two stretches nobody drives yet
        if from_s >= shift.latest_s:
            return None
        held = certificates_of(profile.certificates)
        held |= {name: ALWAYS for name in profile.skills if name in self.certificates}
        return values.Technician(
            profile.person_id, start, base, Window(from_s, shift.latest_s),
            tuple(one for one in breaks if one.latest_s >= from_s), frozenset(profile.skills), held,
            parts=self.parts.vans.get(profile.store_id, {}) if profile.store_id else {},
            speed_kmh=profile.speed_kmh,
        )  # fmt: skip

    def _visit(self, visit: Visit, order: WorkOrder, here: set[object]) -> Job | None:
        work_s = int((visit.planned_end - visit.planned_start).total_seconds())
        current = Assignment(visit.technician_id, self._s(visit.planned_start))
        is_frozen = visit.status in ACCEPTED and visit.technician_id in here
        return self._job(visit.id, order, work_s, current, is_frozen=is_frozen)

    def _order(self, order: WorkOrder) -> Job | None:
        return self._job(order.id, order, order.duration_min * 60, None, is_frozen=False)

    def _job(
        self, subject: UUID, order: WorkOrder, work_s: int, current: Assignment | None, *, is_frozen: bool
    ) -> Job | None:
        place, agreed = self._place(order), self._agreed(order, work_s)
        if place is None or (agreed is not None and agreed.latest_s < agreed.earliest_s):
            return None
        windows = (agreed,) if agreed else ()
        due_s = self._due(order)
        if due_s is not None:
            self.promised[subject] = due_s
        promised = self._promised(due_s, work_s, agreed)
        if promised:
            self.relaxed[subject], windows = windows, (promised,)
        names = frozenset(order.skills)
        return Job(
            subject, place, work_s, order.priority or 3, windows, names - self.certificates,
            names & self.certificates, self.parts.needs.get(order.id, {}), current=current, is_frozen=is_frozen,
            declined_by=frozenset(self.declined.get(order.id, ())),
        )  # fmt: skip

    def _agreed(self, order: WorkOrder, work_s: int) -> Window | None:
        """Return when work may begin by what was agreed with the customer; an emergency does not wait for that."""
        if order.priority == 1 or (order.window_starts_at is None and order.window_ends_at is None):
            return None
        opens = self._s(order.window_starts_at) if order.window_starts_at else 0
        closes = self._s(order.window_ends_at) if order.window_ends_at else 86_400
        return Window(max(opens, 0), min(closes, 86_400) - work_s)

    def _due(self, order: WorkOrder) -> int | None:
        """Return when work must have ended to keep the service level; None where nothing is promised any more."""
        running = self.clocks.get(order.id, {}).get(Clock.RESTORATION)
        if running is None or running.due_at is None or running.stopped_at is not None:
            return None
        return self._s(running.due_at)

    def _promised(self, due_s: int | None, work_s: int, agreed: Window | None) -> Window | None:
        """Return when work must begin to keep the service level; None where that is too late or no matter today."""
        if due_s is None:
            return None
        latest_s = due_s - work_s
        first_s = max(agreed.earliest_s if agreed else 0, self.now_s)
        if not first_s <= latest_s < (agreed.latest_s if agreed else 86_400):
            return None
        return Window(first_s, latest_s)

    def _place(self, order: WorkOrder) -> Place | None:
        position = self.places.get(order.position_id)
        for one in (position, self.places.get(position.site_id) if position else None):
            if one is not None and one.geometry is not None:
                point = to_shape(one.geometry).representative_point()
                return Place(point.x, point.y)
        return None

    def _s(self, instant: datetime) -> int:
        return int((instant - self.origin).total_seconds())
