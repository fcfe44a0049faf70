"""Every SELECT of the field area: a phone's own things by person, conflicts by organisation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.field.models import FieldConflict, FieldDevice, FieldOperation, FieldUpload, PushSubscription
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope


def device(session: Session, scope: Scope, device_id: str) -> FieldDevice | None:
    """One of the asker's phones, locked: operations of a phone come one after the other."""
    return session.scalar(
        select(FieldDevice)
        .where(FieldDevice.person_id == scope.actor_id, FieldDevice.device_id == device_id)
        .with_for_update()
    )


def operations(session: Session, scope: Scope, op_ids: Collection[UUID]) -> dict[UUID, FieldOperation]:
    """The asker's operations among some ids."""
    rows = session.scalars(
        select(FieldOperation).where(
            FieldOperation.person_id == scope.actor_id, FieldOperation.op_id.in_(op_ids)
        )
    )
    return {row.op_id: row for row in rows}


def before(session: Session, scope: Scope, device_id: str, seq: int) -> FieldOperation | None:
    """The last operation that a phone of the asker counted before another."""
    return session.scalar(
        select(FieldOperation)
        .where(
            FieldOperation.person_id == scope.actor_id,
            FieldOperation.device_id == device_id,
            FieldOperation.seq < seq,
        )
        .order_by(FieldOperation.seq.desc())
        .limit(1)
    )


def said_later(
    session: Session, scope: Scope, command: str, entity_id: str, at: datetime, names: Iterable[str]
) -> set[str]:
    """Return those fields of which the asker said something by the same command after an instant, and it was taken."""
    found = select(FieldOperation.body["args"]).where(
        FieldOperation.person_id == scope.actor_id, FieldOperation.outcome.in_(("applied", "merged")),
        FieldOperation.occurred_at > at, FieldOperation.body["command"].astext == command,
        FieldOperation.body["entity_id"].astext == entity_id,
    )  # fmt: skip
    said = session.scalars(found).all()
    return {name for name in names if any(name in args for args in said)}


def held(session: Session, scope: Scope) -> Sequence[FieldOperation]:
    """The asker's operations that wait for others, in the order they were made."""
    return session.scalars(
        select(FieldOperation)
        .where(FieldOperation.person_id == scope.actor_id, FieldOperation.outcome == "held")
        .order_by(FieldOperation.device_id, FieldOperation.seq)
    ).all()


def people_with_overdue(session: Session, _scope: Scope, now: datetime) -> Sequence[UUID]:
    """People whose held operations have waited long enough."""
    return session.scalars(select(func.people_with_overdue_operations(now))).all()


def conflict(session: Session, scope: Scope, conflict_id: UUID) -> FieldConflict:
    """One conflict, locked; raises NotFound."""
    query = (
        select(FieldConflict)
        .where(FieldConflict.id == conflict_id, FieldConflict.organisation_id.in_(scope.organisations))
        .with_for_update()
    )
    return required(session, query, "there is no such conflict", conflict_id=conflict_id)


def conflicts(
    session: Session, scope: Scope, *, only_open: bool, cursor: str | None, limit: int
) -> paging.Page[FieldConflict]:
    """Conflicts, the newest first."""
    statement = select(FieldConflict).where(FieldConflict.organisation_id.in_(scope.organisations))
    if only_open:
        statement = statement.where(FieldConflict.resolved_at.is_(None))
    return paging.page(session, statement, by=(FieldConflict.id.desc(),), cursor=cursor, limit=limit)


def own_conflicts(session: Session, scope: Scope, since: datetime) -> Sequence[FieldConflict]:
    """Conflicts of the asker's own operations that are open or were settled lately."""
    return session.scalars(
        select(FieldConflict)
        .where(
            FieldConflict.person_id == scope.actor_id, FieldConflict.organisation_id.in_(scope.organisations),
            or_(FieldConflict.resolved_at.is_(None), FieldConflict.resolved_at > since),
        )
        .order_by(FieldConflict.id)
    ).all()  # fmt: skip


def upload(session: Session, scope: Scope, upload_id: UUID) -> FieldUpload:
    """One of the asker's uploads, locked; raises NotFound."""
    query = (
        select(FieldUpload)
        .where(FieldUpload.id == upload_id, FieldUpload.person_id == scope.actor_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return required(session, query, "there is no such upload", upload_id=upload_id)


def uploads_of(session: Session, scope: Scope, hashes: Collection[str]) -> dict[str, FieldUpload]:
    """The asker's uploads of some hashes."""
    rows = session.scalars(
        select(FieldUpload).where(FieldUpload.person_id == scope.actor_id, FieldUpload.sha256.in_(hashes))
    )
    return {row.sha256: row for row in rows}


def add_upload(session: Session, _scope: Scope, upload: FieldUpload) -> None:
    """Begin an upload, unless another tab has begun it in the same moment."""
    values = {column.name: getattr(upload, column.name) for column in FieldUpload.__table__.columns}
    session.execute(insert(FieldUpload).values(values).on_conflict_do_nothing())


def subscriptions(session: Session, _scope: Scope, people: Collection[UUID]) -> Sequence[PushSubscription]:
    """Where the phones of some people are told of news."""
    found = func.subscriptions_of(list(people)).table_valued(*PushSubscription.__table__.columns.keys())
    return session.scalars(select(PushSubscription).from_statement(select(found))).all()


def forget_subscription(session: Session, _scope: Scope, endpoint: str) -> None:
    """Forget where a phone was told: the push service says that nobody is there any more."""
    session.execute(select(func.forget_subscription(endpoint)))
