"""Policies of an operator: made once with sensible values, changed as new versions; codes, ladders, technicians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids
from backend.kernel.errors import Refused
from backend.kernel.scope import Role, Scope
from backend.workorders.models import (
    ChecklistTemplate,
    EscalationStep,
    FailureCode,
    SlaPolicy,
    Technician,
    VerificationPolicy,
    WorkCalendar,
)
from backend.workorders.queries import policies as queries
from backend.workorders.rules import checklist, defaults, quality
from backend.workorders.rules.calendar import Calendar
from backend.workorders.rules.sla import Policy, Target

AUTHORITIES = (Role.MANAGER, Role.ADMINISTRATOR)


def found_policies(
    session: Session, scope: Scope, *, organisation_id: UUID, timezone: str, holidays: Sequence[str] = ()
) -> SlaPolicy:
    """Give an operator hours, a service level, windows of verification, a ladder, codes and check-lists.

    Again is a no-op: the first version stays.
    """
    scope.demand(organisation_id, *AUTHORITIES)
    there = queries.sla_policy(session, scope, organisation_id)
    if there is not None and there.organisation_id == organisation_id:
        return there
    calendar = WorkCalendar(
        id=ids.new_id(), organisation_id=organisation_id, name="Office hours", timezone=timezone,
        weekly=defaults.OFFICE_HOURS, holidays=list(holidays),
    )  # fmt: skip
    session.add(calendar)
    session.flush()
    policy = SlaPolicy(
        id=ids.new_id(), organisation_id=organisation_id, name="Standard", version=1, calendar_id=calendar.id,
        targets=defaults.TARGETS, pausing=list(defaults.PAUSING), valid_from=clock.now(),
    )  # fmt: skip
    session.add(policy)
    for carrier, window_s in defaults.WINDOWS_S.items():
        session.add(VerificationPolicy(id=ids.new_id(), organisation_id=organisation_id, carrier=carrier,
                                       fault_class=None, window_s=window_s, samples=5, oldest_s=900.0))  # fmt: skip
    for priority, step, after_min, roles, ways in defaults.LADDER:
        session.add(EscalationStep(id=ids.new_id(), organisation_id=organisation_id, priority=priority, step=step,
                                   after_min=after_min, roles=list(roles), ways=list(ways)))  # fmt: skip
    for kind, code, name, name_zh, classes in defaults.CODES:
        session.add(FailureCode(id=ids.new_id(), organisation_id=organisation_id, kind=kind, code=code, name=name,
                                name_zh=name_zh, fault_classes=list(classes)))  # fmt: skip
    for code, name, name_zh, classes, items in defaults.CHECKLISTS:
        write_checklist(session, scope, organisation_id=organisation_id, code=code, name=name, name_zh=name_zh,
                        fault_classes=classes, items=items)  # fmt: skip
    session.flush()
    _record(session, scope, "workorders.policies_founded", policy)
    return policy


def change_sla(
    session: Session, scope: Scope, *, organisation_id: UUID, targets: Mapping[str, Any], pausing: Sequence[str],
    approval_above: float, geofence_m: float, horizon_h: float, weekly: Mapping[str, Any], holidays: Sequence[str],
    timezone: str, quality_share: float = quality.SHARE,
) -> SlaPolicy:  # fmt: skip
    """Write the next version of an operator's service level; orders triaged before keep theirs."""
    scope.demand(organisation_id, *AUTHORITIES)
    Calendar.read(timezone, weekly, holidays)
    read_policy(targets, pausing)
    before = queries.sla_policy(session, scope, organisation_id)
    version = before.version + 1 if before is not None and before.organisation_id == organisation_id else 1
    calendar = WorkCalendar(id=ids.new_id(), organisation_id=organisation_id, name=f"Hours, version {version}",
                            timezone=timezone, weekly=dict(weekly), holidays=list(holidays))  # fmt: skip
    session.add(calendar)
    session.flush()
    policy = SlaPolicy(
        id=ids.new_id(), organisation_id=organisation_id, name="Standard", version=version, calendar_id=calendar.id,
        targets=dict(targets), pausing=list(pausing), approval_above=approval_above, geofence_m=geofence_m,
        horizon_h=horizon_h, quality_share=quality_share, valid_from=clock.now(),
    )  # fmt: skip
    session.add(policy)
    session.flush()
    _record(session, scope, "workorders.sla_changed", policy)
    return policy


def read_policy(targets: Mapping[str, Any], pausing: Sequence[str]) -> Policy:
    """Return a stored policy as the clocks take it; raises Refused where it is none."""
    try:
        found = {
            int(priority): Target(
                float(one["response_min"]), float(one["restoration_min"]), bool(one.get("round_the_clock"))
            )
            for priority, one in targets.items()
        }
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"these targets cannot be read: {error}", field="targets",
                      remedy='write {"1": {"response_min": 15, "restoration_min": 240}, …}') from None  # fmt: skip
    if set(found) != {1, 2, 3, 4} or any(
        t.response_min <= 0 or t.restoration_min <= 0 for t in found.values()
    ):
        raise Refused("every priority 1 to 4 needs targets above zero", field="targets")
    return Policy(found, frozenset(pausing))


def write_checklist(
    session: Session, scope: Scope, *, organisation_id: UUID, code: str, name: str, name_zh: str | None,
    items: Sequence[Mapping[str, Any]], fault_classes: Sequence[str] = (),
) -> ChecklistTemplate:  # fmt: skip
    """Write the next version of a check-list; orders that use an earlier one keep it."""
    scope.demand(organisation_id, *AUTHORITIES, Role.DISPATCHER)
    checklist.demand_items(items)
    version = 1
    for one in queries.checklist_versions(session, scope, organisation_id, code):
        version, one.is_current = max(version, one.version + 1), False
    made = ChecklistTemplate(
        id=ids.new_id(), organisation_id=organisation_id, code=code, version=version, name=name, name_zh=name_zh,
        fault_classes=list(fault_classes), items=[dict(item) for item in items], is_current=True,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(session, scope, action="workorders.checklist_written", entity="checklist_template",
                 entity_id=made.id, organisation_id=organisation_id,
                 after={"code": code, "version": version})  # fmt: skip
    return made


def set_verification(
    session: Session, scope: Scope, *, organisation_id: UUID, window_s: float, samples: int = 5,
    oldest_s: float = 900.0, carrier: str | None = None, fault_class: str | None = None,
) -> VerificationPolicy:  # fmt: skip
    """Say how long telemetry is watched after a repair of a carrier or fault class; replaces what was said before."""
    scope.demand(organisation_id, *AUTHORITIES)
    if window_s <= 0 or samples < 1 or oldest_s <= 0:
        raise Refused("a window, a number of samples and an age above zero are needed", field="window_s",
                      value=window_s)  # fmt: skip
    there = next(
        (one for one in queries.verification_policies(session, scope, organisation_id)
         if (one.organisation_id, one.carrier, one.fault_class) == (organisation_id, carrier, fault_class)), None,
    )  # fmt: skip
    policy = there or VerificationPolicy(
        id=ids.new_id(), organisation_id=organisation_id, carrier=carrier, fault_class=fault_class
    )
    policy.window_s, policy.samples, policy.oldest_s = window_s, samples, oldest_s
    session.add(policy)
    session.flush()
    _record(session, scope, "workorders.verification_set", policy)
    return policy


def set_technician(
    session: Session, scope: Scope, *, organisation_id: UUID, person_id: UUID, timezone: str, base: tuple[float, float],
    skills: Sequence[str] = (), certificates: Sequence[Mapping[str, Any]] = (), shift: Mapping[str, Any] | None = None,
    breaks: Sequence[Mapping[str, Any]] = (), speed_kmh: float = 30.0, store_id: UUID | None = None,
    phone: str | None = None, is_active: bool = True,
) -> Technician:  # fmt: skip
    """Write a person's working profile. base: longitude, latitude of where the day begins"""
    scope.demand(organisation_id, *AUTHORITIES, Role.DISPATCHER)
    Calendar.read(timezone, shift or {}, ())
    there = queries.technician_of(session, scope, person_id)
    profile = there or Technician(
        id=ids.new_id(), organisation_id=organisation_id, person_id=person_id, created_at=clock.now()
    )
    profile.timezone, (profile.base_longitude, profile.base_latitude) = timezone, base
    profile.skills, profile.certificates = list(skills), [dict(one) for one in certificates]
    profile.shift, profile.breaks = dict(shift or {}), [dict(one) for one in breaks]
    profile.speed_kmh, profile.store_id, profile.phone, profile.is_active = (
        speed_kmh,
        store_id,
        phone,
        is_active,
    )
    session.add(profile)
    session.flush()
    _record(session, scope, "workorders.technician_set", profile)
    return profile


def _record(session: Session, scope: Scope, action: str, row: Any) -> None:
    audit.record(
        session,
        scope,
        action=action,
        entity=row.__tablename__,
        entity_id=row.id,
        organisation_id=row.organisation_id,
    )
