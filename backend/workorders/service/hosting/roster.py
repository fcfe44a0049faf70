"""The duty roster: who is there when, and for what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, periods
from backend.kernel.errors import Conflict, Refused
from backend.kernel.paging import Page
from backend.kernel.scope import Role, Scope
from backend.workorders.models import Duty, DutyShift
from backend.workorders.queries import hosting as queries
from backend.workorders.rules import roster as rules
from backend.workorders.rules.roster import Shift

PLANNERS = (Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class OnDuty:
    """Somebody who is on duty, until when."""

    person_id: UUID
    name: str
    duty: Duty
    until: datetime


def add_shift(
    session: Session, scope: Scope, *, organisation_id: UUID, person_id: UUID, duty: Duty, on: date, begins: str,
    ends: str, zone: str,
) -> DutyShift:  # fmt: skip
    """Put somebody on duty on a local day; raises Conflict where they are on duty then already."""
    scope.demand(organisation_id, *PLANNERS)
    wanted = rules.on_day(person_id, duty.value, on, begins, ends, zone)
    _demand_staff(session, scope, organisation_id, person_id)
    _demand_free(session, scope, wanted)
    made = _keep(session, organisation_id, wanted)
    session.flush()
    audit.record(session, scope, action="roster.shift_added", entity="duty_shift", entity_id=made.id,
                 organisation_id=organisation_id, after=_shown(made))  # fmt: skip
    return made


def repeat_week(
    session: Session, scope: Scope, *, organisation_id: UUID, week: date, weeks: int, zone: str
) -> tuple[int, int]:
    """Lay a week's shifts over the weeks after it; returns how many were added, and how many clashed.

    week: a day of the week that is repeated; the local times stay when clocks change
    """
    scope.demand(organisation_id, *PLANNERS)
    if not 1 <= weeks <= 12:
        raise Refused("one to twelve weeks are planned at once", field="weeks", value=weeks)
    start, end = week_of(week, zone)
    pattern = [_as_rule(one) for one in queries.shifts(session, scope, start=start, end=end,
                                                       organisation_id=organisation_id)
               if one.starts_at >= start]  # fmt: skip
    if not pattern:
        raise Refused("nobody is on duty in this week", field="week", value=week.isoformat(),
                      remedy="plan one week first")  # fmt: skip
    wanted = [one for number in range(1, weeks + 1) for one in rules.again(pattern, weeks=number, zone=zone)]
    there = queries.shifts(
        session, scope, start=start, end=max(one.end for one in wanted), people={one.person_id for one in wanted}
    )  # fmt: skip
    added, left = rules.free_of(wanted, [_as_rule(one) for one in there])
    for one in added:
        _keep(session, organisation_id, one)
    session.flush()
    audit.record(session, scope, action="roster.week_repeated", entity="organisation", entity_id=organisation_id,
                 organisation_id=organisation_id,
                 after={"week": week.isoformat(), "weeks": weeks, "added": len(added)})  # fmt: skip
    return len(added), len(left)


def swap_shift(session: Session, scope: Scope, *, shift_id: UUID, person_id: UUID, reason: str) -> DutyShift:
    """Give a shift that is not over to somebody else, and say why."""
    found = queries.shift(session, scope, shift_id)
    scope.demand(found.organisation_id, *PLANNERS)
    if not reason.strip():
        raise Refused("say why the shift is swapped", field="reason")
    if found.ends_at <= clock.now():
        raise Conflict("this shift is over", field="shift_id", value=ids.show(shift_id))
    if person_id == found.person_id:
        raise Refused("this is the same person", field="person_id", value=ids.show(person_id))
    _demand_staff(session, scope, found.organisation_id, person_id)
    _demand_free(session, scope, Shift(person_id, found.duty.value, found.starts_at, found.ends_at))
    before = _shown(found)
    found.before_id, found.person_id, found.swap_reason = found.person_id, person_id, reason.strip()[:300]
    session.flush()
    audit.record(session, scope, action="roster.shift_swapped", entity="duty_shift", entity_id=found.id,
                 organisation_id=found.organisation_id, before=before,
                 after=_shown(found) | {"reason": found.swap_reason})  # fmt: skip
    return found


def remove_shift(session: Session, scope: Scope, *, shift_id: UUID) -> None:
    """Take away a shift that has not begun."""
    found = queries.shift(session, scope, shift_id)
    scope.demand(found.organisation_id, *PLANNERS)
    if found.starts_at <= clock.now():
        raise Conflict("this shift has begun", field="shift_id", value=ids.show(shift_id), remedy="swap it")
    audit.record(session, scope, action="roster.shift_removed", entity="duty_shift", entity_id=found.id,
                 organisation_id=found.organisation_id, before=_shown(found))  # fmt: skip
    session.delete(found)
    session.flush()


def week_of(on: date, zone: str) -> tuple[datetime, datetime]:
    """Return the local week that holds a day, Monday to Monday."""
    monday = on - timedelta(days=on.weekday())
    return periods.day(monday, zone).start, periods.day(monday + timedelta(days=7), zone).start


def list_shifts(
    session: Session, scope: Scope, *, organisation_id: UUID | None, start: datetime, end: datetime,
    cursor: str | None = None, limit: int = 50,
) -> Page[DutyShift]:  # fmt: skip
    """Return a page of the shifts, as `shifts` returns all."""
    return queries.shifts_page(
        session, scope, start=start, end=end, organisation_id=organisation_id, cursor=cursor, limit=limit
    )


def shifts(
    session: Session, scope: Scope, *, organisation_id: UUID | None, start: datetime, end: datetime
) -> Sequence[DutyShift]:
    """Return the shifts of a node (None: of every one that is seen) that touch [start, end)."""
    return queries.shifts(session, scope, start=start, end=end, organisation_id=organisation_id)


def staff(session: Session, scope: Scope, *, organisation_id: UUID) -> dict[UUID, str]:
    """Return who may be on duty at a node: id and name."""
    scope.demand(organisation_id, *PLANNERS, Role.OPERATOR, Role.TECHNICIAN)
    return queries.staff(session, scope, organisation_id)


def on_duty(
    session: Session, scope: Scope, *, organisations: Collection[UUID], at: datetime | None = None
) -> list[OnDuty]:
    """Return who is on duty at nodes at an instant (now)."""
    now = at or clock.now()
    found = [one for one in queries.shifts(session, scope, start=now, end=now + timedelta(microseconds=1))
             if one.organisation_id in organisations]  # fmt: skip
    names: dict[UUID, str] = {}
    for node in {one.organisation_id for one in found}:
        names |= queries.staff(session, scope, node)
    return [OnDuty(one.person_id, names.get(one.person_id, ""), one.duty, one.ends_at) for one in found]


def _keep(session: Session, organisation_id: UUID, one: Shift) -> DutyShift:
    made = DutyShift(
        id=ids.new_id(), organisation_id=organisation_id, person_id=one.person_id, duty=Duty(one.duty),
        starts_at=one.start, ends_at=one.end, before_id=None, swap_reason=None,
    )  # fmt: skip
    session.add(made)
    return made


def _as_rule(one: DutyShift) -> Shift:
    return Shift(one.person_id, one.duty.value, one.starts_at, one.ends_at)


def _demand_staff(session: Session, scope: Scope, organisation_id: UUID, person_id: UUID) -> None:
    if person_id not in queries.staff(session, scope, organisation_id):
        raise Refused("this person does not work here", field="person_id", value=ids.show(person_id))


def _demand_free(session: Session, scope: Scope, wanted: Shift) -> None:
    there = queries.shifts(session, scope, start=wanted.start, end=wanted.end, people={wanted.person_id})
    if there:
        raise Conflict("this person is on duty then already", field="person_id", value=ids.show(wanted.person_id),
                       remedy="choose another time or somebody else")  # fmt: skip


def _shown(one: DutyShift) -> dict[str, str]:
    return {"person": ids.show(one.person_id), "duty": one.duty.value, "starts_at": one.starts_at.isoformat(),
            "ends_at": one.ends_at.isoformat()}  # fmt: skip
