"""What the field added to orders: answers, photos, comments, time, parts, permits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.workorders.models import (
    Attachment,
    ChecklistAnswer,
    ChecklistTemplate,
    Comment,
    PartUse,
    Permit,
    TimePunch,
    Visit,
    WorkOrder,
)
from backend.workorders.queries.orders import visible

MOST_AWAITED = 2_000


def checklist(session: Session, scope: Scope, checklist_id: UUID) -> ChecklistTemplate | None:
    """One version of a check-list, as far as the scope or one of its orders holds it."""
    return session.scalar(
        select(ChecklistTemplate).where(
            ChecklistTemplate.id == checklist_id,
            ChecklistTemplate.organisation_id.in_(select(func.organisations_upwards())),
        )
    )


def current_checklists(session: Session, scope: Scope) -> Sequence[ChecklistTemplate]:
    """The current version of every check-list, by name."""
    return session.scalars(_current().order_by(ChecklistTemplate.name, ChecklistTemplate.id)).all()


def checklists_page(
    session: Session, _scope: Scope, *, cursor: str | None, limit: int
) -> paging.Page[ChecklistTemplate]:
    """A page of the current versions of check-lists, by name."""
    by = (ChecklistTemplate.name, ChecklistTemplate.id)
    return paging.page(session, _current(), by=by, cursor=cursor, limit=limit)


def _current() -> Select[tuple[ChecklistTemplate]]:
    return select(ChecklistTemplate).where(
        ChecklistTemplate.is_current,
        ChecklistTemplate.organisation_id.in_(select(func.organisations_upwards())),
    )


def answers(session: Session, scope: Scope, order: WorkOrder) -> Sequence[ChecklistAnswer]:
    """Answers of the present cycle."""
    return session.scalars(
        select(ChecklistAnswer)
        .join(WorkOrder, WorkOrder.id == ChecklistAnswer.work_order_id)
        .where(
            ChecklistAnswer.work_order_id == order.id, ChecklistAnswer.cycle == order.cycle, visible(scope)
        )
    ).all()


def attachments(session: Session, scope: Scope, order: WorkOrder) -> Sequence[Attachment]:
    """Photos and signatures of an order, of every cycle, in the order they were taken."""
    return session.scalars(
        select(Attachment)
        .join(WorkOrder, WorkOrder.id == Attachment.work_order_id)
        .where(Attachment.work_order_id == order.id, visible(scope))
        .order_by(Attachment.taken_at, Attachment.id)
    ).all()


def attachments_page(
    session: Session, scope: Scope, order: WorkOrder, *, cursor: str | None, limit: int
) -> paging.Page[Attachment]:
    """A page of the photos and signatures of an order, the newest first."""
    query = (
        select(Attachment)
        .join(WorkOrder, WorkOrder.id == Attachment.work_order_id)
        .where(Attachment.work_order_id == order.id, visible(scope))
    )
    by = (Attachment.taken_at.desc(), Attachment.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def missing(session: Session, scope: Scope, sha256: str) -> Sequence[Attachment]:
    """Attachments that wait for these bytes."""
    return session.scalars(
        select(Attachment).where(
            Attachment.sha256 == sha256, Attachment.arrived_at.is_(None),
            Attachment.organisation_id.in_(scope.organisations),
        )
    ).all()  # fmt: skip


def awaited(
    session: Session,
    scope: Scope,
    *,
    since: datetime,
    until: datetime,
    person_id: UUID | None,
    device_id: str | None,
) -> Sequence[Attachment]:
    """Photos registered on phones in [since, until) whose bytes are not here: of one phone, or of all."""
    statement = select(Attachment).where(
        Attachment.arrived_at.is_(None), Attachment.organisation_id.in_(scope.organisations),
        Attachment.taken_at >= since, Attachment.taken_at < until, Attachment.device_id.is_not(None),
    )  # fmt: skip
    if device_id is not None:
        statement = statement.where(Attachment.taken_by == person_id, Attachment.device_id == device_id)
    return session.scalars(statement.order_by(Attachment.taken_at, Attachment.id).limit(MOST_AWAITED)).all()


def stored(session: Session, scope: Scope, sha256: str) -> str | None:
    """The hash under which a photo that arrived before is kept."""
    return session.scalar(
        select(Attachment.stored_sha256)
        .where(
            Attachment.sha256 == sha256, Attachment.stored_sha256.is_not(None),
            Attachment.organisation_id.in_(scope.organisations),
        )
        .limit(1)
    )  # fmt: skip


def comments(
    session: Session, scope: Scope, order: WorkOrder, *, cursor: str | None, limit: int
) -> paging.Page[Comment]:
    """Comments on an order, the newest first; those who only read as customers get the public ones."""
    query = (
        select(Comment)
        .join(WorkOrder, WorkOrder.id == Comment.work_order_id)
        .where(
            Comment.work_order_id == order.id, visible(scope),
            or_(Comment.is_public, Comment.organisation_id.in_(scope.staff_organisations),
                Comment.author_id == scope.actor_id),
        )
    )  # fmt: skip
    by = (Comment.at.desc(), Comment.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def booked_s(session: Session, scope: Scope, order: WorkOrder) -> float:
    """Working time booked on an order in its present cycle [s]."""
    total = session.scalar(
        select(func.coalesce(func.sum(TimePunch.seconds), 0.0))
        .join(Visit, Visit.id == TimePunch.visit_id)
        .where(
            Visit.work_order_id == order.id, Visit.cycle == order.cycle, TimePunch.kind == "work",
            TimePunch.organisation_id.in_(scope.organisations),
        )
    )  # fmt: skip
    return float(total or 0.0)


def punches(session: Session, scope: Scope, order: WorkOrder) -> Sequence[TimePunch]:
    """Time booked on an order."""
    return session.scalars(
        select(TimePunch)
        .join(Visit, Visit.id == TimePunch.visit_id)
        .where(Visit.work_order_id == order.id, TimePunch.organisation_id.in_(scope.organisations))
        .order_by(TimePunch.started_at)
    ).all()


def parts_used(session: Session, scope: Scope, order: WorkOrder) -> Sequence[PartUse]:
    """Parts taken for an order."""
    return session.scalars(
        select(PartUse)
        .where(PartUse.work_order_id == order.id, PartUse.organisation_id.in_(scope.organisations))
        .order_by(PartUse.at)
    ).all()


def permits(session: Session, scope: Scope, order: WorkOrder) -> Sequence[Permit]:
    """Permits of an order, the newest first."""
    return session.scalars(
        select(Permit)
        .where(Permit.work_order_id == order.id, Permit.organisation_id.in_(scope.organisations))
        .order_by(Permit.issued_at.desc())
    ).all()


def permit(session: Session, scope: Scope, permit_id: UUID) -> Permit:
    """One permit; raises NotFound."""
    query = select(Permit).where(Permit.id == permit_id, Permit.organisation_id.in_(scope.organisations))
    return required(session, query, "there is no such permit", permit_id=permit_id)


def by_op(session: Session, scope: Scope, table: type, op_id: UUID | None) -> object | None:
    """The row an operation of a phone left in a table, if it was carried out already."""
    if op_id is None:
        return None
    return session.scalar(
        select(table).where(table.op_id == op_id, table.organisation_id.in_(scope.organisations))  # type: ignore[attr-defined]  # any of ours with op_id
    )
