"""Planning visits: schedule, move, dispatch, withdraw; row 18 for emergencies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import changes, clock, ids
from backend.kernel.errors import Conflict, NotFound, Refused
from backend.kernel.scope import Role, Scope
from backend.workorders.models import Technician, Visit, WorkOrder
from backend.workorders.queries import hosting, policies
from backend.workorders.queries import orders as queries
from backend.workorders.rules.fitting import Profile, unfit
from backend.workorders.rules.machine import ACTIVE, ENDED, OrderStatus, VisitStatus
from backend.workorders.service import moves
from backend.workorders.service.moves import Command
from backend.workorders.service.triage import triage


def schedule(
    session: Session, scope: Scope, *, order_id: UUID, technician_id: UUID, start: datetime,
    end: datetime | None = None, companions: Sequence[UUID] = (), visit_id: UUID | None = None,
    moving: Collection[UUID] = (),
) -> Visit:  # fmt: skip
    """Plan a visit, or move the one that is planned; the order becomes scheduled.

    moving: visits about to be moved by the same proposal; they are in nobody's way
    technician_id: a person with a working profile; raises Conflict naming what does not fit (skill, certificate,
    shift, overlap, window)
    """
    order = queries.order(session, scope, order_id, lock=True)
    end = end or start + timedelta(minutes=order.duration_min)
    if end <= start:
        raise Refused("a visit ends after it starts", field="end", value=end.isoformat())
    policies.lock_technicians(session, scope, {technician_id, *companions})
    profile = _profile(session, scope, technician_id)
    visits = queries.visits_of_cycle(session, scope, order)
    visit = next((v for v in visits if v.status in _MOVABLE and visit_id in (None, v.id)), None)
    if visit_id is not None and visit is None:
        raise Conflict("this visit cannot be moved any more", field="visit_id", value=str(visit_id),
                       remedy="plan another one")  # fmt: skip
    but = {*moving, *([visit.id] if visit else [])}
    reasons = _reasons(session, scope, order, profile, start, end, but=but)
    for companion in companions:
        reasons += _busy(session, scope, _profile(session, scope, companion), start, end, but=but)
    if visit is None:
        visit = Visit(
            id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id,
            technician_id=technician_id, companions=[str(c) for c in companions], cycle=order.cycle,
            status=VisitStatus.PLANNED, rev=1, planned_start=start, planned_end=end,
        )  # fmt: skip
        session.add(visit)
    else:
        visit.technician_id, visit.planned_start, visit.planned_end = technician_id, start, end
        visit.companions, visit.status, visit.rev = (
            [str(c) for c in companions],
            VisitStatus.PLANNED,
            visit.rev + 1,
        )
    session.flush()
    changes.note(session, scope, entity="visit", entity_id=visit.id, organisation_id=visit.organisation_id)
    if order.status in (OrderStatus.DISPATCHED, OrderStatus.ACCEPTED):
        moves.move(session, scope, order, "recall", Command(reason="planned_anew"))
    said = {
        "visit_id": str(visit.id), "technician_id": str(technician_id), "start": start.isoformat(),
        "end": end.isoformat(), "unfit": reasons,
    }  # fmt: skip
    moves.move(session, scope, order, "schedule", Command(evidence=said))
    return visit


_MOVABLE = (VisitStatus.PLANNED, VisitStatus.OFFERED, VisitStatus.ACCEPTED)


def rework(session: Session, scope: Scope, *, order_id: UUID) -> Visit:
    """Row 13: send the one who was there back in, on a visit of its own that begins now."""
    order = queries.order(session, scope, order_id, lock=True)
    moves.move(session, scope, order, "rework")
    last = [v for v in queries.visits_of_cycle(session, scope, order) if v.status is VisitStatus.DONE][-1]
    now = clock.now()
    visit = Visit(
        id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id, cycle=order.cycle,
        technician_id=last.technician_id, companions=list(last.companions), status=VisitStatus.PLANNED, rev=1,
        planned_start=now, planned_end=now + timedelta(minutes=order.duration_min),
    )  # fmt: skip
    session.add(visit)
    session.flush()
    moves.move_visit(session, scope, order, visit, "offer")
    return visit


def follow_up(session: Session, scope: Scope, *, order_id: UUID) -> WorkOrder:
    """Row 13: another visit is planned for a repair that was not confirmed."""
    order = queries.order(session, scope, order_id, lock=True)
    moves.move(session, scope, order, "follow_up")
    return order


def plan_again(session: Session, scope: Scope, *, order_id: UUID) -> WorkOrder:
    """Row 21: work began, every visit is over and it is not complete: ready for another visit."""
    order = queries.order(session, scope, order_id, lock=True)
    moves.move(session, scope, order, "plan_again")
    order.hold_reason = order.hold_until = None
    return order


def dispatch(session: Session, scope: Scope, *, order_id: UUID) -> WorkOrder:
    """Send the planned visits to their technicians; who accepted theirs before it was sent has accepted the order."""
    order = queries.order(session, scope, order_id, lock=True)
    moves.move(session, scope, order, "dispatch")
    visits = queries.visits_of(session, scope, [order.id])
    for visit in visits:
        changes.note(
            session, scope, entity="visit", entity_id=visit.id, organisation_id=visit.organisation_id
        )
    accepted = next((v for v in visits if v.status in {VisitStatus.ACCEPTED, *ACTIVE}), None)
    if accepted is not None:
        technician = Scope.person(
            accepted.technician_id, {Role.TECHNICIAN: frozenset({order.organisation_id})}
        )
        said = {
            "visit_id": str(accepted.id),
            "accepted_at": accepted.accepted_at and accepted.accepted_at.isoformat(),
        }
        moves.move(session, scope, order, "accept", Command(by=technician, evidence=said))
    return order


def withdraw(session: Session, scope: Scope, *, visit_id: UUID, reason: str) -> Visit:
    """Take a visit off the plan; the order goes back to ready when none is left."""
    visit = queries.visit(session, scope, visit_id)
    order = queries.order(session, scope, visit.work_order_id, lock=True)
    moves.move_visit(session, scope, order, visit, "withdraw", Command(reason=reason))
    left = [v for v in queries.visits_of_cycle(session, scope, order) if v.status not in ENDED]
    if not left and order.status in (OrderStatus.SCHEDULED, OrderStatus.DISPATCHED, OrderStatus.ACCEPTED):
        moves.move(session, scope, order, "recall", Command(reason=reason))
    return visit


def emergency(
    session: Session, scope: Scope, *, order_id: UUID, fault_class: str, technician_id: UUID,
    start: datetime | None = None,
) -> Visit:  # fmt: skip
    """Row 18: triage as P1, schedule and dispatch in one command. The ladder escalates until acknowledged."""

    order = queries.order(session, scope, order_id, lock=True)
    if order.status is OrderStatus.REPORTED:
        triage(session, scope, order_id=order.id, fault_class=fault_class, priority=1)
    visit = schedule(
        session, scope, order_id=order.id, technician_id=technician_id, start=start or clock.now()
    )
    dispatch(session, scope, order_id=order.id)
    return visit


def _profile(session: Session, scope: Scope, person_id: UUID) -> Technician:
    profile = policies.technician_of(session, scope, person_id)
    if profile is None or not profile.is_active:
        raise NotFound("there is no such technician", field="technician_id", value=str(person_id))
    return profile


def _reasons(
    session: Session, scope: Scope, order: WorkOrder, profile: Technician, start: datetime, end: datetime,
    *, but: Collection[UUID],
) -> list[str]:  # fmt: skip
    """Return why a technician cannot make a visit, in words; none when they can."""
    taken = _taken(session, scope, profile, start, end, but=but)
    window = (order.window_starts_at, order.window_ends_at)
    is_urgent = order.priority == 1
    roster = hosting.working_shifts(session, scope, start=start, end=end, people={profile.person_id})
    duty = [(one.starts_at, one.ends_at) for one in roster]
    who = Profile(profile.skills, profile.certificates, profile.timezone, profile.shift, duty)
    return unfit(who, start, end, skills=order.skills, taken=taken, window=window, is_urgent=is_urgent)


def _busy(
    session: Session, scope: Scope, profile: Technician, start: datetime, end: datetime, *, but: Collection[UUID]
) -> list[str]:  # fmt: skip
    """Return why somebody cannot come along: the lead brings the skills, but nobody is in two places."""
    return (
        ["the companion has another visit then"]
        if _taken(session, scope, profile, start, end, but=but)
        else []
    )


def _taken(
    session: Session, scope: Scope, profile: Technician, start: datetime, end: datetime, *, but: Collection[UUID]
) -> list[tuple[datetime, datetime]]:  # fmt: skip
    found = queries.visits_between(session, scope, start=start, end=end, technician_id=profile.person_id)
    return [(v.planned_start, v.planned_end) for v, _ in found if v.status not in ENDED and v.id not in but]
