"""Policies, calendars, ladders and codes; those of the nearest organisation upwards hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, TableValuedAlias, Uuid, column, func, select
from sqlalchemy.orm import Session

from backend.kernel import paging
from backend.kernel.scope import Scope
from backend.workorders.models import (
    ChecklistTemplate,
    EscalationStep,
    FailureCode,
    SlaPolicy,
    Technician,
    VerificationPolicy,
    WorkCalendar,
)


def _upwards(organisation_id: UUID) -> TableValuedAlias:
    """An organisation and those above it, with how deep each lies."""
    return func.way_up(organisation_id).table_valued(column("id", Uuid), column("depth", Integer))


def _from_above(owner: Any) -> ColumnElement[bool]:
    """Condition on whose policy it is: the scope's organisations', or of one above them."""
    return owner.in_(select(func.organisations_upwards()))


def sla_policy(session: Session, scope: Scope, organisation_id: UUID) -> SlaPolicy | None:
    """The newest version of the policy nearest upwards."""
    above = _upwards(organisation_id)
    return session.scalar(
        select(SlaPolicy)
        .join(above, above.c.id == SlaPolicy.organisation_id)
        .where(_from_above(SlaPolicy.organisation_id))
        .order_by(above.c.depth.desc(), SlaPolicy.version.desc())
        .limit(1)
    )


def sla_policy_by_id(
    session: Session, scope: Scope, policy_id: UUID
) -> tuple[SlaPolicy, WorkCalendar] | None:
    """A policy version with its calendar."""
    row = session.execute(
        select(SlaPolicy, WorkCalendar)
        .join(WorkCalendar, WorkCalendar.id == SlaPolicy.calendar_id)
        .where(SlaPolicy.id == policy_id, _from_above(SlaPolicy.organisation_id))
    ).first()
    return None if row is None else (row[0], row[1])


def sla_policies(session: Session, scope: Scope) -> Sequence[tuple[SlaPolicy, WorkCalendar]]:
    """All policy versions with their calendars."""
    rows = session.execute(
        select(SlaPolicy, WorkCalendar)
        .join(WorkCalendar, WorkCalendar.id == SlaPolicy.calendar_id)
        .where(_from_above(SlaPolicy.organisation_id))
        .order_by(SlaPolicy.name, SlaPolicy.version.desc())
    )
    return [(row[0], row[1]) for row in rows]


def verification_policies(
    session: Session, scope: Scope, organisation_id: UUID
) -> Sequence[VerificationPolicy]:
    """Windows of verification, the nearest organisation's first."""
    above = _upwards(organisation_id)
    return session.scalars(
        select(VerificationPolicy)
        .join(above, above.c.id == VerificationPolicy.organisation_id)
        .where(_from_above(VerificationPolicy.organisation_id))
        .order_by(above.c.depth.desc())
    ).all()


def ladder(session: Session, scope: Scope, organisation_id: UUID, priority: int) -> Sequence[EscalationStep]:
    """The rungs for a priority, of the nearest organisation that has any."""
    above = _upwards(organisation_id)
    rows = session.execute(
        select(EscalationStep, above.c.depth)
        .join(above, above.c.id == EscalationStep.organisation_id)
        .where(EscalationStep.priority == priority, _from_above(EscalationStep.organisation_id))
        .order_by(above.c.depth.desc(), EscalationStep.step)
    ).all()
    return [row[0] for row in rows if row[1] == rows[0][1]]


def failure_codes(session: Session, scope: Scope) -> Sequence[FailureCode]:
    """All failure codes by kind and code."""
    return session.scalars(
        select(FailureCode)
        .where(_from_above(FailureCode.organisation_id))
        .order_by(FailureCode.kind, FailureCode.code)
    ).all()


def failure_codes_page(
    session: Session, _scope: Scope, *, cursor: str | None, limit: int
) -> paging.Page[FailureCode]:
    """A page of the failure codes by kind and code."""
    query = select(FailureCode).where(_from_above(FailureCode.organisation_id))
    by = (FailureCode.kind, FailureCode.code, FailureCode.id)
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def technicians(session: Session, scope: Scope, *, only_active: bool = True) -> Sequence[Technician]:
    """Working profiles of technicians."""
    statement = select(Technician).where(Technician.organisation_id.in_(scope.organisations))
    if only_active:
        statement = statement.where(Technician.is_active)
    return session.scalars(statement.order_by(Technician.id)).all()


def technician_of(session: Session, scope: Scope, person_id: UUID) -> Technician | None:
    """The working profile of a person."""
    return session.scalar(
        select(Technician).where(
            Technician.person_id == person_id, Technician.organisation_id.in_(scope.organisations)
        )
    )


def lock_technicians(session: Session, scope: Scope, people: Collection[UUID]) -> None:
    """Let nobody else plan for these people until the transaction ends; always in the same order."""
    session.execute(
        select(Technician.id)
        .where(Technician.person_id.in_(people), Technician.organisation_id.in_(scope.organisations))
        .order_by(Technician.id)
        .with_for_update()
    )


def checklist_versions(
    session: Session, scope: Scope, organisation_id: UUID, code: str
) -> Sequence[ChecklistTemplate]:
    """Every version of an organisation's check-list."""
    return session.scalars(
        select(ChecklistTemplate).where(
            ChecklistTemplate.organisation_id == organisation_id, ChecklistTemplate.code == code,
            ChecklistTemplate.organisation_id.in_(scope.organisations),
        )
    ).all()  # fmt: skip
