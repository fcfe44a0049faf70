"""Proposals for a day: made by a planner, explained, and accepted whole or one by one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel.errors import Conflict, NotFound
from backend.kernel.scope import Role, Scope
from backend.tenancy import service as tenancy
from backend.workorders.models import Visit, WorkOrder
from backend.workorders.ports import Planner, Roads
from backend.workorders.queries import orders as queries
from backend.workorders.queries import policies
from backend.workorders.rules.dispatch import emergency, hurry, insertion
from backend.workorders.rules.dispatch.explain import Explainer, Why
from backend.workorders.rules.dispatch.ground import Ground
from backend.workorders.rules.dispatch.hurry import Late
from backend.workorders.rules.dispatch.plan import FrozenDoesNotFit
from backend.workorders.rules.dispatch.settle import settled
from backend.workorders.rules.dispatch.standing import planned
from backend.workorders.rules.dispatch.values import Change, Cost, Key, Problem, Proposal, Unserved
from backend.workorders.service import plan
from backend.workorders.service.board import Board, board

EXPLAINED = 80
"""So many changes are explained at once; the others when asked for."""

EXPLAIN_S = 3.0
"""Nor does anybody wait longer for reasons than this [s]."""

HURRIED = 2
"""Priorities up to this come as soon as can be once their promise is broken, whatever more that makes people drive."""

DISPATCHERS = (Role.DISPATCHER, Role.MANAGER)


@dataclass(frozen=True)
class Proposed:
    """What would change on a day.

    before, after: what the plan comes to; why: subject -> reasons, of the first EXPLAINED changes and what is unserved
    late: subject -> how much too late for its promise, and why
    points: disturbance an emergency causes; None when it fits nowhere or none was asked for
    """

    board: Board
    proposal: Proposal
    before: Cost
    changes: Sequence[Change]
    why: dict[object, Why]
    late: dict[Key, Late]
    points: int | None = None

    @property
    def after(self) -> Cost:
        """Return what the proposal comes to."""
        return self.proposal.cost

    @property
    def unserved(self) -> Sequence[Unserved]:
        """Return what nobody does on this day."""
        return self.proposal.unserved


@dataclass(frozen=True)
class Placement:
    """A change to carry out: a visit that is planned, or an order that waits.

    rev: of the visit or order when it was proposed; technician_id, start: None takes the visit off the plan
    """

    subject_id: UUID
    rev: int
    technician_id: UUID | None
    start: datetime | None


def propose(
    session: Session, scope: Scope, *, organisation_id: UUID, on: date, zone: str, planner: Planner,
    roads: Roads | None = None,
) -> Proposed:  # fmt: skip
    """Propose a day anew: who goes where, what that changes, and why."""
    found = _board(session, scope, organisation_id, on, zone, roads)
    try:
        proposal = planner.propose(found.problem)
    except FrozenDoesNotFit as error:
        raise Conflict(str(error), field="on", value=on.isoformat(),
                       remedy="take one of these visits off the day") from None  # fmt: skip
    late = [one.job for one in proposal.unserved if one.job in found.relaxed]
    if late:  # better late than never: the promise can no longer be kept
        found = replace(found, problem=_relaxed(found, late))
        proposal = insertion.extend(found.problem, proposal)
    proposal = hurry.hurry(found.problem, proposal, _broken(found, proposal))
    return _told(found, proposal, proposal.changes)


def place_emergency(
    session: Session, scope: Scope, *, organisation_id: UUID, on: date, zone: str, order_id: UUID,
    roads: Roads | None = None,
) -> Proposed:  # fmt: skip
    """Propose where an order that waits fits into the plan of a day, moving the least."""
    found = _board(session, scope, organisation_id, on, zone, roads)
    if all(job.id != order_id for job in found.problem.jobs):
        raise NotFound("this order does not wait for a technician on this day, or has no place", field="order_id",
                       value=str(order_id))  # fmt: skip
    placed = emergency.insert(found.problem, order_id)
    if placed.points is None and order_id in found.relaxed:
        found = replace(found, problem=_relaxed(found, [order_id]))
        placed = emergency.insert(found.problem, order_id)
    after = placed.proposal.assignments().get(order_id)
    own = (Change(order_id, "new", None, after),) if after else ()
    told = _told(found, placed.proposal, (*own, *placed.disturbed))
    return replace(told, points=placed.points)


def accept(session: Session, scope: Scope, *, placements: Sequence[Placement]) -> list[Visit]:
    """Carry out changes of a proposal, all or none; each is checked again as any planning by hand.

    raises Conflict where something changed since it was proposed, or no longer fits
    """
    ordered = sorted(
        placements, key=lambda one: str(one.subject_id)
    )  # locks are taken in one order by everybody
    found = [(one, *_subject(session, scope, one)) for one in ordered]
    policies.lock_technicians(session, scope, {one.technician_id for one in placements if one.technician_id})
    moving = {visit.id for _, _, visit in found if visit is not None}
    for one, _order, visit in found:
        if one.technician_id is None and visit is not None:
            plan.withdraw(session, scope, visit_id=visit.id, reason="another_day")
            moving.discard(visit.id)
    done = []
    for one, order, visit in found:
        if one.technician_id is None or one.start is None:
            continue
        length = visit.planned_end - visit.planned_start if visit else timedelta(minutes=order.duration_min)
        done.append(
            plan.schedule(
                session, scope, order_id=order.id, technician_id=one.technician_id, start=one.start,
                end=one.start + length, visit_id=visit.id if visit else None, moving=moving,
                companions=[UUID(other) for other in visit.companions] if visit else (),
            )
        )  # fmt: skip
        if visit:
            moving.discard(visit.id)
    return done


def _board(
    session: Session, scope: Scope, organisation_id: UUID, on: date, zone: str, roads: Roads | None
) -> Board:
    tenancy.organisation(session, scope, organisation_id)
    scope.demand(organisation_id, *DISPATCHERS)
    return board(session, scope, organisation_id=organisation_id, on=on, zone=zone, roads=roads)


def _subject(session: Session, scope: Scope, one: Placement) -> tuple[WorkOrder, Visit | None]:
    visit: Visit | None
    try:
        visit = queries.visit(session, scope, one.subject_id)
        order = queries.order(session, scope, visit.work_order_id, lock=True)
    except NotFound:
        visit, order = None, queries.order(session, scope, one.subject_id, lock=True)
    scope.demand(order.organisation_id, *DISPATCHERS)
    rev = order.rev if visit is None else visit.rev
    if rev != one.rev:
        raise Conflict(f"{order.number} has changed since it was proposed", field="rev", value=one.rev,
                       remedy="propose the day again")  # fmt: skip
    return order, visit


def _relaxed(found: Board, subjects: Sequence[object]) -> Problem:
    return replace(
        found.problem,
        jobs=tuple(
            replace(job, windows=found.relaxed[job.id]) if job.id in subjects else job
            for job in found.problem.jobs
        ),
    )


def _told(found: Board, proposal: Proposal, changes: Sequence[Change]) -> Proposed:
    ground = Ground(found.problem)
    before, windows = planned(ground)
    explainer = Explainer(found.problem, proposal)
    asked = [*[change.job for change in changes], *[one.job for one in proposal.unserved]]
    until, why = time.monotonic() + EXPLAIN_S, {}
    for job in asked[:EXPLAINED]:
        if time.monotonic() > until:
            break
        why[job] = explainer.why(job)
    late = hurry.lateness(found.problem, found.promised, proposal, now_s=found.now_s)
    cost = settled(before, planner="before", windows=windows).cost
    return Proposed(found, proposal, cost, changes, why, late)


def _broken(found: Board, proposal: Proposal) -> list[Key]:
    """Return urgent work (P1, P2) that would end after its promise, the most urgent first."""
    late = hurry.lateness(found.problem, found.promised, proposal, now_s=found.now_s)
    jobs = [job for job in found.problem.jobs if job.id in late and job.priority <= HURRIED]
    return [job.id for job in sorted(jobs, key=lambda job: (job.priority, found.promised[job.id]))]
